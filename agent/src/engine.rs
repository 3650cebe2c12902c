//! The process that builds: ended here when its client is gone and cannot do it any more.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The engine that an agent was told of. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engine {
    process: Arc<Mutex<Option<platform::Process>>>,
}

impl Engine {
    /// Remembers the process that runs under this id, and forgets any other. One that has ended is
    /// as good as none.
    ///
    /// # Errors
    ///
    /// When the system does not hold on to a process.
    pub(crate) fn watch(&self, pid: u32) -> io::Result<()> {
        *self.process() = platform::Process::open(pid)?;
        Ok(())
    }

    /// Sends SIGTERM to the engine, if it still runs.
    pub(crate) fn terminate(&self) {
        if let Some(process) = self.process().as_ref() {
            process.terminate();
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<platform::Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::{io, os::fd::OwnedFd};

    use rustix::{
        io::Errno,
        process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
    };

    /// One process for ever, whatever becomes of its id.
    #[derive(Debug)]
    pub(super) struct Process(OwnedFd);

    impl Process {
        pub(super) fn open(pid: u32) -> io::Result<Option<Self>> {
            let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
                return Ok(None);
            };
            match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(process) => Ok(Some(Self(process))),
                Err(Errno::SRCH) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }

        pub(super) fn terminate(&self) {
            // One that has ended needs no signal.
            let _ = pidfd_send_signal(&self.0, Signal::TERM);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::io;

    #[derive(Debug)]
    pub(super) struct Process;

    impl Process {
        pub(super) fn open(_: u32) -> io::Result<Option<Self>> {
            Ok(None)
        }

        pub(super) fn terminate(&self) {}
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::ExitStatusExt as _,
        process::{Child, Command},
    };

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    #[test]
    fn the_last_engine_is_terminated() {
        let engine = Engine::default();
        let (mut first, mut last) = (sleeper(), sleeper());
        engine.watch(first.id()).unwrap();
        engine.watch(last.id()).unwrap();
        engine.clone().terminate();
        assert_eq!(last.wait().unwrap().signal(), Some(15));
        assert_eq!(first.try_wait().unwrap(), None);
        first.kill().unwrap();
        first.wait().unwrap();
    }

    #[test]
    fn an_engine_that_has_ended_is_left_alone() {
        let engine = Engine::default();
        engine.terminate();
        let mut ended = sleeper();
        engine.watch(ended.id()).unwrap();
        ended.kill().unwrap();
        ended.wait().unwrap();
        engine.terminate();
        engine.watch(ended.id()).unwrap();
        engine.terminate();
    }

    #[test]
    fn ids_that_no_process_has_name_none() {
        let engine = Engine::default();
        for pid in [0, u32::MAX] {
            engine.watch(pid).unwrap();
            assert!(engine.process().is_none());
        }
    }
}
