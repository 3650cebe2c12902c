//! What a program took: time, processor time, memory.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid},
};

use crate::lab::LabError;

/// A program that ran to its end.
#[derive(Debug)]
pub(super) struct Ran {
    /// Its exit status; nothing if a signal ended it.
    pub(super) status: Option<i32>,
    /// How long it took.
    pub(super) time: Duration,
    /// Whether it was ended because it took longer than it might.
    pub(super) was_cut: bool,
    /// The most that was resident of it, and of each process that it started, in megabytes.
    pub(super) peaks: Vec<f64>,
}

impl Ran {
    /// The memory of all its processes together.
    pub(super) fn memory(&self) -> f64 {
        self.peaks.iter().sum()
    }
}

/// Runs a program, its output dropped, watches its memory, and ends it after that time.
pub(super) fn watched(command: &mut Command, patience: Duration) -> Result<Ran, LabError> {
    let began = Instant::now();
    let mut child = start(command)?;
    let end = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
    let end = end.map_err(|error| lost(command)(error.into()))?;
    let (mut peaks, mut was_cut) = (BTreeMap::new(), false);
    loop {
        if !was_cut && began.elapsed() > patience {
            child.kill().map_err(lost(command))?;
            was_cut = true;
        }
        note_peaks(child.id(), &mut peaks);
        let ended = child.try_wait().map_err(lost(command))?;
        if let Some(status) = ended {
            return Ok(Ran {
                status: status.code(),
                time: began.elapsed(),
                was_cut,
                peaks: peaks.values().map(|kib| kib * 1024.0 / 1e6).collect(),
            });
        }
        // A poll that a signal ends early only has the peaks noted once more.
        let _ = poll(&mut [PollFd::new(&end, PollFlags::IN)], Some(&INTERVAL));
    }
}

/// The processor time that a program of one thread takes, its output dropped.
pub(super) fn processor_time(command: &mut Command) -> Result<Duration, LabError> {
    let mut child = start(command)?;
    let ended = Pid::from_child(&child);
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    // Until it is waited for, the kernel keeps its account.
    waitid(WaitId::Pid(ended), options).map_err(|error| lost(command)(error.into()))?;
    let account = format!("/proc/{}/schedstat", child.id());
    let account = Path::new(&account);
    let text = fs::read_to_string(account).map_err(LabError::file("read", account))?;
    let status = child.wait().map_err(lost(command))?;
    if !status.success() {
        return Err(LabError::Command {
            command: format!("{command:?}"),
            status: status.to_string(),
            output: String::new(),
        });
    }
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    Ok(Duration::from_nanos(nanos.unwrap_or(u64::MAX)))
}

fn start(command: &mut Command) -> Result<Child, LabError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = command.spawn();
    started.map_err(lost(command))
}

fn lost(command: &Command) -> impl FnOnce(std::io::Error) -> LabError + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| LabError::Start { program, source }
}

/// Keeps the `VmHWM` of a process and of each that it started, in KiB (proc(5)).
fn note_peaks(process: u32, peaks: &mut BTreeMap<u32, f64>) {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
        return;
    };
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    if let Some(peak) = peak.and_then(|peak| peak.parse().ok()) {
        peaks.insert(process, peak);
    }
    let threads = fs::read_dir(format!("/proc/{process}/task"));
    for thread in threads.into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().flat_map(str::parse) {
            note_peaks(child, peaks);
        }
    }
}

/// The kernel keeps the peak of what runs; to ask more often would take processor time from it.
const INTERVAL: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_and_what_it_starts_are_watched_together() {
        let script = "dd if=/dev/zero of=/dev/null bs=30M count=1 2>/dev/null & dd if=/dev/zero of=/dev/null bs=30M count=100; wait; exit 3";
        let mut shell = Command::new("sh");
        let ran = watched(shell.args(["-c", script]), Duration::from_mins(1)).unwrap();
        assert_eq!((ran.status, ran.was_cut), (Some(3), false));
        assert!(ran.memory() > 30.0, "{ran:?}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let ran = watched(Command::new("sleep").arg("60"), Duration::from_millis(100)).unwrap();
        assert_eq!((ran.status, ran.was_cut), (None, true));
        assert!(ran.time < Duration::from_secs(50), "{ran:?}");
    }

    #[test]
    fn waiting_takes_no_processor_time_and_work_does() {
        let slept = processor_time(Command::new("sleep").arg("0.2")).unwrap();
        assert!(slept < Duration::from_millis(150), "{slept:?}");
        let count = ["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"];
        let worked = processor_time(Command::new("sh").args(count)).unwrap();
        assert!(worked > Duration::from_millis(5), "{worked:?}");
    }
}
