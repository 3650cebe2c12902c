//! What podman and buildah do with a step's mounts, which the wiring builds on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use keystay_tests::env::Env;
use keystay_tests::lab::{Lab, UpstreamAgent};

#[test]
fn podman_and_buildah_lend_a_step_the_agent_and_a_program_as_ssh() {
    let lab = Lab::up().unwrap();
    let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
    for program in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, program);
        env.file(
            "known_hosts",
            &fs::read_to_string(lab.known_hosts()).unwrap(),
        );
        shim(&env);
        env.file("Dockerfile", CLONE);
        let socket = agent.socket().display();
        let output = env
            .plain()
            .args(["build", "--ssh", &format!("default={socket}")])
            .args(["--secret", "id=shim,src=shim", "--iidfile", "id"])
            .args(["--tag", env.tag(), "."])
            .output();
        output.status(0);
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(all.contains("cloned alpha"), "{all}");
        assert!(all.contains("shim says secret"), "{all}");
        let id = fs::read_to_string(env.context().join("id")).unwrap();
        assert!(id.starts_with("sha256:") && id.len() == 71, "{id:?}");
    }
}

#[test]
fn podman_and_buildah_leave_an_empty_file_in_the_image_where_a_volume_was() {
    let lab = Lab::up().unwrap();
    for program in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, program);
        shim(&env);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nUSER app\nRUN ssh volume && cp /usr/local/bin/ssh /tmp/seen\n",
        );
        let shim = env.context().join("shim");
        let volume = format!("{}:/usr/local/bin/ssh:ro", shim.display());
        let output = env
            .plain()
            .args(["build", "--volume", &volume, "--tag", env.tag(), "."])
            .output();
        output.status(0);
        assert!(output.stdout.contains("shim says volume"), "{output:?}");
        let files = files(&env);
        assert!(files.contains(" 28 tmp/seen\n"), "{files}");
        assert!(files.contains(" 0 usr/local/bin/ssh\n"), "{files}");
    }
}

#[test]
fn podman_and_buildah_remove_the_file_that_a_mount_of_a_step_has_covered() {
    let lab = Lab::up().unwrap();
    for program in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, program);
        shim(&env);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nRUN touch /srv/secret /srv/bind\n\
             RUN --mount=type=secret,id=shim,target=/srv/secret \
             --mount=type=bind,source=shim,target=/srv/bind ls /srv/secret /srv/bind\n\
             RUN ! ls /srv/secret && ! ls /srv/bind\n",
        );
        env.plain()
            .args(["build", "--secret", "id=shim,src=shim"])
            .args(["--tag", env.tag(), "."])
            .output()
            .status(0);
    }
}

#[test]
fn nothing_is_left_of_what_podman_and_buildah_mount_below_dev() {
    let lab = Lab::up().unwrap();
    for program in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, program);
        shim(&env);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nUSER app\n\
             RUN --mount=type=secret,id=shim,target=/dev/keystay/ssh,mode=0555 \
             /dev/keystay/ssh secret && /dev/volume/shim volume\n",
        );
        let volume = format!("{}:/dev/volume:ro", env.context().display());
        env.plain()
            .args(["build", "--volume", &volume])
            .args(["--secret", "id=shim,src=shim"])
            .args(["--tag", env.tag(), "."])
            .output()
            .status(0);
        let files = files(&env);
        assert!(files.contains(" 0 etc/hosts\n"), "{files}");
        assert!(!files.contains(" dev/"), "{files}");
    }
}

/// Puts a program into the context that stands in for ssh.
fn shim(env: &Env) {
    env.file("shim", "#!/bin/sh\necho shim says $1\n");
    let path = env.context().join("shim");
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Size and name of every file in every layer of the environment's image.
fn files(env: &Env) -> String {
    let archive = env.context().join("image.tar");
    let target = format!("docker-archive:{}:{}", archive.display(), env.tag());
    env.program(env.lab().buildah().command())
        .args(["push", env.tag(), &target])
        .output()
        .status(0);
    let mut list = Command::new("sh");
    list.args(["-ec", LIST, "sh"]).arg(archive);
    String::from_utf8(list.output().unwrap().stdout).unwrap()
}

const LIST: &str = "\
tar -tf \"$1\" | grep '^[0-9a-f]*\\.tar$' | while read layer; do
    tar -xOf \"$1\" \"$layer\" | tar -tv | awk '{ print \"\", $3, $6 }'
done
";

const CLONE: &str = "\
FROM keystay/base:1
COPY known_hosts /root/.ssh/known_hosts
RUN --mount=type=ssh git clone {git}/acme/lib-a /a && echo cloned $(cat /a/a.txt)
USER app
RUN --mount=type=secret,id=shim,target=/usr/local/bin/ssh,mode=0555 ssh secret
";
