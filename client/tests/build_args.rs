//! The arguments of `docker build`, form by form, and what wiring does to any of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use keystay::engine::{BuildArg, BuildArgs, BuildArgsError, Dialect, Wired};
use keystay::wiring::Secret;
use proptest::prelude::*;

fn words(args: &[&str]) -> Vec<OsString> {
    args.iter().map(OsString::from).collect()
}

fn read(args: &[&str]) -> BuildArgs {
    BuildArgs::parse(&words(args)).unwrap()
}

fn wired(args: &[&str]) -> Vec<OsString> {
    let wired = Wired {
        dockerfile: Some(PathBuf::from("/w/Dockerfile")),
        ..Wired::default()
    };
    read(args).wired(&wired)
}

#[test]
fn the_file_is_found_and_replaced_in_every_form() {
    for (args, file, after) in [
        (
            &["-f", "a", "."][..],
            Some("a"),
            &["-f", "/w/Dockerfile", "."][..],
        ),
        (&["-fa", "."], Some("a"), &["-f/w/Dockerfile", "."]),
        (&["-f=a", "."], Some("a"), &["-f=/w/Dockerfile", "."]),
        (
            &["--file", "a", "."],
            Some("a"),
            &["--file", "/w/Dockerfile", "."],
        ),
        (
            &[".", "--file=a"],
            Some("a"),
            &[".", "--file=/w/Dockerfile"],
        ),
        (
            &["-qf", "a", "."],
            Some("a"),
            &["-qf", "/w/Dockerfile", "."],
        ),
        (&["-qfa", "."], Some("a"), &["-qf/w/Dockerfile", "."]),
        (
            &["-f", "a", "--file=b", "."],
            Some("b"),
            &["-f", "a", "--file=/w/Dockerfile", "."],
        ),
        (&["-f=", "."], Some("="), &["-f/w/Dockerfile", "."]),
        (
            &["-f", "--pull", "."],
            Some("--pull"),
            &["-f", "/w/Dockerfile", "."],
        ),
        (&["--file=", "."], None, &["--file=/w/Dockerfile", "."]),
        (
            &["-t", "-f", "."],
            None,
            &["--file", "/w/Dockerfile", "-t", "-f", "."],
        ),
        (&["."], None, &["--file", "/w/Dockerfile", "."]),
        (
            &["--", "-f"],
            None,
            &["--file", "/w/Dockerfile", "--", "-f"],
        ),
    ] {
        assert_eq!(
            read(args).file(),
            file.map(std::ffi::OsStr::new),
            "{args:?}"
        );
        assert_eq!(wired(args), words(after), "{args:?}");
    }
}

#[test]
fn the_context_is_what_belongs_to_no_flag() {
    for (args, context, unknown) in [
        (&["."][..], Some("."), &[][..]),
        (&["-"], Some("-"), &[]),
        (&["git@h:r", "-t", "a"], Some("git@h:r"), &[]),
        (&["-qt", "name", "dir"], Some("dir"), &[]),
        (&["--push", "dir"], Some("dir"), &[]),
        (&["--push=false", "dir"], Some("dir"), &[]),
        (&["--", "dir"], Some("dir"), &[]),
        (&["--", "-odd"], Some("-odd"), &[]),
        (
            &["--build-arg", "a=b", "--no-cache", "-m", "1g", "dir"],
            Some("dir"),
            &[],
        ),
        (&["--new", "dir"], Some("dir"), &["--new"]),
        (&["--new=x", "dir"], Some("dir"), &["--new"]),
        (&["--new", "value", "dir"], Some("dir"), &["--new"]),
        (&["dir", "--new", "value"], Some("dir"), &["--new"]),
        (&["-x", "value", "dir", "-z"], Some("dir"), &["-x", "-z"]),
        (&["--new", "a", "--newer", "b"], None, &["--new", "--newer"]),
        (&["a", "b"], None, &[]),
        (&["-t", "a"], None, &[]),
        (&[], None, &[]),
        (&[""], Some(""), &[]),
    ] {
        let read = read(args);
        assert_eq!(
            read.context(),
            context.map(std::ffi::OsStr::new),
            "{args:?}"
        );
        assert_eq!(read.unknown(), unknown, "{args:?}");
        assert_eq!(read.args(), words(args));
    }
}

#[test]
fn ids_of_agents_and_secrets_are_read() {
    let args = read(&[
        "--ssh",
        "default",
        "--ssh=a=/s,/t",
        "--ssh",
        "b=",
        "--ssh=",
        "--secret",
        "id=x,src=/f",
        "--secret=src=/f,ID=y",
        "--secret",
        "\"id=z,z\",env=Z",
        "--secret=type=env",
        "--secret=\"",
        ".",
    ]);
    assert_eq!(args.ssh_ids(), ["default", "a", "b"]);
    assert_eq!(args.secret_ids(), ["x", "y", "z,z"]);
}

#[test]
fn the_last_value_and_all_values_are_told_apart() {
    let args = read(&[
        "-t",
        "a",
        "--tag=b",
        "-tc",
        "--target",
        "x",
        "--target=y",
        "--iidfile=i",
        "--metadata-file",
        "m",
        "--builder=z",
        "--platform",
        "linux/amd64",
        "-o",
        "type=tar",
        "-o=out",
        ".",
    ]);
    assert_eq!(args.tags(), ["a", "b", "c"]);
    assert_eq!(args.target(), Some("y".as_ref()));
    assert_eq!(args.iidfile(), Some("i".as_ref()));
    assert_eq!(args.metadata_file(), Some("m".as_ref()));
    assert_eq!(args.builder(), Some("z".as_ref()));
    assert_eq!(args.platforms(), ["linux/amd64"]);
    assert_eq!(args.outputs(), ["type=tar", "out"]);
}

#[test]
fn build_args_keep_their_place() {
    let args = read(&["--build-arg", "A=1", "--build-arg=B", "."]);
    let expected = [(1, "A=1"), (2, "B")];
    let expected = expected.map(|(index, value)| BuildArg {
        index,
        value: value.into(),
    });
    assert_eq!(args.build_args(), expected);
}

#[test]
fn switches_are_read_with_and_without_values() {
    let on = read(&["--push", "--load=true", "-qD", "--help=1", "."]);
    assert!(on.push() && on.load() && on.quiet() && on.debug() && on.help());
    let off = read(&["--push=false", "--load", "--load=0", "-q=f", "."]);
    assert!(!off.push() && !off.load() && !off.quiet() && !off.debug() && !off.help());
    assert!(read(&["-h"]).help());
}

#[test]
fn questions_instead_of_builds_are_seen() {
    for (args, call) in [
        (&["--check", "."][..], Some("check")),
        (&["--check=true", "."], Some("check")),
        (&["--check=false", "."], None),
        (&["--call", "outline", "."], Some("outline")),
        (&["--call=build", "."], None),
        (&["--print=targets", "."], Some("targets")),
        (&["--check", "--call=build", "."], None),
        (&["."], None),
    ] {
        assert_eq!(read(args).call().as_deref(), call, "{args:?}");
    }
}

#[test]
fn a_flag_without_its_value_is_refused() {
    for (args, flag) in [
        (&[".", "--file"][..], "--file"),
        (&["-qt"], "-t"),
        (&["--ssh"], "--ssh"),
    ] {
        let error = BuildArgsError::MissingValue {
            flag: flag.to_owned(),
        };
        assert_eq!(BuildArgs::parse(&words(args)), Err(error), "{args:?}");
    }
}

#[test]
fn everything_wired_stands_before_the_users_arguments() {
    let wired = Wired {
        dockerfile: None,
        ssh: vec![
            ("default".to_owned(), "/g/s".into()),
            ("a".to_owned(), "/g/s".into()),
        ],
        secrets: vec![(Secret::KnownHosts, "/g/known_hosts".into())],
        iidfile: Some("/g/iid".into()),
    };
    assert_eq!(
        read(&["--new", "--", "."]).wired(&wired),
        words(&[
            "--ssh",
            "default=/g/s",
            "--ssh",
            "a=/g/s",
            "--secret",
            "id=keystay.known_hosts,src=/g/known_hosts",
            "--iidfile",
            "/g/iid",
            "--new",
            "--",
            ".",
        ])
    );
    let given = read(&["--iidfile", "mine", "."]).wired(&wired);
    assert!(!given.contains(&"/g/iid".into()));
    let odd = Wired {
        secrets: vec![(Secret::KnownHosts, "/a,\"b".into())],
        ..Wired::default()
    };
    assert_eq!(
        read(&["."]).wired(&odd),
        words(&["--secret", "id=keystay.known_hosts,\"src=/a,\"\"b\"", "."])
    );
    assert_eq!(
        read(&["-f", "a", "."]).wired(&Wired::default()),
        words(&["-f", "a", "."])
    );
}

#[test]
fn arguments_that_are_not_text_are_kept() {
    let odd = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let args = [odd(b"-f\xff"), odd(b"--\xfe=x"), odd(b"\xfd")];
    let read = BuildArgs::parse(&args).unwrap();
    assert_eq!(read.file(), Some(odd(b"\xff").as_os_str()));
    assert_eq!(read.context(), Some(odd(b"\xfd").as_os_str()));
    assert_eq!(read.wired(&Wired::default()), args);
}

proptest! {
    #[test]
    fn wiring_keeps_the_users_arguments_in_order(args in args(), replaced: bool) {
        let Ok(read) = BuildArgs::parse(&args) else { return Ok(()) };
        let wired = Wired {
            dockerfile: replaced.then(|| "/w/Dockerfile".into()),
            ssh: vec![("default".to_owned(), "/g/s".into())],
            secrets: vec![(Secret::KnownHosts, "/g/k".into())],
            iidfile: Some("/g/i".into()),
        };
        let after = read.wired(&wired);
        let kept = &after[after.len() - args.len()..];
        let changed: Vec<_> = kept.iter().zip(&args).filter(|(new, old)| new != old).collect();
        let had_file = replaced && after.first() != Some(&"--file".into());
        prop_assert_eq!(changed.len(), usize::from(had_file));

        let again = BuildArgs::parse(&after).unwrap();
        prop_assert_eq!(again.context(), read.context());
        prop_assert_eq!(again.tags(), read.tags());
        prop_assert_eq!(again.unknown(), read.unknown());
        prop_assert_eq!(again.iidfile(), read.iidfile().or_else(|| Some("/g/i".as_ref())));
        prop_assert_eq!(again.ssh_ids()[1..].to_vec(), read.ssh_ids());
        let file = if replaced { Some("/w/Dockerfile".as_ref()) } else { read.file() };
        prop_assert_eq!(again.file(), file);
    }
}

fn args() -> impl Strategy<Value = Vec<OsString>> {
    let known = prop::sample::select(vec![
        "-f",
        "-fa",
        "-f=a",
        "--file",
        "--file=a",
        "--file=",
        "-qf",
        "-qt",
        "-t",
        "--tag=x",
        "-q",
        "-q=true",
        "-",
        "--",
        ".",
        "--ssh",
        "--ssh=a",
        "--iidfile",
        "--iidfile=i",
        "--push",
        "--new",
        "--new=a",
        "-x",
        "-xf",
        "",
        "=",
        "-=",
        "--=",
        "---",
        "name",
    ]);
    let word = prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(word.prop_map(OsString::from), 0..10)
}

#[test]
fn podman_builds_the_current_folder_and_knows_other_letters() {
    let args = BuildArgs::parse_as(Dialect::Podman, &words(&["--layers", "-v", "/a:/b"])).unwrap();
    assert_eq!(args.context(), Some(".".as_ref()));
    assert_eq!(args.unknown(), [""; 0]);
    let wired = args.wired(&Wired {
        ssh: vec![("keystay".into(), "/g/s".into())],
        ..Wired::default()
    });
    let expected = ["--ssh", "keystay=/g/s", "--layers", "-v", "/a:/b"];
    assert_eq!(wired, words(&expected));
}
