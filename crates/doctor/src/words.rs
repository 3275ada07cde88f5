//! An examination in words.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use crate::{Examination, Path, Transport, Trouble, Verdict};

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})\n", self.target, self.address)?;
        row(f, "signing in", &self.sign_in())?;
        if let Some(complaint) = &self.certificate {
            row(f, "certificate", &format!("not trusted here: {}", Plain(complaint)))?;
        } else if self.target.secure {
            row(f, "certificate", "trusted")?;
        }
        for path in &self.paths {
            row(f, &format!("relay over {}", path.transport), &path.to_string())?;
        }
        if self.untried > 0 {
            row(f, "relays", &format!("{} more are named, and were not tried", self.untried))?;
        }
        if let Some(seen) = self.seen_as {
            let own = if seen.own == seen.seen { "as it is" } else { "there is a NAT between" };
            row(f, "address", &format!("seen as {}: {own}", seen.seen.ip()))?;
        }
        write!(f, "\n{}", self.meaning())
    }
}

fn row(f: &mut fmt::Formatter<'_>, what: &str, how: &str) -> fmt::Result {
    writeln!(f, "  {what:<15} {how}")
}

/// How it went with a relay.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(carried) => {
                let (ready, there_and_back) = (spoken(carried.ready), spoken(carried.round_trip));
                write!(f, "works: ready in {ready}, there and back in {there_and_back}")?;
            }
            Err(trouble) => write!(f, "does not work: {trouble}")?,
        }
        write!(f, "  [{}]", Plain(&self.url))
    }
}

impl Examination {
    fn sign_in(&self) -> String {
        let timings = self.timings;
        let tls = timings.tls.map_or(String::new(), |tls| format!(", TLS in {}", spoken(tls)));
        format!("works: TCP in {}{tls}, login in {}", spoken(timings.tcp), spoken(timings.login))
    }

    /// What it means, in sentences.
    fn meaning(&self) -> String {
        let mut words = match self.verdict() {
            Verdict::Work(Transport::Udp) => {
                "Calls work from here. Sound and picture can go by UDP, which suits them best.".to_owned()
            }
            Verdict::Work(Transport::Tcp) => format!(
                "Calls work from here, by the server. {} Over TCP the picture may stand still for moments when the line is bad.",
                self.blocked(Transport::Udp)
            ),
            Verdict::Work(Transport::Tls) => format!(
                "Calls work from here, by the server. {} Within TLS the picture may stand still for moments when the line is bad.",
                self.blocked(Transport::Udp)
            ),
            Verdict::Blocked => format!(
                "Calls do not work from here, except with people in the same network. {}",
                self.blocked(Transport::Udp)
            ),
            Verdict::Refused => format!(
                "Calls do not work from here, except with people in the same network. No firewall is in the way: {}. Whoever \
                 runs the server can mend that.",
                self.refusal()
            ),
            Verdict::NoRelay => "This server relays nothing (--relay off, and no --turn-url): calls work only where both \
                networks let them through, which many do not."
                .to_owned(),
        };
        if let Some(port) = self.unreached_port() {
            let (host, reached) = (&self.target.host, self.target.port);
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            let _ = write!(
                words,
                "\nThe server names port {port} for its relay, and was itself reached at port {reached}. If a router or a container maps \
                 that port, start the server with --public-host {host}:{reached}; if a web server stands there, open port {port} as well."
            );
        }
        if self.certificate.is_some() {
            words.push_str(
                "\nBrowsers warn of the certificate before they show the page, and may refuse the relay over TLS.",
            );
        }
        words.push_str("\nIt takes two: whoever is called may try the same from where they are.");
        words
    }

    /// What a relay that refuses says.
    fn refusal(&self) -> String {
        let trouble = self.refused().and_then(|path| path.outcome.as_ref().err());
        trouble.map_or_else(String::new, ToString::to_string)
    }

    /// What of UDP does not get through.
    fn blocked(&self, transport: Transport) -> String {
        let trouble = self.paths.iter().find(|path| path.transport == transport);
        match trouble.map(|path| &path.outcome) {
            None => format!("The relay is not offered over {transport}."),
            Some(Err(Trouble::NoAnswer)) => {
                format!("{transport} does not get through: a firewall on the way drops it.")
            }
            Some(Err(trouble)) => format!("{transport} does not work: {trouble}."),
            Some(Ok(_)) => format!("{transport} works."),
        }
    }
}

/// The most that is shown of what a server says, in letters.
const SHOWN: usize = 200;

/// A server's text, made safe for a terminal: on one line, of bounded length, and without characters that command the
/// terminal or reorder text.
pub(crate) struct Plain<'a>(pub(crate) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars().take(SHOWN) {
            f.write_char(if is_harmless(letter) { letter } else { char::REPLACEMENT_CHARACTER })?;
        }
        if self.0.chars().nth(SHOWN).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// Whether a letter is one that is seen where it stands: no control character, line or paragraph separator, nor one that
/// formats others (bidirectional controls, joiners, tags).
fn is_harmless(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A duration as people say it.
fn spoken(time: Duration) -> String {
    match time.as_millis() {
        0 => "less than 1 ms".to_owned(),
        millis @ ..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Plain, SHOWN};

    #[test]
    fn what_a_server_says_is_letters_in_one_line() {
        for (said, shown) in [
            ("Try later: 日本, עברית, émile 🙂", "Try later: 日本, עברית, émile 🙂"),
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\r\nb\u{2028}c", "a\u{fffd}\u{fffd}b\u{fffd}c"),
            ("\u{202e}\u{2066}\u{200f}\u{9b}", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(Plain(said).to_string(), shown);
        }
        assert_eq!(Plain(&"x".repeat(SHOWN)).to_string(), "x".repeat(SHOWN));
        assert_eq!(Plain(&"x".repeat(100_000)).to_string().chars().count(), SHOWN + 1);
    }
}
