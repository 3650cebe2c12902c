//! Package managers fetch private dependencies in a build step, the image works, and the key is
//! nowhere in the engine.

use std::fs;

use keystay_proto::control::{Event, Record};
use keystay_tests::env::{Env, Output};
use keystay_tests::lab::Lab;

use crate::key_file::fingerprint;
use crate::traces::Traces;

#[test]
fn npm_installs_a_private_dependency_for_a_lean_final_stage() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let traces = Traces::of(&lab.key(KEY));
        env.file("package.json", PACKAGE)
            .file("Dockerfile", NPM_DOCKERFILE);
        let built = env.build_with(KEY).output();
        assert_told(&env, &built);
        assert_runs(&env, "hello acme from npm\n");
        let known = traces.of_text(&lab, engine, "hello ${name} from npm");
        assert!(!known.is_empty(), "the search finds nothing");
        assert_no_traces(&env, &traces);
    }
}

#[test]
fn without_keystay_the_same_build_fails() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("package.json", PACKAGE)
            .file("Dockerfile", NPM_DOCKERFILE);
        let built = env.docker().build(&env).output();
        built
            .status(1)
            .stderr_has("git@127.0.0.1: Permission denied (publickey).");
    }
}

#[test]
fn go_builds_with_a_private_module() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let traces = Traces::of(&lab.key(KEY));
        env.file("main.go", GO_PROGRAM)
            .file("Dockerfile", GO_DOCKERFILE);
        assert_told(&env, &env.build_with(KEY).output());
        assert_runs(&env, "hello acme from go\n");
        assert_no_traces(&env, &traces);
    }
}

#[test]
fn pip_installs_a_private_package() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let traces = Traces::of(&lab.key(KEY));
        env.file(
            "requirements.txt",
            "greet @ git+{git}/acme/py-greet.git@v1.0.0\n",
        )
        .file("Dockerfile", PIP_DOCKERFILE);
        assert_told(&env, &env.build_with(KEY).output());
        assert_runs(&env, "hello acme from python\n");
        assert_no_traces(&env, &traces);
    }
}

/// Checks the summary against the audit log and the image.
#[track_caller]
fn assert_told(env: &Env, built: &Output) {
    built.status(0).stdout_is("");
    let key = env.lab().key(KEY);
    let is_signature = |record: &&Record| record.event == Event::Allowed;
    let signatures = env.records().iter().filter(is_signature).count();
    let count = match signatures {
        1 => "1 signature".to_owned(),
        more => format!("{more} signatures"),
    };
    let image = inspected(env, "{{.Id}}");
    let layers = inspected(env, "{{len .RootFS.Layers}}");
    let expected = [
        format!(
            "keystay: keys      {} (ecdsa p384, file:{}) {count}\n",
            fingerprint(&key),
            key.display()
        ),
        format!(
            "keystay: hosts     127.0.0.1:{} verified {signatures}\n",
            env.lab().git_host().port()
        ),
        format!(
            "keystay: image     CLEAN {} searched for 1 key in {layers} layers (",
            &image[..19]
        ),
    ];
    let said = built.said();
    assert!(
        signatures > 0 && said.starts_with(&expected.concat()),
        "{built:?}"
    );
    assert_eq!(said.lines().count(), 3, "{built:?}");
}

#[track_caller]
fn assert_runs(env: &Env, expected: &str) {
    let run = env.ran(env.tag(), &[]);
    run.status(0);
    assert_eq!(run.stdout.clone() + &run.stderr, expected);
}

/// The key is in no layer, no history entry and no configuration of the image, and in no file that
/// the engine keeps: layers of every stage, the build cache and its records.
#[track_caller]
fn assert_no_traces(env: &Env, traces: &Traces) {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("image.tar");
    let save = env.docker().args(["image", "save", "--output"]);
    save.args([saved.as_os_str(), env.tag().as_ref()])
        .output()
        .status(0);
    let history = ["history", "--no-trunc", "--format", "{{json .}}", env.tag()];
    let history = env.docker().args(history).output();
    fs::write(folder.path().join("history"), &history.status(0).stdout).unwrap();
    assert!(history.stdout.contains("RUN /bin/sh -c") || history.stdout.contains("COPY"));
    assert!(traces.in_folder(folder.path()).is_empty());
    let traces = traces.in_engine(env.lab(), env.engine());
    assert!(traces.is_empty(), "{traces:?}");
}

#[track_caller]
fn inspected(env: &Env, format: &str) -> String {
    let inspect = ["image", "inspect", "--format", format, env.tag()];
    let output = env.docker().args(inspect).output();
    output.status(0).stdout.trim().to_owned()
}

/// No test puts this key into an image.
const KEY: &str = "dev-p384";

const PACKAGE: &str = r#"{
  "name": "app",
  "private": true,
  "dependencies": { "greet": "git+{git}/acme/npm-greet.git#v1.0.0" }
}
"#;
const NPM_DOCKERFILE: &str = "\
FROM keystay/node:1 AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=ssh npm install --no-audit --no-fund
RUN node -p 'require(\"greet\")(\"acme\")' >greeting

FROM keystay/lean:1
COPY --from=build /app /app
CMD [\"cat\", \"/app/greeting\"]
";
const GO_PROGRAM: &str = "\
package main

import \"github.com/acme/go-greet\"

func main() { println(greet.Hello(\"acme\")) }
";
const GO_DOCKERFILE: &str = "\
FROM keystay/go:1 AS build
ENV GOPRIVATE=github.com/acme/* GOPROXY=off CGO_ENABLED=0
RUN git config --global url.\"{git}/\".insteadOf https://github.com/
WORKDIR /src
COPY main.go .
RUN go mod init acme.example/app
RUN --mount=type=ssh go get github.com/acme/go-greet@v1.0.0
RUN go build -o /app

FROM keystay/lean:1
COPY --from=build /app /bin/app
CMD [\"/bin/app\"]
";
const PIP_DOCKERFILE: &str = "\
FROM keystay/python:1 AS build
RUN python3 -m venv --system-site-packages /venv
COPY requirements.txt /
RUN --mount=type=ssh /venv/bin/pip install --no-build-isolation -r /requirements.txt

FROM keystay/python:1
COPY --from=build /venv /venv
CMD [\"/venv/bin/python\", \"-c\", \"import greet; print(greet.hello('acme'))\"]
";
