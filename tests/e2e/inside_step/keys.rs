//! What a step can list.

use std::fs;

use keystay_tests::env::Env;

use super::{build, on_each_engine, step};

on_each_engine! {
    a_step_lists_the_granted_keys_alone_and_no_comment
}

fn a_step_lists_the_granted_keys_alone_and_no_comment(env: &Env) {
    step(env, "ssh-add -L | sed 's/ *$/|/; s/^/listed: /'\n");
    let second = format!("file:{}", env.lab().key("deploy-a").display());
    let output = build(env, "dev", &["--key", &second]).output();
    output.status(0);
    let listed: Vec<_> = (output.stderr.lines())
        .filter_map(|line| line.split_once("listed: ").map(|(_, key)| key))
        .filter(|key| key.ends_with('|'))
        .collect();
    let public = |key| {
        let line = fs::read_to_string(env.lab().key(key)).unwrap();
        let parts: Vec<_> = line.split(' ').take(2).collect();
        parts.join(" ") + "|"
    };
    assert_eq!(listed, [public("dev.pub"), public("deploy-a.pub")]);
    output.stderr_lacks("dev@lab").stderr_lacks("deploy-a@lab");
    output.says("keystay: the build asked for no signature (cached, or it has no ssh step)\n");
}
