//! The processes that build: ended here when their clients are gone and cannot do it any more.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keystay_proto::control::GrantId;

/// The engines that an agent was told of, by the grant that each builds with. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engines {
    processes: Arc<Mutex<BTreeMap<GrantId, platform::Process>>>,
}

impl Engines {
    /// Remembers the process that runs under this id, and forgets any other of the grant. One that
    /// has ended is as good as none.
    ///
    /// # Errors
    ///
    /// When the system does not hold on to a process.
    pub(crate) fn watch(&self, grant: &GrantId, pid: u32) -> io::Result<()> {
        self.forget(grant);
        if let Some(process) = platform::Process::open(pid)? {
            self.processes().insert(grant.clone(), process);
        }
        Ok(())
    }

    /// Forgets the engine of a grant, whose client is at hand.
    pub(crate) fn forget(&self, grant: &GrantId) {
        self.processes().remove(grant);
    }

    /// Sends SIGTERM to the engine of a grant, if it still runs.
    pub(crate) fn terminate(&self, grant: &GrantId) {
        if let Some(process) = self.processes().remove(grant) {
            process.terminate();
        }
    }

    /// Sends SIGTERM to every engine that still runs.
    pub(crate) fn terminate_all(&self) {
        for process in self.processes().values() {
            process.terminate();
        }
    }

    fn processes(&self) -> MutexGuard<'_, BTreeMap<GrantId, platform::Process>> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

    fn grant(number: u8) -> GrantId {
        GrantId::from_random([number; 8])
    }

    #[test]
    fn the_last_engine_of_a_grant_is_terminated() {
        let engines = Engines::default();
        let (mut first, mut last) = (sleeper(), sleeper());
        engines.watch(&grant(1), first.id()).unwrap();
        engines.watch(&grant(1), last.id()).unwrap();
        engines.clone().terminate(&grant(2));
        engines.clone().terminate(&grant(1));
        assert_eq!(last.wait().unwrap().signal(), Some(15));
        assert_eq!(first.try_wait().unwrap(), None);
        first.kill().unwrap();
        first.wait().unwrap();
    }

    #[test]
    fn an_engine_that_has_ended_is_left_alone() {
        let engines = Engines::default();
        engines.terminate_all();
        let mut ended = sleeper();
        engines.watch(&grant(1), ended.id()).unwrap();
        ended.kill().unwrap();
        ended.wait().unwrap();
        engines.terminate_all();
        engines.watch(&grant(1), ended.id()).unwrap();
        engines.terminate(&grant(1));
    }

    #[test]
    fn ids_that_no_process_has_name_none() {
        let engines = Engines::default();
        for pid in [0, u32::MAX] {
            engines.watch(&grant(1), pid).unwrap();
            assert!(engines.processes().is_empty());
        }
    }
}
