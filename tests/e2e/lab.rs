//! The lab is what the other tests take it for. No part of Keystay runs here.

mod daemonless;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use keystay_tests::env::Env;
use keystay_tests::lab::{
    Access, DEPENDENCIES, GitHost, KEYS, LARGE, Lab, Relay, UpstreamAgent, WITH_SUBMODULES,
};

use crate::command::{assert_prints, printed, ssh, ssh_with};

#[test]
fn everything_stands_after_up() {
    Lab::up().unwrap();
    let status = Lab::status().unwrap();
    assert!(status.stands(), "{status}");
}

#[test]
fn a_standing_lab_is_up_in_a_moment() {
    Lab::up().unwrap();
    let start = Instant::now();
    Lab::up().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_key_opens_what_it_should_on_both_hosts() {
    let lab = Lab::up().unwrap();
    for host in [lab.git_host(), lab.plain_host()] {
        for key in KEYS.iter().filter(|key| !is_encrypted(&lab.key(key.name))) {
            for repository in ["acme/lib-a", "acme/lib-b"] {
                let opens = match key.access {
                    Access::None => false,
                    Access::Read(only) => only == repository,
                    Access::All => true,
                };
                let output = list(&lab, host, &lab.key(key.name), repository);
                assert_eq!(output.status.success(), opens, "{} {repository}", key.name);
            }
        }
    }
}

#[test]
fn a_key_that_does_not_open_a_repository_is_told_there_is_none() {
    let lab = Lab::up().unwrap();
    for host in [lab.git_host(), lab.plain_host()] {
        for repository in ["acme/lib-b", "acme/nothing", "acme/../acme/lib-a"] {
            let output = list(&lab, host, &lab.key("deploy-a"), repository);
            assert_prints(&output, "ERROR: Repository not found.");
        }
    }
}

#[test]
fn a_deploy_key_cannot_push() {
    let lab = Lab::up().unwrap();
    let output = ssh(&lab, lab.git_host(), &lab.key("deploy-a"))
        .arg("git-receive-pack 'acme/lib-a.git'")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert_prints(&output, "marked as read only");
    let log = fs::read_to_string(lab.git_host().access_log()).unwrap();
    assert!(log.contains("git-host deploy-a refused git-receive-pack 'acme/lib-a.git'"));
}

#[test]
fn an_archive_and_a_login_to_lfs_are_had_where_the_key_opens() {
    let lab = Lab::up().unwrap();
    let ask = |command: &str| {
        ssh(&lab, lab.git_host(), &lab.key("deploy-a"))
            .arg(command)
            .output()
            .unwrap()
    };
    let archive = git(&lab, &lab.key("deploy-a"))
        .args(["archive", "--remote", &lab.git_host().url("acme/lib-a")])
        .args(["v1.0.0", "a.txt"])
        .output()
        .unwrap();
    assert_prints(&archive, "alpha\n");
    assert_prints(
        &ask("git-lfs-authenticate acme/lib-a.git download"),
        "\"href\":\"https://127.0.0.1/acme/lib-a.git/info/lfs\"",
    );
    assert_prints(
        &ask("git-lfs-authenticate 'acme/lib-b.git' download"),
        "ERROR: Repository not found.",
    );
    assert_prints(
        &ask("git-lfs-authenticate acme/lib-a.git upload"),
        "marked as read only",
    );
}

#[test]
fn every_repository_can_be_cloned_with_its_submodules() {
    let lab = Lab::up().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clone = |name: &str| {
        let output = git(&lab, &lab.key("dev"))
            .args(["clone", "--quiet", "--recurse-submodules"])
            .arg(lab.git_host().url(name))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", printed(&output));
    };
    clone(WITH_SUBMODULES.name);
    let module = folder.path().join("with-submodules/libs/b/b.txt");
    assert_eq!(fs::read_to_string(module).unwrap(), "beta\n");
    clone(DEPENDENCIES[29].name);
    let text = fs::read_to_string(folder.path().join("dep-30/dep.txt"));
    assert_eq!(text.unwrap(), "30\n");
    clone(LARGE);
    let packs = fs::read_dir(folder.path().join("large/.git/objects/pack")).unwrap();
    let size: u64 = packs
        .map(|pack| pack.unwrap().metadata().unwrap().len())
        .sum();
    assert!((80_000_000..100_000_000).contains(&size), "{size}");
}

#[test]
fn the_right_key_after_six_wrong_ones_is_too_late() {
    let lab = Lab::up().unwrap();
    let mut keys = lab.decoys();
    keys.push(lab.key("dev"));
    assert_eq!(keys.len(), 12);
    let agent = UpstreamAgent::with(&keys).unwrap();
    let output = ssh_with(&lab, lab.git_host())
        .arg("-o")
        .arg(format!("IdentityAgent={}", agent.socket().display()))
        .arg("git@127.0.0.1")
        .output()
        .unwrap();
    assert_prints(&output, "Too many authentication failures");
}

#[test]
fn only_the_git_host_offers_host_bound_authentication() {
    let lab = Lab::up().unwrap();
    let offers = |host: &GitHost| {
        let output = ssh(&lab, host, &lab.key("dev"))
            .arg("-vv")
            .output()
            .unwrap();
        assert_prints(&output, "Hi dev! You've successfully authenticated");
        printed(&output).contains("publickey-hostbound")
    };
    assert!(offers(lab.git_host()));
    assert!(!offers(lab.plain_host()));
}

#[test]
fn encrypted_keys_are_encrypted_in_the_form_that_their_name_says() {
    let lab = Lab::up().unwrap();
    for (name, start) in [
        ("dev-rsa.pem", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
        ("dev-rsa.pk8", "-----BEGIN PRIVATE KEY-----\n"),
        (
            "dev-rsa.enc.pem",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
        ),
        ("dev-rsa.enc.pk8", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
        ("dev-ecdsa.pem", "-----BEGIN EC PRIVATE KEY-----\n"),
        ("dev-enc", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
    ] {
        assert!(
            fs::read_to_string(lab.key(name))
                .unwrap()
                .starts_with(start),
            "{name}"
        );
    }
    for name in [
        "dev-enc",
        "dev-rsa.enc",
        "dev-rsa.enc.pem",
        "dev-rsa.enc.pk8",
    ] {
        assert!(is_encrypted(&lab.key(name)), "{name}");
    }
}

#[test]
fn a_host_behind_a_relay_is_the_same_host_later() {
    let lab = Lab::up().unwrap();
    let delay = Duration::from_millis(50);
    let relay = Relay::to(lab.git_host().address(), delay).unwrap();
    let far = lab.git_host().through(&relay);
    let folder = tempfile::tempdir().unwrap();
    let known_hosts = folder.path().join("known_hosts");
    fs::write(&known_hosts, far.known_hosts()).unwrap();
    let start = Instant::now();
    let output = Command::new("ssh")
        .args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentityAgent=none",
        ])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
        .arg("-i")
        .arg(lab.key("dev"))
        .args(["-p", &far.port().to_string(), "git@127.0.0.1"])
        .output()
        .unwrap();
    assert_prints(&output, "Hi dev! You've successfully authenticated");
    // TCP, versions, key exchange, service, key, login, session.
    assert!(start.elapsed() > 14 * delay, "{:?}", start.elapsed());
}

#[test]
fn an_image_has_the_tools_that_it_is_for() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        for (image, command) in [
            (
                "keystay/php:1",
                "composer --version && unzip -v && git --version",
            ),
            ("keystay/ruby:1", "bundle --version && git --version"),
            ("keystay/git-only:1", "git --version && ! command -v ssh"),
            ("keystay/static:1", "! ls /lib /usr && ls -l /bin/wget"),
        ] {
            let output = engine
                .docker()
                .args(["run", "--rm", "--network=none", image, "sh", "-c", command])
                .output()
                .unwrap();
            assert!(output.status.success(), "{image}: {}", printed(&output));
        }
    }
}

#[test]
fn composer_and_bundler_fetch_their_packages_over_ssh() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let [_, engine] = lab.engines();
    let env = Env::on(&lab, engine);
    env.file(
        "known_hosts",
        &fs::read_to_string(lab.known_hosts()).unwrap(),
    );
    env.file("composer.json", COMPOSER);
    env.file(
        "Gemfile",
        "gem 'greet', git: '{git}/acme/gem-greet.git', tag: 'v1.0.0'\n",
    );
    env.file("Dockerfile", PHP_AND_RUBY);
    env.docker()
        .env("SSH_AUTH_SOCK", agent.socket())
        .args(["build", "--ssh=default", "--network=host"])
        .args(["--progress=plain", "--tag", env.tag(), "."])
        .output()
        .status(0)
        .stderr_has("hello bob from php")
        .stderr_has("hello bob from ruby");
}

#[test]
fn the_newer_engine_builds_for_arm64() {
    let lab = Lab::up().unwrap();
    let image = lab.arm64().unwrap();
    let [_, engine] = lab.engines();
    let env = Env::on(&lab, engine);
    let steps = format!("FROM {image}\nUSER app\nRUN uname -m && git --version\n");
    env.file("Dockerfile", &steps);
    env.docker()
        .args(["build", "--progress=plain", "--platform=linux/arm64"])
        .args(["--network=host", "--tag", env.tag(), "."])
        .output()
        .status(0)
        .stderr_has(" aarch64\n")
        .stderr_has(" git version ");
}

const COMPOSER: &str = r#"{
    "repositories": [
        { "packagist.org": false },
        { "type": "vcs", "url": "{git}/acme/php-greet.git" }
    ],
    "require": { "acme/php-greet": "1.0.0" }
}
"#;

const PHP_AND_RUBY: &str = "\
FROM keystay/php:1 AS php
WORKDIR /app
COPY known_hosts /root/.ssh/known_hosts
COPY composer.json .
RUN --mount=type=ssh composer install --no-interaction
RUN php -r 'require \"vendor/autoload.php\"; echo greet(\"bob\");' | tee /said
FROM keystay/ruby:1
WORKDIR /app
COPY known_hosts /root/.ssh/known_hosts
COPY Gemfile .
RUN --mount=type=ssh bundle install
RUN bundle exec ruby -e 'require \"greet\"; puts greet(\"bob\")'
COPY --from=php /said /said
";

/// `git ls-remote` with one key and nothing of the user's own.
fn list(lab: &Lab, host: &GitHost, key: &Path, repository: &str) -> Output {
    git(lab, key)
        .args(["ls-remote", &host.url(repository)])
        .output()
        .unwrap()
}

fn git(lab: &Lab, key: &Path) -> Command {
    let ssh = format!(
        "ssh -F none -o BatchMode=yes -o UserKnownHostsFile={} -o IdentityAgent=none \
         -o IdentitiesOnly=yes -i {}",
        lab.known_hosts().display(),
        key.display()
    );
    let mut command = Command::new("git");
    command
        .env("GIT_SSH_COMMAND", ssh)
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

fn is_encrypted(key: &Path) -> bool {
    let output = Command::new("ssh-keygen")
        .args(["-y", "-P", "", "-f"])
        .arg(key)
        .output();
    !output.unwrap().status.success()
}
