//! What an agent takes of the machine's memory.

use std::{fs, path::Path, process::Command};

use super::{
    agent_load::{refused, spec},
    pairs::Row,
    sheet::Sheet,
};
use crate::{
    env::PrivateAgent,
    lab::{Lab, LabError, UpstreamAgent},
};

/// The resident memory of the private agent with a key, idle and with 1,000 grants, against the
/// machine's `ssh-agent` with that key.
pub(super) fn measure(sheet: &mut Sheet, lab: &Lab, client: &Path) -> Result<(), LabError> {
    for (name, grants, target) in [
        ("agent memory, idle", 0, "≤ 10 MB"),
        ("agent memory, 1,000 grants", 1_000, "≤ 64 MB"),
    ] {
        let row = Row {
            name: name.to_owned(),
            unit: "MB",
            target,
        };
        let ours = || ours(lab, client, grants).map(|size| [size]);
        let theirs = || {
            let agent = UpstreamAgent::with(&[lab.key("dev")])?;
            resident(agent.id()).map(|size| [size])
        };
        sheet.group([row], 3, ours, theirs)?;
    }
    Ok(())
}

fn ours(lab: &Lab, client: &Path, grants: usize) -> Result<f64, LabError> {
    let home =
        tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
    let mut program = Command::new(client);
    program
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME");
    let key = format!("file:{}", lab.key("dev").display());
    let agent =
        PrivateAgent::start(program, &["--key", &key]).map_err(|problem| refused(&problem))?;
    // The first answer comes when everything is loaded.
    let _ = agent.ask("GET", "/v1/keys", "");
    for _ in 0..grants {
        let _ = agent.grant_as(&spec());
    }
    resident(agent.id())
}

/// `VmRSS` of proc(5), in megabytes.
fn resident(id: u32) -> Result<f64, LabError> {
    let path = format!("/proc/{id}/status");
    let path = Path::new(&path);
    let status = fs::read_to_string(path).map_err(LabError::file("read", path))?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|size| size.parse::<u32>().ok());
    Ok(f64::from(kib.unwrap_or(u32::MAX)) * 1024.0 / 1_000_000.0)
}
