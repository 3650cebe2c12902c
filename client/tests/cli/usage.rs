//! The command line.

use crate::keystay::Keystay;

const HELP: &str = "hint: `keystay help` lists commands and options; keystay's stand before `build`, docker's after it\n";

#[test]
fn an_unknown_option_is_a_usage_error() {
    let stderr = format!(
        "keystay: error: keystay has no option `--keys`\nhint: did you mean `--key`?\n{HELP}"
    );
    Keystay::new(&["--keys", "agent", "build", "."])
        .run()
        .says(64, "", &stderr);
}

#[test]
fn a_missing_command_is_a_usage_error() {
    let stderr = format!(
        "keystay: error: a command is missing\n\
         hint: `keystay build .` does what `docker build .` does, with your keys at hand\n{HELP}"
    );
    Keystay::new(&[]).run().says(64, "", &stderr);
}

#[test]
fn a_misspelt_command_gets_the_nearest() {
    let stderr = format!(
        "keystay: error: there is no command `biuld`\nhint: did you mean `keystay build`?\n{HELP}"
    );
    Keystay::new(&["biuld", "."]).run().says(64, "", &stderr);
}

#[test]
fn an_option_of_docker_before_build_is_a_usage_error() {
    let stderr = format!("keystay: error: keystay has no option `-t`\n{HELP}");
    Keystay::new(&["-t", "app", "build", "."])
        .run()
        .says(64, "", &stderr);
}

#[test]
fn an_option_of_keystay_after_build_goes_to_docker_and_is_told() {
    Keystay::new(&["build", "--key", "agent", "--help"])
        .program("docker", "echo \"$*\"")
        .run()
        .says(
            0,
            "build --key agent --help\n",
            "keystay: note: --key stands after `build`, so it is docker's; keystay's options stand before it: `keystay --key … build …`\n\
             keystay: note: docker's own help follows; keystay's options stand before `build`: `keystay help`\n",
        );
}

#[test]
fn a_number_out_of_range_is_a_usage_error() {
    let stderr = format!(
        "keystay: error: invalid value '0' for '--signatures <N>': 0 is not in 1..=100000\n{HELP}"
    );
    Keystay::new(&["--signatures", "0", "build", "."])
        .run()
        .says(64, "", &stderr);
}

#[test]
fn what_a_terminal_obeys_is_escaped() {
    let stderr = format!("keystay: error: there is no command `\\u{{202e}}x`\n{HELP}");
    Keystay::new(&["\u{202e}x"]).run().says(64, "", &stderr);
}

#[test]
fn a_pasted_key_is_not_repeated() {
    let pasted = "--key=-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n";
    Keystay::new(&[pasted, "build", "."]).run().says(
        64,
        "",
        "keystay: error: `--key` was given a key itself; it is now in the process list and the history\n\
         hint: name where the key is: file:PATH, env:NAME or stdin\n",
    );
}

#[test]
fn other_buildx_commands_are_not_wired() {
    Keystay::new(&["buildx", "ls"]).run().says(
        64,
        "",
        "keystay: error: of buildx, only `buildx build` is wired\n\
         hint: its options stand behind: `keystay buildx build --builder NAME …`\n",
    );
}

#[test]
fn the_help_names_commands_options_and_statuses() {
    for arguments in [["help"], ["--help"], ["-h"]] {
        let help = Keystay::new(&arguments).run().stdout();
        for part in [
            "build",
            "buildx",
            "verify",
            "--key",
            "--strict",
            "Exit status:",
            "65  key material",
            "76  a host showed",
            "--mode",
            "--repo",
            "podman",
        ] {
            assert!(help.contains(part), "{part} is not in:\n{help}");
        }
        for hidden in ["agent --private", "exec-engine"] {
            assert!(!help.contains(hidden), "{hidden} is in:\n{help}");
        }
    }
}

#[test]
fn the_version_is_one_line() {
    let version = format!("keystay {}\n", env!("CARGO_PKG_VERSION"));
    Keystay::new(&["--version"]).run().says(0, &version, "");
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_printed_is_told() {
    for arguments in [
        ["--help"].as_slice(),
        &["lint", "--json"],
        &["--dry-run", "build", "."],
    ] {
        let keystay = Keystay::new(arguments).file("Dockerfile", "FROM scratch\nUSER 1\n");
        let ran = keystay.stdout_to("/dev/full").run();
        let told = ran.told(69);
        let told: Vec<_> = told.lines().rev().take(2).collect();
        assert_eq!(
            told,
            [
                "hint: make room where it is redirected to",
                "keystay: error: cannot write to standard output: No space left on device (os error 28)"
            ],
            "{arguments:?}"
        );
    }
}
