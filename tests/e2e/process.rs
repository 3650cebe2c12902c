//! Processes below another, as `/proc` shows them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use keystay_tests::env::wait_until;

/// A process by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Every process below this one.
    pub(crate) fn descendants(self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut next = vec![self];
        while let Some(parent) = next.pop() {
            let children = parent.children();
            found.extend(&children);
            next.extend(children);
        }
        found
    }

    /// The docker programs below this one: the command line and its plug-ins.
    pub(crate) fn engines(self) -> Vec<Self> {
        let mut found = self.descendants();
        found.retain(|process| process.program().starts_with("docker"));
        found
    }

    /// The private agent below this one.
    #[track_caller]
    pub(crate) fn agent(self) -> Self {
        let mut found = self.descendants();
        found.retain(|process| process.words().get(1).is_some_and(|word| word == "agent"));
        assert_eq!(found.len(), 1, "agents below {self:?}");
        found[0]
    }

    /// The grant's socket, which docker was given.
    #[track_caller]
    pub(crate) fn grant_socket(self) -> PathBuf {
        let engines = self.engines();
        let mut words = engines.iter().flat_map(|engine| engine.words());
        let found = words.find_map(|word| word.strip_prefix("default=").map(PathBuf::from));
        found.expect("docker was given a socket")
    }

    /// Whether it runs; one that ended and was not waited for does not.
    pub(crate) fn runs(self) -> bool {
        !matches!(state(&self.file("")), None | Some('Z' | 'X'))
    }

    /// Whether this signal was sent to it and waits, since it is stopped.
    pub(crate) fn is_sent(self, name: &str) -> bool {
        let number = match name {
            "INT" => 2,
            "TERM" => 15,
            other => panic!("no number for {other}"),
        };
        let status = fs::read_to_string(self.file("status")).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (number - 1)) != 0)
    }

    /// The arguments it was started with, its name first.
    pub(crate) fn words(self) -> Vec<String> {
        self.strings("cmdline")
    }

    /// Its environment.
    pub(crate) fn environment(self) -> Vec<String> {
        self.strings("environ")
    }

    /// What its standard input is.
    pub(crate) fn stdin(self) -> PathBuf {
        fs::read_link(self.file("fd/0")).unwrap_or_default()
    }

    /// Stops it, every thread of it: signals wait from now on.
    #[track_caller]
    pub(crate) fn stop(self) {
        self.signal("STOP");
        wait_until("its threads to stop", Duration::from_secs(10), || {
            let tasks = fs::read_dir(self.file("task")).unwrap().flatten();
            tasks
                .map(|task| state(&task.path()))
                .all(|state| state == Some('T'))
        });
    }

    /// Sends it a signal by name.
    #[track_caller]
    pub(crate) fn signal(self, name: &str) {
        kill(name, &self.0.to_string());
    }

    /// Sends a signal to its process group.
    #[track_caller]
    pub(crate) fn signal_group(self, name: &str) {
        kill(name, &format!("-{}", self.0));
    }

    fn children(self) -> Vec<Self> {
        let tasks = fs::read_dir(self.file("task")).into_iter().flatten();
        let lists = tasks
            .flatten()
            .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default());
        let words: String = lists.collect::<Vec<_>>().join(" ");
        let ids = words.split_whitespace().filter_map(|id| id.parse().ok());
        ids.map(Self).collect()
    }

    fn program(self) -> String {
        let path = fs::read_link(self.file("exe")).unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn strings(self, file: &str) -> Vec<String> {
        let bytes = fs::read(self.file(file)).unwrap_or_default();
        let parts = bytes
            .split(|byte| *byte == 0)
            .filter(|part| !part.is_empty());
        parts
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect()
    }

    fn file(self, name: &str) -> PathBuf {
        Path::new("/proc").join(self.0.to_string()).join(name)
    }
}

/// The state letter of proc(5) of a process or thread, by its folder.
fn state(folder: &Path) -> Option<char> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.trim_start().chars().next()
}

#[track_caller]
fn kill(signal: &str, target: &str) {
    let sent = Command::new("kill")
        .args(["-s", signal, "--", target])
        .status();
    assert!(sent.expect("kill runs").success(), "{target} is gone");
}
