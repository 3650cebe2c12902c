//! The plan for fetch mode, case by case and on any Dockerfile.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keystay::{
    dockerfile::Dockerfile,
    wiring::{
        FetchTerms, Note, Passed, Plan, Rewrites, Secret, ShimFor, Steps, Unwirable,
        Which::{self, Fetch, Sign},
        fetch_mode,
    },
};
use proptest::prelude::*;

const SSH: &str = " --mount=type=ssh,id=keystay,mode=0666";
const SHIM: &str = " --mount=type=secret,id=keystay.ssh,target=/usr/local/bin/ssh,mode=0555";
const AMD: &str =
    " --mount=type=secret,id=keystay.ssh-amd64,target=/usr/local/bin/keystay-ssh-amd64,mode=0555";
const ARM: &str =
    " --mount=type=secret,id=keystay.ssh-arm64,target=/usr/local/bin/keystay-ssh-arm64,mode=0555";
const GIT: &str = " --mount=type=secret,id=keystay.gitconfig,target=/etc/gitconfig,mode=0444";
const CARGO: &str = " --mount=type=secret,id=keystay.cargo,target=/.cargo/config.toml,mode=0444";

fn terms() -> FetchTerms {
    FetchTerms {
        steps: Steps::Fetching,
        shim: ShimFor::One,
        user: "git".to_owned(),
        rewrites: Rewrites::default(),
        context_needs_ssh: false,
        git_asks_default: true,
    }
}

fn listing(patterns: &[&str]) -> Rewrites {
    let patterns: Vec<_> = patterns.iter().map(|text| text.parse().unwrap()).collect();
    Rewrites::of(&patterns, "git")
}

fn passing(ssh_ids: &[&str], secret_ids: &[&str]) -> Passed {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Passed {
        ssh_ids: owned(ssh_ids),
        secret_ids: owned(secret_ids),
        ..Passed::default()
    }
}

fn plan(source: &str, passed: &Passed, terms: &FetchTerms) -> Plan {
    fetch_mode(&Dockerfile::parse(source).unwrap(), passed, terms).unwrap()
}

fn alone(source: &str) -> Plan {
    plan(source, &Passed::default(), &terms())
}

/// In `wired`, `<s>` stands for the ssh mount that is added, `<m>` for the socket's mode, `<x>`, `<a>`
/// and `<b>` for the shims' mounts, `<g>` for git's and `<c>` for cargo's configuration.
fn filled(wired: &str) -> String {
    [
        ("<s>", SSH),
        ("<m>", ",mode=0666"),
        ("<x>", SHIM),
        ("<a>", AMD),
        ("<b>", ARM),
        ("<g>", GIT),
        ("<c>", CARGO),
    ]
    .iter()
    .fold(wired.to_owned(), |text, (mark, flag)| {
        text.replace(mark, flag)
    })
}

fn ssh(ids: &[(&str, Which)]) -> Vec<(String, Which)> {
    ids.iter()
        .map(|(id, which)| ((*id).to_owned(), *which))
        .collect()
}

#[track_caller]
fn assert_wired(plan: &Plan, wired: &str, ids: &[(&str, Which)]) {
    assert_eq!(plan.dockerfile, Some(filled(wired)));
    assert_eq!(plan.ssh, ssh(ids));
}

#[test]
fn a_step_with_an_ssh_mount_keeps_it_and_gets_the_shim() {
    for (source, wired) in [
        (
            "FROM a\nRUN --mount=type=ssh npm ci\n",
            "FROM a\nRUN --mount=type=ssh<m><x> npm ci\n",
        ),
        (
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=ssh,uid=5 \\\n a\n",
            "FROM a\nRUN --mount=type=cache,target=/c --mount=type=ssh,uid=5<x> \\\n a\n",
        ),
    ] {
        let plan = alone(source);
        assert_wired(&plan, wired, &[("default", Fetch)]);
        assert_eq!(
            (plan.secrets, plan.notes),
            (vec![Secret::Shim], vec![]),
            "{source}"
        );
    }
}

#[test]
fn a_step_that_names_an_ssh_url_gets_the_mount_too() {
    for (source, wired) in [
        (
            "FROM a\nRUN git clone git@h:a/b\n",
            "FROM a\nRUN<s><x> git clone git@h:a/b\n",
        ),
        (
            "FROM a\nRUN [\"git\", \"clone\", \"ssh://git@h/a\"]\n",
            "FROM a\nRUN<s><x> [\"git\", \"clone\", \"ssh://git@h/a\"]\n",
        ),
        (
            "FROM a\nRUN <<EOF\npip install git+ssh://git@h/a\nEOF\n",
            "FROM a\nRUN<s><x> <<EOF\npip install git+ssh://git@h/a\nEOF\n",
        ),
        (
            "FROM a\nrun --network=host \\\n# c\n git clone \\\n git@h:a\n",
            "FROM a\nrun --network=host<s><x> \\\n# c\n git clone \\\n git@h:a\n",
        ),
    ] {
        let plan = alone(source);
        assert_wired(&plan, wired, &[("keystay", Fetch)]);
        assert_eq!(plan.notes, [], "{source}");
    }
}

#[test]
fn other_steps_stay_as_they_are() {
    for source in [
        "FROM a\nRUN npm ci\n",
        "FROM a\nRUN git clone https://h/a\n",
        "FROM a\nRUN --mount=type=secret,id=x cargo build\n",
        "FROM a\nONBUILD RUN git clone git@h:a\n",
        "FROM a\nLABEL from=git@h:a\n",
    ] {
        let plan = alone(source);
        assert_eq!(
            (plan.dockerfile, plan.ssh, plan.secrets),
            (None, vec![], vec![]),
            "{source}"
        );
    }
}

#[test]
fn all_wires_every_step() {
    let terms = FetchTerms {
        steps: Steps::All,
        ..terms()
    };
    let plan = plan(
        "FROM a\nRUN npm ci\nFROM b\nRUN --mount=type=ssh,id=x true\n",
        &Passed::default(),
        &terms,
    );
    assert_wired(
        &plan,
        "FROM a\nRUN<s><x><c> npm ci\nFROM b\nRUN --mount=type=ssh,id=x<m><x><c> true\n",
        &[("keystay", Fetch), ("x", Fetch)],
    );
    assert_eq!(plan.secrets, [Secret::Shim, Secret::Cargo]);
}

#[test]
fn a_step_that_names_cargo_gets_its_configuration() {
    let plan = alone("FROM a\nRUN --mount=type=ssh cargo fetch\nRUN --mount=type=ssh npm ci\n");
    assert_wired(
        &plan,
        "FROM a\nRUN --mount=type=ssh<m><x><c> cargo fetch\nRUN --mount=type=ssh<m><x> npm ci\n",
        &[("default", Fetch)],
    );
}

#[test]
fn listed_repositories_are_fetched_over_ssh_when_named_by_https() {
    let terms = FetchTerms {
        rewrites: listing(&["h/acme/*"]),
        ..terms()
    };
    let plan = plan(
        "FROM a\nRUN git clone https://h/acme/x\nRUN git clone https://h/other/x\n",
        &Passed::default(),
        &terms,
    );
    assert_wired(
        &plan,
        "FROM a\nRUN<s><x><g> git clone https://h/acme/x\nRUN git clone https://h/other/x\n",
        &[("keystay", Fetch)],
    );
    assert_eq!(plan.secrets, [Secret::Shim, Secret::Gitconfig]);
}

#[test]
fn where_platforms_differ_a_script_chooses_the_shim() {
    let terms = FetchTerms {
        shim: ShimFor::Each,
        ..terms()
    };
    let plan = plan(
        "FROM a\nRUN --mount=type=ssh a\n",
        &Passed::default(),
        &terms,
    );
    assert_wired(
        &plan,
        "FROM a\nRUN --mount=type=ssh<m><x><a><b> a\n",
        &[("default", Fetch)],
    );
    assert_eq!(
        plan.secrets,
        [Secret::Shim, Secret::ShimAmd64, Secret::ShimArm64]
    );
}

#[test]
fn where_the_engines_git_needs_an_agent_no_step_gets_that_one() {
    for source in [
        "FROM a\nADD git@h:r /r\nRUN --mount=type=ssh a\nRUN --mount=type=ssh,id=b a\n",
        "FROM a\nADD git@h:r /r\nRUN --mount=type=ssh,id=default a\nRUN --mount=type=ssh,id=b a\n",
    ] {
        let wired = source
            .replace("type=ssh a", "type=ssh,id=keystay<m><x> a")
            .replace("id=default a", "id=default,id=keystay<m><x> a")
            .replace("id=b a", "id=b<m><x> a");
        assert_wired(
            &alone(source),
            &wired,
            &[("default", Sign), ("keystay", Fetch), ("b", Fetch)],
        );
    }
    let context = FetchTerms {
        context_needs_ssh: true,
        ..terms()
    };
    let plan = plan("FROM a\nRUN true\n", &Passed::default(), &context);
    assert_eq!(
        (plan.dockerfile, plan.ssh),
        (None, ssh(&[("default", Sign)]))
    );
}

#[test]
fn an_id_that_could_become_the_one_that_signs_is_replaced() {
    let plan = alone("FROM a\nADD git@h:r /r\nRUN --mount=type=ssh,id=$X a\n");
    assert_wired(
        &plan,
        "FROM a\nADD git@h:r /r\nRUN --mount=type=ssh,id=$X,id=keystay a\n",
        &[("default", Sign), ("keystay", Fetch)],
    );
    let id = "$X".to_owned();
    assert_eq!(plan.notes, [Note::VariableIdReplaced { line: 3, id }]);
}

#[test]
fn a_step_that_could_see_the_socket_that_signs_is_not_wired_for_fetches() {
    for step in [
        "ONBUILD RUN --mount=type=ssh a",
        "ONBUILD RUN --mount=type=ssh,id=$X a",
        "ONBUILD RUN --mount=type=$T a",
        "RUN --mount=type=$T a",
        "RUN --mount=type=$T,id=b --mount=type=ssh a",
        "RUN --mount=\"type=ssh\" a",
        "RUN --m\\ount=type=bind,source=a a",
        "RUN --mount=type=bind,source=\u{e4} a",
    ] {
        let wired = |add: &str, passed: &Passed| {
            let text = format!("FROM a\n{add}\n{step}\n");
            let dockerfile = Dockerfile::parse(&text).unwrap();
            fetch_mode(&dockerfile, passed, &terms()).map(drop)
        };
        let signs = Err(Unwirable::Signs { line: 3 });
        let nothing = Passed::default();
        assert_eq!(wired("ADD git@h:r /r", &nothing), signs, "{step}");
        assert_eq!(wired("ADD https://h/r /r", &nothing), Ok(()), "{step}");
        let own = wired("ADD git@h:r /r", &passing(&["default"], &[]));
        assert_eq!(own, Ok(()), "{step}");
    }
}

#[test]
fn a_dockerfile_that_the_engine_may_read_otherwise_is_not_wired_beside_what_signs() {
    let heredoc = "FROM a\nADD git@h:r /r\nRUN : << \"USER 0\"\nRUN --mount=type=ssh a\nUSER 0\n";
    let wired = |text: &str, passed: &Passed, terms: &FetchTerms| {
        fetch_mode(&Dockerfile::parse(text).unwrap(), passed, terms)
    };
    let nothing = Passed::default();
    let hidden = Err(Unwirable::Hidden { line: 4 });
    assert_eq!(wired(heredoc, &nothing, &terms()), hidden);
    let own = passing(&["default"], &[]);
    assert!(wired(heredoc, &own, &terms()).is_ok());
    let syntax = Passed {
        syntax: Some("evil/x".to_owned()),
        ..Passed::default()
    };
    let add = "FROM a\nADD git@h:r /r\n";
    assert_eq!(wired(add, &syntax, &terms()), Err(Unwirable::Frontend));
    assert!(wired("FROM a\n", &syntax, &terms()).is_ok());
}

/// It runs as the person does, and asks no socket of the build's.
#[test]
fn podmans_own_git_is_given_nothing_that_signs() {
    let podman = FetchTerms {
        git_asks_default: false,
        ..terms()
    };
    let plan = plan("FROM a\nADD git@h:r /r\n", &Passed::default(), &podman);
    assert_eq!((plan.own_git, plan.ssh), (true, vec![]));
}

/// On the engine's command line an id ends at its `=`, and a path at its comma.
#[test]
fn an_id_that_would_name_a_file_is_not_passed() {
    for (id, flag) in [
        (
            "default=/home/v/.ssh/id",
            "--mount=type=ssh,id=default=/home/v/.ssh/id",
        ),
        ("a,b", "--mount=type=ssh,\\\"id=a,b\\\""),
    ] {
        let plan = alone(&format!("FROM a\nRUN {flag} a\n"));
        let names = |(named, _): &(String, _)| named.contains(id);
        assert!(!plan.ssh.iter().any(names), "{:?}", plan.ssh);
    }
}

#[test]
fn a_step_whose_first_ssh_mount_has_an_unknown_id_is_told_to_write_it_out() {
    let source = "FROM a\nARG X\nRUN --mount=type=ssh,id=$X --mount=type=ssh,id=b a\n";
    let plan = plan(source, &Passed::default(), &terms());
    let id = "$X".to_owned();
    assert_eq!(
        plan.notes,
        [
            Note::VariableId { line: 3, id },
            Note::UnknownAgent { line: 3 }
        ]
    );
}

#[test]
fn what_the_user_passes_himself_is_left_alone() {
    let passed = passing(&["default"], &[]);
    let source = "FROM a\nADD git@h:r /r\nRUN --mount=type=ssh git clone git@h:a\n";
    let own = plan(source, &passed, &terms());
    assert_eq!((own.dockerfile, own.ssh), (None, vec![]));

    let source = "FROM a\nRUN --mount=type=ssh --mount=type=ssh,id=b a\n";
    let second = plan(source, &passed, &terms());
    assert_wired(
        &second,
        "FROM a\nRUN --mount=type=ssh --mount=type=ssh,id=b<m> a\n",
        &[("b", Fetch)],
    );
    assert_eq!(second.notes, [Note::OtherAgent { line: 2 }]);

    let passed = passing(&["keystay"], &["keystay.ssh"]);
    let taken = plan("FROM a\nRUN git clone git@h:a\n", &passed, &terms());
    assert_eq!(taken.ssh, ssh(&[("keystay.fetch", Fetch)]));
    assert_eq!(taken.secrets, []);
}

#[test]
fn a_step_with_files_of_its_own_at_our_places_keeps_them() {
    let note = |secret, target: &str| Note::Mounted {
        line: 2,
        target: target.to_owned(),
        secret,
    };
    for (target, secret, left) in [
        ("/usr/local/bin", Secret::Shim, "<c>"),
        ("/.cargo", Secret::Cargo, "<x>"),
    ] {
        let mount = format!("--mount=type=bind,source=x,target={target}");
        let source = format!("FROM a\nRUN {mount} --mount=type=ssh cargo a\n");
        let plan = alone(&source);
        let wired = format!("FROM a\nRUN {mount} --mount=type=ssh<m>{left} cargo a\n");
        assert_wired(&plan, &wired, &[("default", Fetch)]);
        assert_eq!(plan.notes, [note(secret, target)]);
    }
}

#[test]
fn a_step_that_writes_git_s_configuration_can() {
    let terms = FetchTerms {
        rewrites: listing(&["h/a"]),
        ..terms()
    };
    let source = "FROM a\nRUN git config --system a.b c && git clone git@h:a\n";
    let plan = plan(source, &Passed::default(), &terms);
    assert_eq!(plan.secrets, [Secret::Shim]);
    let secret = Secret::Gitconfig;
    assert_eq!(plan.notes, [Note::Named { line: 2, secret }]);
}

#[test]
fn triggers_are_left_and_their_ids_carry_fetches() {
    let plan = alone("FROM a\nONBUILD RUN --mount=type=ssh,id=b x\n");
    assert_eq!((plan.dockerfile, plan.ssh), (None, ssh(&[("b", Fetch)])));
    assert_eq!(plan.notes, [Note::Onbuild { line: 2 }]);
}

#[test]
fn a_dockerfile_that_could_not_be_read_again_is_not_wired() {
    let long = format!("FROM a\nRUN --mount=type=ssh {}\n", "a".repeat(65_500));
    let read = Dockerfile::parse(&long).unwrap();
    assert_eq!(
        fetch_mode(&read, &Passed::default(), &terms()),
        Err(Unwirable::Unreadable)
    );
    let open = alone("FROM a\nRUN --network='host git@h:a\n");
    assert_eq!(open.dockerfile, None);
}

proptest! {
    #[test]
    fn the_wired_text_has_the_same_instructions_plus_the_mounts(
        source in dockerfile(),
        all in any::<bool>(),
    ) {
        let Ok(before) = Dockerfile::parse(&source) else { return Ok(()) };
        let steps = if all { Steps::All } else { Steps::Fetching };
        let terms = FetchTerms { steps, ..terms() };
        let Ok(plan) = fetch_mode(&before, &Passed::default(), &terms) else { return Ok(()) };
        let signs = plan.ssh.iter().any(|(id, which)| id == "default" && *which == Sign);
        let Some(wired) = plan.dockerfile else { return Ok(()) };
        let after = Dockerfile::parse(&wired).unwrap();

        prop_assert_eq!(after.stages(), before.stages());
        prop_assert_eq!(after.parts().len(), before.parts().len());
        for (new, old) in after.instructions().zip(before.instructions()) {
            prop_assert_eq!(new.line, old.line);
            prop_assert_eq!(new.command.keyword, old.command.keyword);
            prop_assert_eq!(&new.command.arguments, &old.command.arguments);
            prop_assert_eq!(&new.command.json, &old.command.json);
            prop_assert_eq!(new.heredocs.len(), old.heredocs.len());
            prop_assert!(new.command.flags.len() >= old.command.flags.len());
            for mount in new.command.mounts().filter(|mount| mount.kind() == "ssh" && !mount.open) {
                prop_assert!(!signs || mount.id().is_some_and(|id| id != "default"));
            }
        }
    }
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
        "`",
        " ",
        "# escape=`\n",
        "# c\n",
        "--mount=type=ssh",
        "--mount='type=ssh",
        "--network=",
        " -- ",
        ",id=a",
        ",id=$X",
        ",mode=0600",
        "'",
        "\"",
        " <<EOF\n",
        "EOF\n",
        "[\"git@h:a\"]",
        "\u{feff}",
        "\u{e9}",
        "\u{a0}",
        "cargo",
        " git@h:a ",
        "\nADD git@h:r /r\n",
        ",target=/usr/local",
    ]);
    prop::collection::vec(pieces, 1..24).prop_map(|pieces| pieces.concat())
}
