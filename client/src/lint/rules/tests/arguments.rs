//! The command line of a build.

use super::*;

#[test]
fn command_lines_that_give_secrets_away_are_found() {
    for words in [
        &["--build-arg", "NPM_TOKEN", "."][..],
        &["--build-arg=SSH_KEY=x", "."],
        &["--build-arg", "A=b", "--provenance=mode=max", "."],
        &[
            "--build-arg",
            "A=b",
            "--cache-to",
            "type=local,dest=x,mode=max",
            ".",
        ],
        &["--ssh", "default=/home/me/.ssh/id_rsa", "."],
    ] {
        let problems = command_line(words);
        assert_eq!(problems.len(), 1, "{words:?}");
        assert_eq!((problems[0].rule.id, problems[0].line), ("L16", 0));
    }
    for words in [
        &["--build-arg", "VERSION=1", "."][..],
        &["--ssh", "default", "--ssh=a=/run/agent.sock", "."],
        &["--provenance=mode=max", "."],
    ] {
        assert_eq!(command_line(words), [], "{words:?}");
    }
}
