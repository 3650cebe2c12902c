//! Every good vector decodes, and encodes to the bytes that it came from.

use keystay_proto::{
    Signature,
    agent::{AddIdentity, MessageNumber, Request, Response, SessionBind},
    algorithm,
    sshsig::SignedData,
    userauth::Userauth,
};

use crate::support::vectors;

#[cfg(test)]
#[path = "support/vectors.rs"]
mod support;

#[test]
fn requests_of_openssh_clients_are_kept_byte_for_byte() {
    for (name, bytes) in vectors("request") {
        let request = Request::decode(&bytes).expect(&name);
        let mut out = Vec::new();
        request.encode(&mut out);
        assert_eq!(out, bytes, "{name}");
    }
}

#[test]
fn responses_of_openssh_agents_are_kept_byte_for_byte() {
    for (name, bytes) in vectors("response") {
        let response = Response::decode(&bytes).expect(&name);
        let mut out = Vec::new();
        response.encode(&mut out);
        assert_eq!(out, bytes, "{name}");
    }
}

#[test]
fn logins_of_openssh_clients_are_kept_byte_for_byte() {
    for (name, bytes) in vectors("userauth") {
        let login = Userauth::decode(&bytes).expect(&name);
        let mut out = Vec::new();
        login.encode(&mut out);
        assert_eq!(out, bytes, "{name}");
    }
}

#[test]
fn sshsig_payloads_of_openssh_are_kept_byte_for_byte() {
    for (name, bytes) in vectors("sshsig") {
        let signed = SignedData::decode(&bytes).expect(&name);
        let mut out = Vec::new();
        signed.encode(&mut out);
        assert_eq!(out, bytes, "{name}");
    }
}

#[test]
fn signatures_of_openssh_agents_are_kept_byte_for_byte() {
    let mut algorithms = Vec::new();
    for (name, bytes) in vectors("response") {
        if let Ok(Response::SignResponse { signature }) = Response::decode(&bytes) {
            let decoded = Signature::decode(signature).expect(&name);
            let mut out = Vec::new();
            decoded.encode(&mut out);
            assert_eq!(out, signature, "{name}");
            algorithms.push(decoded.algorithm.to_owned());
        }
    }
    assert_eq!(
        algorithms,
        [
            "ecdsa-sha2-nistp256",
            "ssh-ed25519",
            "rsa-sha2-256",
            "rsa-sha2-512"
        ]
    );
}

#[test]
fn a_login_shows_what_the_policy_judges() {
    for (name, bytes) in vectors("userauth") {
        let login = Userauth::decode(&bytes).expect(&name);
        assert_eq!(login.user, b"git", "{name}");
        assert_eq!(login.service, "ssh-connection", "{name}");
        let plain = name.starts_with("plain") || name == "session-id-32";
        assert_eq!(login.host_key.is_none(), plain, "{name}");
        if let Some(host_key) = login.host_key {
            assert_eq!(algorithm(host_key), Some("ssh-ed25519"), "{name}");
        }
    }
}

#[test]
fn a_login_names_the_key_to_sign_with_or_a_certificate_of_it() {
    for (name, bytes) in vectors("request") {
        let Ok(Request::SignRequest(request)) = Request::decode(&bytes) else {
            continue;
        };
        let Ok(login) = Userauth::decode(request.data) else {
            continue;
        };
        let certificate = "ssh-ed25519-cert-v01@openssh.com";
        if name == "sign-login-certificate" {
            assert_eq!(algorithm(request.key_blob), Some("ssh-ed25519"));
            assert_eq!(algorithm(login.key_blob), Some(certificate));
            assert_eq!(login.algorithm, certificate);
        } else {
            assert_eq!(login.key_blob, request.key_blob, "{name}");
        }
    }
}

#[test]
fn only_logins_decode_as_logins_and_only_sshsig_as_sshsig() {
    for (name, bytes) in vectors("request") {
        if let Ok(Request::SignRequest(request)) = Request::decode(&bytes) {
            let login = Userauth::decode(request.data).is_ok();
            let sshsig = SignedData::decode(request.data).is_ok();
            assert_eq!(login, name.starts_with("sign-login"), "{name}");
            assert_eq!(sshsig, name.starts_with("sign-sshsig"), "{name}");
        }
    }
}

#[test]
fn messages_that_builds_are_not_served_keep_their_numbers() {
    let expected = [
        ("add", MessageNumber::ADD_IDENTITY),
        ("add-destination", MessageNumber::ADD_ID_CONSTRAINED),
        ("add-lifetime-confirm", MessageNumber::ADD_ID_CONSTRAINED),
        ("lock", MessageNumber::LOCK),
        ("remove", MessageNumber::REMOVE_IDENTITY),
        ("remove-all", MessageNumber::REMOVE_ALL_IDENTITIES),
        ("remove-all-ssh1", MessageNumber(9)),
        ("smartcard-add", MessageNumber::ADD_SMARTCARD_KEY),
        ("smartcard-remove", MessageNumber::REMOVE_SMARTCARD_KEY),
        ("unlock", MessageNumber::UNLOCK),
    ];
    let mut found = Vec::new();
    for (name, bytes) in vectors("request") {
        if let Ok(Request::Other { number, .. }) = Request::decode(&bytes) {
            found.push((name, number));
        }
    }
    assert_eq!(
        found,
        expected.map(|(name, number)| (name.to_owned(), number))
    );
}

#[test]
fn identities_carry_their_algorithms_and_comments() {
    let bytes = vectors("response")
        .into_iter()
        .find(|(name, _)| name == "identities-certificate");
    let bytes = bytes.expect("the vector is there").1;
    let Ok(Response::IdentitiesAnswer(identities)) = Response::decode(&bytes) else {
        panic!("no answer with identities");
    };
    let shown = identities
        .iter()
        .map(|identity| (algorithm(identity.key_blob), identity.comment));
    let expected: [(Option<&str>, &[u8]); 5] = [
        (Some("ssh-ed25519"), b"vector ed25519"),
        (Some("ssh-rsa"), b"vector rsa"),
        (Some("ecdsa-sha2-nistp256"), b"vector ecdsa"),
        (Some("ssh-ed25519"), b"certified"),
        (Some("ssh-ed25519-cert-v01@openssh.com"), b"certified"),
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn keys_that_ssh_add_gives_are_kept_byte_for_byte() {
    let mut added = Vec::new();
    for (name, bytes) in vectors("request") {
        let Ok(Request::Other { number, body }) = Request::decode(&bytes) else {
            continue;
        };
        let identity = match number {
            MessageNumber::ADD_IDENTITY => AddIdentity::decode(body),
            MessageNumber::ADD_ID_CONSTRAINED => AddIdentity::decode_constrained(body),
            _ => continue,
        };
        let identity = identity.expect(&name);
        let mut out = Vec::new();
        identity.encode(&mut out);
        assert_eq!(out, body, "{name}");
        added.push((name, identity.constraints.len()));
    }
    let expected = [
        ("add".to_owned(), 0),
        ("add-destination".to_owned(), 1),
        ("add-lifetime-confirm".to_owned(), 2),
    ];
    assert_eq!(added, expected);
}

#[test]
fn session_binds_of_ssh_are_kept_byte_for_byte() {
    let mut forwarding = Vec::new();
    for (name, bytes) in vectors("request") {
        if let Ok(Request::Extension(extension)) = Request::decode(&bytes) {
            let bind = SessionBind::decode(extension.body).expect(&name);
            let mut out = Vec::new();
            bind.encode(&mut out);
            assert_eq!(out, extension.body, "{name}");
            forwarding.push(bind.is_forwarding);
        }
    }
    assert_eq!(forwarding, [false, true]);
}
