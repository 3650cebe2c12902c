//! Servers that outlive the process that started them.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::wait_until;

/// One server of the lab, known by its pid file.
#[derive(Clone, Debug)]
pub(super) struct Daemon {
    name: String,
    pid_file: PathBuf,
    log: PathBuf,
    lab: PathBuf,
}

impl Daemon {
    pub(super) fn new(paths: &Paths, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            pid_file: paths.pid(name),
            log: paths.log(name),
            lab: paths.root().to_owned(),
        }
    }

    /// The process, if it runs and is the lab's.
    pub(super) fn pid(&self) -> Option<Pid> {
        running(&self.pid_file, &self.lab)
    }

    /// Starts the server with its output in the log, and waits until it answers.
    pub(super) fn start(
        &self,
        command: &mut Command,
        patience: Duration,
        mut answers: impl FnMut() -> bool,
    ) -> Result<(), LabError> {
        let mut child = self.spawn(command)?;
        file::write(&self.pid_file, &format!("{}\n", child.id()), 0o644)?;
        // Just after its start a process has no command line yet: only its parent knows it runs.
        let mut gone = false;
        let settled = wait_until(patience, || {
            gone = !matches!(child.try_wait(), Ok(None));
            gone || answers()
        });
        if settled && !gone {
            return Ok(());
        }
        self.stop();
        let (name, log) = (self.name.clone(), self.log.clone());
        if gone {
            return Err(LabError::Ended { name, log });
        }
        let seconds = patience.as_secs();
        Err(LabError::Silent { name, seconds, log })
    }

    /// Ends the server, by force after a while; a pid that is another program's is left alone.
    pub(super) fn stop(&self) {
        end(&self.pid_file, &self.lab);
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, LabError> {
        if let Some(folder) = self.log.parent() {
            file::create_folder(folder)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(LabError::file("open", &self.log))?;
        let errors = log.try_clone().map_err(LabError::file("open", &self.log))?;
        command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| LabError::Start {
                program: self.name.clone(),
                source,
            })
    }
}

/// Ends the process that a pid file names if it is the lab's, and removes the file.
pub(super) fn end(pid_file: &Path, lab: &Path) {
    if let Some(pid) = running(pid_file, lab) {
        // It may be gone by now, which is what is wanted.
        let _ = kill_process(pid, Signal::TERM);
        if !wait_until(GRACE, || running(pid_file, lab).is_none()) {
            let _ = kill_process(pid, Signal::KILL);
            wait_until(GRACE, || running(pid_file, lab).is_none());
        }
    }
    // A stale file that stays is judged again by `running`.
    let _ = fs::remove_file(pid_file);
}

fn running(pid_file: &Path, lab: &Path) -> Option<Pid> {
    let number: i32 = fs::read_to_string(pid_file).ok()?.trim().parse().ok()?;
    let process = PathBuf::from(format!("/proc/{number}"));
    is_labs(&process, lab)
        .then(|| Pid::from_raw(number))
        .flatten()
}

/// The lab's servers have its folder on their command line or as their root.
fn is_labs(process: &Path, lab: &Path) -> bool {
    if fs::read_link(process.join("root")).is_ok_and(|root| root.starts_with(lab)) {
        return true;
    }
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(&*lab.to_string_lossy())
}

const GRACE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_pid_of_another_program_is_not_the_labs() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        fs::write(&pid_file, std::process::id().to_string()).unwrap();
        assert_eq!(running(&pid_file, folder.path()), None);
    }

    #[test]
    fn a_program_that_names_the_folder_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        fs::write(&pid_file, "").unwrap();
        let mut child = Command::new("tail")
            .arg("-f")
            .arg(&pid_file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        fs::write(&pid_file, child.id().to_string()).unwrap();
        assert!(wait_until(GRACE, || running(&pid_file, folder.path()).is_some()));
        let ended = std::thread::spawn(move || child.wait().unwrap());
        end(&pid_file, folder.path());
        assert_eq!(ended.join().unwrap().signal(), Some(Signal::TERM.as_raw()));
        assert!(!pid_file.exists());
    }
}
