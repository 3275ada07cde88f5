//! An examination in words.

use std::{fmt, time::Duration};

use crate::{Examination, Path, Transport, Trouble, Verdict};

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})\n", self.target, self.address)?;
        row(f, "signing in", &self.sign_in())?;
        if let Some(complaint) = &self.certificate {
            row(f, "certificate", &format!("not trusted here: {complaint}"))?;
        } else if self.target.secure {
            row(f, "certificate", "trusted")?;
        }
        for path in &self.paths {
            row(f, &format!("relay over {}", path.transport), &path.to_string())?;
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
        write!(f, "  [{}]", self.url)
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

/// A duration as people say it.
fn spoken(time: Duration) -> String {
    match time.as_millis() {
        0 => "less than 1 ms".to_owned(),
        millis @ ..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
