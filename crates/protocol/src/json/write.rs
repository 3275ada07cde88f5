//! Writing: just as serde would.

/// Writes an object, field by field.
#[derive(Clone, Debug)]
#[must_use = "it is written for somebody"]
pub struct Writer(String);

impl Writer {
    /// An object without fields.
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    /// A value that is JSON already.
    pub fn raw(mut self, key: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        quote(&mut self.0, key);
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// A string.
    pub fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, &quoted(text))
    }

    /// A string, if there is one.
    pub fn maybe_text(self, key: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// A number, if there is one.
    pub fn maybe_number(self, key: &str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.raw(key, &number.to_string()),
            None => self,
        }
    }

    /// `true` or `false`.
    pub fn boolean(self, key: &str, value: bool) -> Self {
        self.raw(key, if value { "true" } else { "false" })
    }

    /// `true`, or nothing.
    pub fn flag(self, key: &str, value: bool) -> Self {
        if value { self.boolean(key, value) } else { self }
    }

    /// The object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

/// A string as JSON.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    quote(&mut json, text);
    json
}

fn quote(json: &mut String, text: &str) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    json.push('"');
    for char in text.chars() {
        let escape = match char {
            '"' | '\\' => char,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..' ' => {
                let code = char as usize;
                json.push_str("\\u00");
                json.push(DIGITS[code / 16]);
                json.push(DIGITS[code % 16]);
                continue;
            }
            _ => {
                json.push(char);
                continue;
            }
        };
        json.push('\\');
        json.push(escape);
    }
    json.push('"');
}
