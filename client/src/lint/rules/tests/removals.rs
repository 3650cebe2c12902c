//! Keys that are written and deleted in one step.

use super::*;

#[test]
fn what_a_step_deletes_behind_a_write_does_not_stay() {
    let write = "echo \"$SSH_KEY\" > /root/.ssh/id_rsa";
    for removal in [
        "rm -rf /root/.ssh",
        "rm -r ~/.ssh/",
        "rm -fr \"$HOME\"/.ssh",
        "rm -f /root/.ssh/id_*",
        "rm -rf /root/.ssh/*",
        "rm --recursive /root/.s*",
        "rm -f ~/.ssh/id_rsa",
        "rm \"${HOME}/.ssh/id_rsa\"",
        "rm '/root/.ssh/id_rsa'",
        "shred -u ~/.ssh//id_rsa",
        "(a; rm ~/.ssh/id_rsa)",
        "{ a || b; } && rm ~/.ssh/id_rsa",
        "a || b; rm ~/.ssh/id_rsa",
        "a || true && rm ~/.ssh/id_rsa",
        "if [ -f ~/.ssh/id_rsa ]; then rm ~/.ssh/id_rsa; fi",
        "x=$( (a); rm ~/.ssh/id_rsa )",
    ] {
        is_silent(&[&format!("RUN {write} && {removal}")]);
    }
    is_silent(&[
        &format!("RUN trap 'rm -f ~/.ssh/id_rsa' EXIT; {write}; a"),
        &format!("RUN clean() {{ rm -f ~/.ssh/id_rsa; }}; trap clean EXIT; {write}; a"),
        &format!("RUN if a; then {write}; b; rm ~/.ssh/id_rsa; fi"),
        &format!("RUN a || {{ {write}; b; rm ~/.ssh/id_rsa; }}"),
        &format!("RUN x=$({write}; b; rm ~/.ssh/id_rsa)"),
    ]);
}

#[test]
fn what_a_step_may_not_delete_stays() {
    let write = "echo \"$SSH_KEY\" > /root/.ssh/id_rsa";
    for removal in [
        "rm -f /root/.ssh",
        "rm -f /root/.ssh/*.pub",
        "rm -rf /root/*",
        "rm -rf /root/.sshd",
        "a || rm ~/.ssh/id_rsa",
        "a || { b; rm ~/.ssh/id_rsa; exit 1; }",
        "a || (rm ~/.ssh/id_rsa && exit 1); b",
        "if a; then rm ~/.ssh/id_rsa; fi",
        "if a; then b; else rm ~/.ssh/id_rsa; fi",
        "if [ -f x ] && a; then rm ~/.ssh/id_rsa; fi",
        "while a; do rm ~/.ssh/id_rsa; done",
        "case $A in a) rm ~/.ssh/id_rsa;; esac",
        "a || x=$(b; rm ~/.ssh/id_rsa)",
        "trap 'rm ~/.ssh/id_rsa' INT",
    ] {
        let text = format!("RUN {write} && {removal}");
        assert_eq!(of_stage(&text), [("L4", 1)], "{text}");
    }
    fires(
        "L4",
        &[
            &format!("RUN rm -f ~/.ssh/id_rsa && {write}"),
            &format!("RUN rm -rf ~/.ssh; {write}"),
            &format!("RUN if a; then {write}; else rm ~/.ssh/id_rsa; fi"),
        ],
    );
    fires(
        "L8",
        &["RUN --mount=type=secret,id=a,required rm /x; cp /run/secrets/a /x"],
    );
}
