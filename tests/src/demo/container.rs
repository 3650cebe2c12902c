//! A git host in a container, for machines that have docker and no lab.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    env::wait_for,
    lab::{LabError, run},
};

/// A container with `sshd` and one private repository; gone when dropped.
#[derive(Debug)]
pub(super) struct GitContainer {
    name: String,
    port: u16,
}

impl GitContainer {
    /// Builds the images and starts the host, which this public key opens.
    pub(super) fn start(public_key: &str) -> Result<Self, LabError> {
        build(TOOLS, TOOLS_DOCKERFILE)?;
        build(HOST, &HOST_DOCKERFILE.replace("{key}", public_key.trim()))?;
        let host = Self {
            name: format!("{HOST}-{}", std::process::id()),
            port: free_port()?,
        };
        let (port, name) = (host.port.to_string(), host.name.as_str());
        run(&mut docker(&[
            "run",
            "--detach",
            "--rm",
            "--network",
            "host",
            "--name",
            name,
            HOST,
            &port,
        ]))?;
        if wait_for(PATIENCE, || host.public_host_key().is_ok()) {
            return Ok(host);
        }
        Err(LabError::Silent {
            name: host.name.clone(),
            seconds: PATIENCE.as_secs(),
            log: format!("docker logs {}", host.name).into(),
        })
    }

    /// The repository's address.
    pub(super) fn url(&self) -> String {
        format!("ssh://git@127.0.0.1:{}/home/git/lib.git", self.port)
    }

    /// The host's key, taken from inside the container and not from the network.
    pub(super) fn known_hosts(&self) -> Result<String, LabError> {
        Ok(format!(
            "[127.0.0.1]:{} {}",
            self.port,
            self.public_host_key()?
        ))
    }

    fn public_host_key(&self) -> Result<String, LabError> {
        run(&mut docker(&[
            "exec",
            &self.name,
            "cat",
            "/run/sshd/ready.pub",
        ]))
    }
}

impl Drop for GitContainer {
    fn drop(&mut self) {
        let mut remove = docker(&["rm", "--force", &self.name]);
        // It removes itself when it ends.
        let _ = remove.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn build(tag: &str, dockerfile: &str) -> Result<(), LabError> {
    let folder =
        tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
    let path = folder.path().join("Dockerfile");
    std::fs::write(&path, dockerfile).map_err(LabError::file("write", &path))?;
    crate::xtask::say(&format!("demo: building the image {tag}"));
    let mut build = docker(&["build", "--quiet", "--network", "host", "--tag", tag]);
    run(build.arg(folder.path())).map(|_| ())
}

fn docker(arguments: &[&str]) -> Command {
    let mut docker = Command::new("docker");
    docker.args(arguments).env("DOCKER_BUILDKIT", "1");
    docker
}

fn free_port() -> Result<u16, LabError> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.port())
        .map_err(LabError::file("bind", Path::new("127.0.0.1")))
}

const TOOLS: &str = "keystay-demo-tools";
const HOST: &str = "keystay-demo-host";
const TOOLS_DOCKERFILE: &str = "\
FROM debian:bookworm-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client openssh-server \\
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*
";
const HOST_DOCKERFILE: &str = r#"FROM keystay-demo-tools
RUN useradd --create-home --shell /usr/bin/git-shell git && usermod -p '*' git \
 && mkdir -p /home/git/.ssh /run/sshd && echo 'restrict {key}' > /home/git/.ssh/authorized_keys \
 && git init --quiet --bare --initial-branch main /home/git/lib.git && cd /home/git/lib.git \
 && blob=$(echo 'a private library' | git hash-object -w --stdin) \
 && tree=$(printf '100644 blob %s\tREADME\n' "$blob" | git mktree) \
 && commit=$(git -c user.name=demo -c user.email=demo@localhost commit-tree -m first "$tree") \
 && git update-ref refs/heads/main "$commit" && chown -R git: /home/git
RUN printf '%s\n' '#!/bin/sh -e' 'ssh-keygen -q -t ed25519 -N "" -f /run/sshd/key' \
 '/usr/sbin/sshd -D -e -h /run/sshd/key -p "$1" -o ListenAddress=127.0.0.1 -o PasswordAuthentication=no &' \
 'while ! ssh-keyscan -p "$1" 127.0.0.1 >/dev/null 2>&1; do sleep 0.1; done' \
 'cut -d" " -f1,2 /run/sshd/key.pub > /run/sshd/ready.pub' 'wait' > /serve && chmod +x /serve
ENTRYPOINT ["/serve"]
"#;
const PATIENCE: Duration = Duration::from_secs(20);
