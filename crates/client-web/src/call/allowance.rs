//! How often something may be done that costs the browser much and is asked for by somebody else.

use super::Millis;

/// So many at once, and then one each `EVERY` ms. It is full at the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Allowance<const AT_ONCE: u64, const EVERY: Millis> {
    /// When it is full again.
    full_at: Millis,
}

impl<const AT_ONCE: u64, const EVERY: Millis> Allowance<AT_ONCE, EVERY> {
    /// Takes one at `now`.
    ///
    /// # Errors
    /// There is none; the next one is there at this time.
    pub(super) fn take(&mut self, now: Millis) -> Result<(), Millis> {
        let full_at = self.full_at.max(now) + EVERY;
        let there_at = full_at.saturating_sub(AT_ONCE * EVERY);
        if there_at > now {
            return Err(there_at);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Allowance;

    #[test]
    fn so_many_at_once_and_then_one_after_the_other() {
        let mut allowance = Allowance::<3, 20_000>::default();
        let now = 1_000_000;
        assert_eq!([(); 3].map(|()| allowance.take(now)), [Ok(()); 3]);
        assert_eq!(allowance.take(now), Err(now + 20_000));
        assert_eq!(allowance.take(now + 19_999), Err(now + 20_000));
        assert_eq!(allowance.take(now + 20_000), Ok(()));
        assert_eq!(allowance.take(now + 20_000), Err(now + 40_000));
        let later = now + 1_000_000;
        assert_eq!([(); 4].map(|()| allowance.take(later).is_ok()), [true, true, true, false]);
    }
}
