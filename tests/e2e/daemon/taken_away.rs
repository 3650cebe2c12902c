//! What takes keys from the agent takes them from the grants that are open.

use keystay_proto::control::Reason;

use super::*;

#[test]
fn keys_that_are_dropped_sign_for_no_grant() {
    let home = Home::new();
    let agent = home.agent();
    let (grant, _held) = home.hold();
    let id = agent.0.id().to_string();
    let told = Command::new("kill").args(["-USR1", &id]).status().unwrap();
    assert!(told.success());
    wait_until("no socket", SOON, || !grant.socket.exists());
    assert!(home.keystay(&["grants", "--json"]).contains("revoked"));
    assert_eq!(home.keystay(&["keys"]), "");
}

/// The kind of reply to a message on a socket: 6 is a success, 5 a failure, 14 a signature.
fn answered(socket: &Path, framed: &[u8]) -> u8 {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(framed).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    head[4]
}

#[test]
fn a_locked_agent_signs_for_no_open_grant_until_it_is_unlocked() {
    let home = Home::new();
    let main = home.path("agent");
    let _agent = home.agent_with(&["-a", main.to_str().unwrap()]);
    let (grant, _held) = home.hold();
    let signed = || answered(&grant.socket, &login(&home));
    assert_eq!(signed(), 14);
    assert_eq!(answered(&main, LOCK), 6);
    assert_eq!(signed(), 5);
    let records = home.records();
    let refused = records.last().unwrap();
    assert_eq!(
        (refused.event, refused.reason),
        (Event::Refused, Some(Reason::Locked))
    );
    assert_eq!(answered(&main, UNLOCK), 6);
    assert_eq!(signed(), 14);
}

#[test]
fn a_key_that_is_removed_signs_for_no_open_grant() {
    let home = Home::new();
    let main = home.path("agent");
    let _agent = home.agent_with(&["-a", main.to_str().unwrap()]);
    let (grant, _held) = home.hold();
    let add = |limits: &[&str]| {
        let mut add = home.command("ssh-add");
        let add = add.env("SSH_AUTH_SOCK", &main).args(limits);
        let added = add.arg(home.path("id")).stderr(Stdio::null()).status();
        assert!(added.unwrap().success());
    };
    let state = || home.keystay(&["grants", "--json"]);
    add(&[]);
    assert_eq!(answered(&grant.socket, &login(&home)), 14);
    assert_eq!(answered(&main, REMOVE_ALL), 6);
    assert_eq!(answered(&grant.socket, &login(&home)), 5);
    assert!(state().contains("revoked"), "{}", state());
    add(&[]);
    assert_eq!(answered(&grant.socket, &login(&home)), 5);
    let (other, _other) = home.hold();
    assert_eq!(answered(&other.socket, &login(&home)), 14);
    add(&["-c"]);
    assert_eq!(answered(&other.socket, &login(&home)), 5);
}

#[test]
fn a_step_is_told_that_the_agent_was_locked_or_its_key_removed() {
    let lab = Lab::up().unwrap();
    let locked = (
        LOCK,
        "the agent is locked",
        "unlock the agent, `ssh-add -X`, and build again",
    );
    let why = "the grant was taken back while the build ran; build again";
    let removed = (REMOVE_ALL, "the grant was revoked", why);
    for ((message, reason, hint), mode) in [locked, removed].into_iter().zip(["fetch", "sign"]) {
        let env = Env::on(&lab, &lab.engines()[1]);
        let (_agent, gate) = (agent_of(&env), Gate::new());
        let command = gate.command();
        let step = format!("{command} && git ls-remote {{git}}/acme/lib-a");
        env.file(
            "Dockerfile",
            &format!("FROM keystay/base:1\nRUN --mount=type=ssh {step}\n"),
        );
        let build = env
            .keystay_alone()
            .args(["--mode", mode])
            .build(&env)
            .start();
        let held = gate.reached();
        assert_eq!(answered(&env.home().join("agent"), message), 6);
        held.release();
        let output = build.wait();
        output.status(77).stderr_has(reason).stderr_has(hint);
    }
}

#[test]
fn a_step_is_told_that_its_grant_was_revoked() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let (_agent, gate) = (agent_of(&env), Gate::new());
    let step = format!("{} && git ls-remote {{git}}/acme/lib-a", gate.command());
    env.file(
        "Dockerfile",
        &format!("FROM keystay/base:1\nRUN --mount=type=ssh {step}\n"),
    );
    let build = env.keystay_alone().build(&env).start();
    let held = gate.reached();
    let live: serde_json::Value = serde_json::from_str(&grants(&env)).unwrap();
    let id = live[0]["id"].as_str().unwrap();
    env.keystay_alone().args(["revoke", id]).output().status(0);
    held.release();
    build
        .wait()
        .status(77)
        .stderr_has("keystay: the grant was revoked")
        .stderr_has("the grant was taken back while the build ran; build again");
}

/// The passphrase is `x`.
const LOCK: &[u8] = b"\0\0\0\x06\x16\0\0\0\x01x";
const UNLOCK: &[u8] = b"\0\0\0\x06\x17\0\0\0\x01x";
const REMOVE_ALL: &[u8] = b"\0\0\0\x01\x13";
