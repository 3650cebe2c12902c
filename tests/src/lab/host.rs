//! The two git hosts: same user, keys and repositories, different servers.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::daemon::Daemon;
use super::debian::chroot;
use super::file;
use super::key::{Access, KEYS, KeySpec, is_original, public};
use super::paths::Paths;
use super::process::{run, say};
use super::{LabError, Relay, repo};

/// A git host on `127.0.0.1`, user `git`.
#[derive(Clone, Debug)]
pub struct GitHost {
    name: &'static str,
    port: u16,
    known_hosts: String,
    log: PathBuf,
    access_log: PathBuf,
    daemon: Daemon,
}

impl GitHost {
    /// `git-host` or `plain-host`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The port on `127.0.0.1`; the same as long as the lab's folder is kept.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host's lines for a `known_hosts` file, one for each host key, for the names `127.0.0.1`
    /// and `localhost`.
    #[must_use]
    pub fn known_hosts(&self) -> &str {
        &self.known_hosts
    }

    /// The address of a repository, such as `acme/lib-a`.
    #[must_use]
    pub fn url(&self, repository: &str) -> String {
        format!("ssh://git@127.0.0.1:{}/{repository}.git", self.port)
    }

    /// The same host as it is reached through a relay.
    #[must_use]
    pub fn through(&self, relay: &Relay) -> Self {
        let port = relay.address().port();
        let (old, new) = (format!("]:{}", self.port), format!("]:{port}"));
        Self {
            port,
            known_hosts: self.known_hosts.replace(&old, &new),
            ..self.clone()
        }
    }

    /// Where the host listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// What the server itself logs: connections, accepted and refused keys by fingerprint.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// One line for each command: time, host, key name, `allowed`, `refused` or `greeted`, and the
    /// command as it was asked for. Both hosts write to this file.
    #[must_use]
    pub fn access_log(&self) -> &Path {
        &self.access_log
    }

    /// Whether the server runs and accepts connections.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.daemon.pid().is_some() && listens(self.port)
    }

    pub(super) fn stop(&self) {
        self.daemon.stop();
    }

    fn at(paths: &Paths, kind: Kind, port: u16) -> Result<Self, LabError> {
        let name = kind.name();
        let lines = file::read(&paths.debian().join(LAB).join(format!("{name}.known")))?;
        Ok(Self {
            name,
            port,
            known_hosts: known_lines(&lines.unwrap_or_default(), port),
            log: paths.log(name),
            access_log: paths.debian().join("srv/log/access"),
            daemon: Daemon::new(paths, name),
        })
    }

    fn ensure_up(&self, paths: &Paths, kind: Kind, changed: bool) -> Result<(), LabError> {
        if self.is_up() && !changed {
            return Ok(());
        }
        say(&format!("starting {}", self.name));
        self.stop();
        let mut command = chroot(&paths.debian());
        command.args(kind.command(self.port));
        self.daemon
            .start(&mut command, PATIENCE, || listens(self.port))
    }
}

/// Both hosts, up or not.
pub(super) fn find(paths: &Paths) -> Result<[GitHost; 2], LabError> {
    let [git, plain] = ports(paths)?;
    Ok([
        GitHost::at(paths, Kind::Git, git)?,
        GitHost::at(paths, Kind::Plain, plain)?,
    ])
}

/// Makes keys, settings and repositories of the hosts, and starts what is down.
pub(super) fn ensure_up(paths: &Paths) -> Result<[GitHost; 2], LabError> {
    let root = paths.debian();
    let [git_port, _] = ports(paths)?;
    make_host_keys(&root)?;
    repo::make_all(paths, GIT_USER)?;
    file::create_folder(&root.join("srv/log"))?;
    file::give(&root.join("srv/log"), GIT_USER)?;
    file::write(&root.join("usr/local/bin/serve"), SERVE, 0o755)?;
    write_authorized_keys(paths)?;
    let settings = root.join(LAB).join("sshd_config");
    let changed = file::write(&settings, &sshd_config(git_port), 0o644)?;
    let hosts = find(paths)?;
    for (host, kind) in hosts.iter().zip([Kind::Git, Kind::Plain]) {
        host.ensure_up(paths, kind, changed && kind == Kind::Git)?;
    }
    let lines: String = hosts.iter().map(GitHost::known_hosts).collect();
    file::write(&paths.known_hosts(), &lines, 0o644)?;
    Ok(hosts)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Git,
    Plain,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Git => "git-host",
            Self::Plain => "plain-host",
        }
    }

    fn command(self, port: u16) -> Vec<String> {
        let line = match self {
            Self::Git => format!("/usr/sbin/sshd -D -e -f /{LAB}/sshd_config"),
            Self::Plain => format!(
                "dropbear -F -E -s -j -k -T 6 -P /run/plain-host.pid -p 127.0.0.1:{port} \
                 -r /{LAB}/plain-ed25519 -r /{LAB}/plain-ecdsa -r /{LAB}/plain-rsa"
            ),
        };
        line.split_whitespace().map(str::to_owned).collect()
    }
}

/// The ports, chosen when first asked for.
fn ports(paths: &Paths) -> Result<[u16; 2], LabError> {
    let path = paths.root().join("ports");
    let text = file::read(&path)?.unwrap_or_default();
    let mut kept = text.split_whitespace().filter_map(|word| word.parse().ok());
    if let (Some(git), Some(plain)) = (kept.next(), kept.next()) {
        return Ok([git, plain]);
    }
    let mut free = (FIRST_PORT..=LAST_PORT)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    let (Some(git), Some(plain)) = (free.next(), free.next()) else {
        return Err(LabError::NoPort {
            first: FIRST_PORT,
            last: LAST_PORT,
        });
    };
    file::write(&path, &format!("{git} {plain}\n"), 0o644)?;
    Ok([git, plain])
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

fn make_host_keys(root: &Path) -> Result<(), LabError> {
    if root.join(LAB).join("plain-host.known").exists() {
        return Ok(());
    }
    run(chroot(root).args(["sh", "-ec", MAKE_HOST_KEYS])).map(drop)
}

/// Public key lines as `known_hosts` lines.
fn known_lines(public: &str, port: u16) -> String {
    let lines = public
        .lines()
        .map(|key| format!("[127.0.0.1]:{port},[localhost]:{port} {key}\n"));
    lines.collect::<Vec<_>>().concat()
}

/// One file for each host, because the forced command says on which host it runs.
fn write_authorized_keys(paths: &Paths) -> Result<(), LabError> {
    let root = paths.debian();
    let git = root.join(LAB).join("authorized_keys");
    file::write(&git, &authorized_keys(paths, Kind::Git)?, 0o644)?;
    let plain = root.join("home/git/.ssh/authorized_keys");
    file::write(&plain, &authorized_keys(paths, Kind::Plain)?, 0o644)?;
    Ok(())
}

fn authorized_keys(paths: &Paths, kind: Kind) -> Result<String, LabError> {
    let known = KEYS
        .iter()
        .filter(|key| is_original(key) && key.access != Access::None);
    known.map(|key| authorized_key(paths, kind, key)).collect()
}

fn authorized_key(paths: &Paths, kind: Kind, key: &KeySpec) -> Result<String, LabError> {
    let (host, name) = (kind.name(), key.name);
    let public = public(paths, name)?;
    let rights = match key.access {
        Access::None => "read".to_owned(),
        Access::Read(repository) => format!("read {repository}"),
        Access::All => "write all".to_owned(),
    };
    let command = format!("/usr/local/bin/serve {host} {name} {rights}");
    Ok(format!("restrict,command=\"{command}\" {public}"))
}

fn sshd_config(port: u16) -> String {
    format!(
        "Port {port}\n\
         ListenAddress 127.0.0.1\n\
         HostKey /{LAB}/git-ed25519\n\
         HostKey /{LAB}/git-ecdsa\n\
         HostKey /{LAB}/git-rsa\n\
         AuthorizedKeysFile /{LAB}/authorized_keys\n\
         AllowUsers git\n\
         AuthenticationMethods publickey\n\
         StrictModes no\n\
         UsePAM no\n\
         MaxAuthTries 6\n\
         MaxStartups 500\n\
         AcceptEnv GIT_PROTOCOL\n\
         PidFile none\n\
         LogLevel VERBOSE\n"
    )
}

/// What a server started by hand needs at most on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// Below the ports that Linux gives to outgoing connections.
const FIRST_PORT: u16 = 20022;
const LAST_PORT: u16 = 20999;

/// The number of the user `git` in the hosts' root folder.
const GIT_USER: u32 = 64022;

/// The servers' own settings in the hosts' root folder.
const LAB: &str = "etc/ssh/lab";

const SERVE: &str = include_str!("../../lab/serve.sh");

const MAKE_HOST_KEYS: &str = "\
cd /etc/ssh/lab
rm -f git-* plain-*
for kind in ed25519 ecdsa rsa; do
    ssh-keygen -q -t $kind -N '' -C '' -f git-$kind
    dropbearkey -t $kind -f plain-$kind
    dropbearkey -y -f plain-$kind | grep -E '^(ssh|ecdsa)-' | cut -d' ' -f1,2 >plain-$kind.pub
done
cut -d' ' -f1,2 git-*.pub >git-host.known
cat plain-*.pub >plain-host.known
";
