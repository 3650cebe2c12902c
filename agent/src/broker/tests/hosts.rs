//! Who a host is, and how it is reached.

use std::{fs, sync::atomic::Ordering::Relaxed};

use tokio::net::TcpListener;

use super::*;

fn pack(_: &[u8], _: &str) -> Act {
    Act::Say(b"0008NAK\n", "", 0)
}

#[tokio::test]
async fn a_host_with_another_key_than_the_known_one_is_not_talked_to() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let (host, other) = (
        Plan::new(&[&a.blob], pack).start().await,
        Plan::new(&[&a.blob], pack).start().await,
    );
    let port = |host: &Host| format!("]:{}", host.port);
    let known = format!(
        "# mine\n{}",
        other.known.replace(&port(&other), &port(&host))
    );
    let fetched = fetch(&broker(&known, &[&a]), upload_pack(&host, "a")).await;
    let expected = format!(
        "[127.0.0.1]:{} showed another key than /home/me/known_hosts:2 knows",
        host.port
    );
    assert_eq!(fetched.failure().to_string(), expected);
    let revoked = format!("{}@revoked {}", host.known, host.known);
    let fetched = fetch(&broker(&revoked, &[&a]), upload_pack(&host, "a")).await;
    assert!(
        matches!(fetched.failure(), FetchError::HostKeyRevoked { known, .. } if known.ends_with(":2"))
    );
    assert!(host.seen.log().is_empty(), "{:?}", host.seen.log());
}

#[tokio::test]
async fn a_host_of_which_no_key_is_known_is_not_dialled() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let broker = broker(&format!("@cert-authority * {}", &host.known[12..]), &[&a]);
    assert_eq!(broker.known("127.0.0.1", host.port), None);
    let fetched = fetch(&broker, upload_pack(&host, "a")).await;
    assert!(matches!(
        fetched.failure(),
        FetchError::HostKeyUnknown { .. }
    ));
    assert_eq!(host.seen.connections.load(Relaxed), 0);
}

#[tokio::test]
async fn a_host_that_has_more_keys_than_are_known_shows_the_known_one() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let plan = Plan {
        host_keys: &["ed25519", "rsa", "ecdsa"],
        ..Plan::new(&[&a.blob], pack)
    };
    let host = plan.start().await;
    for line in host.known.lines() {
        let broker = broker(line, &[&a]);
        assert!(broker.known("127.0.0.1", host.port).is_some());
        assert_eq!(
            fetch(&broker, upload_pack(&host, "a")).await.status(),
            0,
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_host_is_reached_as_ssh_config_says() {
    let folder = folder();
    let (a, b) = (
        key(&folder, "a", "ed25519").await,
        key(&folder, "b", "ed25519").await,
    );
    let inner = Plan::new(&[&a.blob, &b.blob], pack).start().await;
    let gate = Plan::new(&[&b.blob], pack).start().await;
    let config = folder.path().join("config");
    let text = format!(
        "Host work\n HostName 127.0.0.1\n Port {}\n User builder\n HostKeyAlias inner\n \
         IdentityFile {}\n IdentitiesOnly yes\n ProxyJump joe@gate\n\
         Host gate\n HostName 127.0.0.1\n Port {}\n",
        inner.port,
        folder.path().join("b").display(),
        gate.port
    );
    fs::write(&config, text).unwrap();
    let config = SshConfig::of_files(folder.path().to_owned(), vec![config]);
    let alias = inner
        .known
        .replace(&format!("[127.0.0.1]:{}", inner.port), "inner");
    let known = KnownHosts::parse(&(alias + &gate.known), Path::new("known_hosts"));
    let keys = vec![Arc::clone(&a), Arc::clone(&b)];
    let broker = Broker::new(Arc::new(known), Arc::new(config), keys, Vec::new());
    let target = broker.known("work", 22).unwrap();
    assert_eq!((target.port, target.name.as_str()), (inner.port, "inner"));
    assert_eq!(target.user.as_deref(), Some("builder"));
    let mut errand = upload_pack(&inner, "a");
    (errand.repository.host, errand.repository.port) = ("work".to_owned(), 22);
    errand.user_named = false;
    let fetched = fetch(&broker, errand).await;
    assert_eq!(fetched.status(), 0);
    assert_eq!(fetched.outcome.user.as_deref(), Some("builder"));
    assert_eq!(
        inner.seen.log(),
        ["accept builder 1", "git-upload-pack 'a'"]
    );
    assert_eq!(
        gate.seen.log(),
        ["refuse joe", "accept joe 0", "forward 127.0.0.1"]
    );
}

#[tokio::test]
async fn a_host_on_the_way_must_show_a_known_key_too() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let inner = Plan::new(&[&a.blob], pack).start().await;
    let gate = Plan::new(&[&a.blob], pack).start().await;
    let config = folder.path().join("config");
    let text = format!(
        "Host 127.0.0.1\n ProxyJump joe@localhost:{}\nHost program\n HostName 127.0.0.1\n Port {}\n \
         ProxyCommand nc %h %p\n",
        gate.port, inner.port
    );
    fs::write(&config, text).unwrap();
    let config = SshConfig::of_files(folder.path().to_owned(), vec![config]);
    let known = Arc::new(KnownHosts::parse(&inner.known, Path::new("known_hosts")));
    let broker = Broker::new(known, Arc::new(config), vec![a], Vec::new());
    let fetched = fetch(&broker, upload_pack(&inner, "a")).await;
    let expected = format!("no key of [localhost]:{} is known", gate.port);
    assert_eq!(fetched.failure().to_string(), expected);
    let mut errand = upload_pack(&inner, "a");
    (errand.repository.host, errand.repository.port) = ("program".to_owned(), 22);
    let fetched = fetch(&broker, errand).await;
    assert!(
        fetched
            .failure()
            .to_string()
            .starts_with("ssh_config has a ProxyCommand")
    );
    let seen = |host: &Host| host.seen.connections.load(Relaxed);
    assert_eq!((seen(&inner), seen(&gate)), (0, 0));
}

#[tokio::test]
async fn a_host_that_is_not_there_is_told() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let errand = upload_pack(&host, "a");
    let known = host.known.clone();
    drop(host);
    tokio::task::yield_now().await;
    let fetched = fetch(&broker(&known, &[&a]), errand).await;
    assert!(
        matches!(fetched.failure(), FetchError::Unreachable { .. }),
        "{:?}",
        fetched.failure()
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_nothing_is_not_waited_for_by_each_fetch() {
    let folder = folder();
    let a = key(&folder, "a", "ed25519").await;
    let host = Plan::new(&[&a.blob], pack).start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let known = host
        .known
        .replace(&host.port.to_string(), &port.to_string());
    let broker = broker(&known, &[&a]);
    let mut errand = upload_pack(&host, "a");
    errand.repository.port = port;
    let began = tokio::time::Instant::now();
    let fetches = (0..20).map(|_| fetch(&broker, errand.clone()));
    for fetched in futures_in_turn(fetches).await {
        assert!(
            matches!(fetched.failure(), FetchError::TimedOut { .. }),
            "{:?}",
            fetched.failure()
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(45),
        "{:?}",
        began.elapsed()
    );
}

/// Runs futures side by side.
async fn futures_in_turn<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut running {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        if running.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}
