//! A git host in a network of its own, and the jump host that is the only way there.

use std::{
    fs::{self, File, OpenOptions},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    LabError, file,
    paths::Paths,
    process::wait_until,
    server_folder::{folder, inside, keygen},
    stand::Lab,
};

/// Both hosts; gone when dropped. The private one has the keys and repositories of
/// [`Lab::git_host`], and nothing outside of its own network answers at its address.
#[derive(Debug)]
pub struct JumpHost {
    port: u16,
    known_hosts: String,
    private: Child,
    gate: Arc<Gate>,
    folder: TempDir,
}

impl JumpHost {
    /// Starts both. This key of the lab may connect through the jump host, as `git`, and do nothing
    /// else there.
    pub fn start(lab: &Lab, key: &str) -> Result<Self, LabError> {
        let root = Paths::find()?.debian();
        let folder = folder(&root, "jump-")?;
        let log = folder.path().join("private.log");
        let (private, namespace) = private_host(&root, &log)?;
        let mut host = Self {
            port: 0,
            known_hosts: String::new(),
            private,
            gate: Arc::new(Gate {
                root: root.clone(),
                config: inside(&root, &folder.path().join("sshd_config")),
                namespace,
                log: folder.path().join("jump.log"),
                ended: AtomicBool::new(false),
                sessions: Mutex::new(Vec::new()),
            }),
            folder,
        };
        let listens = || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            said.contains(&format!("listening on {PRIVATE_HOST}"))
        };
        if !wait_until(PATIENCE, listens) {
            let name = "the private git host".to_owned();
            let seconds = PATIENCE.as_secs();
            return Err(LabError::Silent { name, seconds, log });
        }
        host.open(lab, key)?;
        Ok(host)
    }

    /// The jump host's port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The jump host's line for a `known_hosts` file.
    #[must_use]
    pub fn known_hosts(&self) -> &str {
        &self.known_hosts
    }

    /// What the jump host has logged, with every connection that it made for others.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.gate.log).unwrap_or_default()
    }

    fn open(&mut self, lab: &Lab, key: &str) -> Result<(), LabError> {
        let (root, folder) = (&self.gate.root, self.folder.path());
        let host_key = folder.join("host_key");
        keygen(&host_key)?;
        let allowed = folder.join("authorized_keys");
        let public = lab.key(&format!("{key}.pub"));
        let public = file::read(&public)?.unwrap_or_default();
        let rights = format!(
            "restrict,port-forwarding,permitopen=\"{PRIVATE_HOST}:22\",command=\"/bin/false\" {public}"
        );
        file::write(&allowed, &rights, 0o644)?;
        let settings = format!(
            "HostKey {}\nAuthorizedKeysFile {}\n{SETTINGS}",
            inside(root, &host_key).display(),
            inside(root, &allowed).display()
        );
        file::write(&folder.join("sshd_config"), &settings, 0o644)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.map_err(LabError::file("listen for", folder))?;
        let address = listener.local_addr();
        self.port = address
            .map_err(LabError::file("listen for", folder))?
            .port();
        let public = file::read(&host_key.with_extension("pub"))?.unwrap_or_default();
        self.known_hosts = format!("[127.0.0.1]:{} {public}", self.port);
        let gate = Arc::clone(&self.gate);
        thread::spawn(move || gate.serve(&listener));
        Ok(())
    }
}

impl Drop for JumpHost {
    fn drop(&mut self) {
        self.gate.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees the end.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let mut sessions = self.gate.sessions();
        for child in sessions.iter_mut().chain([&mut self.private]) {
            // It may have ended by itself, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The jump host's door: it listens here, and serves in the private host's network.
#[derive(Debug)]
struct Gate {
    root: PathBuf,
    config: PathBuf,
    namespace: PathBuf,
    log: PathBuf,
    ended: AtomicBool,
    sessions: Mutex<Vec<Child>>,
}

impl Gate {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            // A session that cannot be started closes its connection, which its client tells.
            let started = self.session(stream);
            self.sessions().extend(started);
        }
    }

    fn session(&self, stream: TcpStream) -> Option<Child> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let output = OwnedFd::from(stream.try_clone().ok()?);
        let mut sshd = Command::new("nsenter");
        sshd.arg(format!("--net={}", self.namespace.display()))
            .arg("chroot")
            .arg(&self.root)
            .args(["/usr/sbin/sshd", "-i", "-e", "-f"])
            .arg(&self.config)
            .stdin(OwnedFd::from(stream))
            .stdout(output)
            .stderr(log.ok()?);
        sshd.spawn().ok()
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Vec<Child>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The git host's own server once more, in a network that has nothing but loopback; and where that
/// network is found.
fn private_host(root: &Path, log: &Path) -> Result<(Child, PathBuf), LabError> {
    let written = File::create(log).map_err(LabError::file("create", log))?;
    let script = format!(
        "ip link set lo up; exec chroot \"$0\" \
         /usr/sbin/sshd -D -e -f /etc/ssh/lab/sshd_config -p 22 -o ListenAddress={PRIVATE_HOST}"
    );
    let child = Command::new("unshare")
        .args(["--net", "sh", "-ec", &script])
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(written)
        .spawn()
        .map_err(|source| LabError::Start {
            program: "unshare".to_owned(),
            source,
        })?;
    let namespace = Path::new("/proc").join(child.id().to_string());
    Ok((child, namespace.join("ns/net")))
}

/// The private git host's address, on the usual port.
pub const PRIVATE_HOST: &str = "127.99.0.2";
const PATIENCE: Duration = Duration::from_secs(15);
const SETTINGS: &str = "\
AllowUsers git
AuthenticationMethods publickey
StrictModes no
UsePAM no
PidFile none
AllowTcpForwarding local
LogLevel DEBUG1
";
