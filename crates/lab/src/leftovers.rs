//! Namespaces whose process is gone: a run that was killed could not remove them.

use std::{
    fs,
    process::{self, Command},
    sync::Once,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::{namespace::FOLDER, program::run};

/// What the names of all of this project's namespaces begin with.
const PREFIX: &str = "pronto-";

/// What the names of this process's namespaces begin with: its id, and when it started, since ids are used again.
pub(crate) fn own_prefix() -> Result<String> {
    let id = process::id();
    let start = start_of(id).context("/proc does not know this process")?;
    Ok(format!("{PREFIX}{id}-{start}-"))
}

/// Removes what killed runs left, the first time that this process asks for it.
pub(crate) fn remove_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(remove_all);
}

fn remove_all() {
    for name in left() {
        // Another run may be removing the same.
        let _ = remove(&name);
    }
}

/// Ends every program inside a namespace and removes it.
pub(crate) fn remove(name: &str) -> Result<()> {
    let inside = run(Command::new("ip").args(["netns", "pids", name]), "")?;
    for id in inside.lines().filter_map(|line| line.trim().parse::<i32>().ok()) {
        if let Some(id) = Pid::from_raw(id) {
            // It may have ended by itself.
            let _ = kill_process(id, Signal::KILL);
        }
    }
    run(Command::new("ip").args(["netns", "del", name]), "").map(drop)
}

fn left() -> Vec<String> {
    // Without the folder there is not one namespace.
    let Ok(entries) = fs::read_dir(FOLDER) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| owner(name).is_some_and(|(id, start)| start_of(id) != Some(start)))
        .collect()
}

/// The process that made a namespace of this name: its id, and when it started.
fn owner(name: &str) -> Option<(u32, u64)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// When a process started, in clock ticks since the machine did: the 22nd field of its `stat`, see proc(5). The second
/// is its name in brackets, which may hold anything.
fn start_of(id: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        process::{Child, Command, Stdio},
    };

    use super::{own_prefix, owner, remove_all, start_of};
    use crate::{missing, namespace::FOLDER};

    #[test]
    fn a_name_tells_the_process_that_made_it() {
        let own = own_prefix().unwrap();
        let id = std::process::id();
        assert_eq!(owner(&format!("{own}3-alice")), Some((id, start_of(id).unwrap())));
        for foreign in ["pronto", "pronto-x-1-2", "other-1-2-3", "pronto-7"] {
            assert_eq!(owner(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_process_that_is_not_there_has_no_start() {
        assert_eq!(start_of(u32::MAX), None);
        assert!(start_of(std::process::id()).unwrap() > start_of(1).unwrap());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        if missing().is_some() {
            return;
        }
        let mut dead = Command::new("true").spawn().unwrap();
        let theirs = format!("pronto-{}-1-0-left", dead.id());
        dead.wait().unwrap();
        let own = format!("{}9999-own", own_prefix().unwrap());
        for name in [&theirs, &own] {
            assert!(Command::new("ip").args(["netns", "add", name]).status().unwrap().success());
        }
        let mut inside = Command::new("ip")
            .args(["netns", "exec", &theirs, "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for_an_echo(&mut inside);
        remove_all();
        let there = |name| fs::exists(format!("{FOLDER}/{name}")).unwrap();
        let left = [there(&theirs), there(&own)];
        super::remove(&own).unwrap();
        assert_eq!(left, [false, true]);
        assert!(!inside.wait().unwrap().success(), "what ran inside was killed");
    }

    /// When it answers, `ip` has entered the namespace and become the program.
    fn wait_for_an_echo(cat: &mut Child) {
        cat.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        cat.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    }
}
