//! Asking a person whether a key may be used.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// Runs `program` as OpenSSH does for `ssh-add -c`: yes is an exit status of 0 with an empty answer
/// or `yes`. The person has five minutes.
pub(crate) async fn confirm(program: &Path, text: &str) -> bool {
    let run = Command::new(program)
        .arg(text)
        .env("SSH_ASKPASS_PROMPT", "confirm")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    match timeout(PATIENCE, run).await {
        Ok(Ok(output)) => {
            let answer = output.stdout.trim_ascii();
            output.status.success() && (answer.is_empty() || answer.eq_ignore_ascii_case(b"yes"))
        }
        _ => false,
    }
}

/// How long a person may take.
const PATIENCE: Duration = Duration::from_mins(5);
