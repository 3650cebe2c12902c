//! Which key, what is said, how it ends.

use std::sync::atomic::Ordering::Relaxed;

use keystay_proto::control::Route;

use super::*;

const NOT_FOUND: Act = Act::Say(
    b"",
    "ERROR: Repository not found.\n\x1b[31mfatal: Could not read\x1b[0m\n",
    1,
);

/// Each of the two keys opens the repository of its name.
async fn two_keys(folder: &TempDir) -> (Host, Arc<Key>, Arc<Key>) {
    let (a, b) = (
        key(folder, "a", "ed25519").await,
        key(folder, "b", "ecdsa").await,
    );
    let (of_a, of_b) = (a.blob.clone(), b.blob.clone());
    let script = move |key: &[u8], command: &str| match command {
        "git-upload-pack 'acme/a.git'" if key == of_a => Act::Say(b"000aa pack", "", 0),
        "git-upload-pack 'acme/b.git'" if key == of_b => Act::Say(b"000ab pack", "", 0),
        _ => NOT_FOUND,
    };
    let host = Plan::new(&[&a.blob, &b.blob], script).start().await;
    (host, a, b)
}

#[tokio::test]
async fn the_next_key_is_tried_where_a_repository_is_not_found() {
    let folder = folder();
    let (host, a, b) = two_keys(&folder).await;
    let broker = broker(&host.known, &[&a, &b]);
    for (path, said, key) in [("a", "000aa pack", &a), ("b", "000ab pack", &b)] {
        let fetched = fetch(&broker, upload_pack(&host, &format!("acme/{path}.git"))).await;
        assert_eq!((fetched.status(), fetched.text()), (0, said));
        assert_eq!(fetched.outcome.key, Some(key.info.fingerprint));
        assert_eq!((fetched.outcome.bytes, fetched.error.as_str()), (10, ""));
    }
    host.seen.log.lock().unwrap().clear();
    assert_eq!(
        fetch(&broker, upload_pack(&host, "acme/b.git"))
            .await
            .status(),
        0
    );
    assert_eq!(host.seen.log(), ["git-upload-pack 'acme/b.git'"]);
    assert_eq!(host.seen.connections.load(Relaxed), 2);
}

#[tokio::test]
async fn a_repository_that_no_key_opens_is_told_with_what_the_host_said() {
    let folder = folder();
    let (host, a, b) = two_keys(&folder).await;
    let broker = broker(&host.known, &[&a, &b]);
    let fetched = fetch(&broker, upload_pack(&host, "acme/other.git")).await;
    let expected = format!(
        "127.0.0.1:{} does not give it to any key of the grant: ERROR: Repository not found. / \
         \\u{{1b}}[31mfatal: Could not read\\u{{1b}}[0m",
        host.port
    );
    assert_eq!(fetched.failure().to_string(), expected);
    assert_eq!((fetched.text(), fetched.error.as_str()), ("", ""));
}

#[tokio::test]
async fn a_key_is_used_only_for_the_repositories_of_its_routes() {
    let folder = folder();
    let (host, a, b) = two_keys(&folder).await;
    let route = |key: &Arc<Key>, pattern: &str| Route {
        source: key.info.source.clone(),
        repos: vec![
            format!("127.0.0.1:{}/{pattern}", host.port)
                .parse()
                .unwrap(),
        ],
    };
    let broker = |routes| {
        let known = Arc::new(KnownHosts::parse(&host.known, Path::new("known_hosts")));
        let keys = vec![Arc::clone(&a), Arc::clone(&b)];
        Broker::new(known, Arc::new(SshConfig::none()), keys, routes)
    };
    let heavy = broker(vec![route(&a, "acme/*"), route(&b, "acme/b")]);
    assert_eq!(
        fetch(&heavy, upload_pack(&host, "acme/b.git"))
            .await
            .status(),
        0
    );
    assert_eq!(
        host.seen.log(),
        ["accept git 1", "git-upload-pack 'acme/b.git'"]
    );
    let elsewhere = broker(vec![route(&a, "other/*"), route(&b, "acme/x")]);
    let fetched = fetch(&elsewhere, upload_pack(&host, "acme/b.git")).await;
    assert!(matches!(fetched.failure(), FetchError::NoKey));
    assert_eq!(fetched.outcome.key, None);
}

#[tokio::test]
async fn keys_that_the_host_does_not_know_are_offered_on_one_connection_and_once() {
    let folder = folder();
    let (c, d) = (
        key(&folder, "c", "ed25519").await,
        key(&folder, "d", "ed25519").await,
    );
    let (host, a, _) = two_keys(&folder).await;
    let broker = broker(&host.known, &[&c, &d, &a]);
    for _ in 0..2 {
        assert_eq!(
            fetch(&broker, upload_pack(&host, "acme/a.git"))
                .await
                .status(),
            0
        );
    }
    assert_eq!(
        host.seen.log(),
        [
            "refuse git",
            "refuse git",
            "accept git 0",
            "git-upload-pack 'acme/a.git'",
            "git-upload-pack 'acme/a.git'"
        ]
    );
    assert_eq!(host.seen.connections.load(Relaxed), 1);
}

#[tokio::test]
async fn a_host_that_knows_no_key_is_named_with_the_user() {
    let folder = folder();
    let c = key(&folder, "c", "ed25519").await;
    let (host, _, _) = two_keys(&folder).await;
    let fetched = fetch(
        &broker(&host.known, &[&c]),
        upload_pack(&host, "acme/a.git"),
    )
    .await;
    let expected = format!(
        "127.0.0.1:{} accepts none of the grant's keys for git",
        host.port
    );
    assert_eq!(fetched.failure().to_string(), expected);
}

#[tokio::test]
async fn keys_of_every_type_log_in() {
    let folder = folder();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        let key = key(&folder, kind, kind).await;
        let host = Plan::new(&[&key.blob], |_, _| Act::Say(b"0000", "", 0))
            .start()
            .await;
        let fetched = fetch(&broker(&host.known, &[&key]), upload_pack(&host, "a")).await;
        assert_eq!((fetched.status(), fetched.text()), (0, "0000"), "{kind}");
    }
}

#[tokio::test]
async fn keys_and_certificates_of_another_agent_log_in() {
    let folder = folder();
    let (_agent, keys) = agent_keys(&folder).await;
    let types: Vec<_> = keys.iter().map(|key| key.info.algorithm.as_str()).collect();
    let expected = ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "ssh-rsa"];
    assert_eq!(types, expected);
    for key in &keys {
        let host = Plan::new(&[&key.blob, &keys[0].blob], |_, _| Act::Say(b"0000", "", 0))
            .start()
            .await;
        let fetched = fetch(&broker(&host.known, &[key]), upload_pack(&host, "a")).await;
        assert_eq!(fetched.status(), 0, "{}", key.info.algorithm);
    }
}

#[tokio::test]
async fn what_a_host_says_beside_its_output_is_shown_without_escapes() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let act = Act::Say(
        b"0008NAK\n",
        "hello\r\n\x1b]0;owned\x07\tgr\u{fc}\u{df}e\n",
        3,
    );
    let host = Plan::new(&[&a.blob], move |_, _| act.clone()).start().await;
    let mut errand = upload_pack(&host, "a");
    errand.git_protocol = "version=2".to_owned();
    let fetched = fetch(&broker(&host.known, &[&a]), errand).await;
    assert_eq!((fetched.status(), fetched.text()), (3, "0008NAK\n"));
    assert_eq!(fetched.error, "hello\n\\u{1b}]0;owned\\u{7}\tgrüße\n");
    assert!(
        host.seen
            .log()
            .contains(&"GIT_PROTOCOL=version=2".to_owned())
    );
}

#[tokio::test]
async fn an_error_of_the_pack_protocol_is_a_denial() {
    let folder = folder();
    let (a, b) = (
        key(&folder, "a", "ed25519").await,
        key(&folder, "b", "ed25519").await,
    );
    let of_b = b.blob.clone();
    let script = move |key: &[u8], _: &str| {
        if key == of_b {
            Act::Say(b"0008NAK\n", "", 0)
        } else {
            Act::Say(b"0016ERR access denied\n", "", 128)
        }
    };
    let host = Plan::new(&[&a.blob, &b.blob], script).start().await;
    let fetched = fetch(&broker(&host.known, &[&a, &b]), upload_pack(&host, "a")).await;
    assert_eq!((fetched.status(), fetched.text()), (0, "0008NAK\n"));
    let fetched = fetch(&broker(&host.known, &[&a]), upload_pack(&host, "a")).await;
    assert!(fetched.failure().to_string().ends_with(": access denied"));
}

#[tokio::test]
async fn a_client_that_speaks_first_is_heard_by_the_key_that_serves() {
    let folder = folder();
    let (a, b) = (
        key(&folder, "a", "ed25519").await,
        key(&folder, "b", "ed25519").await,
    );
    let of_b = b.blob.clone();
    let script = move |key: &[u8], _: &str| if key == of_b { Act::Echo } else { NOT_FOUND };
    let host = Plan::new(&[&a.blob, &b.blob], script).start().await;
    let broker = broker(&host.known, &[&a, &b]);
    let errand = errand(&host, "git-upload-archive 'a'");
    let fetched = fetch_with(&broker, errand, b"0012argument HEAD\n0000").await;
    assert_eq!(
        (fetched.status(), fetched.text()),
        (0, "0012argument HEAD\n0000")
    );
}

#[tokio::test]
async fn a_host_that_goes_away_is_told() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, command| match command {
        "git-upload-pack 'late'" => Act::Break(b"0008NAK\n"),
        _ => Act::Break(b""),
    });
    let host = host.start().await;
    let broker = broker(&host.known, &[&a]);
    let fetched = fetch(&broker, upload_pack(&host, "late")).await;
    assert!(matches!(fetched.failure(), FetchError::Closed { .. }));
    assert_eq!(fetched.text(), "0008NAK\n");
    host.seen.log.lock().unwrap().clear();
    let fetched = fetch(&broker, upload_pack(&host, "early")).await;
    assert!(matches!(fetched.failure(), FetchError::Closed { .. }));
    let tries = host
        .seen
        .log()
        .iter()
        .filter(|line| line.starts_with("git"))
        .count();
    assert_eq!(tries, 3);
}

#[tokio::test]
async fn a_host_may_open_no_channel() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, _| Act::Visit).start().await;
    let fetched = fetch(&broker(&host.known, &[&a]), upload_pack(&host, "a")).await;
    assert_eq!((fetched.status(), fetched.text()), (0, "refused"));
}

#[tokio::test]
async fn the_wanted_commits_are_noted() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], |_, _| Act::Say(b"0008NAK\n", "", 0))
        .start()
        .await;
    let commit = "5".repeat(40);
    let archive = errand(&host, "git-upload-archive 'a'");
    let input = format!("0032want {commit}\n00000009done\n");
    let host = Plan::new(&[&a.blob], |_, _| Act::Echo).start().await;
    let archive = Errand {
        repository: upload_pack(&host, "a").repository,
        ..archive
    };
    let fetched = fetch_with(&broker(&host.known, &[&a]), archive, input.as_bytes()).await;
    assert_eq!(fetched.outcome.wanted.objects, [commit]);
}
