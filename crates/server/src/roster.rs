//! Who was here when the server stopped, on disk: their names wait for them at the next start.
//!
//! A file of lines, appended to as people come and leave: `+ PROOF NAME` and `- NAME`. It is read once, at the start,
//! and written anew without what cancels out. It is not forced to the disk: what a killed program wrote is there, and
//! what a power cut takes costs somebody the right to their name for a few seconds, no more. It holds no secret, only the
//! hash of one ([`Proof`]).

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use protocol::UserName;
use tokio::sync::oneshot;
use tracing::warn;

use crate::{
    connection::Proof,
    limits::{ROSTER_QUEUE, ROSTER_SLACK},
};

/// Writes down who is here. Clones share one file; without a file nothing is written down.
#[derive(Clone, Debug, Default)]
pub struct Roster(Option<Arc<SyncSender<Line>>>);

/// Who was here, with the proof that each has to bring.
pub type Present = BTreeMap<UserName, Proof>;

#[derive(Debug)]
enum Line {
    Came(UserName, Proof),
    Left(UserName),
    /// There is no more. Whoever waits for what came before hears of it, by the sender's end.
    End(oneshot::Sender<()>),
}

impl Roster {
    /// Reads who was here, and goes on writing to the same file.
    ///
    /// # Errors
    /// The file can be neither read nor made.
    pub fn open(path: &Path) -> io::Result<(Self, Present)> {
        let present = match fs::read(path) {
            Ok(text) => read(&String::from_utf8_lossy(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Present::new(),
            Err(error) => return Err(error),
        };
        let mut book = Book::open(path.to_owned(), present.clone())?;
        let (lines, queue) = sync_channel(ROSTER_QUEUE);
        thread::Builder::new().name("roster".to_owned()).spawn(move || book.keep(&queue))?;
        Ok((Self(Some(Arc::new(lines))), present))
    }

    pub(crate) fn add(&self, user: &UserName, proof: Proof) {
        self.write(|| Line::Came(user.clone(), proof));
    }

    pub(crate) fn remove(&self, user: &UserName) {
        self.write(|| Line::Left(user.clone()));
    }

    /// Writes down nothing more, so that another server may have the file, and waits until what came so far is in it, or cannot be.
    /// If the disk is behind, it does not wait.
    pub(crate) async fn close(&self) {
        let (written, waiting) = oneshot::channel();
        self.write(|| Line::End(written));
        // Nothing is ever sent: the other end is dropped when the lines before it are written.
        let _ = waiting.await;
    }

    fn write(&self, line: impl FnOnce() -> Line) {
        if let Some(lines) = &self.0
            && let Err(TrySendError::Full(line)) = lines.try_send(line())
        {
            // Waiting for a disk would make everybody wait.
            warn!(?line, "the roster is behind: a line was left out");
        }
    }
}

fn read(text: &str) -> Present {
    let mut present = Present::new();
    // A line that was cut off by a crash, or that is none of ours, says nothing.
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match *words.as_slice() {
            ["+", proof, name] => {
                if let (Some(proof), Some(name)) = (parse(proof), UserName::kept(name)) {
                    present.insert(name, proof);
                }
            }
            ["-", name] => {
                if let Some(name) = UserName::kept(name) {
                    present.remove(&name);
                }
            }
            _ => {}
        }
    }
    present
}

fn parse(hex: &str) -> Option<Proof> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut proof = [0; 32];
    for (index, byte) in proof.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(Proof(proof))
}

/// The file, and what it says.
struct Book {
    path: PathBuf,
    present: Present,
    file: BufWriter<File>,
    /// How many lines it has.
    lines: usize,
    /// Whether something could not be written, so that the file does not say who is here.
    broken: bool,
}

impl Book {
    fn open(path: PathBuf, present: Present) -> io::Result<Self> {
        let (file, lines) = write_anew(&path, &present)?;
        Ok(Self { path, present, file, lines, broken: false })
    }

    /// Writes down what comes, until there is no more.
    fn keep(&mut self, queue: &Receiver<Line>) {
        while let Ok(line) = queue.recv() {
            let mut written = Ok(());
            let mut end = None;
            // What has gathered in the meantime is written in one go.
            for line in std::iter::once(line).chain(queue.try_iter()) {
                let one = match line {
                    Line::Came(user, proof) => self.came(user, proof),
                    Line::Left(user) => self.left(&user),
                    Line::End(waiting) => {
                        end = Some(waiting);
                        break;
                    }
                };
                written = written.and(one);
            }
            if let Err(error) = written.and_then(|()| self.settle()) {
                if !self.broken {
                    warn!(%error, "the roster cannot be written: names may not wait for their users");
                }
                self.broken = true;
            }
            if end.is_some() {
                return;
            }
        }
    }

    fn came(&mut self, user: UserName, proof: Proof) -> io::Result<()> {
        self.lines += 1;
        self.present.insert(user.clone(), proof);
        write_entry(&mut self.file, &user, proof)
    }

    fn left(&mut self, user: &UserName) -> io::Result<()> {
        self.lines += 1;
        self.present.remove(user);
        writeln!(self.file, "- {user}")
    }

    fn settle(&mut self) -> io::Result<()> {
        if self.broken || self.lines > 2 * self.present.len() + ROSTER_SLACK {
            (self.file, self.lines) = write_anew(&self.path, &self.present)?;
            self.broken = false;
        }
        self.file.flush()
    }
}

fn write_entry(file: &mut impl Write, user: &UserName, Proof(proof): Proof) -> io::Result<()> {
    write!(file, "+ ")?;
    for byte in proof {
        write!(file, "{byte:02x}")?;
    }
    writeln!(file, " {user}")
}

/// Writes the file anew beside the old one, which it then takes the place of.
fn write_anew(path: &Path, present: &Present) -> io::Result<(BufWriter<File>, usize)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = BufWriter::new(options.open(&beside)?);
    for (user, proof) in present {
        write_entry(&mut file, user, *proof)?;
    }
    file.flush()?;
    fs::rename(&beside, path)?;
    Ok((file, present.len()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn once_it_is_closed_everything_is_in_it_and_nothing_more_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster");
        let (roster, _) = Roster::open(&path).unwrap();
        let names = (0..500).map(|number| UserName::parse(&format!("u{number}")).unwrap());
        for name in names.clone() {
            roster.add(&name, Proof([7; 32]));
        }
        roster.close().await;
        // By now the file may be another server's.
        for name in names.clone() {
            roster.remove(&name);
        }
        roster.close().await;
        let present = read(&fs::read_to_string(&path).unwrap());
        assert_eq!(present.into_keys().collect::<BTreeSet<_>>(), names.collect());
    }
}
