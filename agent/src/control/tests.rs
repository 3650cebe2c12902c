mod hold;
mod page;
mod scan;

use std::path::PathBuf;

use http_body_util::BodyExt as _;
use hyper::client::conn::http1 as client;
use keystay_proto::control::{self, Grant, GrantInfo, GrantReport, GrantState, Reason};
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::*;
use crate::{asker::Asker, testing::Fixture};

/// A control server on a socket of its own.
struct Server {
    fixture: Fixture,
    control: Arc<Control>,
    engines: Engines,
    socket: PathBuf,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    _folder: TempDir,
}

impl Server {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let keys = vec![Arc::clone(&fixture.key)];
        Self::with(fixture, &keys)
    }

    fn with(fixture: Fixture, keys: &[Arc<Key>]) -> Self {
        Self::serving(fixture, keys, Searches::default())
    }

    fn serving(fixture: Fixture, keys: &[Arc<Key>], searches: Searches) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let grants = Table::new(folder.path().to_owned(), fixture.shared());
        let socket = folder.path().join("control");
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let listener = Listener::bind(&socket).unwrap();
        let engines = Engines::default();
        let audit = fixture.shared().audit;
        let control = Arc::new(Control {
            keys: Arc::new(Keyring::new(keys, audit, Asker::nobody())),
            grants,
            engines: engines.clone(),
            hosts: HostFiles {
                known_hosts: vec![folder.path().join("known_hosts")],
                home: folder.path().to_owned(),
            },
            searches,
            gate: Gate::open(),
        });
        tasks.spawn(serve(Arc::clone(&control), listener, stopped));
        Self {
            fixture,
            control,
            engines,
            socket,
            stop,
            tasks,
            _folder: folder,
        }
    }

    async fn ask(&mut self, method: Method, path: &str, body: Vec<u8>) -> (StatusCode, Bytes) {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
        self.tasks.spawn(async move { connection.await.unwrap() });
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "agent");
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    }

    /// Holds a grant; the connection is cut when the task is aborted.
    async fn hold(&mut self, grant: &Grant) -> (StatusCode, tokio::task::AbortHandle) {
        let stream = UnixStream::connect(&self.socket).await.unwrap();
        let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
        let task = self.tasks.spawn(async move { connection.await.unwrap() });
        let request = Request::builder()
            .uri(format!("/v1/grants/{}/hold", grant.id))
            .header("host", "agent");
        let request = request.body(Full::new(Bytes::new())).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        std::mem::forget(response);
        (status, task)
    }

    async fn json<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> (StatusCode, T) {
        let (status, body) = self.ask(method, path, body).await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn open(&mut self) -> Grant {
        let spec = serde_json::to_vec(&Fixture::spec()).unwrap();
        let (status, grant) = self.json(Method::POST, "/v1/grants", spec).await;
        assert_eq!(status, StatusCode::CREATED);
        grant
    }
}

#[tokio::test]
async fn a_grant_has_a_private_socket_that_goes_when_it_is_revoked() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    assert_eq!(
        grant.keys[0].fingerprint,
        server.fixture.key.info.fingerprint
    );
    assert!(UnixStream::connect(&grant.socket).await.is_ok());
    let path = format!("/v1/grants/{}", grant.id);
    let (status, report) = server
        .json::<GrantReport>(Method::DELETE, &path, Vec::new())
        .await;
    assert_eq!((status, report.signatures), (StatusCode::OK, 0));
    for _ in 0..100 {
        if !grant.socket.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!grant.socket.exists(), "the socket outlives the grant");
    let (status, problem) = server.json::<Problem>(Method::GET, &path, Vec::new()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(problem.message, format!("there is no grant {}", grant.id));
}

#[tokio::test]
async fn two_grants_do_not_share_a_socket() {
    let mut server = Server::new().await;
    let (one, two) = (server.open().await, server.open().await);
    assert_ne!(one.socket, two.socket);
    assert_ne!(one.id, two.id);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_engine_that_is_told_of_is_the_one_to_terminate() {
    use std::os::unix::process::ExitStatusExt as _;

    let mut server = Server::new().await;
    let mut sleeper = std::process::Command::new("sleep");
    let mut sleeper = sleeper.arg("60").spawn().unwrap();
    let told = control::Engine { pid: sleeper.id() };
    let grant = server.open().await;
    let path = format!("/v1/grants/{}/engine", grant.id);
    let body = serde_json::to_vec(&told).unwrap();
    let (status, watched) = server
        .json::<control::Engine>(Method::PUT, &path, body)
        .await;
    assert_eq!((status, watched), (StatusCode::OK, told));
    server.engines.terminate_all();
    assert_eq!(sleeper.wait().unwrap().signal(), Some(15));
}

#[tokio::test]
async fn requests_that_make_no_sense_are_problems() {
    let mut server = Server::new().await;
    let mut spec = Fixture::spec();
    spec.signatures = 0;
    let empty = serde_json::to_vec(&spec).unwrap();
    for (method, path, body, message) in [
        (
            Method::GET,
            "/v2/keys",
            vec![],
            "no GET /v2/keys in the control API",
        ),
        (
            Method::PUT,
            "/v1/grants",
            vec![],
            "no PUT /v1/grants in the control API",
        ),
        (
            Method::PUT,
            "/v1/grants/0/engine",
            br#"{"pid":-1}"#.to_vec(),
            "the request's body cannot be used: ",
        ),
        (Method::GET, "/v1/grants/0", vec![], "there is no grant 0"),
        (
            Method::POST,
            "/v1/grants/0/scan",
            vec![],
            "there is no grant 0",
        ),
        (
            Method::POST,
            "/v1/grants",
            b"{".to_vec(),
            "the request's body cannot be used: ",
        ),
        (
            Method::POST,
            "/v1/grants",
            vec![b' '; 2 << 20],
            "the request's body cannot be used: ",
        ),
        (
            Method::POST,
            "/v1/grants",
            empty,
            "a grant needs a user, at least one signature",
        ),
    ] {
        let (status, problem) = server.json::<Problem>(method, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(problem.message.starts_with(message), "{}", problem.message);
    }
}

#[tokio::test]
async fn more_keys_than_a_server_tries_are_refused_and_named() {
    let fixture = Fixture::new().await;
    let mut keys = Vec::new();
    for _ in 0..7 {
        keys.push(Fixture::new().await.key);
    }
    let wanted = keys[6].info.fingerprint;
    let mut server = Server::with(fixture, &keys);
    let mut spec = Fixture::spec();
    let body = serde_json::to_vec(&spec).unwrap();
    let (_, problem) = server
        .json::<Problem>(Method::POST, "/v1/grants", body)
        .await;
    assert_eq!(
        problem.message,
        "7 keys are too many: servers end a login after 6 tries"
    );
    assert_eq!(problem.hints.len(), 8);
    spec.keys = vec![wanted];
    let body = serde_json::to_vec(&spec).unwrap();
    let (status, grant) = server.json::<Grant>(Method::POST, "/v1/grants", body).await;
    assert_eq!((status, grant.keys.len()), (StatusCode::CREATED, 1));
}

#[tokio::test]
async fn a_key_that_is_not_held_is_a_problem() {
    let mut server = Server::new().await;
    let mut spec = Fixture::spec();
    spec.keys = vec![keystay_proto::Fingerprint::of(b"another")];
    let body = serde_json::to_vec(&spec).unwrap();
    let (_, problem) = server
        .json::<Problem>(Method::POST, "/v1/grants", body)
        .await;
    assert_eq!(
        problem.message,
        format!("the agent holds no key {}", spec.keys[0])
    );
}

#[tokio::test]
async fn the_socket_goes_when_the_server_stops() {
    let mut server = Server::new().await;
    server.stop.send_replace(true);
    server.tasks.join_next().await.unwrap().unwrap();
    assert!(!server.socket.exists());
}

#[tokio::test]
async fn a_reload_tells_what_it_left_out() {
    let mut server = Server::new().await;
    let file = server.socket.with_file_name("known_hosts");
    std::fs::write(file, "a.host ssh-ed25519 not-base64\n").unwrap();
    let (status, told) = server
        .json::<control::Reloaded>(Method::POST, "/v1/reload", Vec::new())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told.notes.len(), 1, "{told:?}");
}
