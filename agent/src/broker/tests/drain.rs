//! Fetches that are under way when the agent is told to end.

use keystay_proto::{
    agent::{Request as Message, SignFlags, SignRequest},
    control::{Event, GrantSpec, Mode},
    tunnel::{Exchange, Open, Reply, Request, StreamId, key_blob},
};

use super::*;
use crate::{
    grant::{Grant, Shared, Table},
    pipeline,
    testing::Fixture,
};

#[tokio::test]
async fn a_fetch_under_way_is_finished_before_its_grant_ends() {
    let run = Run::start(Act::Echo).await;
    let table = &run.table;
    let end = async {
        sleep(Duration::from_millis(100)).await;
        assert_eq!(table.list().len(), 1, "the grant ended before its fetch");
        let mut output = Vec::new();
        loop {
            let (more, exit) = run.exchange(INPUT, output.len()).await;
            output.extend(more);
            if let Some(exit) = exit {
                run.ask(&Request::Close).await;
                break (output, exit);
            }
        }
    };
    let ((), told) = tokio::join!(table.drain(), end);
    assert_eq!(told, (INPUT.to_vec(), 0));
    assert!(table.list().is_empty());
    let events: Vec<_> = run.fixture.records().iter().map(|it| it.event).collect();
    assert_eq!(
        events,
        [Event::Opened, Event::Allowed, Event::Fetched, Event::Closed]
    );
}

#[tokio::test]
async fn a_fetch_that_does_not_end_is_not_waited_for_for_ever() {
    let run = Run::start(Act::Hang).await;
    let began = Instant::now();
    run.table.until_fetched(Duration::from_millis(200)).await;
    let waited = began.elapsed();
    assert!(
        (Duration::from_millis(200)..Duration::from_secs(2)).contains(&waited),
        "{waited:?}"
    );
}

/// A grant in fetch mode with one stream, which a host serves.
pub(super) struct Run {
    pub(super) fixture: Fixture,
    pub(super) table: Table,
    pub(super) grant: Arc<Grant>,
    _folder: TempDir,
    pub(super) host: Host,
}

impl Run {
    pub(super) async fn start(act: Act) -> Self {
        let (fixture, folder) = (Fixture::new().await, folder());
        let plan = Plan::new(&[&fixture.key.blob], move |_, _| act.clone());
        let host = plan.start().await;
        let shared = Shared {
            known_hosts: Arc::new(KnownHosts::parse(&host.known, Path::new("known_hosts"))),
            ..fixture.shared()
        };
        let table = Table::new(folder.path().to_owned(), shared).held();
        let spec = GrantSpec {
            mode: Mode::Fetch,
            ..Fixture::spec()
        };
        let opened = table.open(spec, vec![Arc::clone(&fixture.key)]).await;
        let run = Self {
            grant: opened.unwrap().grant,
            fixture,
            table,
            _folder: folder,
            host,
        };
        let open = Open {
            user: b"git",
            host: b"127.0.0.1",
            port: run.host.port,
            command: b"git-upload-archive 'acme/lib-a'",
            git_protocol: b"",
        };
        let reply = run.ask(&Request::Open(open)).await;
        assert!(matches!(
            Reply::decode(&reply).unwrap(),
            Reply::Opened { .. }
        ));
        run
    }

    /// Sends all input there is, and its end; what the host said beyond what is had already, and its
    /// exit status.
    pub(super) async fn exchange(&self, input: &[u8], had: usize) -> (Vec<u8>, Option<u8>) {
        let exchange = Request::Exchange(Exchange {
            input_offset: 0,
            input,
            input_ends: true,
            output_offset: u64::try_from(had).unwrap(),
            error_offset: 0,
            room: 1 << 10,
            wait: 100,
        });
        let reply = self.ask(&exchange).await;
        match Reply::decode(&reply).unwrap() {
            Reply::Exchanged { output, exit, .. } => (output.to_vec(), exit.map(|exit| exit.0)),
            other => panic!("{other:?}"),
        }
    }

    /// The signature blob of the answer to a frame.
    async fn ask(&self, request: &Request<'_>) -> Vec<u8> {
        let (mut data, mut message) = (Vec::new(), Vec::new());
        request.encode(&mut data);
        let request = Message::SignRequest(SignRequest {
            key_blob: &key_blob(ID),
            data: &data,
            flags: SignFlags(0),
        });
        request.encode(&mut message);
        let answer =
            pipeline::answer(&self.grant, &mut crate::policy::Bound::Unbound, &message).await;
        answer.get(5..).unwrap().to_vec()
    }
}

/// What a client says that speaks first.
const INPUT: &[u8] = b"0012argument HEAD\n0000";
const ID: StreamId = StreamId(*b"0123456789abcdef");
