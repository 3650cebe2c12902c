//! Asking a person whether a key may be used.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::{io::AsyncReadExt as _, process::Command, time::timeout};

/// Runs `program` as OpenSSH does for `ssh-add -c`: yes is an exit status of 0 with an empty answer
/// or `yes`. The person has five minutes.
pub(crate) async fn confirm(program: &Path, text: &str) -> bool {
    matches!(timeout(PATIENCE, ask(program, text)).await, Ok(Ok(true)))
}

async fn ask(program: &Path, text: &str) -> io::Result<bool> {
    let mut child = Command::new(program)
        .arg(text)
        .env("SSH_ASKPASS_PROMPT", "confirm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut answer = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    }
    let answer = answer.trim_ascii();
    let is_yes = answer.is_empty() || answer.eq_ignore_ascii_case(b"yes");
    Ok(child.wait().await?.success() && is_yes)
}

/// How long a person may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// As much as OpenSSH reads; a program that says more is not listened to.
const MAX_ANSWER: u64 = 1024;
