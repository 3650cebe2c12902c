//! Asking for passphrases on a real terminal and through real askpass programs.

use std::{
    env,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use keystay_agent::{
    key::source::Environment,
    prompt::{Prompt as _, UserPrompt},
};

use crate::support::{Folder, file, load, public_blob, set_mode, told};

#[test]
fn a_terminal_is_asked_without_echo() {
    let mut session = Session::start(&[]);
    session.wait_for("Passphrase: ");
    session.type_in("secret\n");
    let output = session.rest();
    assert!(output.contains("answer terces"), "{output}");
    assert!(!output.contains("secret"), "{output}");
    assert!(is_restored(&output), "{output}");
}

#[test]
fn an_interrupted_prompt_gives_up_and_restores_the_terminal() {
    for typed in ["\x03", "half an ans\x03", "\x1c", "\n", "\x04"] {
        let mut session = Session::start(&[]);
        session.wait_for("Passphrase: ");
        session.type_in(typed);
        let output = session.rest();
        assert!(
            output.contains("error none was given"),
            "{typed:?}: {output}"
        );
        assert!(is_restored(&output), "{output}");
    }
}

#[test]
fn a_terminal_comes_before_askpass_unless_it_is_preferred() {
    let folder = Folder::new();
    let askpass = askpass(&folder, "echo from askpass");
    let askpass = ("SSH_ASKPASS", askpass.to_str().unwrap());
    let display = ("DISPLAY", ":0");
    let mut session = Session::start(&[askpass, display]);
    session.wait_for("Passphrase: ");
    session.type_in("secret\n");
    assert!(session.rest().contains("answer terces"));
    for require in ["force", "prefer"] {
        let session = Session::start(&[askpass, display, ("SSH_ASKPASS_REQUIRE", require)]);
        assert!(session.rest().contains("answer ssapksa morf"));
    }
}

#[test]
fn without_a_terminal_askpass_is_run_where_there_is_a_display() {
    let folder = Folder::new();
    let askpass = askpass(&folder, "echo \"$1|\"; echo second line");
    let askpass = ("SSH_ASKPASS", askpass.to_str().unwrap());
    let answer = "answer | :esarhpssaP";
    let nowhere = "error there is no terminal to ask for it";
    for (variables, expected) in [
        (vec![askpass, ("DISPLAY", ":0")], answer),
        (vec![askpass, ("WAYLAND_DISPLAY", "wayland-0")], answer),
        (vec![askpass, ("SSH_ASKPASS_REQUIRE", "force")], answer),
        (vec![askpass], nowhere),
        (vec![askpass, ("DISPLAY", "")], nowhere),
        (vec![askpass, ("SSH_ASKPASS_REQUIRE", "prefer")], nowhere),
        (
            vec![askpass, ("DISPLAY", ":0"), ("SSH_ASKPASS_REQUIRE", "never")],
            nowhere,
        ),
    ] {
        let output = without_terminal(ASK, &variables);
        assert!(output.contains(expected), "{variables:?}: {output}");
    }
}

#[test]
fn an_askpass_that_is_cancelled_or_fails_is_told_apart() {
    let folder = Folder::new();
    for script in ["echo secret; exit 1", "exit 0", "echo"] {
        let askpass = askpass(&folder, script);
        let variables = [
            ("SSH_ASKPASS", askpass.to_str().unwrap()),
            ("SSH_ASKPASS_REQUIRE", "force"),
        ];
        let output = without_terminal(ASK, &variables);
        assert!(
            output.contains("error none was given"),
            "{script}: {output}"
        );
    }
    let missing = folder.path("missing");
    let variables = [
        ("SSH_ASKPASS", missing.to_str().unwrap()),
        ("SSH_ASKPASS_REQUIRE", "force"),
    ];
    let output = without_terminal(ASK, &variables);
    let expected = format!("error {} cannot be run: No such file", missing.display());
    assert!(output.contains(&expected), "{output}");
}

#[test]
fn an_encrypted_key_is_loaded_through_askpass() {
    let folder = Folder::new();
    let path = folder.locked_key("key", "-t ed25519 -a 1", "secret");
    let count = folder.write("count", "");
    // Right at the second time.
    let script = format!(
        "echo . >> {0}; [ $(wc -l < {0}) = 2 ] && echo secret || echo wrong",
        count.display()
    );
    let askpass = askpass(&folder, &script);
    let variables = [
        ("SSH_ASKPASS", askpass.to_str().unwrap()),
        ("SSH_ASKPASS_REQUIRE", "force"),
    ];
    let output = without_terminal(&file(&path), &variables);
    assert!(
        output.contains(&format!("loaded {:?}", public_blob(&path))),
        "{output}"
    );
}

#[test]
fn an_askpass_program_does_not_get_the_key_in_a_variable() {
    let folder = Folder::new();
    let askpass = askpass(&folder, &format!("echo \"${{{HIDDEN}-nothing}}\""));
    let variables = [
        ("SSH_ASKPASS", askpass.to_str().unwrap()),
        ("SSH_ASKPASS_REQUIRE", "force"),
        (HIDDEN, "the key"),
    ];
    let output = without_terminal(ASK, &variables);
    assert!(output.contains("answer gnihton"), "{output}");
}

#[test]
fn nobody_to_ask_is_an_error_with_two_ways_out() {
    let folder = Folder::new();
    let path = folder.locked_key("key", "-t ed25519 -a 1", "secret");
    let output = without_terminal(&file(&path), &[]);
    let expected = [
        format!(
            "key file {} is encrypted with a passphrase, and there is no terminal to ask for it",
            path.display()
        ),
        format!(
            "add the key to your agent with `ssh-add {}` and use `--key agent`",
            path.display()
        ),
        "or set SSH_ASKPASS to a program that asks for it, and SSH_ASKPASS_REQUIRE=force"
            .to_owned(),
    ];
    assert!(output.contains(&format!("told {expected:?}")), "{output}");
}

#[test]
fn a_background_process_does_not_stop_at_the_terminal() {
    let command = format!("sh -c 'set -m; {} & wait'", asking_command());
    let session = Session::run(&command, &[]);
    let output = session.rest();
    assert!(
        output.contains("error there is no terminal to ask for it"),
        "{output}"
    );
}

/// The process that the tests above start; without its variable it does nothing.
#[test]
fn the_process_that_asks() {
    let Ok(what) = env::var("KEYSTAY_TEST_ASK") else {
        return;
    };
    let environment = Environment::of_process().hiding(vec![HIDDEN.to_owned()]);
    let mut prompt = UserPrompt::new(&environment);
    if what == ASK {
        match prompt.ask("Passphrase: ") {
            Ok(answer) => {
                let backwards: Vec<u8> = answer.bytes().iter().rev().copied().collect();
                println!("\nanswer {}", String::from_utf8(backwards).unwrap());
            }
            Err(error) => println!("\nerror {error}"),
        }
        // Says nothing without a terminal.
        Command::new("stty")
            .arg("-a")
            .stderr(Stdio::null())
            .status()
            .expect("install coreutils");
    } else {
        match load(&what, &environment, &mut prompt) {
            Ok(key) => println!("\nloaded {:?}", key.blob),
            Err(error) => println!("\ntold {:?}", told(&error)),
        }
    }
}

/// Whether `stty` tells that echo and signals are on.
fn is_restored(output: &str) -> bool {
    ["echo", "isig"]
        .iter()
        .all(|mode| output.split_whitespace().any(|word| word == *mode))
}

/// Runs [`the_process_that_asks`] in a session without a terminal; returns what it says.
fn without_terminal(what: &str, variables: &[(&str, &str)]) -> String {
    let output = asking(
        Command::new("setsid").args(["--wait", "sh", "-c", &asking_command()]),
        variables,
    )
    .env("KEYSTAY_TEST_ASK", what)
    .stdin(Stdio::null())
    .output()
    .expect("install util-linux");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// [`the_process_that_asks`] on a terminal of its own.
struct Session {
    child: Child,
    output: String,
}

impl Session {
    fn start(variables: &[(&str, &str)]) -> Self {
        Self::run(&asking_command(), variables)
    }

    fn run(command: &str, variables: &[(&str, &str)]) -> Self {
        let child = asking(
            Command::new("script").args(["-qec", command, "/dev/null"]),
            variables,
        )
        .env("KEYSTAY_TEST_ASK", ASK)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("install bsdutils");
        Self {
            child,
            output: String::new(),
        }
    }

    fn wait_for(&mut self, text: &str) {
        while !self.output.contains(text) {
            let mut byte = [0];
            self.child
                .stdout
                .as_mut()
                .unwrap()
                .read_exact(&mut byte)
                .unwrap();
            self.output.push(byte[0].into());
        }
    }

    fn type_in(&mut self, text: &str) {
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    fn rest(mut self) -> String {
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut self.output)
            .unwrap();
        self.child.wait().unwrap();
        self.output
    }
}

fn asking<'a>(command: &'a mut Command, variables: &[(&str, &str)]) -> &'a mut Command {
    for name in [
        "SSH_ASKPASS",
        "SSH_ASKPASS_REQUIRE",
        "DISPLAY",
        "WAYLAND_DISPLAY",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied())
}

fn asking_command() -> String {
    let program = env::current_exe().unwrap();
    format!(
        "{} --exact prompts::the_process_that_asks --nocapture",
        program.display()
    )
}

fn askpass(folder: &Folder, script: &str) -> PathBuf {
    let path = folder.write("askpass", format!("#!/bin/sh\n{script}\n"));
    set_mode(Path::new(&path), 0o700).unwrap();
    path
}

const ASK: &str = "ask";
/// A variable that stands for one that holds a key.
const HIDDEN: &str = "KEYSTAY_TEST_HIDDEN";
