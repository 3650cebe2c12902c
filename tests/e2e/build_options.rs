//! Docker's own options keep their meaning, and a build ends with docker's own status.

use std::fs;

use keystay_tests::env::{Env, Output};
use keystay_tests::lab::Lab;

#[test]
fn a_failing_build_ends_with_dockers_status() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nRUN --mount=type=ssh ssh-add -l && exit 7\n",
        );
        let plain = env.docker().build(&env).output();
        let built = env.build_with("dev").output();
        built
            .status(plain.status)
            .status(1)
            .stdout_is("")
            .stderr_has("exit code: 7")
            .says("keystay: the build asked for no signature\n");
    }
}

#[test]
fn options_of_the_user_are_docker_s_own() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let second = format!("{}-second", env.tag());
        env.file(
            "Dockerfile",
            "FROM keystay/base:1 AS wanted\n\
             ARG WHO\n\
             RUN --mount=type=ssh git clone {git}/acme/lib-a.git /src && echo $WHO >/who\n\
             FROM wanted\n\
             RUN exit 1\n",
        );
        let built = env.build_with("deploy-a").args([
            "--quiet",
            "--iidfile",
            "id",
            "--tag",
            &second,
            "--build-arg",
            "WHO=acme",
            "--target",
            "wanted",
        ]);
        let built = built.output();
        let id = fs::read_to_string(env.context().join("id")).unwrap();
        built.status(0).stdout_is(&format!("{id}\n"));
        built.stderr_has(&format!("keystay: image     CLEAN {} searched", &id[..19]));
        env.ran(&second, &["cat", "/who"]).stdout_is("acme\n");
        let remove = ["image", "rm", &second];
        env.docker().args(remove).output().status(0);
    }
}

#[test]
fn buildx_build_is_wired_like_build() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-a.git /src\n",
    );
    let key = format!("file:{}", lab.key("deploy-a").display());
    let built = env
        .keystay()
        .args(["--key", &key, "buildx"])
        .build(&env)
        .args(["--load"])
        .output();
    built
        .status(0)
        .stderr_has(" 1 signature\n")
        .stderr_has("keystay: image     CLEAN sha256:");
}

#[test]
fn what_is_built_into_a_folder_is_not_said_to_be_searched() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1 AS build\n\
             RUN --mount=type=ssh git clone {git}/acme/lib-a.git /src\n\
             FROM scratch\n\
             COPY --from=build /src/a.txt /\n",
        );
        let keystay = |option: &[&str]| -> Output {
            let key = format!("file:{}", lab.key("deploy-a").display());
            let command = ["build", "--network", "host", "--output", "out", "."];
            let options = env.keystay().args(["--key", &key]).args(option);
            options.args(command).output()
        };
        keystay(&[]).status(0).stderr_has(NOT_SEARCHED);
        let built = fs::read_to_string(env.context().join("out/a.txt")).unwrap();
        assert_eq!(built, "alpha\n");
        keystay(&["--strict"]).status(75).says(&format!(
            "keystay: the build asked for no signature (cached, or it has no ssh step)\n\
             {NOT_SEARCHED}\
             keystay: error: the image was not searched whole, and `--strict` asks for that\n\
             hint: leave out `--strict` to take it as it is\n"
        ));
    }
}

const NOT_SEARCHED: &str =
    "keystay: image     INCOMPLETE the output of the build is no image of the engine\n";
