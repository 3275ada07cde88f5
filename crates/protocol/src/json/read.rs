//! Reading: first it is made sure that a text is JSON and where its values begin and end; what they hold is looked at when
//! somebody asks for it. No recursion: nesting costs a byte of memory for each level, and no stack.

use std::{borrow::Cow, str::Chars};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mistake(pub &'static str);

const NO_JSON: Mistake = Mistake("it is not JSON");
const WRONG_KIND: Mistake = Mistake("a value is of the wrong kind");
const MISSING: Mistake = Mistake("missing field");

/// An object: its fields in their order, each value as it is written.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Object<'a> {
    /// Reads a text that must be one object.
    ///
    /// # Errors
    /// It is not.
    pub fn read(text: &'a str) -> Result<Self, Mistake> {
        let mut cursor = Cursor { text, at: 0 };
        let mut fields = Vec::new();
        if !cursor.eat(b'{') {
            return Err(Mistake("it is not a JSON object"));
        }
        let mut more = !cursor.eat(b'}');
        while more {
            let key = cursor.key()?;
            fields.push((string(key)?, cursor.value()?));
            more = cursor.goes_on(b'}')?;
        }
        cursor.end()?;
        Ok(Self(fields))
    }

    /// The value of a field as it is written, or `None` if there is no such field.
    ///
    /// # Errors
    /// It stands there twice, and could mean one thing to us and another to the next reader.
    pub fn get(&self, key: &str) -> Result<Option<&'a str>, Mistake> {
        let mut found = None;
        for (_, value) in self.0.iter().filter(|(name, _)| name == key) {
            if found.replace(*value).is_some() {
                return Err(Mistake("duplicate field"));
            }
        }
        Ok(found)
    }

    /// The same of a field that has to be there.
    ///
    /// # Errors
    /// It is not there, or twice.
    pub fn must(&self, key: &str) -> Result<&'a str, Mistake> {
        self.get(key)?.ok_or(MISSING)
    }

    /// A field's value that is something else than `null`.
    fn some(&self, key: &str) -> Result<Option<&'a str>, Mistake> {
        Ok(self.get(key)?.filter(|value| *value != "null"))
    }

    /// A string, or `None` for `null` and where there is none.
    ///
    /// # Errors
    /// It is something else.
    pub fn text(&self, key: &str) -> Result<Option<String>, Mistake> {
        Ok(self.some(key)?.map(string).transpose()?.map(Cow::into_owned))
    }

    /// A string that has to be there.
    ///
    /// # Errors
    /// It is something else, or not there.
    pub fn must_text(&self, key: &str) -> Result<String, Mistake> {
        self.text(key)?.ok_or(MISSING)
    }

    /// A whole number from 0 on, or `None` for `null` and where there is none.
    ///
    /// # Errors
    /// It is something else.
    pub fn number(&self, key: &str) -> Result<Option<u64>, Mistake> {
        self.some(key)?.map(|value| value.parse().map_err(|_| WRONG_KIND)).transpose()
    }

    /// `true` or `false`, or `None` where there is neither.
    ///
    /// # Errors
    /// It is something else.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, Mistake> {
        match self.get(key)? {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(WRONG_KIND),
        }
    }

    /// The values of an array, or `None` for `null` and where there is none.
    ///
    /// # Errors
    /// It is something else.
    pub fn array(&self, key: &str) -> Result<Option<Vec<&'a str>>, Mistake> {
        self.some(key)?.map(items).transpose()
    }
}

/// Reads a text that must be one value: that value as it is written.
///
/// # Errors
/// It is not JSON.
pub fn value(text: &str) -> Result<&str, Mistake> {
    let mut cursor = Cursor { text, at: 0 };
    let value = cursor.value()?;
    cursor.end()?;
    Ok(value)
}

/// The values of an array, each as it is written.
///
/// # Errors
/// It is not an array.
pub fn items(text: &str) -> Result<Vec<&str>, Mistake> {
    let mut cursor = Cursor { text, at: 0 };
    let mut items = Vec::new();
    if !cursor.eat(b'[') {
        return Err(WRONG_KIND);
    }
    let mut more = !cursor.eat(b']');
    while more {
        items.push(cursor.value()?);
        more = cursor.goes_on(b']')?;
    }
    cursor.end()?;
    Ok(items)
}

/// What a string, written as JSON, says.
///
/// # Errors
/// It is no string, or not one of Unicode (section 8.2).
pub fn string(quoted: &str) -> Result<Cow<'_, str>, Mistake> {
    let inner = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let mut rest = inner.ok_or(WRONG_KIND)?;
    if !rest.contains('\\') {
        return Ok(Cow::Borrowed(rest));
    }
    let mut text = String::with_capacity(rest.len());
    while let Some((plain, escape)) = rest.split_once('\\') {
        let mut chars = escape.chars();
        text.push_str(plain);
        text.push(escaped(&mut chars).ok_or(Mistake("a string is not Unicode"))?);
        rest = chars.as_str();
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// The character that stands after a backslash.
fn escaped(chars: &mut Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let unit = hexadecimal(chars)?;
            if !(0xD800..0xDC00).contains(&unit) {
                return char::from_u32(unit);
            }
            // The first half of a character of UTF-16; the other has to follow.
            let (slash, letter, low) = (chars.next()?, chars.next()?, hexadecimal(chars)?);
            let is_pair = (slash, letter) == ('\\', 'u') && (0xDC00..0xE000).contains(&low);
            let code = || 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return is_pair.then(code).and_then(char::from_u32);
        }
        itself => itself,
    })
}

fn hexadecimal(chars: &mut Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |code, _| Some(code * 16 + chars.next()?.to_digit(16)?))
}

/// A place in a text. What it goes over is JSON.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes over `byte`, and over space before it, if it is there.
    fn eat(&mut self, byte: u8) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Goes over what stands between two values, or behind the last: whether another one follows.
    fn goes_on(&mut self, close: u8) -> Result<bool, Mistake> {
        if self.eat(b',') {
            Ok(true)
        } else if self.eat(close) {
            Ok(false)
        } else {
            Err(NO_JSON)
        }
    }

    fn end(&mut self) -> Result<(), Mistake> {
        // There is no such byte in UTF-8: this only goes over space.
        self.eat(u8::MAX);
        if self.at == self.text.len() { Ok(()) } else { Err(NO_JSON) }
    }

    /// Goes over a key and its colon.
    fn key(&mut self) -> Result<&'a str, Mistake> {
        if !self.eat(b'"') {
            return Err(NO_JSON);
        }
        let start = self.at - 1;
        self.string()?;
        let key = self.since(start);
        if self.eat(b':') { Ok(key) } else { Err(NO_JSON) }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Goes over a value.
    fn value(&mut self) -> Result<&'a str, Mistake> {
        self.eat(u8::MAX);
        let start = self.at;
        // What closes the objects and arrays that are open.
        let mut open = Vec::new();
        loop {
            self.eat(u8::MAX);
            let first = self.peek().ok_or(NO_JSON)?;
            self.at += 1;
            match first {
                b'{' if !self.eat(b'}') => {
                    self.key()?;
                    open.push(b'}');
                    continue;
                }
                b'[' if !self.eat(b']') => {
                    open.push(b']');
                    continue;
                }
                b'{' | b'[' => {}
                b'"' => self.string()?,
                _ => {
                    self.at -= 1;
                    self.scalar()?;
                }
            }
            while let Some(close) = open.last().copied() {
                if self.goes_on(close)? {
                    if close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
            if open.is_empty() {
                return Ok(self.since(start));
            }
        }
    }

    /// Goes over what follows a string's first quote.
    fn string(&mut self) -> Result<(), Mistake> {
        loop {
            let byte = self.peek().ok_or(NO_JSON)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(()),
                b'\\' => {
                    let escape = self.peek().ok_or(NO_JSON)?;
                    self.at += 1;
                    match escape {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            let digits =
                                self.text.as_bytes().get(self.at..).and_then(|rest| rest.get(..4));
                            if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
                                return Err(NO_JSON);
                            }
                            self.at += 4;
                        }
                        _ => return Err(NO_JSON),
                    }
                }
                0..b' ' => return Err(NO_JSON),
                _ => {}
            }
        }
    }

    /// Goes over a word or a number.
    fn scalar(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.')
        ) {
            self.at += 1;
        }
        let word = self.since(start);
        if matches!(word, "null" | "true" | "false") || is_number(word) {
            Ok(())
        } else {
            Err(NO_JSON)
        }
    }
}

/// Whether this is a number (section 6).
fn is_number(word: &str) -> bool {
    let (number, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    [whole, fraction, exponent]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && (whole == "0" || !whole.starts_with('0'))
}
