//! The command line.

use crate::keystay::Keystay;

const HELP: &str =
    "hint: `keystay help` lists commands and options; options stand before the command\n";

#[test]
fn an_unknown_option_is_a_usage_error() {
    let stderr = format!(
        "keystay: error: unexpected argument '--keys' found\nhint: a similar argument exists: '--key'\n{HELP}"
    );
    Keystay::new(&["--keys", "agent", "build", "."])
        .run()
        .says(64, "", &stderr);
}

#[test]
fn a_missing_command_is_a_usage_error() {
    let stderr = format!("keystay: error: a command is missing\n{HELP}");
    Keystay::new(&[]).run().says(64, "", &stderr);
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
    let stderr = format!("keystay: error: unrecognized subcommand '\\u{{202e}}x'\n{HELP}");
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
