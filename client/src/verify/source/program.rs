//! Saved images that a program writes to its standard output.

use std::{
    ffi::{OsStr, OsString},
    process::Stdio,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

use super::{Sender, SourceError, file};
use crate::verify::text::{printable, shortened};

/// Starts the program. It ends with the verification.
pub(super) fn start(
    program: &OsStr,
    arguments: &[OsString],
    environment: Vec<(OsString, OsString)>,
) -> Result<Child, SourceError> {
    Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| SourceError::Run {
            program: program.to_owned(),
            source,
        })
}

/// Sends what the program writes, and an error if it does not succeed.
pub(super) async fn copy(program: OsString, mut child: Child, to: Sender) {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return;
    };
    let what = program.to_string_lossy().into_owned();
    let (whole, said) = tokio::join!(file::copy_all(what.clone(), stdout, &to), last_of(stderr));
    if !whole {
        return;
    }
    let failure = match child.wait().await {
        Ok(status) if status.success() => return,
        Ok(status) => {
            let message = shortened(&printable(said.trim_ascii()));
            SourceError::Failed {
                program,
                status,
                message,
            }
        }
        Err(source) => SourceError::Read { what, source },
    };
    to.send(Err(failure)).await;
}

/// The last that the program says.
async fn last_of(mut stderr: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut said = Vec::new();
    while let Ok(1..) = stderr.read_buf(&mut said).await {
        let old = said.len().saturating_sub(LONGEST_WORD);
        said.drain(..old);
    }
    said
}

const LONGEST_WORD: usize = 4096;
