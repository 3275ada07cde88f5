//! Time and chance, both handed in.

#[allow(
    deprecated,
    reason = "std has no other keyed hash whose key can be chosen, and this one stays"
)]
use std::hash::SipHasher;
use std::{fmt, hash::Hasher};

use protocol::CallId;

/// Milliseconds on a clock that never goes back. Where it starts does not matter, but what is kept over a reload is of use only on
/// clocks that start alike: the shell's is in ms since 1970, see [`Clock`](crate::clock::Clock).
pub type Millis = u64;

/// A small generator of random-looking numbers (SplitMix64), started from bits that the shell drew from the browser.
///
/// Good for jitter only: whoever knows one of its numbers knows all that follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 if that is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }
}

/// Draws the ids of calls, by SipHash-2-4 with a key that never leaves the page. A peer knows the id of its own call, and cannot
/// compute those of later calls from it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Ids {
    key: (u64, u64),
    drawn: u64,
}

impl Ids {
    pub(super) const fn new(key: u128) -> Self {
        Self { key: ((key >> 64) as u64, key as u64), drawn: 0 }
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        #[allow(deprecated, reason = "see above")]
        let mut hasher = SipHasher::new_with_keys(self.key.0, self.key.1);
        hasher.write_u64(self.drawn);
        hasher.finish()
    }

    pub(super) fn next(&mut self) -> CallId {
        CallId::from_bits(u128::from(self.bits()) << 64 | u128::from(self.bits()))
    }
}

/// The key must not end in a log.
impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ids").field("drawn", &self.drawn).finish_non_exhaustive()
    }
}
