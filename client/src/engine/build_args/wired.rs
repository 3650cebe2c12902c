//! The arguments with what wiring adds.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::BuildArgs;
use crate::wiring::Secret;

/// What is added to a build's arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wired {
    /// The changed copy of the Dockerfile, an absolute path.
    pub dockerfile: Option<PathBuf>,
    /// Ids, each with the socket of the grant that serves it.
    pub ssh: Vec<(String, PathBuf)>,
    /// Files for the steps, each with its path on this machine.
    pub secrets: Vec<(Secret, PathBuf)>,
    /// Where the image's id is to be written, unless the user wants it somewhere.
    pub iidfile: Option<PathBuf>,
}

impl BuildArgs {
    /// The arguments for docker: those given, in their order, with the value of the last `--file`
    /// replaced where there is a changed Dockerfile, behind what is added. That stands first, where
    /// no unknown flag can take it for its value and no `--` is before it.
    #[must_use]
    pub fn wired(&self, wired: &Wired) -> Vec<OsString> {
        let mut given = self.args.clone();
        let mut args = Vec::new();
        if let Some(dockerfile) = &wired.dockerfile
            && !self.replace_file(&mut given, dockerfile)
        {
            args.extend(["--file".into(), dockerfile.clone().into_os_string()]);
        }
        for (id, socket) in &wired.ssh {
            args.extend([
                "--ssh".into(),
                joined(&[id.as_ref(), "=".as_ref(), socket.as_ref()]),
            ]);
        }
        for (which, file) in &wired.secrets {
            args.extend(["--secret".into(), secret(which.id(), file)]);
        }
        if let Some(file) = wired.iidfile.as_ref().filter(|_| self.iidfile().is_none()) {
            args.extend(["--iidfile".into(), file.clone().into_os_string()]);
        }
        args.append(&mut given);
        args
    }

    fn replace_file(&self, given: &mut [OsString], dockerfile: &Path) -> bool {
        let Some(last) = self.uses("file").next_back() else {
            return false;
        };
        let Some(arg) = given.get_mut(last.index) else {
            return false;
        };
        let before = arg.as_bytes().get(..last.offset).unwrap_or_default();
        *arg = joined(&[OsStr::from_bytes(before), dockerfile.as_ref()]);
        true
    }
}

/// The value of a `--secret`: comma-separated, so a path with a comma or a quote is quoted.
fn secret(id: &str, file: &Path) -> OsString {
    let path = file.as_os_str().as_bytes();
    if !path.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n')) {
        return joined(&[format!("id={id},src=").as_ref(), file.as_ref()]);
    }
    let mut value = format!("id={id},\"src=").into_bytes();
    for byte in path {
        value.extend(std::iter::repeat_n(
            *byte,
            if *byte == b'"' { 2 } else { 1 },
        ));
    }
    value.push(b'"');
    OsStr::from_bytes(&value).to_owned()
}

fn joined(parts: &[&OsStr]) -> OsString {
    parts.iter().copied().collect()
}
