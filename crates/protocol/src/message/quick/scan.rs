//! JSON (RFC 8259) as `JSON.stringify` writes it, looked through once and taken apart without a copy.

/// How deep objects may lie in one another. A description and a candidate are one deep.
const MAX_DEPTH: usize = 4;

/// Reads a text from its beginning on. What it gives is JSON as any reader understands it; of what it gives up (`None`)
/// nothing is known: white space, arrays, fractions, `\u` and deep objects are good JSON, only unusual.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Whether all of the text was read.
    pub(super) const fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    /// Reads an object. `field` is called with each key, and has to read the value.
    pub(super) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &'a str) -> Option<()>,
    ) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            let key = self.text()?;
            self.take(b':')?;
            field(self, key)?;
            if self.peek()? != b',' {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    /// Reads a string without escapes, and gives what it says.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let from = self.at;
        self.at += plain(&self.text.as_bytes()[from..]);
        let text = &self.text[from..self.at];
        self.take(b'"')?;
        Some(text)
    }

    /// Reads any value, and gives it as it stands there.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let from = self.at;
        match self.peek()? {
            b'"' => self.string()?,
            b'{' => self.deeper()?,
            b'0' => self.take(b'0')?,
            b'1'..=b'9' => self.at += self.rest().iter().take_while(|b| b.is_ascii_digit()).count(),
            b'n' => self.word("null")?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            _ => return None,
        }
        Some(&self.text[from..self.at])
    }

    fn deeper(&mut self) -> Option<()> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        self.object(|scanner, _| scanner.value().map(|_| ()))?;
        self.depth -= 1;
        Some(())
    }

    /// Reads a string that may have escapes of one letter.
    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.at += plain(self.rest());
            if self.peek()? == b'"' {
                return self.take(b'"');
            }
            self.take(b'\\')?;
            matches!(self.peek()?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
                .then(|| self.at += 1)?;
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }
}

/// How many bytes at the beginning stand for themselves in a string: up to a quotation mark, a backslash or a control
/// character. Eight are looked at in one go: in each byte of `found` the highest bit says whether it is one of these, at
/// least up to the first that is.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    /// Which bytes are less than `than`, which is at most 128.
    const fn less(word: u64, than: u8) -> u64 {
        word.wrapping_sub(ONES * than as u64) & !word
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quotes = less(word ^ (ONES * b'"' as u64), 1);
        let slashes = less(word ^ (ONES * b'\\' as u64), 1);
        let found = (less(word, b' ') | quotes | slashes) & HIGHEST;
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + rest.iter().take_while(|b| **b >= b' ' && **b != b'"' && **b != b'\\').count()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{Scanner, plain};

    #[test]
    fn values_are_read_up_to_their_end() {
        for value in [
            "\"\"",
            "\"a\\r\\n\\\"\"",
            "\"юлия\"",
            "0",
            "10",
            "null",
            "true",
            "false",
            "{}",
            "{\"a\":{\"b\":1}}",
        ] {
            let text = format!("{value},");
            let mut scanner = Scanner::new(&text);
            assert_eq!(scanner.value(), Some(value));
            assert!(!scanner.is_done());
        }
    }

    #[test]
    fn what_is_unusual_or_wrong_is_given_up() {
        for text in [
            "",
            " 1",
            "-1",
            "[1]",
            "\"",
            "\"\\u0041\"",
            "\"\\x\"",
            "\"\\",
            "\"\n\"",
            "{",
            "{\"a\"",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" :1}",
            "{\"a\":01}",
            "nul",
            "NaN",
            "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}",
        ] {
            assert_eq!(Scanner::new(text).value(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn plain_bytes_are_those_that_need_no_escape(bytes in vec(prop_oneof![any::<u8>(), 30_u8..36, Just(b'\\')], 0..40)) {
            let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(plain(&bytes), bytes.iter().position(special).unwrap_or(bytes.len()));
        }

        /// Also of what is cut off or spoilt in the middle.
        #[test]
        fn what_is_read_is_json(text in r#"([{}\[\]:,0-9a\\"nrt. -]|null|true|"a"|:\{|"\}){0,12}"#) {
            let mut scanner = Scanner::new(&text);
            if scanner.value().is_some() && scanner.is_done() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
            }
        }
    }
}
