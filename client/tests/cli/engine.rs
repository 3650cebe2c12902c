//! Engines that cannot build, and command lines that open no grant.

use std::os::unix::net::UnixListener;

use crate::keystay::Keystay;

#[test]
fn a_missing_docker_is_told() {
    Keystay::new(&["build", "."])
        .file("Dockerfile", "FROM scratch\n")
        .run()
        .says(
            69,
            "",
            "keystay: error: no `docker` program found in PATH\n\
             hint: install Docker (Debian: `sudo apt install docker.io`), or add its folder to PATH\n",
        );
}

#[test]
fn buildkit_turned_off_is_told() {
    Keystay::new(&["-q", "build", "."])
        .file("Dockerfile", "FROM scratch\n")
        .program("docker", "exit 1")
        .env("DOCKER_BUILDKIT", "0")
        .run()
        .says(
            78,
            "",
            "keystay: error: DOCKER_BUILDKIT=0 turns off BuildKit, which forwards keys to a build\n\
             hint: run `unset DOCKER_BUILDKIT`, or set it to 1\n",
        );
}

#[test]
fn a_new_docker_without_buildx_is_told() {
    Keystay::new(&["-q", "buildx", "build", "."])
        .file("Dockerfile", "FROM scratch\n")
        .program("docker", "echo 'Docker version 28.2.2, build e6534b4'")
        .run()
        .says(
            69,
            "",
            "keystay: error: docker has no buildx plug-in\n\
             hint: install it: `sudo apt install docker-buildx` (Debian), `docker-buildx-plugin` (docker.com's packages)\n\
             hint: or put the `docker-buildx` program into ~/.docker/cli-plugins/ and make it executable\n",
        );
}

#[test]
fn an_old_docker_needs_no_buildx() {
    Keystay::new(&["-q", "build", "."])
        .file("Dockerfile", "FROM scratch\n")
        .program(
            "docker",
            "echo 'Docker version 20.10.24+dfsg1, build 297e128'",
        )
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .says(69, "", NO_ENGINE);
}

#[test]
fn an_engine_that_is_down_is_told() {
    Keystay::new(&["-q", "build", "."])
        .file("Dockerfile", "FROM scratch\n")
        .program("docker", "echo never run; exit 1")
        .buildx()
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .run()
        .says(69, "", NO_ENGINE);
}

#[test]
fn an_engine_that_left_its_socket_behind_is_told() {
    let keystay = Keystay::new(&["-q", "verify", "app"]).program("docker", "exit 1");
    let socket = keystay.path("docker.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let host = format!("unix://{}", socket.display());
    keystay.env("DOCKER_HOST", host).run().says(
        69,
        "",
        "keystay: error: the docker engine does not answer at unix://~/docker.sock: Connection refused (os error 111)\n\
         hint: start it: `sudo systemctl start docker`\n\
         hint: or name another one in DOCKER_HOST or with `docker context use`\n",
    );
}

#[test]
fn the_help_of_build_is_dockers() {
    Keystay::new(&["build", "--help"])
        .program("docker", "echo \"docker $*\"; exit 3")
        .run()
        .says(
            3,
            "docker build --help\n",
            "keystay: note: docker's own help follows; keystay's options stand before `build`: `keystay help`\n",
        );
}

#[test]
fn docker_never_sees_the_variable_that_holds_a_key() {
    Keystay::new(&["-q", "--key", "env:DEPLOY_KEY", "build", "--help"])
        .program(
            "docker",
            "echo \"${DEPLOY_KEY-unset} ${OTHER-unset} ${DOCKER_BUILDKIT-unset}\"",
        )
        .env("DEPLOY_KEY", "secret")
        .env("OTHER", "seen")
        .run()
        .says(0, "unset seen 1\n", "");
}

const NO_ENGINE: &str = "\
keystay: error: the docker engine does not answer at unix:///nowhere/docker.sock: No such file or directory (os error 2)
hint: start it: `sudo systemctl start docker`
hint: or name another one in DOCKER_HOST or with `docker context use`
";
