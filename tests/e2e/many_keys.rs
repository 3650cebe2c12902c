//! A person's agent holds more keys than a server gives tries: the build gets the one that is named.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use keystay_tests::{
    env::{Env, Run},
    lab::{Engine, Lab, UpstreamAgent},
};

/// The git host gives six tries, and the agent offers the right key last.
#[test]
fn one_key_of_twelve_is_named_and_is_the_only_one_in_the_step() {
    let lab = Lab::up().unwrap();
    let agent = agent_of_twelve(&lab);
    let dev = fingerprint(&lab.key("dev"));
    for engine in lab.engines() {
        let env = env(&lab, engine);
        let key = format!("agent:{dev}");
        let output = build(&env, &agent, &["--key", &key]).output();
        output.status(0).stderr_has("listed: 1\n").says(&format!(
            "keystay: keys      {dev} (ed25519, agent:{dev}) 1 signature\n\
             keystay: hosts     127.0.0.1:{} verified 1\n\
             keystay: image     searched for locked copies only: the key is in your agent, its private half is not here\n",
            lab.git_host().port()
        ));
    }
}

#[test]
fn twelve_keys_and_no_name_is_an_error_that_names_them() {
    let lab = Lab::up().unwrap();
    let agent = agent_of_twelve(&lab);
    let [engine, _] = lab.engines();
    let env = env(&lab, engine);
    let mut keys = lab.decoys();
    keys.push(lab.key("dev"));
    let hint = |key: &PathBuf| {
        let name = key.file_name().unwrap().to_str().unwrap();
        format!(
            "hint: --key agent:{}  ssh-ed25519 {name}@lab\n",
            fingerprint(key)
        )
    };
    let hints = keys.iter().map(hint).collect::<Vec<_>>().concat();
    let expected = format!(
        "keystay: error: 12 keys are too many: servers end a login after 6 tries\n\
         hint: name the one that opens the repositories:\n\
         {hints}"
    );
    for arguments in [&[][..], &["--key", "agent"]] {
        let output = build(&env, &agent, arguments).output();
        output.status(66).says(&expected).stdout_is("");
        assert_eq!(output.stderr, expected, "docker has run");
    }
    assert!(env.records().is_empty());
}

#[test]
fn a_key_that_the_agent_does_not_hold_is_an_error() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let [engine, _] = lab.engines();
    let wanted = fingerprint(&lab.key("deploy-a"));
    let key = format!("agent:{wanted}");
    let output = build(&env(&lab, engine), &agent, &["--key", &key]).output();
    output.status(66).says(&format!(
        "keystay: error: agent {} does not hold the key {wanted}\n\
         hint: it holds {} (dev@lab)\n",
        agent.socket().display(),
        fingerprint(&lab.key("dev"))
    ));
}

/// A certificate is one more key of the agent; a server that does not know its authority goes on
/// to the next.
#[test]
fn a_certificate_beside_a_key_is_in_nobodys_way() {
    let lab = Lab::up().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let certified = certified(&lab, folder.path());
    let agent = UpstreamAgent::with(&[certified]).unwrap();
    let listed = agent.add_command().arg("-l").output().unwrap().stdout;
    assert!(String::from_utf8(listed).unwrap().contains("ED25519-CERT"));
    let dev = fingerprint(&lab.key("dev"));
    for engine in lab.engines() {
        let env = env(&lab, engine);
        let named = format!("agent:{dev}");
        for (key, listed) in [("agent", 2), (&named, 1)] {
            env.file("again", key);
            let output = build(&env, &agent, &["--key", key]).output();
            output.status(0).stderr_has(&format!("listed: {listed}\n"));
        }
    }
}

fn agent_of_twelve(lab: &Lab) -> UpstreamAgent {
    let mut keys = lab.decoys();
    keys.push(lab.key("dev"));
    assert_eq!(keys.len(), 12);
    UpstreamAgent::with(&keys).unwrap()
}

fn env(lab: &Lab, engine: &Engine) -> Env {
    let env = Env::on(lab, engine);
    env.file("Dockerfile", STEP).file("again", "");
    env
}

fn build(env: &Env, agent: &UpstreamAgent, options: &[&str]) -> Run {
    let run = env.keystay().env("SSH_AUTH_SOCK", agent.socket());
    run.args(options).build(env)
}

/// A copy of the key `dev` with a user certificate beside it, signed by another key.
fn certified(lab: &Lab, folder: &Path) -> PathBuf {
    let key = folder.join("dev");
    fs::copy(lab.key("dev"), &key).unwrap();
    fs::copy(lab.key("dev.pub"), folder.join("dev.pub")).unwrap();
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-I", "person", "-n", "git", "-V", "+1h", "-s"])
        .arg(lab.key("stranger"))
        .arg(folder.join("dev.pub"))
        .status();
    assert!(signed.unwrap().success());
    key
}

fn fingerprint(key: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(key).output();
    let line = String::from_utf8(output.unwrap().stdout).unwrap();
    line.split(' ').nth(1).unwrap().to_owned()
}

const STEP: &str = "\
FROM keystay/base:1
COPY again /
RUN --mount=type=ssh echo \"listed: $(ssh-add -L | wc -l)\" && git clone -q {git}/acme/lib-a.git /src
";
