//! A build that would be given a key ends before the engine gets a byte.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::Duration,
};

use keystay::context::{Ignore, list};
use keystay_tests::{
    env::{Env, Output, Run},
    lab::{Lab, UpstreamAgent},
};

use crate::key_file::{fingerprint, new_key};

#[test]
fn a_key_in_the_context_stops_the_build() {
    let lab = Lab::up().unwrap();
    for (name, pack, told) in [
        ("keys/id", "cat", ", line 5: private key {} as base64"),
        (
            ".env",
            "base64 -w0 | sed 's/^/A=b\\nKEY=/'",
            ", line 2: private key {} as base64 of base64",
        ),
        ("id.gz", "gzip", "!gzip: private key {} as base64"),
        (
            "a.tgz",
            "(cat >id; tar -czf - id; rm id)",
            "!gzip!/id: private key {} as base64",
        ),
    ] {
        let (env, key) = lean(&lab);
        pack_into(&env, &key, pack, name);
        let built = with(env.keystay(), &key).build(&env).output();
        let place = format!("{name}{}", told.replace("{}", &fingerprint(&key)));
        assert_stopped(
            &env,
            &built,
            &[&format!(
                "keep it out of the context: write `{name}` into .dockerignore"
            )],
            &place,
        );
    }
}

#[test]
fn what_the_ignore_file_leaves_out_is_not_sent_and_stops_nothing() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    pack_into(&env, &key, "cat", "keys/id");
    env.file(".dockerignore", "**/id\n");
    let built = with(env.keystay(), &key).build(&env).output();
    built.status(0).stderr_has("keystay: image     CLEAN ");
    env.file("Dockerfile.dockerignore", "*\n!keys\n");
    let built = with(env.keystay(), &key).build(&env).output();
    let place = format!(
        "keys/id, line 5: private key {} as base64",
        fingerprint(&key)
    );
    let hint = "keep it out of the context: write `keys/id` into Dockerfile.dockerignore";
    built.status(65).stderr_has(&place).stderr_has(hint);
}

#[test]
fn a_key_among_the_arguments_stops_the_build() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    let text = fs::read_to_string(&key).unwrap();
    let hint = "leave it out of the command line: the image's history and the engine's records keep build arguments";
    let of = |arguments: &[&str]| {
        let keystay = with(env.keystay(), &key).env("DEPLOY_KEY", &text);
        keystay.build(&env).args(arguments).output()
    };
    let (argument, label) = (
        format!("KEY={text}"),
        format!("--label=com.acme.key={text}"),
    );
    for (arguments, place) in [
        (
            &["--build-arg", argument.as_str()][..],
            "--build-arg KEY, line 5",
        ),
        (
            &["--build-arg", "DEPLOY_KEY"],
            "--build-arg DEPLOY_KEY (of the environment), line 5",
        ),
        (&[label.as_str()], "--label com.acme.key, line 5"),
    ] {
        let place = format!("{place}: private key {} as base64", fingerprint(&key));
        assert_stopped(&env, &of(arguments), &[hint], &place);
    }
    of(&["--build-arg", "OTHER=1"]).status(0);
}

#[test]
fn a_key_in_the_dockerfile_stops_the_build() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    let text = fs::read_to_string(&key).unwrap();
    let dockerfile = format!("FROM keystay/lean:1\nRUN <<END cat >/key\n{text}END\n");
    env.file("Dockerfile", &dockerfile);
    let hint = "take it out of the Dockerfile: layers, history and provenance keep it";
    let built = with(env.keystay(), &key).build(&env).output();
    // One line more than here: the environment of a test marks its images.
    let place = format!(
        "Dockerfile, line 8: private key {} as base64",
        fingerprint(&key)
    );
    assert_stopped(&env, &built, &[hint], &place);
    let words = [
        "build",
        "--network",
        "host",
        "--tag",
        env.tag(),
        "-f",
        "-",
        ".",
    ];
    let keystay = with(env.keystay(), &key).args(words);
    fs::remove_file(env.context().join("Dockerfile")).unwrap();
    let built = keystay.stdin(dockerfile.as_bytes()).output();
    let place = format!(
        "Dockerfile on standard input, line 7: private key {} as base64",
        fingerprint(&key)
    );
    assert_stopped(&env, &built, &[hint], &place);
}

#[test]
fn a_key_in_an_archive_on_standard_input_stops_the_build() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    pack_into(&env, &key, "cat", "keys/id");
    for (options, inside) in [("-cf", ""), ("-czf", "!gzip")] {
        let archive = Command::new("tar")
            .args([options, "-", "Dockerfile", "keys"])
            .current_dir(env.context())
            .output();
        let words = ["build", "--network", "host", "--tag", env.tag(), "-"];
        let keystay = |key: &Path| with(env.keystay(), key).args(words);
        let archive = archive.unwrap().stdout;
        let built = keystay(&key).stdin(&archive).output();
        let place = format!(
            "standard input{inside}!/keys/id: private key {} as base64",
            fingerprint(&key)
        );
        assert_told(ARCHIVE, &built, &["leave it out of the archive"], &place);
        // The engine gets the same bytes where there is nothing to find in them.
        let other = new_key(&env, &format!("other{options}"), "ed25519");
        keystay(&other).stdin(&archive).output().status(0);
    }
}

#[test]
fn a_key_in_a_further_context_stops_the_build() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    let docs = env.home().join("docs");
    fs::create_dir(&docs).unwrap();
    fs::copy(&key, docs.join("id")).unwrap();
    let context = format!("docs={}", docs.display());
    let build = || {
        let keystay = with(env.keystay(), &key).build(&env);
        keystay.args(["--build-context", &context]).output()
    };
    let place = format!(
        "context docs, id, line 5: private key {} as base64",
        fingerprint(&key)
    );
    let hint = "keep it out of the context: write `id` into .dockerignore";
    assert_stopped(&env, &build(), &[hint], &place);
    fs::write(docs.join(".dockerignore"), "id\n").unwrap();
    build().status(0);
}

#[test]
fn a_locked_copy_of_a_key_that_an_agent_holds_stops_the_build() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    let agent = UpstreamAgent::with(std::slice::from_ref(&key)).unwrap();
    pack_into(&env, &key, "cat", "id");
    let lock = ["-q", "-p", "-P", "", "-N", "some words", "-f"];
    let copy = env.context().join("id");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    let locked = Command::new("ssh-keygen").args(lock).arg(&copy).output();
    assert!(locked.unwrap().status.success());
    let keystay = env.keystay().env("SSH_AUTH_SOCK", agent.socket());
    let built = keystay.build(&env).output();
    let place = format!(
        "id, line 2: private key {} as a copy that a passphrase locks",
        fingerprint(&key)
    );
    let hint = "keep it out of the context: write `id` into .dockerignore";
    assert_stopped(&env, &built, &[hint], &place);
}

#[test]
fn several_places_are_each_told() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    pack_into(&env, &key, "cat", "a");
    pack_into(&env, &key, "cat", "b");
    let built = with(env.keystay(), &key).build(&env).output();
    let key = fingerprint(&key);
    built.status(65).stdout_is("").says(&format!(
        "{NOTE}\
         keystay: leak: a, line 5: private key {key} as base64\n\
         keystay: leak: b, line 5: private key {key} as base64\n\
         keystay: error: key material found before the build: a, line 5: private key {key} as base64; and in another place\n\
         hint: keep it out of the context: write `a` into .dockerignore\n\
         hint: keep it out of the context: write `b` into .dockerignore\n\
         {LEND}"
    ));
}

#[test]
fn what_did_not_change_is_not_searched_again() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    let name = env.context().join("notes");
    let text = fs::read(&key).unwrap();
    fs::write(&name, vec![b'.'; text.len()]).unwrap();
    // What changed just now is not remembered.
    sleep(Duration::from_millis(2_100));
    let again = || with(env.keystay(), &key).args(["-v"]).build(&env).output();
    let searching = |new: usize, known: usize| {
        format!("searching what the build is given new={new} known={known}")
    };
    let first = again();
    let words = 6;
    first.status(0).stderr_has(&searching(words + 1, 0));
    again().status(0).stderr_has(&searching(0, 2));
    let other = new_key(&env, "other", "ed25519");
    let built = with(env.keystay(), &other)
        .args(["-v"])
        .build(&env)
        .output();
    built.status(0).stderr_has(&searching(words + 1, 0));
    // As long as before, and as old.
    let before = fs::metadata(&name).unwrap().modified().unwrap();
    fs::write(&name, &text).unwrap();
    fs::File::options()
        .append(true)
        .open(&name)
        .unwrap()
        .set_modified(before)
        .unwrap();
    let built = again();
    let place = format!("notes, line 5: private key {} as base64", fingerprint(&key));
    built
        .status(65)
        .stderr_has(&searching(1, 1))
        .stderr_has(&place);
}

#[test]
fn a_context_with_links_and_pipes_is_built_as_docker_does() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    symlink(&key, env.context().join("link")).unwrap();
    symlink("/", env.context().join("root")).unwrap();
    let pipe = Command::new("mkfifo")
        .arg(env.context().join("pipe"))
        .status();
    assert!(pipe.unwrap().success());
    let plain = env.docker().build(&env).output();
    let built = with(env.keystay(), &key).build(&env).output();
    built
        .status(plain.status)
        .status(0)
        .stderr_has("keystay: image     CLEAN ");
}

#[test]
fn an_ignore_file_that_is_not_understood_is_told_and_left_to_docker() {
    let lab = Lab::up().unwrap();
    let (env, key) = lean(&lab);
    env.file(".dockerignore", "[\n");
    let plain = env.docker().build(&env).output();
    let built = with(env.keystay(), &key).build(&env).output();
    assert_ne!(plain.status, 0);
    built.status(plain.status).stderr_has(
        "keystay: note: the context is not searched before the build: .dockerignore: the pattern \"[\" is not understood\n",
    );
}

#[test]
fn what_is_listed_is_what_docker_sends() {
    let lab = Lab::up().unwrap();
    for patterns in [
        "",
        "*\n!a\n",
        "a/*\n!a/b\n",
        "**/*.key\n!**/public.key\n",
        "a\n!a/b/c\n",
        "a/b/c\n!a\n",
        "**\n!a/b\n",
        "*/b\n",
        "/a/./x/..\n!/a/b/c/",
        "?[b-d].txt\n[^a]\\.key\n",
        "!z\nz\n**/c/**\n",
        "a**\n",
        "**b\n",
        " z \n# a\n\n",
        "a/**/deep\n",
    ] {
        let (env, _) = lean(&lab);
        for name in [
            "a/public.key",
            "a/b/private.key",
            "a/b/c/deep/file",
            "a/b/d.txt",
            "ab.txt",
            "xb.txt",
            "x.key",
            "b/b",
            "cab",
            "z/z",
            "z/c/e",
            ".hidden/f",
        ] {
            env.file(name, name);
        }
        fs::write(env.context().join("Dockerfile"), "FROM scratch\nCOPY . /\n").unwrap();
        env.file(
            ".dockerignore",
            &format!("Dockerfile\n.dockerignore\n{patterns}"),
        );
        let out = env.home().join("out");
        let output = format!("type=local,dest={}", out.display());
        env.docker()
            .args(["build", "--output", &output, "."])
            .output()
            .status(0);
        let ignore = fs::read(env.context().join(".dockerignore")).unwrap();
        let paths = |root: &Path, ignore: &Ignore| {
            let mut files: Vec<PathBuf> = list(root, ignore, 100)
                .files
                .into_iter()
                .map(|file| file.path)
                .collect();
            files.sort();
            files
        };
        let sent = paths(&out, &Ignore::default());
        let listed = paths(&env.context(), &Ignore::read(&ignore).unwrap());
        assert_eq!(listed, sent, "{patterns:?}");
    }
}

/// An environment whose Dockerfile copies its whole context, and a key.
#[track_caller]
fn lean(lab: &Lab) -> (Env, PathBuf) {
    let env = Env::on(lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\nCOPY . /context\n");
    let key = new_key(&env, "key", "ed25519");
    (env, key)
}

fn with(keystay: Run, key: &Path) -> Run {
    keystay.args(["--key", &format!("file:{}", key.display())])
}

/// Writes what a shell command makes of a key to a file of the context.
#[track_caller]
fn pack_into(env: &Env, key: &Path, command: &str, name: &str) {
    let folder = env.context().join(name);
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let packed = Command::new("sh")
        .args(["-c", command])
        .stdin(fs::File::open(key).unwrap())
        .current_dir(env.home())
        .output();
    let mut file = fs::File::create(env.context().join(name)).unwrap();
    file.write_all(&packed.unwrap().stdout).unwrap();
}

/// Checks that the build ended with this place and hints, and that docker built nothing.
#[track_caller]
fn assert_stopped(env: &Env, built: &Output, hints: &[&str], place: &str) {
    assert_told(NOTE, built, hints, place);
    let inspect = ["image", "inspect", env.tag()];
    env.docker().args(inspect).output().status(1);
}

/// What was said, without what `keystay lint` says of the same build.
fn without_lint(said: &str) -> String {
    let is_lint =
        |line: &&str| line.starts_with("keystay: note: ") && line.contains("`keystay lint`");
    let lines = said.split_inclusive('\n');
    lines.filter(|line| !is_lint(line)).collect()
}

#[track_caller]
fn assert_told(note: &str, built: &Output, hints: &[&str], place: &str) {
    let hints = hints.iter().map(|hint| format!("hint: {hint}\n"));
    let said = format!(
        "{note}keystay: error: key material found before the build: {place}\n{}{LEND}",
        hints.collect::<String>()
    );
    built.status(65).stdout_is("");
    // Docker would tell of its steps here.
    assert_eq!(without_lint(&built.stderr), said);
}

const NOTE: &str = "\
keystay: note: no step mounts an ssh agent, so none can use the keys; a step that fetches begins with `RUN --mount=type=ssh`
";
const ARCHIVE: &str = "\
keystay: note: the Dockerfile is built as it stands, since it is in an archive on standard input
";
const LEND: &str = "\
hint: give steps that need a key `RUN --mount=type=ssh`: it is lent to them, and never in a layer
hint: the engine got nothing; `keystay --no-verify build …` builds without any search
";
