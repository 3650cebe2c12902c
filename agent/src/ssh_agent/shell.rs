//! Commands that a shell evaluates.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

/// A family of shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// Bourne's.
    Sh,
    /// C shells.
    Csh,
}

impl Shell {
    /// The family of the person's own shell, by the end of its name as OpenSSH tells it.
    pub(crate) fn of(login_shell: Option<&OsStr>) -> Self {
        match login_shell {
            Some(shell) if shell.as_bytes().ends_with(b"csh") => Self::Csh,
            _ => Self::Sh,
        }
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(self, name: &str, value: &OsStr) -> Vec<u8> {
        let value = self.quoted(value.as_bytes());
        match self {
            Self::Sh => [
                name.as_bytes(),
                b"=",
                &value,
                b"; export ",
                name.as_bytes(),
                b";\n",
            ]
            .concat(),
            Self::Csh => [b"setenv ", name.as_bytes(), b" ", &value, b";\n"].concat(),
        }
    }

    /// Removes a variable from the environment.
    pub(crate) fn unset(self, name: &str) -> String {
        match self {
            Self::Sh => format!("unset {name};\n"),
            Self::Csh => format!("unsetenv {name};\n"),
        }
    }

    /// The text as one word. Usual paths stay as they are.
    fn quoted(self, text: &[u8]) -> Vec<u8> {
        let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@%:,=".contains(byte);
        if !text.is_empty() && text.iter().all(is_usual) {
            return text.to_vec();
        }
        let mut word = vec![b'\''];
        for byte in text {
            match (self, byte) {
                (_, b'\'') => word.extend(b"'\\''"),
                // History is looked up, and lines end, inside quotes too.
                (Self::Csh, b'!' | b'\n') => word.extend([b'\\', *byte]),
                _ => word.push(*byte),
            }
        }
        word.push(b'\'');
        word
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_name_of_the_shell_decides() {
        for (name, expected) in [
            (Some("/bin/tcsh"), Shell::Csh),
            (Some("csh"), Shell::Csh),
            (Some("/bin/bash"), Shell::Sh),
            (Some("sh"), Shell::Sh),
            (Some(""), Shell::Sh),
            (None, Shell::Sh),
        ] {
            assert_eq!(Shell::of(name.map(OsStr::new)), expected, "{name:?}");
        }
    }

    #[test]
    fn a_usual_path_stands_as_openssh_writes_it() {
        let path = OsStr::new("/tmp/keystay-x/agent");
        let sh = Shell::Sh.set("SSH_AUTH_SOCK", path);
        assert_eq!(
            sh,
            b"SSH_AUTH_SOCK=/tmp/keystay-x/agent; export SSH_AUTH_SOCK;\n"
        );
        let csh = Shell::Csh.set("SSH_AUTH_SOCK", path);
        assert_eq!(csh, b"setenv SSH_AUTH_SOCK /tmp/keystay-x/agent;\n");
        assert_eq!(Shell::Csh.unset("X"), "unsetenv X;\n");
    }

    #[test]
    fn a_shell_reads_any_path_as_it_was() {
        for path in [
            "/a b",
            "/it's",
            "/$(reboot)",
            "/a;b",
            "/a\nb",
            "/\"x\"",
            "/*!",
        ] {
            let mut script = Shell::Sh.set("P", OsStr::new(path));
            script.extend(b"printf %s \"$P\"");
            let script = String::from_utf8(script).unwrap();
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(output.stdout, path.as_bytes());
        }
    }
}
