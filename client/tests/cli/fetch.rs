//! Fetch mode: what is wired, refused and told before anything runs.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    thread,
};

use crate::keystay::Keystay;

const DOCKERFILE: &str = "FROM base\nRUN git clone git@host:acme/lib\n";
const SHIM: &str = "--mount=type=secret,id=keystay.ssh,target=/usr/local/bin/ssh,mode=0555";

#[test]
fn the_wired_command_and_dockerfile_are_printed() {
    Keystay::new(&["--mode", "fetch", "--dry-run", "build", "."])
        .file("Dockerfile", DOCKERFILE)
        .run()
        .says(
            0,
            &format!(
                "docker build --file '<wired Dockerfile>' --ssh 'keystay=<grant socket>' \
                 --secret 'id=keystay.ssh,src=<ssh>' --iidfile '<image id>' .\n\n\
                 FROM base\nRUN --mount=type=ssh,id=keystay,mode=0666 {SHIM} git clone git@host:acme/lib\n"
            ),
            "",
        );
}

#[test]
fn a_list_in_the_project_rewrites_https() {
    let dockerfile = "FROM base\nRUN git clone https://host/acme/lib\n";
    Keystay::new(&["--mode", "fetch", "--dry-run", "build", "."])
        .file("Dockerfile", dockerfile)
        .file("keystay.toml", "repos = [\"git@host:acme/lib.git\"]\n")
        .run()
        .says(
            0,
            &format!(
                "docker build --file '<wired Dockerfile>' --ssh 'keystay=<grant socket>' \
                 --secret 'id=keystay.ssh,src=<ssh>' --secret 'id=keystay.gitconfig,src=<git configuration>' \
                 --iidfile '<image id>' .\n\n\
                 FROM base\nRUN --mount=type=ssh,id=keystay,mode=0666 {SHIM} \
                 --mount=type=secret,id=keystay.gitconfig,target=/etc/gitconfig,mode=0444 \
                 git clone https://host/acme/lib\n"
            ),
            "",
        );
}

#[test]
fn the_engines_own_git_gets_a_socket_of_its_own() {
    Keystay::new(&["--mode", "fetch", "--dry-run", "build", "."])
        .file("Dockerfile", "FROM base\nADD git@host:r /r\nRUN --mount=type=ssh a\n")
        .run()
        .says(
            0,
            &format!(
                "docker build --file '<wired Dockerfile>' --ssh 'default=<signing socket>' \
                 --ssh 'keystay=<grant socket>' --secret 'id=keystay.ssh,src=<ssh>' --iidfile '<image id>' .\n\n\
                 FROM base\nADD git@host:r /r\nRUN --mount=type=ssh,id=keystay,mode=0666 {SHIM} a\n"
            ),
            "",
        );
}

#[test]
fn podman_and_buildah_are_wired_alike() {
    for (words, shown) in [
        (vec!["podman", "build"], "podman build"),
        (vec!["buildah", "bud"], "buildah bud"),
    ] {
        let arguments = [vec!["--mode", "fetch", "--dry-run"], words].concat();
        let stdout = Keystay::new(&arguments)
            .file("Containerfile", DOCKERFILE)
            .run()
            .stdout();
        let begins = format!("{shown} --file '<wired Dockerfile>' --ssh 'keystay=<grant socket>'");
        assert!(stdout.starts_with(&begins), "{stdout}");
        assert!(stdout.contains(SHIM), "{stdout}");
    }
}

#[test]
fn podman_on_another_machine_is_refused() {
    Keystay::new(&["podman", "--remote", "build", "."]).run().says(
        69,
        "",
        "keystay: error: this option lets podman build on another machine, and it does not carry ssh there\n\
         hint: do without it, or run Keystay on that machine\n",
    );
    Keystay::new(&["podman", "build", "."])
        .program("podman", "exit 1")
        .env("CONTAINER_HOST", "ssh://far")
        .run()
        .says(
            69,
            "",
            "keystay: error: CONTAINER_HOST lets podman build on another machine, and it does not carry ssh there\n\
             hint: do without it, or run Keystay on that machine\n",
        );
}

#[test]
fn an_engine_that_is_too_old_is_named() {
    let keystay = Keystay::new(&["--mode", "fetch", "build", "."])
        .file("Dockerfile", DOCKERFILE)
        .program("docker", "exit 1")
        .buildx();
    let socket = keystay.path("docker.sock");
    let engine = old_engine(UnixListener::bind(&socket).unwrap());
    let host = format!("unix://{}", socket.display());
    keystay.env("DOCKER_HOST", host).run().says(
        69,
        "",
        "keystay: error: fetch mode is not possible: docker 20.10 cannot run the shim from a secret (Docker 26 can)\n\
         hint: let the steps log in themselves: `keystay --mode sign build …`\n",
    );
    drop(engine);
}

#[test]
fn a_build_on_an_old_engine_is_in_sign_mode_and_says_why() {
    let keystay = Keystay::new(&["--dry-run", "build", "."])
        .file(
            "Dockerfile",
            "FROM base\nRUN --mount=type=ssh,mode=0600 a\n",
        )
        .program("docker", "exit 1");
    let socket = keystay.path("docker.sock");
    let engine = old_engine(UnixListener::bind(&socket).unwrap());
    let host = format!("unix://{}", socket.display());
    let shown = keystay.env("DOCKER_HOST", host).run();
    shown.says(
        0,
        "docker build --file '<wired Dockerfile>' --ssh 'default=<grant socket>' \
         --secret 'id=keystay.known_hosts,src=<verified host keys>' --iidfile '<image id>' .\n\n\
         FROM base\nRUN --mount=type=ssh,mode=0600 \
         --mount=type=secret,id=keystay.known_hosts,target=/etc/ssh/ssh_known_hosts,mode=0444 a\n",
        "keystay: sign mode: docker 20.10 cannot run the shim from a secret (Docker 26 can)\n",
    );
    drop(engine);
}

#[test]
fn what_cannot_be_wired_cannot_be_in_fetch_mode() {
    Keystay::new(&["--mode", "fetch", "--dry-run", "build", "-"])
        .stdin("BZh91AY")
        .run()
        .says(
            69,
            "",
            "keystay: error: fetch mode is not possible: the Dockerfile is built as it stands\n\
             hint: let the steps log in themselves: `keystay --mode sign build …`\n",
        );
    Keystay::new(&[
        "--mode",
        "fetch",
        "--wire",
        "none",
        "--dry-run",
        "build",
        ".",
    ])
    .file("Dockerfile", DOCKERFILE)
    .run()
    .says(
        64,
        "",
        "keystay: error: `--mode fetch` connects steps, and `--wire none` connects none\n\
             hint: leave out one of them\n",
    );
}

#[test]
fn mistakes_in_files_are_told_with_their_place() {
    let hint = "hint: client/MANUAL.md lists what these files may say\n";
    Keystay::new(&["build", "."])
        .file("Dockerfile", DOCKERFILE)
        .file("keystay.toml", "ttl = \"5m\"\nrepo = []\n")
        .run()
        .says(
            78,
            "",
            &format!("keystay: error: ~/keystay.toml:2:1: unknown field `repo`, expected `repos` or `ttl`\n{hint}"),
        );
}

/// An engine that says once or twice that it is docker 20.10.
fn old_engine(listener: UnixListener) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut asked = [0; 1024];
            if matches!(stream.read(&mut asked), Ok(1..)) {
                let answer = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n\r\nOK";
                stream.write_all(answer.as_bytes()).unwrap();
            }
        }
    })
}
