//! A Dockerfile that copies a key in, as people write it, is repaired: it builds through Keystay with the
//! same result, and without the key.

use std::{fs, path::Path};

use keystay_tests::{
    env::{Env, Output},
    lab::Lab,
};

#[test]
fn the_usual_dockerfile_with_a_key_is_repaired_and_builds_the_same() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = lab.key(KEY);
        env.file("package.json", PACKAGE)
            .file("Dockerfile", &with_port(&lab, BEFORE))
            .file(".dockerignore", "");
        fs::copy(&key, env.context().join("deploy_key")).unwrap();
        let docker = env.docker().build(&env);
        let before = docker
            .args(["--build-arg", "SSH_KEY_FILE=deploy_key"])
            .output();
        before.status(0);
        let result = run(&env);
        assert_eq!(result, "hello acme from npm\n");

        let path = env.context().join("Dockerfile");
        let found = env.keystay_alone().args(["lint"]).args([&path]).output();
        found.status(65);
        for told in [
            ":3: warning: `ARG SSH_KEY_FILE`",
            ":5: error: `${SSH_KEY_FILE}` is copied to",
        ] {
            assert!(
                found.stdout.contains(&format!("{}{told}", path.display())),
                "{found:?}"
            );
        }
        found.stderr_has("leaks what it should not: 2 errors, 2 warnings");

        // The key is kept out of what is sent, as lint says of it where all of the context is copied.
        env.file(".dockerignore", "deploy_key\n");
        let fixed = env
            .keystay_alone()
            .args(["lint", "--fix"])
            .args([&path])
            .output();
        fixed.status(0).stdout_is("").stderr_has("nothing found");
        assert_eq!(comparable(&path), AFTER);

        let built = env.build_with(KEY).output();
        built.status(0).stderr_has("keystay: image     CLEAN ");
        assert_eq!(run(&env), result);
        let again = env
            .keystay_alone()
            .args(["lint", "--fix"])
            .args([&path])
            .output();
        let nothing = format!("keystay: {}: nothing found\n", path.display());
        again.status(0).stdout_is("").says(&nothing);
    }
}

#[test]
fn a_build_is_told_what_lint_would_say() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file(
        "Dockerfile",
        "FROM keystay/lean:1\nARG DEPLOY_TOKEN\nRUN ssh-keyscan 127.0.0.1 || true\n",
    );
    let built = env.build_with(KEY).output();
    built.status(0).stderr_has(
        "keystay: note: Dockerfile:3: `ARG DEPLOY_TOKEN` is named like a secret [L1]\n\
         keystay: note: Dockerfile:4: `ssh-keyscan` asks the network for host keys [L11]; `keystay lint` tells what to do\n",
    );
}

/// What the image's own command prints.
#[track_caller]
fn run(env: &Env) -> String {
    let output: Output = env.ran(env.tag(), &[]);
    output.status(0);
    output.stdout.clone()
}

/// The Dockerfile without the label that the environment gives each test.
fn comparable(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("ENV KEYSTAY_TEST="));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn with_port(lab: &Lab, text: &str) -> String {
    text.replace("{scan}", &format!("-p {} 127.0.0.1", lab.git_host().port()))
}

/// No other test puts this key into an image.
const KEY: &str = "dev-p521";
const PACKAGE: &str = r#"{
  "name": "app",
  "private": true,
  "dependencies": { "greet": "git+{git}/acme/npm-greet.git#v1.0.0" }
}
"#;
const BEFORE: &str = "\
FROM keystay/node:1 AS build
ARG SSH_KEY_FILE
WORKDIR /app
ADD ${SSH_KEY_FILE} /root/.ssh/id_rsa
RUN chmod 0600 /root/.ssh/id_rsa
RUN ssh-keyscan {scan} > /root/.ssh/known_hosts
COPY package.json .
RUN npm install --no-audit --no-fund
RUN rm -vf /root/.ssh/id_rsa
RUN node -p 'require(\"greet\")(\"acme\")' >greeting

FROM keystay/lean:1
COPY --from=build /app /app
CMD [\"cat\", \"/app/greeting\"]
";
const AFTER: &str = "\
FROM keystay/node:1 AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=ssh,required=true npm install --no-audit --no-fund
RUN node -p 'require(\"greet\")(\"acme\")' >greeting

FROM keystay/lean:1
COPY --from=build /app /app
CMD [\"cat\", \"/app/greeting\"]
";
