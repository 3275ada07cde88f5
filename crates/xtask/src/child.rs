//! Other programs: started, listened to, and given up on.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// How long a program may be silent on its standard output before a line says that it still runs.
const SILENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether a silent program has ended or is out of time.
const GLANCE: Duration = Duration::from_millis(500);
/// How long until it is looked again whether a program that has closed its output has ended.
const MOMENT: Duration = Duration::from_millis(5);
/// How long a program that has ended may leave us without the rest of its output. Something that it started may hold
/// that open for ever.
const GRACE: Duration = Duration::from_secs(3);
/// Lines that wait to be printed; a program that is ahead of us by more has to wait.
const LINES: usize = 256;

/// What the person who waits gets to know about a program, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait<'a> {
    what: &'a str,
    usually: Option<Duration>,
    limit: Option<Duration>,
}

impl<'a> Wait<'a> {
    pub(crate) const fn on(what: &'a str) -> Self {
        Self { what, usually: None, limit: None }
    }

    /// How long it takes on two cores when nothing was built before.
    pub(crate) const fn usually(mut self, time: Duration) -> Self {
        self.usually = Some(time);
        self
    }

    /// Ends the program, as a failure, when it takes longer.
    pub(crate) const fn at_most(mut self, time: Duration) -> Self {
        self.limit = Some(time);
        self
    }

    fn progress(&self, elapsed: Duration) -> String {
        let usually = self
            .usually
            .map(|time| format!(", usually up to {}", spoken(time)))
            .unwrap_or_default();
        format!("    … {} still runs: {} so far{usually}", self.what, spoken(elapsed))
    }
}

/// Runs a program to its end; its output is shown as it comes.
pub(crate) fn run(command: &mut Command, wait: Wait<'_>) -> Result<()> {
    let status = listen(command, wait, &mut |line| println!("{line}"))?;
    if !status.success() {
        bail!("{} failed ({status}): `{}`", wait.what, shown(command));
    }
    Ok(())
}

/// Runs a program to its end, hands over each line of its standard output as it comes, and shows its errors. What the
/// program leaves running is listened to as long as it talks.
pub(crate) fn listen(
    command: &mut Command,
    wait: Wait<'_>,
    on_line: &mut dyn FnMut(&str),
) -> Result<ExitStatus> {
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` cannot be started", shown(command)))?;
    let output = child.stdout.take().context("a child's output was not piped")?;
    let (sender, lines) = sync_channel(LINES);
    // The thread ends by itself, when the output does or nobody listens any more.
    thread::spawn(move || forward(output, &sender));

    let mut ended: Option<(ExitStatus, Instant)> = None;
    // The last line of it, or of ours about it.
    let mut heard = begin;
    loop {
        let news = lines.recv_timeout(GLANCE);
        if let Ok(line) = &news {
            on_line(line);
            heard = Instant::now();
        }
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| (status, Instant::now()));
        }
        let late = wait.limit.is_some_and(|limit| begin.elapsed() > limit);
        match (ended, news) {
            (Some((status, _)), Err(RecvTimeoutError::Disconnected)) => return Ok(status),
            (Some((status, at)), Err(RecvTimeoutError::Timeout))
                if late || at.max(heard).elapsed() >= GRACE =>
            {
                return Ok(status);
            }
            (Some(_), _) => continue,
            // Its output has ended, so it is about to.
            (None, Err(RecvTimeoutError::Disconnected)) => thread::sleep(MOMENT),
            (None, _) => {}
        }
        if late {
            child.kill()?;
            child.wait()?;
            bail!("{} was given up on after {}", wait.what, spoken(begin.elapsed()));
        }
        if heard.elapsed() >= SILENCE {
            heard = Instant::now();
            eprintln!("{}", wait.progress(begin.elapsed()));
        }
    }
}

/// Runs a program that answers at once, and returns what it says; `None` if it is not there or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A duration as people say it: "45 s", "3 min 20 s".
pub(crate) fn spoken(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn forward(output: impl Read, sender: &SyncSender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while matches!(output.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        let text = String::from_utf8_lossy(&line);
        if sender.send(text.trim_end_matches(['\r', '\n']).to_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    use super::{GLANCE, Wait, answer, listen, spoken};

    #[test]
    fn durations_are_said_as_people_say_them() {
        for (seconds, words) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (200, "3 min 20 s")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    #[cfg(unix)]
    fn lines_arrive_in_order_with_the_exit_status() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; exit 3"]);
        let status =
            listen(&mut command, Wait::on("sh"), &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    #[cfg(unix)]
    fn no_line_is_lost_when_a_program_prints_much_and_ends() {
        let mut lines = Vec::new();
        let mut command = Command::new("seq");
        command.arg("100000");
        let status = listen(&mut command, Wait::on("seq"), &mut |line| {
            if lines.len() == 9 {
                // By now it may have ended, and most of its lines are still on their way.
                std::thread::sleep(GLANCE);
            }
            lines.push(line.to_owned());
        })
        .unwrap();
        assert!(status.success());
        assert!(lines.into_iter().eq((1..=100_000).map(|n| n.to_string())));
    }

    #[test]
    #[cfg(unix)]
    fn what_comes_late_is_heard_but_not_waited_for_forever() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        // What the shell leaves behind holds its output open.
        command.args(["-c", "(sleep 1; echo late; exec sleep 60) & echo $!; exit 3"]);
        let begin = Instant::now();
        let status =
            listen(&mut command, Wait::on("sh"), &mut |line| lines.push(line.to_owned())).unwrap();
        let took = begin.elapsed();
        answer(Command::new("kill").arg(&lines[0])).unwrap();
        assert_eq!(lines[1..], ["late"]);
        assert_eq!(status.code(), Some(3));
        assert!(took < Duration::from_secs(30), "{took:?}");
    }

    #[test]
    #[cfg(unix)]
    fn a_program_out_of_time_is_given_up_on_whether_it_talks_or_not() {
        for script in ["exec sleep 60", "while :; do echo; done", "exec >&-; exec sleep 60"] {
            let wait = Wait::on("the sleeper").at_most(Duration::from_millis(100));
            let mut command = Command::new("sh");
            let error = listen(command.args(["-c", script]), wait, &mut |_| ()).unwrap_err();
            assert!(error.to_string().starts_with("the sleeper was given up on"), "{error}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_has_no_answer() {
        assert_eq!(answer(&mut Command::new("pronto-has-no-such-program")), None);
    }
}
