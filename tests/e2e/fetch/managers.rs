//! Package managers fetch private dependencies through the host; nothing of Keystay is left behind.

use keystay_proto::control::{Event, Mode};
use keystay_tests::env::{Env, Output};

use super::{build, env, fetches};

#[test]
fn npm_installs_a_private_dependency() {
    let env = env();
    env.file(
        "package.json",
        r#"{"name": "app", "dependencies": {"greet": "git+{git}/acme/npm-greet.git#v1.0.0"}}"#,
    );
    let text = filled(&env, "package.json");
    env.file("package.json", &text).file(
        "Dockerfile",
        "FROM keystay/node:1\nWORKDIR /app\nCOPY package.json .\n\
         RUN --mount=type=ssh npm install --no-audit --no-fund && \
         node -e 'console.log(require(\"greet\")(\"acme\"))'\n",
    );
    fetched(&env, &build(&env, &["dev"], &[]).output(), "acme/npm-greet");
}

#[test]
fn go_downloads_a_private_module() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/go:1\n\
         ENV GOPRIVATE=github.com/acme/* GOPROXY=off\n\
         RUN git config --global url.\"{git}/\".insteadOf https://github.com/\n\
         WORKDIR /src\n\
         RUN go mod init acme.example/app\n\
         RUN --mount=type=ssh go get github.com/acme/go-greet@v1.0.0\n",
    );
    fetched(&env, &build(&env, &["dev"], &[]).output(), "acme/go-greet");
}

#[test]
fn pip_installs_a_private_package() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/python:1\n\
         RUN --mount=type=ssh pip install --no-build-isolation --break-system-packages \
         git+{git}/acme/py-greet.git@v1.0.0\n",
    );
    fetched(&env, &build(&env, &["dev"], &[]).output(), "acme/py-greet");
}

/// cargo's own transport does not run `ssh`: the wiring gives it git's.
#[test]
fn cargo_fetches_a_private_crate() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/cargo:1\nWORKDIR /src\n\
         RUN cargo init --quiet --name app && \
         echo 'greet = { git = \"{git}/acme/cargo-greet.git\" }' >>Cargo.toml\n\
         RUN --mount=type=ssh cargo fetch\n",
    );
    fetched(
        &env,
        &build(&env, &["dev"], &[]).output(),
        "acme/cargo-greet",
    );
}

#[test]
fn composer_installs_a_private_package() {
    let env = env();
    env.file(
        "Dockerfile",
        r#"FROM keystay/php:1
WORKDIR /app
RUN echo '{"repositories":[{"type":"vcs","url":"{git}/acme/php-greet.git"},{"packagist.org":false}],"require":{"acme/php-greet":"*@dev"}}' >composer.json
RUN --mount=type=ssh composer install --no-interaction --no-progress --prefer-source
"#,
    );
    fetched(&env, &build(&env, &["dev"], &[]).output(), "acme/php-greet");
}

#[test]
fn bundler_installs_a_private_gem() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/ruby:1\nWORKDIR /app\n\
         RUN echo 'gem \"greet\", git: \"{git}/acme/gem-greet.git\"' >Gemfile\n\
         RUN --mount=type=ssh bundle install\n",
    );
    fetched(&env, &build(&env, &["dev"], &[]).output(), "acme/gem-greet");
}

/// Checks that the build fetched this repository in fetch mode.
#[track_caller]
fn fetched(env: &Env, built: &Output, repository: &str) {
    built.status(0).stderr_has("CLEAN");
    let records = fetches(env);
    assert!(
        records.iter().all(|record| record.mode == Mode::Fetch),
        "{records:?}"
    );
    let is_it = |record: &&keystay_proto::control::Record| {
        record.event == Event::Fetched
            && record
                .repository
                .as_ref()
                .is_some_and(|name| name.ends_with(repository))
    };
    assert!(records.iter().any(|record| is_it(&record)), "{records:?}");
}

/// A file of the context, with its placeholders filled in.
fn filled(env: &Env, name: &str) -> String {
    std::fs::read_to_string(env.context().join(name)).unwrap()
}
