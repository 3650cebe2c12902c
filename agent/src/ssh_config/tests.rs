mod files;
mod identities;

use std::{fs, process::Command};

use tempfile::TempDir;

use super::*;

/// A home with a configuration.
struct Home(TempDir);

impl Home {
    fn with(files: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("HOME", home.path().to_str().unwrap())).unwrap();
        }
        Self(home)
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("config")
    }

    fn config(&self) -> SshConfig {
        SshConfig::of_files(self.0.path().to_owned(), vec![self.root()])
    }

    /// What the real program makes of it, in the form of `ours`.
    fn openssh(&self, host: &str) -> Vec<String> {
        let output = Command::new("ssh")
            .arg("-G")
            .arg("-F")
            .arg(self.root())
            .arg(host)
            .output();
        let output = output.expect("ssh is missing: install openssh-client");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let shown = [
            "hostname",
            "port",
            "user",
            "identityfile",
            "identitiesonly",
            "proxyjump",
            "hostkeyalias",
        ];
        let local = local_user();
        let mut lines: Vec<_> = text
            .lines()
            .filter(|line| shown.contains(&line.split(' ').next().unwrap()))
            .filter(|line| {
                !line.starts_with("identityfile ~/.ssh/id_") && *line != format!("user {local}")
            })
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }
}

fn local_user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn ours(config: &SshConfig, host: &str) -> Vec<String> {
    let host = config.host(host);
    let mut lines = vec![
        format!("hostname {}", host.host_name()),
        format!("port {}", host.port.unwrap_or(22)),
        format!(
            "identitiesonly {}",
            if host.identities_only() { "yes" } else { "no" }
        ),
    ];
    lines.extend(host.user.iter().map(|user| format!("user {user}")));
    lines.extend(
        host.identity_files
            .iter()
            .map(|file| format!("identityfile {file}")),
    );
    lines.extend(
        host.host_key_alias
            .iter()
            .map(|alias| format!("hostkeyalias {alias}")),
    );
    if !host.jumps().is_empty() {
        let hops: Vec<_> = host.jumps().iter().map(jump).collect();
        lines.push(format!("proxyjump {}", hops.join(",")));
    }
    lines.sort();
    lines
}

fn jump(jump: &Jump) -> String {
    let user = jump
        .user
        .as_ref()
        .map_or(String::new(), |user| format!("{user}@"));
    let port = jump.port.map_or(String::new(), |port| format!(":{port}"));
    if jump.host.contains(':') && jump.port.is_some() {
        return format!("{user}[{}]{port}", jump.host);
    }
    format!("{user}{}{port}", jump.host)
}

/// A file's name and text.
type Text = (&'static str, &'static str);

/// Configurations, and the hosts that are asked for.
const TABLE: &[(&[Text], &[&str])] = &[
    (&[("config", "")], &["git.example"]),
    (
        &[(
            "config",
            "Host work\n  HostName git.corp.example\n  Port 2222\n  User git\n  IdentityFile ~/.ssh/work\n",
        )],
        &["work", "other", "WORK2"],
    ),
    (
        &[(
            "config",
            "HostName=first\nhost *\n hostname second\nPORT = 99\n",
        )],
        &["a"],
    ),
    (
        &[(
            "config",
            "Host *.example !bad.example\n Port 1\nHost b?d.example\n Port 2\n Host *\n Port 3\n",
        )],
        &["good.example", "bad.example", "bud.example", "x"],
    ),
    (
        &[(
            "config",
            "Host a b \"c\"\n User \"with space\"\n IdentityFile 'q u'\n IdentityFile second # comment\n IdentitiesOnly yes\n# Port 7\n",
        )],
        &["a", "b", "c", "d"],
    ),
    (
        &[(
            "config",
            "Host *\n HostName %h.corp.example\n IdentityFile %d/keys/%h_%r\n HostKeyAlias shared\n",
        )],
        &["git"],
    ),
    (
        &[(
            "config",
            "Match host git.corp.example\n Port 5\nHost git\n HostName git.corp.example\nMatch host git.corp.example\n Port 6\nMatch originalhost git,got\n User original\nMatch all\n User everyone\n",
        )],
        &["git", "git.corp.example", "got"],
    ),
    (
        &[(
            "config",
            "Match !host git\n Port 8\nMatch originalhost g* host *,!got\n User g\n",
        )],
        &["git", "got", "x"],
    ),
    (
        &[("config", "Match !all\n Port 8\nHost git\n Port 9\n")],
        &["git", "got"],
    ),
    (
        &[("config", "Match exec false\n Port 9\nHost *\n Port 10\n")],
        &["git"],
    ),
    (
        &[
            (
                "config",
                "Include HOME/more/*.conf HOME/absent\nPort 4\nHost git\n Include HOME/git\n User after\n",
            ),
            ("more/b.conf", "Host x\n Port 2\nHost git\n Port 7\n"),
            ("more/a.conf", "Host x\n Port 1\n"),
            ("more/.c.conf", "Port 3\n"),
            ("more/d.txt", "Port 3\n"),
            (
                "git",
                "IdentityFile inner\nHost *\n IdentityFile star\nHost none\n IdentityFile none-such\n",
            ),
        ],
        &["git", "x", "y"],
    ),
    (
        &[(
            "config",
            "Host a\n ProxyJump joe@gate.example:2222\nHost b\n ProxyJump one,two:22\nHost c\n ProxyJump none\nHost d\n ProxyCommand x %h\n ProxyJump gate\nHost e\n ProxyJump gate\n ProxyCommand x %h\nHost *\n ProxyJump other\n",
        )],
        &["a", "b", "c", "d", "e", "f"],
    ),
    (
        &[(
            "config",
            "User first\nUser second\nHost *\n User third\nUnknownKeyword yes\nIgnoreUnknown *\nUserKnownHostsFile /dev/null\n",
        )],
        &["a"],
    ),
];

#[test]
fn a_host_is_what_ssh_makes_of_it() {
    for (files, hosts) in TABLE {
        // The real program refuses what it does not know, unless it is told before.
        let known: Vec<_> = files
            .iter()
            .map(|(name, text)| {
                (
                    *name,
                    text.replace("UnknownKeyword yes\nIgnoreUnknown *\n", ""),
                )
            })
            .collect();
        let known: Vec<_> = known
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let (theirs, home) = (Home::with(&known), Home::with(files));
        let config = home.config();
        for host in *hosts {
            assert_eq!(
                ours(&config, host),
                theirs.openssh(host),
                "{host}: {}",
                files[0].1
            );
        }
    }
}

#[test]
fn a_program_to_connect_with_is_seen() {
    let home = Home::with(&[(
        "config",
        "Host a\n ProxyCommand nc %h %p\nHost b\n ProxyCommand none\nHost c\n ProxyJump x\nHost *\n ProxyCommand y\n",
    )]);
    let config = home.config();
    let has = |host| config.host(host).has_proxy_command();
    assert_eq!(["a", "b", "c", "d"].map(has), [true, false, false, true]);
}
