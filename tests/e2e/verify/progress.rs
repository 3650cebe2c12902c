//! How far a search is, on a terminal.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    process::Command,
    thread::{self, JoinHandle, sleep},
    time::Duration,
};

use keystay_tests::{env::Env, lab::Lab};

use super::{leaking_image, run, save};
use crate::{key_file::new_key, terminal::Terminal};

#[test]
fn a_search_that_lasts_is_shown_on_a_terminal_and_gone_when_it_ends() {
    let (shown, wait) = searched(&[], PAUSE, "xterm");
    assert!(shown.contains("keystay: searching image.pipe"), "{shown}");
    // The line is erased, and the verdict stands in its place.
    let (_, verdict) = shown.rsplit_once("searching").unwrap();
    assert!(verdict.contains("\u{1b}[2K"), "{verdict:?}");
    assert!(
        verdict.contains("keystay: image     CLEAN image.pipe"),
        "{verdict:?}"
    );
    wait.join().unwrap();
}

#[test]
fn a_search_that_is_short_or_quiet_shows_nothing_of_it() {
    for (options, pause, term) in [
        (&[][..], Duration::ZERO, "xterm"),
        (&["-q"], PAUSE, "xterm"),
        (&[], PAUSE, "dumb"),
    ] {
        let (shown, wait) = searched(options, pause, term);
        assert!(!shown.contains("searching"), "{shown}");
        wait.join().unwrap();
    }
}

/// What a terminal shows of the search of an image that comes in two halves.
#[track_caller]
fn searched(options: &[&str], pause: Duration, term: &str) -> (String, JoinHandle<()>) {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    leaking_image(&env);
    let key = format!("file:{}", new_key(&env, "other", "ed25519").display());
    let image = std::fs::read(save(&env, &["image", "save"], "image.tar")).unwrap();
    let pipe = env.context().join("image.pipe");
    run(Command::new("mkfifo").arg(&pipe));
    let keystay = env.keystay_alone().env("TERM", term).args(options);
    let terminal = Terminal::start(keystay.args(["--key", &key, "verify", "image.pipe"]));
    let writer = write(&pipe, image, pause);
    let (status, shown) = terminal.wait();
    assert_eq!(status, 0, "{shown}");
    (shown, writer)
}

fn write(pipe: &Path, image: Vec<u8>, pause: Duration) -> JoinHandle<()> {
    let pipe = pipe.to_owned();
    thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(pipe).unwrap();
        let (first, second) = image.split_at(image.len() / 2);
        pipe.write_all(first).unwrap();
        sleep(pause);
        pipe.write_all(second).unwrap();
    })
}

const PAUSE: Duration = Duration::from_millis(1_700);
