//! Command lines as git and package managers write them.

use crate::arguments::{Call, MAX_COMMAND, Refusal, Target, parse};

/// What a command line means, in one line.
fn read(words: &[&str]) -> String {
    let mut command = [0; MAX_COMMAND];
    match parse(words.iter().map(|word| word.as_bytes()), &mut command) {
        Ok(Call::Run(target)) => show("run", &target),
        Ok(Call::Describe(target)) => show("describe", &target),
        Ok(Call::Version) => "version".to_owned(),
        Err(Refusal { word, text }) => format!("{}: {text}", text_of(word)),
    }
}

fn show(verb: &str, target: &Target<'_>) -> String {
    let Target {
        user,
        host,
        port,
        command,
        reads_input,
    } = target;
    let silent = if *reads_input { "" } else { " <nothing" };
    let (user, host, command) = (text_of(user), text_of(host), text_of(command));
    format!("{verb} {user} {host} {port}: {command}{silent}")
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn reads(words: &[&str], meaning: &str) {
    assert_eq!(read(words), meaning, "{words:?}");
}

const FETCH: &str = "git-upload-pack '/x.git'";

#[test]
fn what_git_and_package_managers_write_is_read() {
    let meaning = "run git host 0: git-upload-pack '/x.git'";
    for options in [
        // git, protocol version 2; without it; and `git submodule`, which adds nothing
        &["-o", "SendEnv=GIT_PROTOCOL"][..],
        &[],
        // npm; go; yarn; terraform and composer with a key of their own
        &[
            "-oStrictHostKeyChecking=accept-new",
            "-o",
            "SendEnv=GIT_PROTOCOL",
        ],
        &[
            "-o",
            "ControlMaster=no",
            "-o",
            "BatchMode=yes",
            "-o",
            "SendEnv=GIT_PROTOCOL",
        ],
        &["-oBatchMode=yes"],
        &[
            "-o",
            "BatchMode=yes",
            "-i",
            "/root/.ssh/id",
            "-o",
            "IdentitiesOnly=yes",
        ],
        // BuildKit's own recipe, and scripts
        &[
            "-F",
            "/dev/null",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "StrictHostKeyChecking=no",
        ],
        &[
            "-4", "-6", "-A", "-a", "-C", "-q", "-v", "-vvv", "-x", "-T", "-tt", "-k", "-M",
        ],
        &[
            "-4Cqo",
            "ConnectTimeout 5",
            "-c",
            "aes",
            "-m",
            "hmac",
            "-E",
            "log",
            "-S",
            "none",
            "-e",
            "~",
        ],
    ] {
        let words = [options, &["git@host", FETCH]].concat();
        reads(&words, meaning);
    }
}

#[test]
fn lfs_asks_with_several_words_and_a_port() {
    reads(
        &[
            "-p",
            "22",
            "git@host",
            "git-lfs-authenticate",
            "group/x.git",
            "download",
        ],
        "run git host 22: git-lfs-authenticate group/x.git download",
    );
}

#[test]
fn a_port_is_read_wherever_it_stands() {
    for words in [
        &["-p", "2222", "host", "c"][..],
        &["-p2222", "host", "c"],
        &["-vp2222", "host", "c"],
        &["-o", "Port=2222", "host", "c"],
        &["-oport=2222", "host", "c"],
        &["-o", "PORT 2222", "host", "c"],
        &["-o", " Port = 2222 ", "host", "c"],
        &["ssh://host:2222", "c"],
        &["ssh://host:2222/", "c"],
        &["host", "-p", "2222", "c"],
        &["-p", "2222", "-p", "1", "ssh://host:3", "c"],
    ] {
        reads(words, "run  host 2222: c");
    }
}

#[test]
fn the_first_user_that_is_named_counts() {
    reads(&["-l", "a", "b@host", "c"], "run a host 0: c");
    reads(&["-oUser=a", "-l", "b", "host", "c"], "run a host 0: c");
    reads(&["b@host", "-l", "a", "c"], "run b host 0: c");
    reads(&["ssh://b@host", "c"], "run b host 0: c");
    reads(&["a@b@host", "c"], "run a@b host 0: c");
}

#[test]
fn the_host_is_where_its_name_is_said_to_be() {
    let meaning = "run git real 0: c";
    for words in [
        &["-o", "HostName=real", "git@alias", "c"][..],
        &["-ohostname real", "git@alias", "c"],
        &["git@alias", "-oHostName=real", "-oHostName=other", "c"],
    ] {
        reads(words, meaning);
    }
    reads(&["-G", "-oHostName=real", "alias"], "describe  real 0: ");
    reads(&["-oHostName=real", "-oPort=2"], ": no host is named");
    reads(&["-oHostName=-x", "alias", "c"], "-x: not a host");
    reads(
        &["-oHostName=%h.acme", "alias", "c"],
        "%h.acme: HostName without `%` only",
    );
}

#[test]
fn addresses_are_hosts() {
    reads(&["git@::1", "c"], "run git ::1 0: c");
    reads(&["ssh://git@[::1]:22", "c"], "run git ::1 22: c");
    reads(&["ssh://[::1]", "c"], "run  ::1 0: c");
}

#[test]
fn options_end_where_the_command_begins() {
    reads(
        &["host", "git", "upload-pack", "--strict", "-p", "x"],
        "run  host 0: git upload-pack --strict -p x",
    );
    reads(&["--", "host", "-x"], "run  host 0: -x");
    reads(&["host", "--", "-x", "--"], "run  host 0: -x --");
    reads(&["host", "a", "", "b"], "run  host 0: a  b");
}

#[test]
fn no_input_is_read_when_told_so() {
    reads(&["-n", "host", "c"], "run  host 0: c <nothing");
}

#[test]
fn questions_about_itself_are_answered() {
    reads(&["-V"], "version");
    reads(&["-vV", "host", "c"], "version");
    reads(&["-G", "host"], "describe  host 0: ");
    reads(&["-G", "-p", "22", "git@host"], "describe git host 22: ");
}

#[test]
fn what_is_not_a_fetch_is_refused() {
    let refused = "only git fetches are carried: no forwarding, no proxy, no query";
    for (word, words) in [
        ("-N", &["-N", "host"][..]),
        ("-W", &["-W", "a:22", "host"]),
        ("-L", &["-L", "1:a:2", "host", "c"]),
        ("-R1:a:2", &["-R1:a:2", "host", "c"]),
        ("-D", &["-D", "1080", "host", "c"]),
        ("-qJ", &["-qJ", "bastion", "host", "c"]),
        ("-w", &["-w", "0", "host", "c"]),
        ("-Q", &["-Q", "cipher"]),
        (
            "ProxyCommand",
            &["-o", "ProxyCommand=nc %h %p", "host", "c"],
        ),
        ("proxyjump", &["-oproxyjump bastion", "host", "c"]),
    ] {
        reads(words, &format!("{word}: {refused}"));
    }
    reads(&["-oProxyCommand=none", "host", "c"], "run  host 0: c");
    let no_command = "host: no command is given, and only git fetches are carried";
    reads(&["git@host"], no_command);
    reads(&["-f", "host"], no_command);
}

#[test]
fn what_ssh_would_not_read_is_refused() {
    for (words, meaning) in [
        (&[][..], ": no host is named"),
        (&["-4"], ": no host is named"),
        (&["-Z", "host", "c"], "-Z: unknown option"),
        (&["-4Z", "host", "c"], "-4Z: unknown option"),
        (&["--help"], "--help: unknown option"),
        (&["-p"], "-p: needs a value"),
        (&["-p", "0", "host", "c"], "0: not a port number"),
        (&["-p", "65536", "host", "c"], "65536: not a port number"),
        (&["-p", "ssh", "host", "c"], "ssh: not a port number"),
        (&["ssh://host:", "c"], ": not a port number"),
        (&["-", "c"], "-: not a host"),
        (&["", "c"], ": not a host"),
        (&["git@", "c"], "git@: not a host"),
        (&["@host", "c"], "@host: not a host"),
        (
            &["git@-oProxyCommand=x", "c"],
            "git@-oProxyCommand=x: not a host",
        ),
        (&["ssh://", "c"], "ssh://: not a host"),
        (&["ssh://host/path", "c"], "ssh://host/path: not a host"),
        (&["ssh://[::1", "c"], "ssh://[::1: not a host"),
        (&["--", "-p", "c"], "-p: not a host"),
    ] {
        reads(words, meaning);
    }
}

#[test]
fn what_no_frame_holds_is_refused() {
    let long = |length: usize| "a".repeat(length);
    let full = long(MAX_COMMAND);
    reads(&["host", &full], &format!("run  host 0: {full}"));
    reads(
        &["host", &long(MAX_COMMAND + 1)],
        ": the command is longer than 4608 bytes",
    );
    reads(
        &["host", &long(MAX_COMMAND - 1), "b"],
        ": the command is longer than 4608 bytes",
    );
    reads(
        &[&long(256), "c"],
        ": the host's name is longer than 255 bytes",
    );
    reads(
        &["-l", &long(257), "host", "c"],
        ": the user's name is longer than 256 bytes",
    );
}
