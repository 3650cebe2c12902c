//! Files, as they are read.

use super::*;

#[test]
fn what_is_not_read_is_noted_and_says_nothing() {
    let home = Home::with(&[(
        "config",
        "Match exec true\n Port 1\nMatch user joe\n Port 2\nHost *\n Port x\n IdentityFile \"open\n User u\n",
    )]);
    let config = home.config();
    let host = config.host("a");
    assert_eq!((host.port, host.user.as_deref()), (None, Some("u")));
    let notes = config.notes().join("\n");
    for note in [
        ":1: this `Match` is not read",
        ":3: this",
        ":6: `port` is not understood",
        ":7: `identityfile`",
    ] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
}

#[test]
fn what_stands_behind_hosts_that_cannot_be_read_is_not_for_those_before() {
    for line in ["Host \"internal", "Match host \"internal"] {
        let text = format!("Host public\n User u\n{line}\n HostName internal\n Port 7\n");
        let home = Home::with(&[("config", &text)]);
        let config = home.config();
        let host = config.host("public");
        let read = (host.host_name(), host.port, host.user.as_deref());
        assert_eq!(read, ("public".into(), None, Some("u")), "{line}");
        assert!(config.notes()[0].contains(":3: "), "{:?}", config.notes());
    }
}

#[test]
fn files_that_include_themselves_end() {
    let home = Home::with(&[("config", "Include config HOME/config\nPort 7\n")]);
    let config = home.config();
    assert_eq!(config.host("a").port, Some(7));
    assert!(config.notes().len() <= 16, "{:?}", config.notes());
    assert!(config.notes()[0].contains("one include too many"));
}

#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let home = Home::with(&[("config", "Host a\nHostName b\nInclude HOME/pipe\n")]);
    let made = Command::new("mkfifo")
        .arg(home.0.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    assert!(home.config().notes().is_empty());
}

#[test]
fn a_long_file_is_left_out_and_noted() {
    let long = "#".repeat(1024 * 1024) + "\nPort 7\n";
    let home = Home::with(&[("config", &long)]);
    let config = home.config();
    assert_eq!(config.host("a").port, None);
    assert!(config.notes()[0].contains("cannot be read"));
}

#[test]
fn the_files_of_a_user_are_read_once_and_late() {
    let home = Home::with(&[(".ssh/absent", "")]);
    let config = SshConfig::of_user(home.0.path().to_owned());
    let file = home.0.path().join(".ssh/config");
    fs::write(&file, "Host a.keystay.example\n Port 7\n").unwrap();
    assert_eq!(config.host("a.keystay.example").port, Some(7));
    fs::write(&file, "Port 8\n").unwrap();
    assert_eq!(config.host("a.keystay.example").port, Some(7));
}
