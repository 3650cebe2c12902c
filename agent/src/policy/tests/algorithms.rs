//! Signature algorithms.

use super::*;

#[test]
fn rsa_signs_with_sha2_and_never_with_sha1() {
    let key = blob("ssh-rsa", 2);
    let with = |algorithm, flags| {
        let mut case = Case::new();
        case.flags = SignFlags(flags);
        case.judge(&Userauth {
            algorithm,
            ..login(&key, None)
        })
    };
    let allowed = Verdict::Allow { key: 2, host: None };
    let denied = Verdict::Deny(Reason::AlgorithmNotAllowed);
    assert_eq!(with("rsa-sha2-256", 2), allowed);
    assert_eq!(with("rsa-sha2-512", 4), allowed);
    assert_eq!(with("rsa-sha2-256", 6), allowed);
    assert_eq!(with("ssh-rsa", 0), denied);
    assert_eq!(with("rsa-sha2-512", 0), denied);
    assert_eq!(with("rsa-sha2-512", 2), denied);
}

#[test]
fn dsa_and_names_that_do_not_fit_the_key_are_refused() {
    let (dss, ed25519) = (blob("ssh-dss", 3), key());
    for login in [
        Userauth {
            algorithm: "ssh-dss",
            ..login(&dss, None)
        },
        Userauth {
            algorithm: "ssh-rsa",
            ..login(&ed25519, None)
        },
    ] {
        assert_eq!(
            Case::new().judge(&login),
            Verdict::Deny(Reason::AlgorithmNotAllowed)
        );
    }
}
