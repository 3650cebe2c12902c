//! What a build says that cannot begin: one error line, what to do, and the documented status.

use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::PathBuf,
    process::Command,
};

use keystay_tests::{
    env::{Env, Run},
    lab::{Lab, UpstreamAgent},
};

use crate::key::{file, fingerprint};

#[test]
fn key_files_that_hold_no_usable_key_are_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 1);
    let dev = fs::read_to_string(lab.key("dev")).unwrap();
    let public = fs::read_to_string(lab.key("dev").with_extension("pub")).unwrap();
    let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n";
    let home = env.home().display().to_string();
    for (name, text, mode) in [
        ("text", "hello\n", 0o600),
        ("empty", "", 0o600),
        ("id.pub", &public, 0o600),
        ("id.ppk", putty, 0o600),
        ("open", &dev, 0o644),
        ("broken", &dev[..200], 0o600),
        ("no right", &dev, 0o640),
    ] {
        let path = env.home_file(name, text);
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    fs::create_dir(env.home().join("folder")).unwrap();
    for (name, told) in [
        ("nothing", "does not exist\n"),
        (
            "folder",
            "is not a regular file\nhint: to read a key from a pipe, use `--key stdin`\n",
        ),
        ("empty", "is empty\n"),
        ("text", NO_KEY),
        (
            "id.pub",
            "holds a public key, not the private one\nhint: did you mean `file:~/id`?\n",
        ),
        (
            "id.ppk",
            "holds a PuTTY key\nhint: convert it: puttygen ~/id.ppk -O private-openssh -o FILE\n",
        ),
        ("broken", "holds a damaged private key\n"),
        (
            "open",
            "can be read by others (mode 0644)\nhint: chmod 600 ~/open\n",
        ),
        (
            "no right",
            "can be read by others (mode 0640)\nhint: chmod 600 '~/no right'\n",
        ),
    ] {
        let told = told.replace('~', &home);
        let source = format!("file:~/{name}");
        let text = format!("keystay: error: key file {home}/{name} {told}");
        refuses(keyed(&env, &source), 66, &text);
    }
}

#[test]
fn a_passphrase_that_is_wrong_or_cannot_be_asked_for_is_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 0);
    let key = lab.key("dev-enc");
    let key = key.display();
    let source = format!("file:{key}");
    let askpass = |name: &str, script: &str| {
        let path = env.home_file(name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        let run = keyed(&env, &source).env("SSH_ASKPASS", path);
        run.env("SSH_ASKPASS_REQUIRE", "force")
    };
    let count = "echo x >>\"$HOME/asked\"; echo wrong";
    refuses(
        askpass("wrong", count),
        66,
        &format!("keystay: error: key file {key} is encrypted, and the passphrase is wrong\n"),
    );
    assert_eq!(
        fs::read_to_string(env.home().join("asked")).unwrap(),
        "x\nx\nx\n"
    );
    refuses(
        askpass("cancel", "exit 1"),
        66,
        &format!(
            "keystay: error: key file {key} is encrypted with a passphrase, and none was given\n"
        ),
    );
    // Not this terminal's foreground, so nobody can be asked.
    let mut alone = Command::new("setsid");
    alone.arg("--wait").arg(keystay_tests::env::binary());
    let run = env.program(alone).args(["--key", &source]).build(&env);
    refuses(
        run,
        66,
        &format!(
            "keystay: error: key file {key} is encrypted with a passphrase, and there is no terminal to ask for it\n\
             hint: add the key to your agent with `ssh-add {key}` and use `--key agent`\n\
             hint: or set SSH_ASKPASS to a program that asks for it, and SSH_ASKPASS_REQUIRE=force\n"
        ),
    );
}

#[test]
fn variables_and_standard_input_without_a_key_are_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 1);
    let unset = "keystay: error: variable DEPLOY_KEY is not set\n\
                 hint: pass it on from the job's secrets, or export it: `export DEPLOY_KEY`\n";
    refuses(keyed(&env, "env:DEPLOY_KEY"), 66, unset);
    refuses(
        keyed(&env, "env:DEPLOY_KEY").env("DEPLOY_KEY", ""),
        66,
        unset,
    );
    refuses(
        keyed(&env, "env:DEPLOY_KEY").env("DEPLOY_KEY", "/home/u/.ssh/id"),
        66,
        &format!("keystay: error: variable DEPLOY_KEY {NO_KEY}"),
    );
    refuses(
        keyed(&env, "stdin"),
        66,
        "keystay: error: standard input is empty\n",
    );
    refuses(
        keyed(&env, "stdin").stdin(&vec![b'x'; 70_000]),
        66,
        "keystay: error: standard input is longer than 64 KiB, so it holds no private key\n",
    );
}

#[test]
fn agents_that_cannot_serve_are_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 0);
    refuses(
        keyed(&env, "agent"),
        66,
        "keystay: error: SSH_AUTH_SOCK is not set\n\
         hint: start an agent with `eval \"$(ssh-agent)\"` and add a key with `ssh-add`\n\
         hint: or name a key file with `--key file:PATH`\n",
    );
    let gone = env.home().join("gone.sock");
    let [gone, dead] = [gone, dead_socket(&env)];
    let hint = "hint: SSH_AUTH_SOCK names it; is that agent still running?\n";
    for (socket, told) in [
        (&gone, "does not exist"),
        (&dead, "does not answer: nobody listens there"),
    ] {
        let text = format!("keystay: error: agent {} {told}\n{hint}", socket.display());
        refuses(keyed(&env, "agent").env("SSH_AUTH_SOCK", socket), 66, &text);
    }
    let empty = UpstreamAgent::with(&[]).unwrap();
    let text = format!(
        "keystay: error: agent {} holds no key\nhint: add a key with `ssh-add`, or unlock the agent\n",
        empty.socket().display()
    );
    refuses(
        keyed(&env, "agent").env("SSH_AUTH_SOCK", empty.socket()),
        66,
        &text,
    );
    let other = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let [held, wanted] = ["dev", "deploy-a"].map(|key| fingerprint(&lab, key));
    let text = format!(
        "keystay: error: agent {} does not hold the key {wanted}\nhint: it holds {held} (dev@lab)\n",
        other.socket().display()
    );
    let run = keyed(&env, &format!("agent:{wanted}")).env("SSH_AUTH_SOCK", other.socket());
    refuses(run, 66, &text);
    let run = env.keystay().build(&env);
    refuses(
        run,
        66,
        "keystay: error: no key was named, SSH_AUTH_SOCK is not set, and there is no key in ~/.ssh\n\
         hint: name a key with `--key agent`, `--key file:PATH`, `--key env:NAME`, `--key stdin` or `--key certificate:COMMAND`\n",
    );
}

#[test]
fn options_that_are_no_options_are_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 1);
    let help = "hint: `keystay help` lists commands and options; keystay's stand before `build`, docker's after it\n";
    let forms =
        "a source is agent, agent:FINGERPRINT, file:PATH, env:NAME, stdin or certificate:COMMAND";
    for (option, value, told) in [
        (
            "--key <SOURCE>",
            "~/.ssh/id",
            "a key in a file is written `file:PATH`",
        ),
        ("--key <SOURCE>", "Agent", forms),
        ("--key <SOURCE>", "env:", forms),
        (
            "--host <NAME>",
            "*.acme",
            "a host is HOST, HOST:PORT or [ADDRESS]:PORT, without patterns",
        ),
        ("--ttl <TIME>", "30", "write it as 30m, 90s or 2h"),
        ("--ttl <TIME>", "2d", "from 1s to 24h"),
        ("--signatures <N>", "0", "0 is not in 1..=100000"),
    ] {
        let name = option.split(' ').next().unwrap();
        let run = env.keystay().args([name, value]).build(&env);
        let text =
            format!("keystay: error: invalid value '{value}' for '{option}': {told}\n{help}");
        refuses(run, 64, &text);
    }
    // What stands after `build` is docker's.
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let run = env.keystay().args(["build", "--key", "agent", "."]);
    let output = run.env("SSH_AUTH_SOCK", agent.socket()).output();
    output
        .status(125)
        .stderr_has("unknown flag: --key")
        .says(&format!(
            "keystay: note: --key stands after `build`, so it is docker's; keystay's options stand before it: \
             `keystay --key … build …`\n{UNUSED}"
        ));
}

#[test]
fn engines_that_cannot_build_are_told() {
    let lab = Lab::up().unwrap();
    let [old, new] = [env(&lab, 0), env(&lab, 1)];
    for env in [&old, &new] {
        let socket = dead_socket(env);
        let host = format!("unix://{}", socket.display());
        let text = format!(
            "keystay: error: the docker engine does not answer at {host}: Connection refused (os error 111)\n\
             hint: start it: `sudo systemctl start docker`\n\
             hint: or name another one in DOCKER_HOST or with `docker context use`\n"
        );
        refuses(
            keyed(env, &file(&lab, "dev")).env("DOCKER_HOST", host),
            69,
            &text,
        );
        refuses(
            keyed(env, &file(&lab, "dev")).env("DOCKER_BUILDKIT", "0"),
            78,
            "keystay: error: DOCKER_BUILDKIT=0 turns off BuildKit, which forwards keys to a build\n\
             hint: run `unset DOCKER_BUILDKIT`, or set it to 1\n",
        );
        refuses(
            keyed(env, &file(&lab, "dev")).env("PATH", env.home()),
            69,
            "keystay: error: no `docker` program found in PATH\n\
             hint: install Docker (Debian: `sudo apt install docker.io`), or add its folder to PATH\n",
        );
    }
    // Only the newer docker needs the plug-in.
    let bare = |env: &Env| keyed(env, &file(&lab, "dev")).env("DOCKER_CONFIG", env.home());
    assert!(
        !is_buildx_installed(),
        "this machine's own buildx stands in the way"
    );
    bare(&old).output().status(0);
    refuses(
        bare(&new),
        69,
        "keystay: error: docker has no buildx plug-in\n\
         hint: install it: `sudo apt install docker-buildx` (Debian), `docker-buildx-plugin` (docker.com's packages)\n\
         hint: or put the `docker-buildx` program into ~/.docker/cli-plugins/ and make it executable\n",
    );
}

#[test]
fn a_state_folder_or_home_that_cannot_be_used_is_told() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 0);
    let state = env.home_file("state", "a file");
    let text = format!(
        "keystay: error: cannot open the audit log {}/keystay/audit.jsonl: Not a directory (os error 20)\n\
         hint: nothing is signed without a record: make the path writable, or set XDG_STATE_HOME\n",
        state.display()
    );
    refuses(
        keyed(&env, &file(&lab, "dev")).env("XDG_STATE_HOME", state),
        69,
        &text,
    );
    refuses(
        keyed(&env, &file(&lab, "dev")).env("HOME", "relative"),
        78,
        "keystay: error: the home directory is not known\nhint: set HOME\n",
    );
    let folder = env.home().join("unwritable");
    let text = format!(
        "keystay: error: cannot write {}: No such file or directory (os error 2)\n\
         hint: make room there, or name another folder in TMPDIR\n",
        folder.display()
    );
    refuses(
        keyed(&env, &file(&lab, "dev")).env("TMPDIR", folder),
        69,
        &text,
    );
}

#[test]
fn dockerfiles_that_docker_refuses_are_dockers_to_tell() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let run = || {
            env.keystay()
                .args(["--no-verify", "--key", &file(&lab, "dev")])
                .build(&env)
        };
        let output = run().output();
        let plain = env.docker().build(&env).output();
        output.status(plain.status).says(UNUSED);
        output.stderr_has("Dockerfile");
        fs::write(
            env.context().join("Dockerfile"),
            [0xff, 0xfe, 0, 1, 2, b'\n'],
        )
        .unwrap();
        let output = run().output();
        let plain = env.docker().build(&env).output();
        output.status(plain.status).says(&format!(
            "keystay: note: the Dockerfile is built as it stands, since it is not UTF-8 text\n{UNUSED}"
        ));
        let long = "# long\n".repeat(400_000) + "FROM keystay/base:1\nRUN --mount=type=ssh true\n";
        fs::write(env.context().join("Dockerfile"), long).unwrap();
        let (output, plain) = (run().output(), env.docker().build(&env).output());
        // Only newer engines have a limit of their own.
        let unused = if plain.status == 0 {
            UNUSED.replace('\n', " (cached, or it has no ssh step)\n")
        } else {
            UNUSED.to_owned()
        };
        output.status(plain.status).says(&format!(
            "keystay: note: the Dockerfile is built as it stands, since it is too long\n{unused}"
        ));
    }
}

#[test]
fn standard_input_cannot_be_both_key_and_dockerfile() {
    let lab = Lab::up().unwrap();
    let env = env(&lab, 1);
    let hint = "hint: name the key in another way: `--key file:PATH` or `--key env:NAME`\n";
    for (arguments, what) in [
        (["-f", "-", "."].as_slice(), "the Dockerfile"),
        (&["-"], "the context"),
    ] {
        let run = env
            .keystay()
            .args(["--key", "stdin", "build"])
            .args(arguments);
        let text =
            format!("keystay: error: standard input cannot be both the key and {what}\n{hint}");
        refuses(run.stdin(b"FROM scratch\n"), 64, &text);
    }
}

fn env(lab: &Lab, engine: usize) -> Env {
    let env = Env::on(lab, &lab.engines()[engine]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh true\n",
    );
    env
}

fn keyed(env: &Env, source: &str) -> Run {
    env.keystay().args(["--key", source]).build(env)
}

/// Checks everything that is seen: nothing but this text, and this status.
#[track_caller]
fn refuses(run: Run, status: i32, text: &str) {
    let output = run.output();
    assert_eq!(output.stderr, text);
    output.status(status).stdout_is("");
}

/// A socket that nobody listens at any more.
fn dead_socket(env: &Env) -> PathBuf {
    let path = env.home().join("dead.sock");
    drop(UnixListener::bind(&path).unwrap());
    path
}

fn is_buildx_installed() -> bool {
    ["lib", "libexec", "local/lib", "local/libexec"]
        .iter()
        .any(|folder| {
            fs::exists(format!("/usr/{folder}/docker/cli-plugins/docker-buildx")).unwrap()
        })
}

const UNUSED: &str = "keystay: the build asked for no signature\n";
const NO_KEY: &str = "does not hold a private key\nhint: a private key begins with a line such as `-----BEGIN OPENSSH PRIVATE KEY-----`\n";
