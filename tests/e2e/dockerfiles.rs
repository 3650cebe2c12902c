//! Dockerfiles of every form get their keys, and stay what they are.

use std::fs;
use std::path::Path;

use keystay_tests::env::{Env, Run};
use keystay_tests::lab::{Engine, Lab, UpstreamAgent};

use crate::key_file::public;

#[test]
fn a_step_of_another_user_can_use_a_mount_that_names_no_mode() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\n\
             USER app\n\
             RUN --mount=type=ssh git clone {git}/acme/lib-a.git /tmp/src && id -un >/tmp/user\n",
        );
        build_with(&env, "deploy-a").output().status(0);
        assert_eq!(printed(&env, "/tmp/src/a.txt /tmp/user"), "alpha\napp\n");
    }
}

#[test]
fn every_id_is_served_but_those_that_the_user_passes() {
    let lab = Lab::up().unwrap();
    let own = UpstreamAgent::with(&[lab.key("deploy-b")]).unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh,id=a ssh-add -L >/a\n\
             RUN --mount=type=ssh,id=b ssh-add -L >/b\n\
             RUN --mount=type=ssh ssh-add -L >/default\n",
        );
        let key = |name| public(&lab.key(name));
        build_with(&env, "deploy-a").output().status(0);
        let ours = format!("{} \n", key("deploy-a"));
        assert_eq!(printed(&env, "/a /b /default"), ours.repeat(3));

        let passed = format!("a={}", own.socket().display());
        let built = build_with(&env, "deploy-a").args(["--no-cache", "--ssh", &passed]);
        built.output().status(0);
        let listed = printed(&env, "/a /b /default");
        let lines: Vec<_> = listed.lines().map(str::trim_end).collect();
        assert!(lines[0].starts_with(&key("deploy-b")), "{listed}");
        assert_eq!(lines[1..], [key("deploy-a"), key("deploy-a")]);
    }
}

#[test]
fn a_dockerfile_without_an_ssh_mount_is_built_and_the_user_told() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", "FROM keystay/lean:1\nRUN echo built >/x\n");
        let built = build_with(&env, "dev").output();
        built.status(0).stderr_has(
            "keystay: note: no step mounts an ssh agent, so none can use the keys; a step that \
             fetches begins with `RUN --mount=type=ssh`\n",
        );
        assert_eq!(printed(&env, "/x"), "built\n");
    }
}

#[test]
fn steps_are_wired_however_they_are_written() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        assert_each_file_holds_the_key(&lab, engine, FORMS, "/lower /within /behind /exec /tab");
        assert_each_file_holds_the_key(&lab, engine, ESCAPE, "/continued");
    }
    // The older engine knows no heredocs.
    assert_each_file_holds_the_key(&lab, &lab.engines()[1], HEREDOCS, "/one /two");
}

#[track_caller]
fn assert_each_file_holds_the_key(lab: &Lab, engine: &Engine, dockerfile: &str, files: &str) {
    let env = Env::on(lab, engine);
    env.file("Dockerfile", dockerfile);
    let path = env.context().join("Dockerfile");
    let before = fs::read(&path).unwrap();
    build_with(&env, "deploy-a").output().status(0);
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "the Dockerfile is another"
    );
    let line = format!("{} \n", public(&lab.key("deploy-a")));
    assert_eq!(printed(&env, files), line.repeat(files.split(' ').count()));
}

#[test]
fn onbuild_triggers_reach_the_image_as_they_are() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nONBUILD RUN --mount=type=ssh ssh-add -L >/keys\n",
        );
        let built = build_with(&env, "dev").output();
        built.status(0).stderr_has(
            "keystay: note: line 3: the ssh mount of an ONBUILD trigger is left as it is\n",
        );
        assert_eq!(
            inspected(&env, "{{json .Config.OnBuild}}"),
            "[\"RUN --mount=type=ssh ssh-add -L >/keys\"]\n"
        );
    }
}

#[test]
fn the_history_is_that_of_the_same_dockerfile_without_mounts() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let dockerfile = "FROM keystay/base:1 AS build\nUSER app\nWORKDIR /tmp\n\
                          RUN --mount=type=ssh git clone {git}/acme/lib-a.git src\n\
                          RUN --mount=type=ssh,id=x,required=true ssh-add -l && echo \"$SHELL\"\n\
                          LABEL a=b\n";
        let bare = dockerfile.replace("--mount=type=ssh,id=x,required=true ", "");
        let bare = bare
            .replace("--mount=type=ssh ", "")
            .replace("ssh-add -l", "true")
            .replace("git clone", "echo");
        env.file("Dockerfile", dockerfile)
            .file("bare.Dockerfile", &bare);
        let history = || {
            let history = [
                "history",
                "--no-trunc",
                "--format",
                "{{.CreatedBy}}",
                env.tag(),
            ];
            env.docker().args(history).output().stdout
        };
        build_with(&env, "deploy-a").output().status(0);
        let wired = history()
            .replace("ssh-add -l", "true")
            .replace("git clone", "echo");
        let plain = env.docker().build(&env).args(["-f", "bare.Dockerfile"]);
        plain.output().status(0);
        assert_eq!(wired, history());
        assert!(wired.lines().count() > 6, "{wired}");
    }
}

#[test]
fn ignore_files_keep_their_meaning() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let dockerfile = "FROM keystay/base:1\n\
                          COPY . /all\n\
                          RUN --mount=type=ssh ssh-add -l && ls /all >/list\n";
        for name in ["Dockerfile", "own.Dockerfile", "build/app.Dockerfile"] {
            env.file(name, dockerfile);
        }
        env.file(".dockerignore", "*\n!one\n!two\n")
            .file("own.Dockerfile.dockerignore", "*\n!two\n")
            .file("build/app.Dockerfile.dockerignore", "*\n!three\n");
        for name in ["one", "two", "three"] {
            env.file(name, "");
        }
        for (file, list) in [
            ("Dockerfile", "one\ntwo\n"),
            ("own.Dockerfile", "two\n"),
            ("build/app.Dockerfile", "three\n"),
        ] {
            let built = build_with(&env, "dev").args(["--file", file]).output();
            built.status(0);
            assert_eq!(printed(&env, "/list"), list, "{file}");
        }
    }
}

#[test]
fn dockerfile_and_context_can_come_from_standard_input() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let line = format!("{} \n", public(&lab.key("deploy-a")));
        let text = format!(
            "FROM keystay/base:1\nENV N={}\nRUN --mount=type=ssh ssh-add -L >/key\n",
            env.tag()
        );
        env.file("context", "");
        let key = format!("file:{}", lab.key("deploy-a").display());
        let keystay = |arguments: &[&str], stdin: &[u8]| {
            let fixed = ["--no-verify", "--key", &key, "build", "--no-cache"];
            let command = env
                .keystay()
                .args(fixed)
                .args(["--network", "host", "--tag", env.tag()]);
            let output = command.args(arguments).stdin(stdin).output();
            output.status(0);
            assert_eq!(printed(&env, "/key"), line, "{arguments:?}");
            output
        };
        let with_context = text.clone() + "COPY context /\n";
        keystay(&["--file", "-", "."], with_context.as_bytes());
        keystay(&["-"], text.as_bytes());
        fs::write(env.context().join("Dockerfile"), &text).unwrap();
        let built = keystay(&["-"], &archive(&env.context()));
        built.stderr_has(
            "keystay: note: the Dockerfile is built as it stands, since it is in an archive on \
             standard input\n",
        );
    }
}

/// The engine itself tells what it can read: asked for a stage that is not there, it says so only of
/// a Dockerfile that it has parsed.
#[test]
fn the_engine_reads_a_wired_dockerfile_where_it_reads_the_original() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/tests/dockerfile");
    let mut read = Vec::new();
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "Dockerfile")
        {
            continue;
        }
        let original = fs::read(&path).unwrap();
        let dry = env.keystay().args(["--dry-run", "build", "--file"]);
        let dry = dry.args([path.as_os_str(), ".".as_ref()]).output();
        let shown = dry.status(0).stdout.split_once("\n\n");
        if let Some((_, text)) = shown {
            let wired = is_read(&env, text.as_bytes());
            assert_eq!(
                wired,
                is_read(&env, &original),
                "{}\n{text}",
                path.display()
            );
            read.push(wired);
        }
    }
    assert!(read.iter().filter(|read| **read).count() > 5, "{read:?}");
}

fn is_read(env: &Env, dockerfile: &[u8]) -> bool {
    let build = ["build", "--target", "keystay-none", "--file", "-", "."];
    let output = env.docker().args(build).stdin(dockerfile).output();
    output.stderr.contains("keystay-none")
}

/// A build whose image is not searched: that takes time, and is not what these tests are about.
fn build_with(env: &Env, key: &str) -> Run {
    let key = format!("file:{}", env.lab().key(key).display());
    let keystay = env.keystay().args(["--no-verify", "--key", &key]);
    keystay.build(env)
}

/// What the image's files hold, one after another.
#[track_caller]
fn printed(env: &Env, files: &str) -> String {
    let docker = |arguments: &[&str]| {
        let output = env.docker().args(arguments.iter().copied()).output();
        output.status(0).stdout.clone()
    };
    // Attached to a container that ends at once, docker 20.10 may lose what it prints.
    let run = ["run", "--detach", "--network", "none", env.tag(), "cat"];
    let id = docker(&[&run[..], &files.split(' ').collect::<Vec<_>>()].concat());
    let id = id.trim();
    assert_eq!(docker(&["wait", id]), "0\n");
    let printed = docker(&["logs", id]);
    docker(&["rm", id]);
    printed
}

#[track_caller]
fn inspected(env: &Env, format: &str) -> String {
    let inspect = ["image", "inspect", "--format", format, env.tag()];
    env.docker().args(inspect).output().status(0).stdout.clone()
}

fn archive(folder: &Path) -> Vec<u8> {
    let mut tar = std::process::Command::new("tar");
    tar.arg("-C").arg(folder).args(["-cf", "-", "."]);
    tar.output().unwrap().stdout
}

const FORMS: &str = "\
# a comment
FROM keystay/base:1
run --mount=type=ssh ssh-add -L >/lower
RUN --mount=type=ssh \\
    # a comment within

    ssh-add -L \\
    >/within
RUN \\
    --mount=type=ssh \\
    --mount=type=tmpfs,target=/scratch \\
    ssh-add -L >/behind
RUN --mount=type=ssh [\"sh\", \"-c\", \"ssh-add -L >/exec\"]
  RUN\t--mount=type=ssh\tssh-add -L >/tab
";
const ESCAPE: &str = "\
# escape=`
FROM keystay/base:1
RUN --mount=type=ssh `
    ssh-add -L `
    >/continued
";
const HEREDOCS: &str = "\
FROM keystay/base:1
RUN --mount=type=ssh <<EOF
set -e
# RUN --mount=type=ssh is text here
ssh-add -L >/one
EOF
RUN --mount=type=ssh <<-'A' cat >/two
\tssh-add -L
\tA
RUN --mount=type=ssh sh /two >/three && mv /three /two
";
