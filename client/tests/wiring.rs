//! The plan for sign mode, case by case and on any Dockerfile.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystay::dockerfile::{Dockerfile, Flag, Instruction, Span};
use keystay::wiring::{Note, Passed, Plan, Secret, Which, sign_mode};
use proptest::prelude::*;

const KNOWN_HOSTS: &str =
    " --mount=type=secret,id=keystay.known_hosts,target=/etc/ssh/ssh_known_hosts,mode=0444";

fn plan(source: &str, passed: &Passed) -> Plan {
    sign_mode(&Dockerfile::parse(source).unwrap(), passed)
}

fn passing(ssh_ids: &[&str]) -> Passed {
    let ssh_ids = ssh_ids.iter().map(|id| (*id).to_owned()).collect();
    Passed {
        ssh_ids,
        secret_ids: Vec::new(),
        ..Passed::default()
    }
}

/// The ids that a plan passes, all of them served by the grant that signs.
fn ids(plan: &Plan) -> Vec<&str> {
    assert!(plan.ssh.iter().all(|(_, which)| *which == Which::Sign));
    plan.ssh.iter().map(|(id, _)| id.as_str()).collect()
}

/// Plans with nothing passed by the user.
fn alone(source: &str) -> Plan {
    plan(source, &Passed::default())
}

/// In `wired`, `<m>` stands for the socket's mode and `<k>` for the mount of the known hosts.
#[track_caller]
fn assert_wired(source: &str, wired: &str, ssh_ids: &[&str]) {
    let plan = alone(source);
    let wired = wired
        .replace("<m>", ",mode=0666")
        .replace("<k>", KNOWN_HOSTS);
    assert_eq!(plan.dockerfile.as_deref(), Some(wired.as_str()), "{source}");
    assert_eq!(ids(&plan), ssh_ids, "{source}");
    assert_eq!(plan.notes, [], "{source}");
    assert_eq!(plan.secrets, [Secret::KnownHosts], "{source}");
    assert!(plan.has_ssh_mount, "{source}");
}

#[track_caller]
fn assert_untouched(source: &str, passed: &Passed, ssh_ids: &[&str], notes: &[Note]) {
    let plan = plan(source, passed);
    assert_eq!(plan.dockerfile, None, "{source}");
    assert_eq!(ids(&plan), ssh_ids, "{source}");
    assert_eq!(plan.notes, notes, "{source}");
    assert_eq!(plan.secrets, [], "{source}");
}

#[test]
fn a_step_with_an_ssh_mount_gets_the_mode_and_the_known_hosts() {
    for (source, wired) in [
        (
            "FROM a\nRUN --mount=type=ssh npm ci\n",
            "FROM a\nRUN --mount=type=ssh<m><k> npm ci\n",
        ),
        (
            "FROM a\nrun --mount=TYPE=SSH npm ci",
            "FROM a\nrun --mount=TYPE=SSH<m><k> npm ci",
        ),
        (
            "FROM a\r\nRUN --mount=type=ssh \\\r\n a\r\n",
            "FROM a\r\nRUN --mount=type=ssh<m><k> \\\r\n a\r\n",
        ),
        (
            "FROM a\nRUN --mount=type=ssh\\\n a\n",
            "FROM a\nRUN --mount=type=ssh<m><k>\\\n a\n",
        ),
        (
            "FROM a\nRUN --mount=type=\\\n# c\nssh a\n",
            "FROM a\nRUN --mount=type=\\\n# c\nssh<m><k> a\n",
        ),
        (
            "FROM a\nRUN \\\n# c\n\n --mount=type=ssh \\\n# d\n --network=none a\n",
            "FROM a\nRUN \\\n# c\n\n --mount=type=ssh<m><k> \\\n# d\n --network=none a\n",
        ),
        (
            "FROM a\nRUN --mount=type=ssh <<EOF\nRUN --mount=type=ssh\nEOF\n",
            "FROM a\nRUN --mount=type=ssh<m><k> <<EOF\nRUN --mount=type=ssh\nEOF\n",
        ),
        (
            "FROM a\nRUN --mount=type=ssh [\"a\"]\n",
            "FROM a\nRUN --mount=type=ssh<m><k> [\"a\"]\n",
        ),
        (
            "FROM a\nRUN --mount='type=ssh' a\n",
            "FROM a\nRUN --mount='type=ssh'<m><k> a\n",
        ),
        (
            "FROM a\nRUN --mount=type=ssh -- a\n",
            "FROM a\nRUN --mount=type=ssh<m><k> -- a\n",
        ),
        (
            "\u{feff}# syntax=x\n# escape=`\nFROM a\nRUN --mount=type=ssh `\n a\n",
            "\u{feff}# syntax=x\n# escape=`\nFROM a\nRUN --mount=type=ssh<m><k> `\n a\n",
        ),
        (
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=ssh,required --mount=type=bind,target=/b a\n",
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=ssh,required<m><k> --mount=type=bind,target=/b a\n",
        ),
    ] {
        assert_wired(source, wired, &["default"]);
    }
}

#[test]
fn a_mount_with_a_mode_or_an_owner_keeps_it() {
    for option in ["mode=0600", "uid=1000", "gid=5", "MODE=0600"] {
        let source = format!("FROM a\nRUN --mount=type=ssh,{option} a\n");
        assert_wired(
            &source,
            &format!("FROM a\nRUN --mount=type=ssh,{option}<k> a\n"),
            &["default"],
        );
    }
}

#[test]
fn every_id_of_every_stage_is_passed_once() {
    let source = "FROM a\nRUN --mount=type=ssh,id=b --mount=type=ssh x\nFROM c\n\
                  RUN --mount=type=ssh,id=a x\nRUN --mount=type=ssh,id=b,id=default y\n";
    let wired = "FROM a\nRUN --mount=type=ssh,id=b<m> --mount=type=ssh<m><k> x\nFROM c\n\
                 RUN --mount=type=ssh,id=a<m><k> x\nRUN --mount=type=ssh,id=b,id=default<m><k> y\n";
    assert_wired(source, wired, &["b", "default", "a"]);
}

#[test]
fn what_the_user_passes_himself_is_left_alone() {
    let source = "FROM a\nRUN --mount=type=ssh x\nADD git@h:r /r\n";
    assert_untouched(source, &passing(&["default"]), &[], &[]);
    assert!(plan(source, &passing(&["default"])).has_ssh_mount);

    let source = "FROM a\nRUN --mount=type=ssh --mount=type=ssh,id=b x\nRUN --mount=type=ssh x\n";
    let plan = plan(source, &passing(&["default"]));
    let wired = format!(
        "FROM a\nRUN --mount=type=ssh --mount=type=ssh,id=b,mode=0666{KNOWN_HOSTS} x\nRUN --mount=type=ssh x\n"
    );
    assert_eq!(ids(&plan), ["b"]);
    assert_eq!(plan.dockerfile, Some(wired));
}

#[test]
fn a_secret_of_the_users_takes_the_place_of_the_known_hosts() {
    let secret_ids = vec!["keystay.known_hosts".to_owned()];
    let plan = plan(
        "FROM a\nRUN --mount=type=ssh x\n",
        &Passed {
            secret_ids,
            ..Passed::default()
        },
    );
    assert!(
        plan.dockerfile
            .is_some_and(|text| text.contains(KNOWN_HOSTS))
    );
    assert_eq!(plan.secrets, []);
}

#[test]
fn a_dockerfile_without_ssh_stays_as_it_is() {
    for source in [
        "",
        "FROM a\nRUN npm ci\n",
        "FROM a\nRUN echo --mount=type=ssh\n",
        "FROM a\nRUN --mount=type=secret,id=a x\n",
        "FROM a\nFETCH --mount=type=ssh x\n",
        "FROM a\nRUN <<EOF\nRUN --mount=type=ssh x\nEOF\n",
    ] {
        assert_untouched(source, &Passed::default(), &[], &[]);
        assert!(!alone(source).has_ssh_mount, "{source}");
    }
}

#[test]
fn repositories_that_are_added_over_ssh_use_the_default_id() {
    for source in [
        "FROM a\nADD git@github.com:acme/lib.git#v1 /lib\n",
        "FROM a\nADD --keep-git-dir=true a ssh://git@h/r /r\n",
        "FROM a\nADD [\"git@h:r\", \"/r\"]\n",
        "FROM a\nONBUILD ADD git@h:r /r\n",
    ] {
        assert_untouched(source, &Passed::default(), &["default"], &[]);
        assert!(!alone(source).has_ssh_mount, "{source}");
    }
    assert_untouched("FROM a\nCOPY git@h:r /r\n", &Passed::default(), &[], &[]);
    assert_untouched("FROM a\nADD a git@h:r\n", &Passed::default(), &[], &[]);
}

#[test]
fn what_only_the_engine_knows_is_noted_and_left() {
    for id in ["$X", "${X}", "\u{e9}"] {
        let source = format!("FROM a\nARG X\nRUN --mount=type=ssh,id={id} x\n");
        let plan = alone(&source);
        assert_eq!(
            (plan.dockerfile, plan.ssh, plan.secrets),
            (None, vec![], vec![])
        );
        assert!(
            matches!(plan.notes.as_slice(), [Note::VariableId { line: 3, .. }]),
            "{id}"
        );
        assert!(plan.has_ssh_mount);
    }
    let note = Note::VariableType {
        line: 2,
        kind: "$t".to_owned(),
    };
    assert_untouched(
        "FROM a\nRUN --mount=type=$T x\n",
        &Passed::default(),
        &[],
        &[note],
    );
}

#[test]
fn triggers_are_noted_and_left_and_their_ids_passed() {
    let source = "FROM a\n\nONBUILD RUN --mount=type=ssh,id=b x\n";
    assert_untouched(
        source,
        &Passed::default(),
        &["b"],
        &[Note::Onbuild { line: 3 }],
    );
    assert_untouched(source, &passing(&["b"]), &[], &[]);
    assert!(alone(source).has_ssh_mount);
}

#[test]
fn a_step_with_known_hosts_of_its_own_keeps_them() {
    let secret = Secret::KnownHosts;
    let mounted = |target: &str| Note::Mounted {
        line: 2,
        target: target.to_owned(),
        secret,
    };
    for (step, note) in [
        (
            "--mount=type=secret,id=k,target=/etc/ssh/ssh_known_hosts a",
            mounted("/etc/ssh/ssh_known_hosts"),
        ),
        (
            "--mount=type=bind,dst=/etc/ssh,source=x a",
            mounted("/etc/ssh"),
        ),
        (
            "ssh-keyscan h >> /etc/ssh/ssh_known_hosts",
            Note::Named { line: 2, secret },
        ),
        (
            "<<E\nssh-keyscan h >> /etc/ssh/ssh_known_hosts\nE",
            Note::Named { line: 2, secret },
        ),
    ] {
        let plan = alone(&format!("FROM a\nRUN --mount=type=ssh {step}\n"));
        assert_eq!(
            plan.dockerfile,
            Some(format!("FROM a\nRUN --mount=type=ssh,mode=0666 {step}\n"))
        );
        assert_eq!((plan.notes, plan.secrets), (vec![note], vec![]), "{step}");
    }
}

#[test]
fn a_dockerfile_that_could_not_be_read_again_stays_as_it_is() {
    let long = format!("FROM a\n\nRUN --mount=type=ssh {}\n", "a".repeat(65_500));
    assert_untouched(
        &long,
        &Passed::default(),
        &["default"],
        &[Note::Unchangeable { line: 3 }],
    );
    let open = "FROM a\nRUN --mount='type=ssh\n";
    assert_untouched(
        open,
        &Passed::default(),
        &[],
        &[Note::Unchangeable { line: 2 }],
    );
    let torn = "FROM a\nRUN --mount=type=ssh,target=/x\u{a0}a\n";
    assert_untouched(
        torn,
        &Passed::default(),
        &["default"],
        &[Note::Unchangeable { line: 2 }],
    );
}

proptest! {
    #[test]
    fn the_wired_text_has_the_same_instructions_plus_the_mounts(source in dockerfile()) {
        let Ok(before) = Dockerfile::parse(&source) else { return Ok(()) };
        let plan = sign_mode(&before, &Passed::default());
        let Some(wired) = plan.dockerfile else { return Ok(()) };
        let after = Dockerfile::parse(&wired).unwrap();

        prop_assert_eq!(after.stages(), before.stages());
        prop_assert_eq!(after.escape(), before.escape());
        prop_assert_eq!(after.parts().len(), before.parts().len());
        for (new, old) in after.instructions().zip(before.instructions()) {
            prop_assert_eq!(read(new, &wired), read(old, &source));
            prop_assert_eq!(values(&new.command.flags), values(&old.command.flags));
        }
        let again = sign_mode(&after, &Passed::default());
        prop_assert_eq!(again.ssh, plan.ssh);
    }
}

/// All of an instruction but its flags and places.
fn read(instruction: &Instruction, source: &str) -> impl PartialEq + std::fmt::Debug {
    let command = &instruction.command;
    let mut heredocs = instruction.heredocs.clone();
    let bodies: Vec<_> = heredocs
        .iter()
        .map(|heredoc| heredoc.body.text(source).to_owned())
        .collect();
    for heredoc in &mut heredocs {
        heredoc.body = Span::new(0, 0);
    }
    (
        (
            instruction.line,
            instruction.stage,
            command.keyword,
            command.arguments.clone(),
        ),
        (
            command.json.clone(),
            instruction.trigger.is_some(),
            heredocs,
            bodies,
        ),
    )
}

/// Names and values of flags without what wiring adds.
fn values(flags: &[Flag]) -> Vec<(String, Option<String>)> {
    let ours = |flag: &&Flag| {
        !flag
            .value
            .as_deref()
            .is_some_and(|value| value.starts_with("type=secret,id=keystay.known_hosts"))
    };
    let plain = |value: &String| value.strip_suffix(",mode=0666").unwrap_or(value).to_owned();
    flags
        .iter()
        .filter(ours)
        .map(|flag| (flag.name.clone(), flag.value.as_ref().map(plain)))
        .collect()
}

/// Dockerfiles made of what matters to wiring, in any order.
fn dockerfile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "RUN --mount=type=ssh",
        "RUN --mount=type=ssh ",
        "RUN ",
        "\nRUN ",
        "ONBUILD RUN ",
        "\n",
        "\r\n",
        "\\\n",
        " \\\n",
        "`\n",
        "\\",
        "`",
        " ",
        "# escape=`\n",
        "# c\n",
        "--mount=type=ssh",
        "--mount='type=ssh",
        "--mount=",
        " -- ",
        ",id=a",
        ",mode=0600",
        "'",
        "\"",
        "<<EOF",
        " <<EOF\n",
        "EOF\n",
        "$X",
        "[\"a\"]",
        "\u{feff}",
        "\u{e9}",
        "\u{a0}",
        "npm ci",
        "ADD git@h:r /r\n",
        ",target=/etc/ssh",
    ]);
    prop::collection::vec(pieces, 1..24).prop_map(|pieces| pieces.concat())
}
