//! Values that are put into sentences, or stand alone.

/// A duration as clocks show it: `m:ss`, from an hour on `h:mm:ss`.
#[must_use]
pub fn clock_face(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// What stands for somebody who is not seen: the first letter of the name, with the marks that belong to it.
#[must_use]
pub fn initial(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.take_while(|letter| is_mark(*letter))).collect()
}

/// Combining marks, of the blocks that hold nothing else.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}
