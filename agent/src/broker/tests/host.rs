//! A git host that does what a test says.

use std::{
    collections::HashMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use russh::{
    Channel, ChannelId,
    keys::{Certificate, PrivateKey},
    server::{
        self, Auth, ChannelOpenHandle, Config, Handler, Msg, PublicKeyOffer, Session,
        VerifiedPublicKey, run_stream,
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::Command,
    task::JoinSet,
};

use super::keys::{generate, public_line};

/// What the host does when a key runs a command.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// The real program on this repository.
    Git(PathBuf),
    /// Says this and exits with this status.
    Say(&'static [u8], &'static str, u32),
    /// Says this, and closes the connection.
    Break(&'static [u8]),
    /// Says so many bytes.
    Flood(usize),
    /// Says nothing until the input ends, and then the input.
    Echo,
    /// Says nothing and waits.
    Hang,
    /// Opens a channel to the client, and says whether that was let.
    Visit,
}

type Script = dyn Fn(&[u8], &str) -> Act + Send + Sync;

/// A host, until it is dropped.
pub(super) struct Host {
    pub(super) port: u16,
    /// The lines of `known_hosts` for it.
    pub(super) known: String,
    pub(super) seen: Arc<Seen>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// What happened on a host.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) connections: AtomicUsize,
    pub(super) open_connections: AtomicUsize,
    pub(super) running: AtomicUsize,
    pub(super) most_channels: AtomicUsize,
    /// Session channels that were opened.
    pub(super) channels: AtomicUsize,
    /// Keys offered and commands run, in their order.
    pub(super) log: Mutex<Vec<String>>,
}

/// How a host is made.
pub(super) struct Plan {
    pub(super) host_keys: &'static [&'static str],
    /// The key blobs that log in.
    pub(super) accepts: Vec<Vec<u8>>,
    pub(super) max_channels: usize,
    pub(super) script: Arc<Script>,
}

impl Plan {
    pub(super) fn new(
        accepts: &[&[u8]],
        script: impl Fn(&[u8], &str) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self {
            host_keys: &["ed25519"],
            accepts: accepts.iter().map(|blob| blob.to_vec()).collect(),
            max_channels: 10,
            script: Arc::new(script),
        }
    }

    pub(super) async fn start(self) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let (mut keys, mut known) = (Vec::new(), String::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for kind in self.host_keys {
            let path = folder.path().join(kind);
            generate(&path, kind);
            keys.push(PrivateKey::read_openssh_file(&path).unwrap());
            let _ = writeln!(known, "[127.0.0.1]:{port} {}", public_line(&path));
        }
        let config = Config {
            keys,
            auth_rejection_time: Duration::ZERO,
            max_auth_attempts: 6,
            ..Config::default()
        };
        let seen = Arc::new(Seen::default());
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let serve = serve(
            listener,
            Arc::new(config),
            self,
            Arc::clone(&seen),
            Arc::clone(&tasks),
        );
        tasks.lock().unwrap().spawn(serve);
        Host {
            port,
            known,
            seen,
            tasks,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.tasks.lock().unwrap().abort_all();
    }
}

impl Seen {
    pub(super) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    config: Arc<Config>,
    plan: Plan,
    seen: Arc<Seen>,
    tasks: Arc<Mutex<JoinSet<()>>>,
) {
    let plan = Arc::new(plan);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        seen.connections.fetch_add(1, Relaxed);
        seen.open_connections.fetch_add(1, Relaxed);
        let guest = Guest {
            plan: Arc::clone(&plan),
            seen: Arc::clone(&seen),
            tasks: Arc::clone(&tasks),
            key: Vec::new(),
            channels: HashMap::new(),
            open: Arc::new(AtomicUsize::new(0)),
        };
        let config = Arc::clone(&config);
        tasks.lock().unwrap().spawn(async move {
            let seen = Arc::clone(&guest.seen);
            if let Ok(session) = run_stream(config, stream, guest).await {
                let _ = session.await;
            }
            seen.open_connections.fetch_sub(1, Relaxed);
        });
    }
}

/// One connection.
struct Guest {
    plan: Arc<Plan>,
    seen: Arc<Seen>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    key: Vec<u8>,
    channels: HashMap<ChannelId, Channel<Msg>>,
    open: Arc<AtomicUsize>,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        let blob = offer.public_key.to_bytes().unwrap();
        let place = self.plan.accepts.iter().position(|known| *known == blob);
        let mut log = self.seen.log.lock().unwrap();
        log.push(place.map_or_else(
            || format!("refuse {user}"),
            |place| format!("accept {user} {place}"),
        ));
        Ok(if place.is_some() {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn auth_publickey(
        &mut self,
        _: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        self.key = key.public_key.to_bytes().unwrap();
        Ok(Auth::Accept)
    }

    async fn auth_openssh_certificate(
        &mut self,
        _: &str,
        certificate: &Certificate,
    ) -> Result<Auth, russh::Error> {
        self.key = certificate.to_bytes().unwrap();
        let known = self.plan.accepts.contains(&self.key);
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.open.load(Relaxed) >= self.plan.max_channels {
            return Ok(());
        }
        let open = self.open.fetch_add(1, Relaxed) + 1;
        self.seen.most_channels.fetch_max(open, Relaxed);
        self.seen.channels.fetch_add(1, Relaxed);
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.seen
            .log
            .lock()
            .unwrap()
            .push(format!("forward {host}"));
        let mut stream = TcpStream::connect((host, u16::try_from(port).unwrap())).await?;
        reply.accept().await;
        self.tasks.lock().unwrap().spawn(async move {
            let _ = copy_bidirectional(&mut channel.into_stream(), &mut stream).await;
        });
        Ok(())
    }

    async fn env_request(
        &mut self,
        _: ChannelId,
        name: &str,
        value: &str,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        self.seen
            .log
            .lock()
            .unwrap()
            .push(format!("{name}={value}"));
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let command = String::from_utf8(command.to_vec()).unwrap();
        self.seen.log.lock().unwrap().push(command.clone());
        session.channel_success(id)?;
        let channel = self.channels.remove(&id).unwrap();
        let act = (self.plan.script)(&self.key, &command);
        let (handle, seen, open) = (
            session.handle(),
            Arc::clone(&self.seen),
            Arc::clone(&self.open),
        );
        self.tasks.lock().unwrap().spawn(async move {
            seen.running.fetch_add(1, Relaxed);
            perform(act, channel, handle).await;
            seen.running.fetch_sub(1, Relaxed);
            open.fetch_sub(1, Relaxed);
        });
        Ok(())
    }
}

async fn perform(act: Act, mut channel: Channel<Msg>, handle: server::Handle) {
    let id = channel.id();
    let status = match act {
        Act::Git(folder) => git(&mut channel, &folder).await,
        Act::Say(output, error, status) => {
            let _ = channel.extended_data(1, error.as_bytes()).await;
            let _ = channel.data(output).await;
            status
        }
        Act::Break(output) => {
            let _ = channel.data(output).await;
            let _ = handle
                .disconnect(
                    russh::Disconnect::ByApplication,
                    "bye".into(),
                    String::new(),
                )
                .await;
            return;
        }
        Act::Flood(bytes) => {
            let chunk = vec![b'x'; 64 * 1024];
            for _ in 0..bytes.div_ceil(chunk.len()) {
                tokio::select! {
                    sent = channel.make_writer().write_all_owned(&chunk) => if !sent { return },
                    () = closed(&mut channel) => return,
                }
            }
            0
        }
        Act::Echo => {
            let (mut read, write) = channel.split();
            let mut input = Vec::new();
            let _ = read.make_reader().read_to_end(&mut input).await;
            let _ = write.data(&input[..]).await;
            0
        }
        Act::Hang => {
            closed(&mut channel).await;
            return;
        }
        Act::Visit => {
            let let_in = handle.channel_open_agent().await.is_ok();
            let said: &[u8] = if let_in { b"let in" } else { b"refused" };
            let _ = channel.data(said).await;
            0
        }
    };
    let _ = handle.exit_status_request(id, status).await;
    let _ = handle.eof(id).await;
    let _ = handle.close(id).await;
}

trait WriteOwned {
    async fn write_all_owned(self, bytes: &[u8]) -> bool;
}

impl<W: tokio::io::AsyncWrite + Unpin> WriteOwned for W {
    async fn write_all_owned(mut self, bytes: &[u8]) -> bool {
        self.write_all(bytes).await.is_ok()
    }
}

async fn closed(channel: &mut Channel<Msg>) {
    while !matches!(channel.wait().await, None | Some(russh::ChannelMsg::Close)) {}
}

async fn git(channel: &mut Channel<Msg>, folder: &Path) -> u32 {
    let mut child = Command::new("git")
        .arg("upload-pack")
        .arg(folder)
        .env("GIT_PROTOCOL", "version=2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("git is missing");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut writer = channel.make_writer();
    let down = async {
        let _ = tokio::io::copy(&mut stdout, &mut writer).await;
    };
    let up = async {
        let mut reader = channel.make_reader();
        let _ = tokio::io::copy(&mut reader, &mut stdin).await;
        drop(stdin);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
    let status = child.wait().await.unwrap();
    u32::try_from(status.code().unwrap_or(1)).unwrap()
}
