//! The terminal that an agent may ask on for a passphrase.

use std::{fs::File, io::Write as _, os::unix::fs::OpenOptionsExt as _};

use rustix::{
    fs::OFlags,
    process::getpgrp,
    termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr},
};

/// How the controlling terminal was before an agent could turn off its echo.
#[derive(Debug)]
pub(super) struct Terminal {
    file: File,
    before: Termios,
}

impl Terminal {
    /// `None` where there is none, or this process is not in its foreground: nobody is asked there.
    pub(super) fn saved() -> Option<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NOCTTY.bits().cast_signed())
            .open("/dev/tty")
            .ok()?;
        let before = tcgetattr(&file).ok()?;
        is_foreground(&file).then_some(Self { file, before })
    }

    /// Sets it back, where an agent was killed at its question.
    pub(super) fn restore(&self) {
        let now = tcgetattr(&self.file);
        let is_changed = now.is_ok_and(|now| now.local_modes != self.before.local_modes);
        if is_changed && is_foreground(&self.file) {
            // A terminal that is gone needs no echo.
            let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.before);
            let _ = (&self.file).write_all(b"\n");
        }
    }
}

/// Whether this process may set the terminal without being stopped.
fn is_foreground(terminal: &File) -> bool {
    tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp())
}
