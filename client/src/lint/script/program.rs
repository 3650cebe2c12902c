//! Which program a command runs, behind what prepares it.

/// Where the program stands among a command's words; behind them where there is none.
pub(super) fn place(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if is_assignment(word) {
            at += 1;
        } else if let Some(prefix) = Prefix::of(words.get(at..).unwrap_or_default()) {
            at = prefix.end(words, at + 1);
        } else {
            break;
        }
    }
    at
}

/// Whether a program is a shell that reads the language of POSIX.
pub(in crate::lint) fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh")
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// A program that runs another, which its own words name.
#[derive(Clone, Copy)]
struct Prefix {
    name: &'static str,
    /// Its options that have a value.
    valued: &'static [&'static str],
    /// Words between its options and the other program.
    words: usize,
}

impl Prefix {
    /// The prefix that these words begin with.
    fn of(words: &[String]) -> Option<Self> {
        let (name, behind) = words.split_first()?;
        let name = name.rsplit('/').next()?;
        let first = behind.first().map_or("", String::as_str);
        match name {
            // It only looks for the program.
            "command" if first.starts_with("-v") || first.starts_with("-V") => None,
            // Without the option it has a shell run its text.
            "runuser" if !behind.iter().any(|word| word == "-u" || word == "--user") => None,
            name => PREFIXES.into_iter().find(|prefix| prefix.name == name),
        }
    }

    /// The place behind its own words; `at` is that of the first.
    fn end(self, words: &[String], mut at: usize) -> usize {
        while let Some(option) = words.get(at).filter(|word| word.starts_with('-')) {
            at += 1;
            if option == "--" {
                break;
            }
            at += usize::from(self.valued.contains(&option.as_str()));
        }
        at + self.words
    }
}

const fn prefix(name: &'static str, valued: &'static [&'static str], words: usize) -> Prefix {
    Prefix {
        name,
        valued,
        words,
    }
}

const PREFIXES: [Prefix; 18] = [
    prefix("!", &[], 0),
    prefix("builtin", &[], 0),
    prefix("busybox", &[], 0),
    prefix("chroot", &[], 1),
    prefix("command", &[], 0),
    prefix("doas", &["-C", "-u"], 0),
    prefix("env", &["-C", "-u", "--chdir", "--unset"], 0),
    prefix("exec", &["-a"], 0),
    prefix("gosu", &[], 1),
    prefix("nice", &["-n"], 0),
    prefix("nohup", &[], 0),
    prefix("runuser", &["-g", "-u", "--group", "--user"], 0),
    prefix("setsid", &[], 0),
    prefix("su-exec", &[], 1),
    prefix("sudo", SUDO, 0),
    prefix("time", &["-f", "-o"], 0),
    prefix("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    prefix("xargs", &["-I", "-L", "-P", "-a", "-d", "-n"], 0),
];
const SUDO: &[&str] = &[
    "-C", "-D", "-R", "-T", "-U", "-g", "-h", "-p", "-r", "-t", "-u", "--group", "--user",
];
