//! Dockerfiles of any text, however long, and shells that are not read.

use proptest::prelude::*;

use super::*;

#[test]
fn other_shells_are_not_read_as_posix_ones() {
    assert_eq!(
        of_stage("SHELL [\"powershell\", \"-c\"]\nRUN ssh-keyscan x"),
        []
    );
    assert_eq!(
        of_stage("SHELL [\"/bin/bash\", \"-c\"]\nRUN ssh-keyscan x"),
        [("L11", 2)]
    );
    let back = "SHELL [\"powershell\", \"-c\"]\nFROM b\nRUN ssh-keyscan x";
    assert_eq!(of_stage(back), [("L11", 3)]);
}

#[test]
fn no_message_holds_a_value() {
    let text = "FROM a\nARG SSH_KEY=hunter2\nENV API_TOKEN=hunter2\nRUN git clone https://u:hunter2@a.example/b\n";
    let dockerfile = Dockerfile::parse(text).unwrap();
    let problems = lint(&dockerfile);
    assert_eq!(problems.len(), 3);
    assert!(
        problems
            .iter()
            .all(|problem| !problem.message.contains("hunter2"))
    );
}

/// Each of these took up to a minute while the work grew with the square of the length.
#[test]
fn a_long_dockerfile_is_read_to_its_end() {
    let many = |text: &str| text.repeat((1 << 20) / text.len());
    for text in [
        many("RUN rm -f /root/.ssh/id_rsa\nCOPY id_rsa /root/.ssh/id_rsa\n"),
        many("COPY --from=0 / /\n"),
        format!("RUN {}", many("echo $SSH_KEY >a; \\\n")),
        format!("RUN <<EOF\n{}EOF\n", many("rm /a\necho $SSH_KEY >/b\n")),
        format!("RUN {}", many("https://( \\\n")),
    ] {
        let text = format!("FROM debian\n{text}");
        let dockerfile = Dockerfile::parse(&text).unwrap();
        assert!(lint(&dockerfile).len() <= text.len());
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "FROM [a-z]{1,3}( AS [a-z])?",
        Just("COPY id_rsa /root/.ssh/id_rsa".to_owned()),
        Just("ADD ${SSH_KEY} /root/.ssh/".to_owned()),
        Just("COPY a id_rsa b/".to_owned()),
        Just("ARG SSH_KEY".to_owned()),
        "RUN [a-z$\"'`\\\\(){}&|;<># /~.-]{0,40}",
        "RUN (mkdir -p ~/.ssh|echo \\$SSH_KEY > ~/.ssh/id_rsa|ssh-keyscan a|npm ci|rm ~/.ssh/id_rsa|eval `ssh-agent`| && |; |\\\\\n|\n# x\n){1,9}",
        "ENV [A-Z_]{1,9}=.{0,9}",
        "# keystay: allow L[0-9] .{0,5}",
        ".{0,30}",
    ]
}

proptest! {
    #[test]
    fn nothing_that_can_be_read_panics(lines in prop::collection::vec(line(), 0..12)) {
        if let Ok(dockerfile) = Dockerfile::parse(&lines.join("\n")) {
            prop_assert!(lint(&dockerfile).iter().all(|problem| problem.line > 0));
        }
    }

    #[test]
    fn a_repair_is_done_once(lines in prop::collection::vec(line(), 0..12)) {
        if let Ok(once) = crate::lint::fix(&lines.join("\n")) {
            let twice = crate::lint::fix(&once.text).unwrap();
            prop_assert_eq!(&twice.text, &once.text);
            prop_assert_eq!(twice.changes, []);
        }
    }
}
