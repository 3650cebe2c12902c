//! Heredocs, and scripts that are handed to another shell.

use super::*;

#[test]
fn keys_that_heredocs_write_are_found() {
    fires(
        "L4",
        &[
            "RUN cat > /root/.ssh/id_rsa <<EOF\nx\nEOF",
            "RUN <<A\ncat > /root/.ssh/id_rsa <<EOF\nx\nEOF\nA",
            "RUN <<A\ntee ~/.ssh/id_rsa >/dev/null <<'EOF'\nx\nEOF\nA",
            "COPY <<EOF /root/.ssh/id_rsa\nx\nEOF",
            "COPY <<id_rsa /root/.ssh/\nx\nid_rsa",
            "ADD <<a <<key /root/.ssh\na\nx\nkey",
            "ONBUILD COPY <<EOF /root/.ssh/id_rsa\nx\nEOF",
            "ARG NPM_TOKEN\nCOPY <<EOF /root/.npmrc\n//a:_authToken=$NPM_TOKEN\nEOF",
            "ARG NPM_TOKEN\nRUN cat > /root/.npmrc <<EOF\n//a:_authToken=${NPM_TOKEN}\nEOF",
            "RUN base64 -d > /k <<< \"$SSH_KEY\"",
            "RUN <<A\n#!/bin/sh\necho $SSH_KEY > /k\nA",
            "RUN bash <<A\necho $SSH_KEY > /k\nA",
        ],
    );
    fires(
        "L8",
        &[
            "RUN --mount=type=secret,id=a,required cat > /root/.npmrc <<EOF\n$(cat /run/secrets/a)\nEOF",
        ],
    );
    fires(
        "L5",
        &["COPY <<EOF /root/.ssh/id_rsa\nx\nEOF\nRUN rm ~/.ssh/id_rsa"],
    );
}

#[test]
fn the_text_of_a_heredoc_is_not_run() {
    is_silent(&[
        "RUN cat > /a <<EOF\nssh-keyscan b\nEOF",
        "RUN <<A\ncat > /a <<EOF\nssh-add k\nEOF\nA",
        "RUN <<A\n#!/usr/bin/env python3\nssh-add\nA",
        "RUN python3 <<A\nssh-add\nA",
        "RUN cat > /root/.ssh/config <<EOF\nHost *\nEOF",
        "RUN cat > /x <<'EOF'\n$NPM_TOKEN\nEOF",
        "COPY <<'EOF' /x\n$NPM_TOKEN\nEOF",
        "COPY <<EOF /root/.ssh/known_hosts\nx\nEOF",
    ]);
    assert_eq!(
        of_stage("RUN <<A\ncat > /a <<EOF\nx\nEOF\nssh-add k\nA"),
        [("L12", 5)]
    );
}

#[test]
fn scripts_for_another_shell_are_read() {
    for (text, id) in [
        ("RUN bash -c \"ssh-keyscan a >> /x\"", "L11"),
        ("RUN set -e; \\\n sh -exc 'a; ssh-keyscan a'", "L11"),
        ("RUN su - app -c 'ssh-keyscan a'", "L11"),
        ("RUN su -c 'ssh-keyscan a' app", "L11"),
        ("RUN sudo -u app ssh-keyscan a", "L11"),
        ("RUN sudo -H -u app -- bash -lc 'ssh-keyscan a'", "L11"),
        ("RUN env -u C A=b ssh-keyscan a", "L11"),
        ("RUN eval \"ssh-keyscan a\"", "L11"),
        (
            "RUN [\"bash\", \"-o\", \"pipefail\", \"-c\", \"a | ssh-keyscan b\"]",
            "L11",
        ),
        ("RUN [\"/usr/bin/env\", \"ssh-keyscan\", \"b\"]", "L11"),
        ("RUN bash -c 'echo $SSH_KEY > /root/.ssh/id_rsa'", "L4"),
        ("RUN a && bash -c \"git clone git@a.example:b/c\"", "L6"),
    ] {
        fires(id, &[text]);
    }
    is_silent(&[
        "RUN command -v ssh-agent || apk add openssh-client",
        "RUN bash -c 'echo $SSH_KEY > /k; use /k' && rm /k",
        "RUN bash -c 'echo $SSH_KEY > /k; use /k; rm /k'",
        "RUN bash -c 'echo a > /x; use $SSH_KEY'",
    ]);
    fires(
        "L4",
        &[
            "RUN bash -c 'a || rm /k' && echo $SSH_KEY > /k",
            "RUN a || bash -c 'rm /k'; echo $SSH_KEY > /k",
        ],
    );
}

/// Each of these took minutes while heredocs or scripts were read again and again.
#[test]
fn long_scripts_are_read_to_their_end() {
    let many = |text: &str| text.repeat((1 << 20) / text.len());
    let nested = (0..16).fold("a".repeat(60_000), |text, _| format!("eval $({text})"));
    for text in [
        format!("RUN <<A\n{}A\n", many("a <<B\n")),
        format!("RUN <<A\n{}A\n", many("$((")),
        format!("RUN <<A\n{nested}\nA\n"),
        format!(
            "RUN <<A\n{}{}\nA\n",
            "{ ".repeat(100_000),
            "a; } >b; ".repeat(100_000)
        ),
        format!(
            "RUN {}\n{}",
            many("<<A \\\n").trim_end_matches("\\\n"),
            many("A\n")
        ),
    ] {
        let text = format!("FROM debian\n{text}");
        if let Ok(dockerfile) = Dockerfile::parse(&text) {
            assert!(lint(&dockerfile).len() <= text.len());
        }
    }
}
