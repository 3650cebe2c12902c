//! Asking on the controlling terminal.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use rustix::{
    fs::OFlags,
    process::getpgrp,
    termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
    },
};

use super::{MAX_ANSWER, PromptError};
use crate::secret::Secret;

/// The controlling terminal, with this process in its foreground.
#[derive(Debug)]
pub(super) struct Terminal(File);

impl Terminal {
    /// `None` when there is none, or when asking there would stop this process.
    pub(super) fn open() -> Option<Self> {
        let flags = OFlags::NOCTTY.bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(PATH)
            .ok()?;
        (tcgetpgrp(&file).ok()? == getpgrp()).then_some(Self(file))
    }

    /// Shows the text and reads a line without echo.
    pub(super) fn ask(&self, text: &str) -> Result<Secret, PromptError> {
        let line = self.read(text).map_err(PromptError::Terminal)?;
        let broken_off = line
            .bytes()
            .last()
            .is_some_and(|last| INTERRUPTS.contains(last));
        if broken_off {
            Err(PromptError::GivenUp)
        } else {
            Ok(line)
        }
    }

    fn read(&self, text: &str) -> io::Result<Secret> {
        let silence = Silence::of(&self.0)?;
        (&self.0).write_all(text.as_bytes())?;
        let mut line = Secret::zeroed(MAX_ANSWER);
        let len = (&self.0).read(line.bytes_mut())?;
        line.truncate(len);
        drop(silence);
        (&self.0).write_all(b"\n")?;
        Ok(line)
    }
}

/// No echo, for as long as this lives.
struct Silence<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    /// Interrupting ends the line instead of the process, which could not turn echo on again.
    fn of(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        silent.local_modes.insert(LocalModes::ICANON);
        let [interrupt, quit] = INTERRUPTS;
        silent.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        silent.special_codes[SpecialCodeIndex::VEOL2] = quit;
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // Without a terminal there is no echo to restore.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

const PATH: &str = "/dev/tty";
/// Control-C and control-backslash.
const INTERRUPTS: [u8; 2] = [3, 28];
