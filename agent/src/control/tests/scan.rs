use keystay_proto::control::ScanReport;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

impl Server {
    async fn searching(searches: Searches) -> Self {
        let fixture = Fixture::new().await;
        let keys = vec![Arc::clone(&fixture.key)];
        Self::serving(fixture, &keys, searches)
    }

    async fn scan<T: DeserializeOwned>(&mut self, grant: &Grant, body: &[u8]) -> (StatusCode, T) {
        let path = format!("/v1/grants/{}/scan", grant.id);
        self.json(Method::POST, &path, body.to_vec()).await
    }

    fn grant(&self, grant: &Grant) -> Arc<crate::grant::Grant> {
        self.control.grants.find(grant.id.as_str()).unwrap()
    }
}

/// A scan that has sent its head and the first of its bytes.
async fn begin(server: &Server, grant: &Grant, length: usize, first: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(&server.socket).await.unwrap();
    let head = format!(
        "POST /v1/grants/{}/scan HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n",
        grant.id
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    stream
}

async fn answer_of(mut stream: UnixStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_scan_finds_the_private_key_and_not_the_public_one() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    let path = format!("/v1/grants/{}/scan", grant.id);
    let private = std::fs::read(server.fixture.path("id")).unwrap();
    let (status, report) = server
        .json::<ScanReport>(Method::POST, &path, private.clone())
        .await;
    assert_eq!(
        (status, report.bytes),
        (StatusCode::OK, private.len().try_into().unwrap())
    );
    assert_eq!(report.hits[0].key, server.fixture.key.info.fingerprint);
    let public = std::fs::read(server.fixture.path("id.pub")).unwrap();
    let (_, report) = server.json::<ScanReport>(Method::POST, &path, public).await;
    assert_eq!(report.hits, []);
}

#[tokio::test]
async fn scans_do_not_wait_for_each_other() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    let private = std::fs::read(server.fixture.path("id")).unwrap();
    let (first, last) = private.split_at(100);
    let mut started = Vec::new();
    for _ in 0..8 {
        started.push(begin(&server, &grant, private.len(), first).await);
    }
    let (_, report) = server.scan::<ScanReport>(&grant, &private).await;
    assert_eq!(report.hits.len(), 1);
    for mut stream in started {
        stream.write_all(last).await.unwrap();
        let answer = answer_of(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains(r#""encoding":"base64""#), "{answer}");
    }
}

#[tokio::test]
async fn a_scan_that_stalls_is_given_up() {
    let mut server = Server::searching(Searches::new(2, Duration::from_millis(50))).await;
    let grant = server.open().await;
    let answer = answer_of(begin(&server, &grant, 10, b"12345").await).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.contains("no byte to scan came for 0 seconds"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_scan_ends_with_its_grant() {
    let mut server = Server::searching(Searches::new(2, Duration::from_secs(1))).await;
    let grant = server.open().await;
    let stream = begin(&server, &grant, 10, b"12345").await;
    let path = format!("/v1/grants/{}", grant.id);
    server
        .json::<GrantReport>(Method::DELETE, &path, Vec::new())
        .await;
    let answer = answer_of(stream).await;
    assert!(answer.contains("there is no grant"), "{answer}");
}

#[tokio::test]
async fn too_many_scans_at_once_are_refused() {
    let mut server = Server::searching(Searches::new(0, Duration::from_mins(1))).await;
    let grant = server.open().await;
    let (status, problem) = server.scan::<Problem>(&grant, &vec![b'x'; 300_000]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(problem.message, "too many searches at once");
    assert_eq!(problem.hints, ["try again when others have ended"]);
}

#[tokio::test]
async fn a_grant_has_its_bytes_and_searches_and_no_more() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    let hints = [
        "searches are limited, so that they cannot be used to guess a key",
        "search what is left with `keystay verify`, which has a grant of its own",
    ];
    let live = server.grant(&grant);
    live.budget().take((1 << 40) - 300_000).unwrap();
    let (status, _) = server
        .scan::<ScanReport>(&grant, &vec![b'x'; 300_000])
        .await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = server.scan::<Problem>(&grant, &[b'x'; 1]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        problem.message,
        "the grant has had its 1024 GiB of bytes searched"
    );
    assert_eq!(problem.hints, hints);
    while live.budget().begin().is_ok() {}
    let (status, problem) = server.scan::<Problem>(&grant, &[]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(problem.message, "the grant has had its 65536 searches");
    assert_eq!(problem.hints, hints);
}

#[tokio::test]
async fn a_search_that_cannot_find_makes_no_report() {
    let mut server = Server::new().await;
    let grant = server.open().await;
    server.grant(&grant).make_blind();
    let (status, problem) = server.scan::<Problem>(&grant, &vec![b'x'; 300_000]).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(problem.code, ProblemCode::Internal);
}
