//! A build of which every step is cached: what Keystay adds to docker.

use std::{env, path::Path, process::Command};

use tempfile::TempDir;

use super::{pairs::timed, sheet::Sheet};
use crate::{
    env::{Env, Run},
    lab::{Engine, Lab, LabError, UpstreamAgent},
};

/// `keystay build` against the same `docker build --ssh`.
pub(super) fn measure(
    sheet: &mut Sheet,
    lab: &Lab,
    engine: &Engine,
    client: &Path,
) -> Result<(), LabError> {
    let env = Env::on(lab, engine);
    env.file("Dockerfile", DOCKERFILE);
    let agent = UpstreamAgent::with(&[lab.key("dev")])?;
    let ssh = format!("default={}", agent.socket().display());
    let known_hosts = format!("id=keystay.known_hosts,src={}", lab.known_hosts().display());
    let plain = env.home().join("wired.Dockerfile");
    let text = std::fs::read_to_string(env.context().join("Dockerfile"));
    let wired = text.unwrap_or_default().replace(BARE, WIRED);
    std::fs::write(&plain, wired).map_err(LabError::file("write", &plain))?;
    let session = session_folder()?;
    let ours = || {
        let key = format!("file:{}", lab.key("dev").display());
        let mut run = env
            .program(Command::new(client))
            .env("XDG_RUNTIME_DIR", session.path())
            .args(["--key", &key])
            .build(&env);
        timed(|| succeed(&mut run))
    };
    let theirs = || {
        let arguments = ["build", "--ssh", &ssh, "--secret", &known_hosts, "--file"];
        let mut run = env.docker().args(arguments).args([&plain]);
        run = run.args(["--network", "host", "--tag", env.tag(), "."]);
        timed(|| succeed(&mut run))
    };
    let what = format!("cached build, {}", engine.name());
    sheet.pairs(&what, "≤ 1.05", RUNS, ours, theirs)
}

/// What a login session gives: a folder for sockets, in memory where the system has a place for that
/// (XDG Base Directory Specification).
fn session_folder() -> Result<TempDir, LabError> {
    let memory = Path::new("/dev/shm");
    let usual = env::temp_dir();
    let place = if memory.is_dir() { memory } else { &usual };
    tempfile::tempdir_in(place).map_err(LabError::file("make a folder in", place))
}

fn succeed(run: &mut Run) -> Result<(), LabError> {
    crate::lab::run(run.command()).map(|_| ())
}

const DOCKERFILE: &str = "\
FROM keystay/base:1 AS source
RUN --mount=type=ssh git clone {git}/acme/lib-a.git /src
FROM keystay/lean:1
COPY --from=source /src /src
";
const BARE: &str = "RUN --mount=type=ssh ";
/// The same mounts as in Keystay's wired copy: what is measured is Keystay, not a mount.
const WIRED: &str = "RUN --mount=type=ssh,mode=0666 --mount=type=secret,id=keystay.known_hosts,target=/etc/ssh/ssh_known_hosts,mode=0444 ";
/// A pair varies by a tenth.
const RUNS: usize = 201;
