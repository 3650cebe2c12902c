//! What a build is told.

use super::*;

#[test]
fn a_build_is_told_of_its_named_hosts_only_and_of_no_name() {
    let hashed = hashed_by_ssh_keygen(&format!("hidden.example {ECDSA}"));
    let known = parse(&format!(
        "git.example,10.0.0.1,secret.example {ED25519} comment\n{hashed}\n\
         *.corp.example,!no.corp.example {ECDSA}\n@revoked * {ECDSA}\n\
         @cert-authority *.corp.example {ED25519}\n",
    ));
    let hosts = [
        "git.example",
        "hidden.example",
        "a.corp.example",
        "no.corp.example",
    ];
    let told = known.for_grant(&only(&hosts), counter());
    for (host, lines) in hosts.iter().zip([2, 2, 3, 2]) {
        assert_eq!(
            found_by_ssh_keygen(&told, host).len(),
            lines,
            "{host}\n{told}"
        );
    }
    for other in ["secret.example", "10.0.0.1", "b.corp.example", "elsewhere"] {
        assert_eq!(found_by_ssh_keygen(&told, other), [0; 0], "{other}");
    }
    assert!(!told.contains("example") && !told.contains('*') && !told.contains("comment"));
    let told = parse(&told);
    assert_eq!(
        told.host_of(&shown(&blob(ED25519)), &only(&hosts))
            .as_deref(),
        Some("git.example")
    );
    assert_eq!(told.host_of(&shown(&blob(ECDSA)), &only(&hosts)), None);
}

#[test]
fn a_build_that_may_use_every_known_host_learns_no_plain_name() {
    let hashed = hashed_by_ssh_keygen(&format!("hidden.example {ECDSA}"));
    let known = parse(&format!(
        "git.example,[git.example]:2222 {ED25519}\n{hashed}\n*.corp.example,!no.corp.example {ECDSA}\n",
    ));
    let told = known.for_grant(&Hosts::Known, counter());
    for host in [
        "git.example",
        "[git.example]:2222",
        "hidden.example",
        "a.corp.example",
    ] {
        assert_eq!(found_by_ssh_keygen(&told, host).len(), 1, "{host}");
    }
    assert_eq!(found_by_ssh_keygen(&told, "no.corp.example"), [0; 0]);
    assert!(!told.contains("git.example"));
    assert!(told.contains(&hashed));
}

#[test]
fn every_told_name_has_a_salt_of_its_own() {
    let known = parse(&format!("git.example {ED25519}\ngit.example {ECDSA}\n"));
    let told = known.for_grant(&only(&["git.example"]), counter());
    let salts: Vec<_> = told
        .lines()
        .map(|line| line.split('|').nth(2).unwrap())
        .collect();
    assert_eq!(salts.len(), 2);
    assert_ne!(salts[0], salts[1]);
}

fn counter() -> impl FnMut() -> [u8; 20] {
    let mut next = 0;
    move || {
        next += 1;
        [next; 20]
    }
}
