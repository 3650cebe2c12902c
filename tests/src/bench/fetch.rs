//! Fetches in a build step: the broker on the host against OpenSSH in the step.

use std::{path::Path, process::Command, time::Duration};

use super::sheet::Sheet;
use crate::{
    env::{Env, Output},
    lab::{DEPENDENCIES, Engine, GitHost, LARGE, Lab, LabError, Relay, UpstreamAgent},
};

/// The rows of all fetches, on the docker engine that can do fetch mode, and the large clone in podman
/// too: podman's steps reach the agent's socket itself, where docker's reach it through `BuildKit`'s session.
pub(super) fn measure(
    sheet: &mut Sheet,
    lab: &Lab,
    engine: &Engine,
    client: &Path,
) -> Result<(), LabError> {
    let docker = Bench::new(lab, Env::on(lab, engine), client, &DOCKER)?;
    let podman = Env::on_daemonless(lab, lab.podman());
    let podman = Bench::new(lab, podman, client, &PODMAN)?;
    let near = lab.git_host();
    let relay = Relay::to(near.address(), ONE_WAY)
        .map_err(LabError::file("start the relay before", near.log()))?;
    let far = near.through(&relay);
    let large = |host: &GitHost| format!("git clone --quiet --bare {} /large", host.url(LARGE));
    let clone = |host: &GitHost| {
        let clone = |path: &str| format!("git clone --quiet {} /{path}\n", host.url(path));
        let paths = DEPENDENCIES.iter().map(|repository| repository.name);
        paths.map(clone).collect::<String>()
    };
    let asks = format!(
        "for i in $(seq {ASKS}); do git ls-remote --quiet {} >/dev/null; done",
        near.url("acme/lib-a")
    );
    for (bench, row, target, host, script) in [
        (
            &docker,
            "fetch: a large clone, near",
            "≤ 1",
            near,
            large(near),
        ),
        (
            &podman,
            "fetch: a large clone, near, podman",
            "≤ 1",
            near,
            large(near),
        ),
        (
            &docker,
            "fetch: a large clone, 30 ms away",
            "≤ 1",
            &far,
            large(&far),
        ),
        (
            &docker,
            "fetch: 30 dependencies, near",
            "",
            near,
            clone(near),
        ),
        (
            &docker,
            "fetch: 30 dependencies, 30 ms away",
            "≤ 1/3",
            &far,
            clone(&far),
        ),
        (&docker, "fetch: 20 × git ls-remote, near", "", near, asks),
    ] {
        bench.pair(sheet, row, target, host, &script)?;
    }
    Ok(())
}

struct Bench<'a> {
    lab: &'a Lab,
    env: Env,
    client: &'a Path,
    agent: UpstreamAgent,
    words: &'static Words,
}

/// How a builder is asked for a build that says what its steps print.
struct Words {
    /// What stands before `build` behind `keystay`.
    form: &'static [&'static str],
    options: &'static [&'static str],
}

impl<'a> Bench<'a> {
    fn new(
        lab: &'a Lab,
        env: Env,
        client: &'a Path,
        words: &'static Words,
    ) -> Result<Self, LabError> {
        Ok(Self {
            lab,
            env,
            client,
            words,
            agent: UpstreamAgent::with(&[lab.key("dev")])?,
        })
    }

    /// How long a script takes inside a step, with Keystay and with OpenSSH.
    fn pair(
        &self,
        sheet: &mut Sheet,
        row: &str,
        target: &'static str,
        host: &GitHost,
        script: &str,
    ) -> Result<(), LabError> {
        self.env.home_file(".ssh/known_hosts", host.known_hosts());
        let known_hosts = self.env.home().join(".ssh/known_hosts");
        let secret = format!("id=known_hosts,src={}", known_hosts.display());
        let ssh = format!("default={}", self.agent.socket().display());
        let key = format!("file:{}", self.lab.key("dev").display());
        let ours = || {
            let run = self.env.program(Command::new(self.client));
            let run = run.args(["--no-verify", "--mode", "fetch", "--key", &key]);
            self.time(script, |env| {
                let run = run.args(self.words.form).build(env);
                run.args(self.words.options).output()
            })
        };
        let theirs = || {
            self.time(script, |env| {
                let run = env.plain().build(env).args(self.words.options);
                run.args(["--ssh", &ssh, "--secret", &secret]).output()
            })
        };
        sheet.pairs(row, target, RUNS, ours, theirs)
    }

    fn time(&self, script: &str, build: impl FnOnce(&Env) -> Output) -> Result<Duration, LabError> {
        self.env.file("script.sh", &format!("set -e\n{script}\n"));
        self.env.file("Dockerfile", DOCKERFILE);
        let output = build(&self.env);
        let text = output.stderr.clone() + &output.stdout;
        // The command is shown too, before it runs.
        let told = |line: &str| line.split_once("took: ")?.1.trim().parse().ok();
        let taken: Option<u64> = text.lines().find_map(told);
        taken
            .map(Duration::from_nanos)
            .ok_or_else(|| LabError::Command {
                command: "the build".to_owned(),
                status: output.status.to_string(),
                output: text,
            })
    }
}

/// The same for both: where Keystay does not need the known hosts they do no harm.
const DOCKERFILE: &str = r#"FROM keystay/base:1
COPY script.sh /
RUN --mount=type=ssh --mount=type=secret,id=known_hosts,target=/etc/ssh/ssh_known_hosts,mode=0444 \
    begin=$(date +%s%N) && sh /script.sh && end=$(date +%s%N) && echo "took: $((end - begin))" && rm -rf /large /acme
"#;
const DOCKER: Words = Words {
    form: &[],
    options: &["--progress", "plain", "--no-cache"],
};
const PODMAN: Words = Words {
    form: &["podman"],
    options: &["--no-cache"],
};
/// Half a round trip to a host on the same continent.
const ONE_WAY: Duration = Duration::from_millis(15);
const ASKS: usize = 20;
const RUNS: usize = 5;
