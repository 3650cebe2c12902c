//! Host certificates, made by `ssh-keygen`.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::control::Hosts;
use tempfile::TempDir;

use super::{Check, KnownHosts, ShownKey};

#[test]
fn a_certificate_of_an_authority_makes_a_host_known() {
    let keys = Keys::new();
    let known = known(&keys.line("@cert-authority *.corp.example", "ca"));
    let shown = keys.certificate("-h -n git.corp.example,x.other -V +1h");
    let is = |host| known.check(host, &shown);
    assert_eq!(is("git.corp.example"), Check::Match);
    assert_eq!(is("[git.corp.example]:2222"), Check::Match);
    assert_eq!(is("Git.Corp.Example"), Check::Match);
    assert_eq!(is("other.corp.example"), Check::Unknown);
    assert_eq!(is("x.other"), Check::Unknown);
    let granted = Hosts::Only(vec!["a".into(), "[git.corp.example]:2222".into()]);
    assert_eq!(
        known.host_of(&shown, &granted),
        Some("[git.corp.example]:2222".into())
    );
    assert_eq!(
        known.host_of(&shown, &Hosts::Known),
        Some("git.corp.example".into())
    );
    assert_eq!(
        known.host_of(&shown, &Hosts::Only(vec!["x.other".into()])),
        None
    );
    assert!(known.is_known("git.corp.example") && !known.is_known("x.other"));
}

#[test]
fn a_line_with_a_port_is_about_that_port() {
    let keys = Keys::new();
    let known = known(&keys.line("@cert-authority [*.corp.example]:2222", "ca"));
    let shown = keys.certificate("-h -n git.corp.example -V +1h");
    assert_eq!(known.check("[git.corp.example]:2222", &shown), Check::Match);
    assert_eq!(known.check("git.corp.example", &shown), Check::Unknown);
    let host = known.host_of(&shown, &Hosts::Known);
    assert_eq!(host.as_deref(), Some("[git.corp.example]:2222"));
}

#[test]
fn a_build_is_told_of_an_authority_whether_its_line_has_the_port_or_not() {
    let keys = Keys::new();
    for names in [
        "*.corp.example",
        "git.corp.example",
        "[*.corp.example]:2222",
    ] {
        let known = known(&keys.line(&format!("@cert-authority {names}"), "ca"));
        let shown = keys.certificate("-h -n git.corp.example -V +1h");
        let granted = Hosts::Only(vec![
            "[git.corp.example]:2222".into(),
            "[git.corp.example]:2022".into(),
        ]);
        let told = known.for_grant(&granted, || [7; 20]);
        assert_eq!(told.matches("@cert-authority").count(), 1, "{told}");
        assert!(!told.contains("corp"), "{told}");
        let told = KnownHosts::parse(&told, Path::new("told"));
        assert_eq!(
            told.check("[git.corp.example]:2222", &shown),
            Check::Match,
            "{names}"
        );
        assert_eq!(told.check("[x.corp.example]:2222", &shown), Check::Unknown);
    }
    let known = known(&keys.line("@cert-authority git.corp.example", "ca"));
    let granted = Hosts::Only(vec!["git.corp.example".into()]);
    let told = known.for_grant(&granted, || [7; 20]);
    assert_eq!(told.matches("@cert-authority").count(), 1, "{told}");
}

#[test]
fn a_build_is_told_of_a_revocation_without_the_port_and_of_no_key_without_it() {
    let keys = Keys::new();
    let lines = keys.line("@revoked git.example", "host") + &keys.line("git.example", "ca");
    let granted = Hosts::Only(vec!["[git.example]:2222".into()]);
    let told = known(&lines).for_grant(&granted, || [7; 20]);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("@revoked |1|"), "{told}");
}

#[test]
fn certificates_that_do_not_count_make_no_host_known() {
    let keys = Keys::new();
    let known = known(&keys.line("@cert-authority *", "ca"));
    for options in [
        "-n git.example -V +1h",
        "-h -V +1h",
        "-h -n *.example -V +1h",
        "-h -n git.example -V 20200101:20200102",
        "-h -n git.example -V 20990101:20990102",
        "-h -n git.example -V +1h -O critical:x",
    ] {
        let shown = keys.certificate(options);
        assert_eq!(
            known.check("git.example", &shown),
            Check::Unknown,
            "{options}"
        );
        assert_eq!(known.host_of(&shown, &Hosts::Known), None, "{options}");
    }
    let later = SystemTime::now() + Duration::from_hours(2);
    let blob = keys.certify("-h -n git.example -V +1h");
    let expired = ShownKey::new(&blob, later);
    assert_eq!(known.check("git.example", &expired), Check::Unknown);
    for place in [blob.len() - 1, 60, blob.len() / 2] {
        let mut forged = blob.clone();
        forged[place] ^= 1;
        let forged = ShownKey::new(&forged, SystemTime::now());
        assert_eq!(
            known.check("git.example", &forged),
            Check::Unknown,
            "{place}"
        );
    }
}

#[test]
fn an_authority_signs_with_any_algorithm_but_sha1() {
    let keys = Keys::new();
    for (kind, algorithm, counts) in [
        ("rsa", "rsa-sha2-256", true),
        ("rsa", "rsa-sha2-512", true),
        ("rsa", "ssh-rsa", false),
        ("ecdsa", "ecdsa-sha2-nistp256", true),
    ] {
        let name = format!("ca-{algorithm}");
        keys.make_of(kind, &name);
        let known = known(&keys.line("@cert-authority *", &name));
        let options = format!("-h -n git.example -V +1h -t {algorithm}");
        let blob = keys.certify_by(&name, &options);
        let told = blob.windows(algorithm.len());
        assert!(told.filter(|it| *it == algorithm.as_bytes()).count() > 0);
        let shown = ShownKey::new(&blob, SystemTime::now());
        let expected = if counts { Check::Match } else { Check::Unknown };
        assert_eq!(known.check("git.example", &shown), expected, "{algorithm}");
    }
}

#[test]
fn no_certificate_is_valid_on_a_clock_before_1970() {
    let keys = Keys::new();
    let known = known(&keys.line("@cert-authority *", "ca"));
    let blob = keys.certify("-h -n git.example");
    let at = |now| known.check("git.example", &ShownKey::new(&blob, now));
    assert_eq!(at(SystemTime::now()), Check::Match);
    assert_eq!(at(UNIX_EPOCH), Check::Match);
    assert_eq!(at(UNIX_EPOCH - Duration::from_secs(1)), Check::Unknown);
}

#[test]
fn a_key_revoked_without_the_port_belongs_to_no_host_on_a_port() {
    let keys = Keys::new();
    let lines = [
        keys.line("[git.example]:2222", "host"),
        keys.line("@revoked git.example", "host"),
    ];
    let known = known(&lines.concat());
    let shown = ShownKey::new(&keys.blob("host.pub"), SystemTime::now());
    let granted = Hosts::Only(vec!["[git.example]:2222".into()]);
    assert_eq!(known.host_of(&shown, &granted), None);
    assert_eq!(known.host_of(&shown, &Hosts::Known), None);
}

#[test]
fn another_authority_makes_no_host_known() {
    let keys = Keys::new();
    keys.make("other");
    let known = known(&keys.line("@cert-authority *", "other"));
    let shown = keys.certificate("-h -n git.example -V +1h");
    assert_eq!(known.check("git.example", &shown), Check::Unknown);
}

#[test]
fn a_certificate_of_a_known_key_is_taken_for_the_key() {
    let keys = Keys::new();
    let known = known(&keys.line("git.example", "host"));
    let shown = keys.certificate("-h -n elsewhere.example -V 20200101:20200102");
    assert_eq!(known.check("git.example", &shown), Check::Match);
    let host = known.host_of(&shown, &Hosts::Known);
    assert_eq!(host.as_deref(), Some("git.example"));
    keys.make("new");
    let changed = ShownKey::new(&keys.blob("new.pub"), SystemTime::now());
    assert!(matches!(
        known.check("git.example", &changed),
        Check::Changed { .. }
    ));
}

#[test]
fn a_revoked_key_or_authority_is_not_accepted_with_a_certificate() {
    let keys = Keys::new();
    let shown = keys.certificate("-h -n git.example -V +1h");
    for revoked in ["ca", "host"] {
        let lines = [
            keys.line("@cert-authority *", "ca"),
            keys.line("git.example", "host"),
            keys.line("@revoked git.*", revoked),
        ];
        let known = known(&lines.concat());
        let place = "known_hosts:3".to_owned();
        for host in ["git.example", "[git.example]:2222"] {
            let known_by = Check::Revoked {
                known: place.clone(),
            };
            assert_eq!(known.check(host, &shown), known_by, "{revoked}");
            let granted = Hosts::Only(vec![host.into()]);
            assert_eq!(known.host_of(&shown, &granted), None, "{revoked}");
        }
        assert_eq!(known.host_of(&shown, &Hosts::Known), None, "{revoked}");
    }
}

/// Keys in a folder: `ca`, and `host` that it certifies.
struct Keys(TempDir);

impl Keys {
    fn new() -> Self {
        let keys = Self(tempfile::tempdir().unwrap());
        keys.make("ca");
        keys.make("host");
        keys
    }

    fn make(&self, name: &str) {
        self.make_of("ed25519", name);
    }

    fn make_of(&self, kind: &str, name: &str) {
        let path = self.0.path().join(name);
        let options = ["-q", "-t", kind, "-N", "", "-C", "", "-f"];
        keygen(Command::new("ssh-keygen").args(options).arg(path));
    }

    /// A line of `known_hosts`.
    fn line(&self, names: &str, key: &str) -> String {
        let path = self.0.path().join(format!("{key}.pub"));
        format!("{names} {}\n", fs::read_to_string(path).unwrap().trim())
    }

    fn certificate(&self, options: &str) -> ShownKey {
        ShownKey::new(&self.certify(options), SystemTime::now())
    }

    fn certify(&self, options: &str) -> Vec<u8> {
        self.certify_by("ca", options)
    }

    fn certify_by(&self, authority: &str, options: &str) -> Vec<u8> {
        let folder = self.0.path();
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-q", "-I", "i", "-s"])
            .arg(folder.join(authority));
        command
            .args(options.split_whitespace())
            .arg(folder.join("host.pub"));
        keygen(&mut command);
        self.blob("host-cert.pub")
    }

    fn blob(&self, file: &str) -> Vec<u8> {
        let text = fs::read_to_string(self.0.path().join(file)).unwrap();
        STANDARD
            .decode(text.split(' ').nth(1).unwrap().trim())
            .unwrap()
    }
}

fn keygen(command: &mut Command) {
    let output = command.output().expect("install openssh-client");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

fn known(text: &str) -> KnownHosts {
    KnownHosts::parse(text, Path::new("known_hosts"))
}
