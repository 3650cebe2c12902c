//! A git host that knows no keys but an authority's, for users and for itself.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{
    LabError,
    debian::chroot,
    file,
    paths::Paths,
    process::{run, wait_until},
    server_folder::{folder, inside, keygen},
};

/// An OpenSSH server with the repositories of the lab; gone when dropped. Whoever has a certificate
/// of its authority for the principal `git` may read all of them, and its host key has a certificate
/// of the same authority for `127.0.0.1`.
#[derive(Debug)]
pub struct AuthorityHost {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl AuthorityHost {
    /// Starts it, on a port of its own.
    pub fn start() -> Result<Self, LabError> {
        let root = Paths::find()?.debian();
        let folder = folder(&root, "authority-")?;
        let path = |name: &str| folder.path().join(name);
        keygen(&path("ca"))?;
        keygen(&path("host_key"))?;
        certify(
            &path("ca"),
            &path("host_key.pub"),
            &["-h", "-n", "127.0.0.1", "-V", "+1d"],
        )?;
        file::write(&path("principals"), PRINCIPALS, 0o644)?;
        let port = free_port(folder.path())?;
        let mut sshd = chroot(&root);
        sshd.args([
            "/usr/sbin/sshd",
            "-D",
            "-e",
            "-f",
            "/etc/ssh/lab/sshd_config",
            "-p",
        ])
        .arg(port.to_string());
        for (option, name) in [
            ("HostKey", "host_key"),
            ("HostCertificate", "host_key-cert.pub"),
            ("TrustedUserCAKeys", "ca.pub"),
            ("AuthorizedPrincipalsFile", "principals"),
        ] {
            let value = inside(&root, &path(name));
            sshd.arg("-o").arg(format!("{option}={}", value.display()));
        }
        sshd.args(["-o", "AuthorizedKeysFile=none"]);
        let log = path("log");
        let written = File::create(&log).map_err(LabError::file("create", &log))?;
        let child = sshd
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(written)
            .spawn()
            .map_err(|source| LabError::Start {
                program: "chroot".to_owned(),
                source,
            })?;
        let host = Self {
            port,
            child,
            folder,
        };
        let listens = || host.log().contains("Server listening on");
        if wait_until(PATIENCE, listens) {
            return Ok(host);
        }
        Err(LabError::Silent {
            name: "the authority's git host".to_owned(),
            seconds: PATIENCE.as_secs(),
            log,
        })
    }

    /// The port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a repository, such as `acme/lib-a`.
    #[must_use]
    pub fn url(&self, repository: &str) -> String {
        format!("ssh://git@127.0.0.1:{}/{repository}.git", self.port)
    }

    /// The authority's private key, for `ssh-keygen -s`.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca")
    }

    /// The host key's own line for a `known_hosts` file.
    #[must_use]
    pub fn known_hosts(&self) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.read("host_key.pub"))
    }

    /// The authority's line for a `known_hosts` file, for hosts of this pattern.
    #[must_use]
    pub fn cert_authority(&self, pattern: &str) -> String {
        format!("@cert-authority {pattern} {}", self.read("ca.pub"))
    }

    /// A mark for a `known_hosts` file that revokes the key in this file of the host's folder: `ca`
    /// or `host_key`.
    #[must_use]
    pub fn revoked(&self, key: &str) -> String {
        format!("@revoked * {}", self.read(&format!("{key}.pub")))
    }

    /// Gives the host key another certificate, with these options of `ssh-keygen`.
    pub fn certify_host(&self, options: &[&str]) -> Result<(), LabError> {
        let key = self.folder.path().join("host_key.pub");
        certify(&self.authority(), &key, options)?;
        // The server reads its files again.
        let pid = self.child.id().to_string();
        let count = self.log().matches("Server listening on").count();
        run(Command::new("kill").args(["-HUP", &pid]))?;
        wait_until(PATIENCE, || {
            self.log().matches("Server listening on").count() > count
        });
        Ok(())
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.read("log")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for AuthorityHost {
    fn drop(&mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certify(authority: &Path, public: &Path, options: &[&str]) -> Result<(), LabError> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-I", "lab", "-s"]).arg(authority);
    run(command.args(options).arg(public)).map(drop)
}

/// Another program may take it before the server does, which the server then tells.
fn free_port(folder: &Path) -> Result<u16, LabError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let address = address.map_err(LabError::file("listen for", folder))?;
    Ok(address.port())
}

const PATIENCE: Duration = Duration::from_secs(15);
const PRINCIPALS: &str =
    "restrict,command=\"/usr/local/bin/serve authority-host certified read all\" git\n";
