//! Keys of another agent: OpenSSH's, and ones that misbehave.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use keystay_agent::{
    key::{
        Key,
        source::{self, Source, SourceError},
    },
    sign::{SignError, Signer},
};
use keystay_proto::Fingerprint;

use crate::{
    signatures::verified_by_openssh,
    support::{
        Folder, Nobody, environment, load, load_all, load_file, public_blob, run, told, wait,
    },
};

#[test]
fn keys_of_ssh_agent_are_listed_and_sign() {
    let folder = Folder::new();
    let agent = Agent::start(&folder.path("agent"));
    let ed25519 = folder.key("ed25519", "-t ed25519");
    let ecdsa = folder.key("ecdsa", "-t ecdsa");
    let rsa = folder.key("rsa", "-t rsa -b 2048");
    for key in [&ed25519, &ecdsa, &rsa] {
        agent.add(key);
    }
    let keys = agent.keys("agent").unwrap();
    let paths = [ed25519, ecdsa, rsa];
    for ((key, path), flags) in keys.iter().zip(&paths).zip([0, 0, 4]) {
        assert_eq!(key.blob, public_blob(path));
        assert_eq!(key.info.fingerprint, Fingerprint::of(&key.blob));
        assert_eq!(
            (key.info.comment.as_str(), key.info.source.as_str()),
            ("a comment", "agent")
        );
        assert!(!key.info.searchable && key.cores().is_empty());
        assert!(matches!(key.signer, Signer::Upstream(_)));
        verified_by_openssh(&folder, path, key, flags);
    }
    assert_eq!(keys.len(), 3);
    let sha1 = wait(keys[2].signer.sign(b"data", 0)).unwrap_err();
    assert!(matches!(sha1, SignError::AlgorithmNotAllowed));
}

#[test]
fn a_fingerprint_picks_one_key() {
    let folder = Folder::new();
    let agent = Agent::start(&folder.path("agent"));
    let one = folder.key("one", "-t ed25519");
    let two = folder.key("two", "-t ed25519");
    agent.add(&one);
    agent.add(&two);
    let wanted = Fingerprint::of(&public_blob(&two));
    let keys = agent.keys(&format!("agent:{wanted}")).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].blob, public_blob(&two));
    assert_eq!(keys[0].info.source, format!("agent:{wanted}"));
    let other = Fingerprint::of(b"another");
    let (one, two) = (Fingerprint::of(&public_blob(&one)), wanted);
    assert_eq!(
        told(&agent.keys(&format!("agent:{other}")).unwrap_err()),
        [
            format!(
                "agent {} does not hold the key {other}",
                agent.socket.display()
            ),
            format!("it holds {one} (a comment)"),
            format!("it holds {two} (a comment)"),
        ]
    );
}

#[test]
fn certificates_and_unknown_types_are_passed_through() {
    let folder = Folder::new();
    let agent = Agent::start(&folder.path("agent"));
    let authority = folder.key("authority", "-t ed25519");
    let user = folder.key("user", "-t rsa -b 2048");
    let public = user.with_added_extension("pub");
    let options = ["-q", "-I", "id", "-n", "git", "-s"].map(AsRef::as_ref);
    let args = [&options[..], &[authority.as_os_str(), public.as_os_str()]].concat();
    run("ssh-keygen", "openssh-client", &args);
    agent.add(&user);
    let keys = agent.keys("agent").unwrap();
    assert_eq!(keys.len(), 2);
    let certificate = &keys[1];
    assert_eq!(certificate.info.algorithm, "ssh-rsa-cert-v01@openssh.com");
    assert_eq!(
        certificate.algorithm_for(4),
        Some("rsa-sha2-512-cert-v01@openssh.com")
    );
    let signature = wait(certificate.signer.sign(b"data", 4)).unwrap();
    assert_eq!(&signature[..16], b"\0\0\0\x0crsa-sha2-512");
}

#[test]
fn an_unset_dead_or_empty_agent_is_said_to_be_so() {
    let folder = Folder::new();
    assert_eq!(
        told(&load("agent", &environment(&[]), &mut Nobody).unwrap_err()),
        [
            "SSH_AUTH_SOCK is not set",
            "start an agent with `eval \"$(ssh-agent)\"` and add a key with `ssh-add`",
            "or name a key file with `--key file:PATH`",
        ]
    );
    let missing = folder.path("missing");
    let still = "SSH_AUTH_SOCK names it; is that agent still running?";
    assert_eq!(
        told(&keys_at(&missing).unwrap_err()),
        [
            format!("agent {} does not exist", missing.display()),
            still.to_owned()
        ]
    );
    let dead = folder.path("dead");
    drop(UnixListener::bind(&dead).unwrap());
    assert_eq!(
        told(&keys_at(&dead).unwrap_err()),
        [
            format!(
                "agent {} does not answer: nobody listens there",
                dead.display()
            ),
            still.to_owned()
        ]
    );
    let agent = Agent::start(&folder.path("agent"));
    assert_eq!(
        told(&agent.keys("agent").unwrap_err()),
        [
            format!("agent {} holds no key", agent.socket.display()),
            "add a key with `ssh-add`, or unlock the agent".to_owned()
        ]
    );
}

#[test]
fn an_agent_that_ends_or_loses_the_key_is_told_apart_while_signing() {
    let folder = Folder::new();
    let agent = Agent::start(&folder.path("agent"));
    agent.add(&folder.key("one", "-t ed25519"));
    let keys = agent.keys("agent").unwrap();
    agent.ssh_add(&["-D".as_ref()]);
    let refused = wait(keys[0].signer.sign(b"data", 0)).unwrap_err();
    assert!(matches!(refused, SignError::UpstreamRefused), "{refused:?}");
    drop(agent);
    let gone = wait(keys[0].signer.sign(b"data", 0)).unwrap_err();
    assert!(matches!(gone, SignError::UpstreamGone(_)), "{gone:?}");
}

#[test]
fn a_restarted_agent_signs_again() {
    let folder = Folder::new();
    let path = folder.key("one", "-t ed25519");
    let agent = Agent::start(&folder.path("agent"));
    agent.add(&path);
    let keys = agent.keys("agent").unwrap();
    drop(agent);
    let agent = Agent::start(&folder.path("agent"));
    agent.add(&path);
    verified_by_openssh(&folder, &path, &keys[0], 0);
}

#[test]
fn answers_that_are_no_agents_are_errors() {
    let folder = Folder::new();
    let not_an_agent = "gives an answer that is not an SSH agent's";
    let mut many = vec![12];
    many.extend_from_slice(&2049_u32.to_be_bytes());
    many.extend_from_slice(&[0, 0, 0, 1, b'k', 0, 0, 0, 0].repeat(2049));
    for (name, answer, said) in [
        (
            "http",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            not_an_agent,
        ),
        ("empty", framed(&[]), not_an_agent),
        ("success", framed(&[6]), not_an_agent),
        ("count", framed(&[12, 0xff, 0xff, 0xff, 0xff]), not_an_agent),
        ("trailing", framed(&[12, 0, 0, 0, 0, 0]), not_an_agent),
        ("long", vec![0, 4, 0, 1, 12], not_an_agent),
        ("refusal", framed(&[5]), "refuses to list its keys"),
        ("many", framed(&many), not_an_agent),
        (
            "cut",
            vec![0, 0, 0, 9, 12],
            "does not answer: it closed the connection",
        ),
        ("close", vec![], "does not answer: it closed the connection"),
    ] {
        let socket = folder.path(name);
        serve(&socket, vec![answer]);
        let told = told(&keys_at(&socket).unwrap_err());
        assert_eq!(told[0], format!("agent {} {said}", socket.display()));
    }
}

#[test]
fn an_agent_that_does_not_answer_is_given_up() {
    let folder = Folder::new();
    let socket = folder.path("agent");
    let key = framed(&framed(b"a-new-type@example.com"));
    let list = [&[12, 0, 0, 0, 1][..], &key, &[0, 0, 0, 0]].concat();
    serve(&socket, vec![framed(&list)]);
    let keys = keys_at(&socket).unwrap();
    let stalled = folder.path("stalled");
    let _listener = UnixListener::bind(&stalled).unwrap();
    std::fs::rename(&stalled, &socket).unwrap();
    let environment = environment(&[("SSH_AUTH_SOCK", socket.as_ref())]);
    without_waiting(async {
        let started = tokio::time::Instant::now();
        let listing = source::load(&Source::Agent(None), &environment, &mut Nobody).await;
        assert_eq!(started.elapsed().as_secs(), 10);
        let said = told(&listing.unwrap_err());
        assert_eq!(
            said[0],
            format!(
                "agent {} does not answer: it took too long",
                socket.display()
            )
        );
        let gone = keys[0].signer.sign(b"data", 0).await.unwrap_err();
        assert!(matches!(gone, SignError::UpstreamGone(_)), "{gone:?}");
        assert_eq!(started.elapsed().as_secs(), 130);
    });
}

#[test]
fn comments_of_an_agent_are_made_printable_in_hints() {
    let folder = Folder::new();
    let socket = folder.path("agent");
    let mut list = vec![12, 0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 5];
    list.extend_from_slice(b"\x1b[2J\xff");
    serve(&socket, vec![framed(&list)]);
    let source = format!("agent:{}", Fingerprint::of(b"another"));
    let environment = environment(&[("SSH_AUTH_SOCK", socket.as_ref())]);
    let said = told(&load_all(&source, &environment, &mut Nobody).unwrap_err());
    let held = Fingerprint::of(b"k");
    assert_eq!(said[1], format!("it holds {held} (\\u{{1b}}[2J\u{fffd})"));
}

#[test]
fn an_upstream_signature_of_another_algorithm_is_not_passed_on() {
    let folder = Folder::new();
    let path = folder.key("rsa", "-t rsa -b 2048");
    let key = load_file(&path).unwrap();
    let mut list = vec![12, 0, 0, 0, 1];
    list.extend_from_slice(&framed(&key.blob));
    list.extend_from_slice(&[0, 0, 0, 0]);
    let sha1 = [&framed(b"ssh-rsa")[..], &framed(&[7; 256])].concat();
    let answers = [
        framed(&list),
        framed(&[&[14][..], &framed(&sha1)].concat()),
        framed(&[6]),
    ];
    let socket = folder.path("agent");
    serve(&socket, answers.to_vec());
    let keys = keys_at(&socket).unwrap();
    for _ in 0..2 {
        let refused = wait(keys[0].signer.sign(b"data", 4)).unwrap_err();
        assert!(matches!(refused, SignError::UpstreamAnswer), "{refused:?}");
    }
}

/// Runs on a clock that jumps ahead when there is nothing to do.
fn without_waiting(work: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work);
}

fn keys_at(socket: &Path) -> Result<Vec<Key>, SourceError> {
    load_all(
        "agent",
        &environment(&[("SSH_AUTH_SOCK", socket.as_ref())]),
        &mut Nobody,
    )
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

/// Answers one connection after the other, each with one of `answers`, whatever it asks.
fn serve(socket: &Path, answers: Vec<Vec<u8>>) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut len = [0; 4];
            stream.read_exact(&mut len).unwrap();
            let mut request = vec![0; usize::try_from(u32::from_be_bytes(len)).unwrap()];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
}

/// A running `ssh-agent`.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(socket: &Path) -> Self {
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("install openssh-client");
        let deadline = Instant::now() + Duration::from_secs(10);
        while UnixStream::connect(socket).is_err() {
            assert!(Instant::now() < deadline, "ssh-agent does not start");
            thread::sleep(Duration::from_millis(5));
        }
        Self {
            child,
            socket: socket.to_path_buf(),
        }
    }

    fn add(&self, key: &Path) {
        self.ssh_add(&["-q".as_ref(), key.as_os_str()]);
    }

    fn ssh_add(&self, args: &[&std::ffi::OsStr]) {
        let socket = format!("SSH_AUTH_SOCK={}", self.socket.display());
        let args = [&[socket.as_ref(), "ssh-add".as_ref()], args].concat();
        run("env", "openssh-client", &args);
    }

    fn keys(&self, source: &str) -> Result<Vec<Key>, SourceError> {
        let environment = environment(&[("SSH_AUTH_SOCK", self.socket.as_ref())]);
        load_all(source, &environment, &mut Nobody)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // Killed, it leaves its socket behind.
        std::fs::remove_file(&self.socket).unwrap();
    }
}
