//! Builds by plain `docker build --ssh` fetch from the lab's private repositories: images, engines
//! and repositories fit together. No part of Keystay runs here.

use std::fs;
use std::process::Output;

use keystay_tests::lab::{Engine, Lab, UpstreamAgent};

use crate::command::{assert_prints, printed};

#[test]
fn a_build_step_clones_through_a_forwarded_agent() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("deploy-a")]).unwrap();
    let url = lab.git_host().url("acme/lib-a");
    let dockerfile = format!(
        "FROM keystay/base:1\n\
         COPY known_hosts /etc/ssh/ssh_known_hosts\n\
         RUN --mount=type=ssh git clone {url} /src && cat /src/a.txt\n"
    );
    for engine in lab.engines() {
        assert_prints(&build(&lab, engine, &agent, &dockerfile), "alpha");
    }
}

#[test]
fn npm_installs_a_private_dependency_into_a_lean_image() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let url = lab.git_host().url("acme/npm-greet");
    let dockerfile = format!(
        "FROM keystay/node:1 AS build\n\
         COPY known_hosts /etc/ssh/ssh_known_hosts\n\
         WORKDIR /app\n\
         RUN npm init --yes\n\
         RUN --mount=type=ssh npm install --no-audit --no-fund git+{url}#v1.0.0\n\
         RUN node -p 'require(\"greet\")(\"acme\")'\n\
         FROM keystay/lean:1\n\
         COPY --from=build /app/node_modules /app/node_modules\n\
         RUN cat /app/node_modules/greet/package.json\n"
    );
    for engine in lab.engines() {
        assert_prints(
            &build(&lab, engine, &agent, &dockerfile),
            "hello acme from npm",
        );
    }
}

#[test]
fn go_fetches_a_private_module() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let host = format!("ssh://git@127.0.0.1:{}/", lab.git_host().port());
    let program = "package main; import \\\"github.com/acme/go-greet\\\"; \
                   func main() { println(greet.Hello(\\\"acme\\\")) }";
    let dockerfile = format!(
        "FROM keystay/go:1\n\
         COPY known_hosts /etc/ssh/ssh_known_hosts\n\
         ENV GOPRIVATE=github.com/acme/* GOPROXY=off\n\
         WORKDIR /app\n\
         RUN git config --global url.\"{host}\".insteadOf https://github.com/\n\
         RUN go mod init acme.example/app && echo \"{program}\" >main.go\n\
         RUN --mount=type=ssh go get github.com/acme/go-greet@v1.0.0\n\
         RUN go run .\n"
    );
    for engine in lab.engines() {
        assert_prints(
            &build(&lab, engine, &agent, &dockerfile),
            "hello acme from go",
        );
    }
}

#[test]
fn pip_installs_a_private_package() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let url = lab.git_host().url("acme/py-greet");
    let dockerfile = format!(
        "FROM keystay/python:1\n\
         COPY known_hosts /etc/ssh/ssh_known_hosts\n\
         RUN python3 -m venv --system-site-packages /venv\n\
         RUN --mount=type=ssh /venv/bin/pip install --no-build-isolation git+{url}@v1.0.0\n\
         RUN /venv/bin/python -c 'import greet; print(greet.hello(\"acme\"))'\n"
    );
    for engine in lab.engines() {
        assert_prints(
            &build(&lab, engine, &agent, &dockerfile),
            "hello acme from python",
        );
    }
}

#[test]
fn cargo_builds_with_a_private_crate() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    let url = lab.git_host().url("acme/cargo-greet");
    let program = "fn main() { println!(\\\"{}\\\", greet::hello(\\\"acme\\\")) }";
    let dockerfile = format!(
        "FROM keystay/cargo:1\n\
         COPY known_hosts /etc/ssh/ssh_known_hosts\n\
         ENV CARGO_NET_GIT_FETCH_WITH_CLI=true\n\
         WORKDIR /app\n\
         RUN cargo init --vcs none --name app && echo \"{program}\" >src/main.rs\n\
         RUN echo 'greet = {{ git = \"{url}\", tag = \"v1.0.0\" }}' >>Cargo.toml\n\
         RUN --mount=type=ssh cargo fetch\n\
         RUN cargo run --offline\n"
    );
    for engine in lab.engines() {
        assert_prints(
            &build(&lab, engine, &agent, &dockerfile),
            "hello acme from cargo",
        );
    }
}

/// Builds with plain docker and an agent, nothing from the cache, and removes the image.
fn build(lab: &Lab, engine: &Engine, agent: &UpstreamAgent, dockerfile: &str) -> Output {
    let context = tempfile::tempdir().unwrap();
    fs::write(context.path().join("Dockerfile"), dockerfile).unwrap();
    fs::copy(lab.known_hosts(), context.path().join("known_hosts")).unwrap();
    let id = context.path().join("id");
    let output = engine
        .docker()
        .args([
            "build",
            "--no-cache",
            "--progress=plain",
            "--network=host",
            "--ssh",
        ])
        .arg(format!("default={}", agent.socket().display()))
        .arg("--iidfile")
        .arg(&id)
        .arg(context.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        engine.name(),
        printed(&output)
    );
    let image = fs::read_to_string(id).unwrap();
    engine
        .docker()
        .args(["image", "rm", &image])
        .output()
        .unwrap();
    output
}
