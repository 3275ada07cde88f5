//! Choices, read from bytes: a fuzzer changes the bytes, and thereby what happens.

/// What is left of the bytes. Once there is none, every choice is the first one.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of the numbers below this, which is at most 256.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let (first, rest) =
            self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        usize::from(first) % end
    }

    /// A text of at most so many bytes: what is there, up to a line's end.
    pub(super) fn text(&mut self, most: usize) -> String {
        let length = self.0.iter().take(most).position(|b| *b == b'\n');
        let (text, rest) = self.0.split_at(length.unwrap_or(most.min(self.0.len())));
        self.0 = rest.strip_prefix(b"\n").unwrap_or(rest);
        String::from_utf8_lossy(text).into_owned()
    }
}

/// Checks the inputs that a run of the fuzz target ended with: the fewest that reach what it reached.
#[cfg(test)]
pub(super) fn check_seeds(target: &str, check: fn(&[u8])) {
    let seeds = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        check(&std::fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 20, "{count} seeds");
}
