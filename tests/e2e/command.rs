//! Programs that the tests run, and what they print.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use keystay_tests::lab::{GitHost, Lab};

/// `ssh` to a host with one key and nothing of the user's own.
pub(crate) fn ssh(lab: &Lab, host: &GitHost, key: &Path) -> Command {
    let mut command = ssh_with(lab, host);
    command.args(["-o", "IdentityAgent=none", "-o", "IdentitiesOnly=yes", "-i"]);
    command.arg(key).arg("git@127.0.0.1");
    command
}

pub(crate) fn ssh_with(lab: &Lab, host: &GitHost) -> Command {
    let mut command = Command::new("ssh");
    command.args(["-F", "none", "-o", "BatchMode=yes", "-o"]);
    command.arg(format!(
        "UserKnownHostsFile={}",
        lab.known_hosts().display()
    ));
    command
        .args(["-p", &host.port().to_string()])
        .stdin(Stdio::null());
    command
}

pub(crate) fn assert_prints(output: &Output, text: &str) {
    let printed = printed(output);
    assert!(printed.contains(text), "no `{text}` in:\n{printed}");
}

pub(crate) fn printed(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(Vec::as_slice);
    String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned()
}
