//! What a program says to a question.

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// What the program writes to its standard output, if it answers and succeeds.
pub(super) async fn answer(mut program: Command, arguments: &[&str]) -> Option<String> {
    program
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, program.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

const PATIENCE: Duration = Duration::from_secs(20);
