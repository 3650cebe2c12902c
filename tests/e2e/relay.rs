//! An engine that is reached over TCP.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use keystay_tests::{env::Env, lab::Lab};

use crate::{
    key::{file, fingerprint},
    process::Process,
};

#[test]
fn docker_has_no_key_in_its_environment_when_it_saves_the_image() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nRUN --mount=type=ssh git ls-remote {git}/acme/lib-a\n",
        );
        let key = std::fs::read_to_string(lab.key("dev")).unwrap();
        let mut build = env
            .keystay()
            .env("DOCKER_HOST", format!("tcp://{}", relay(&engine.socket())))
            .env("DEPLOY_KEY", key)
            .args(["--key", "env:DEPLOY_KEY"])
            .build(&env)
            .start();
        let client = Process(build.id());
        let mut saved = false;
        while !build.has_ended() {
            thread::sleep(Duration::from_millis(5));
            for docker in client.engines() {
                let environment = docker.environment();
                let has_key = environment
                    .iter()
                    .any(|pair| pair.starts_with("DEPLOY_KEY"));
                assert!(!has_key, "{:?}", docker.words());
                saved |=
                    docker.words().iter().any(|word| word == "save") && !environment.is_empty();
            }
        }
        assert!(saved, "docker was not seen to save the image");
        let output = build.wait();
        output.status(0).stderr_has(&format!(
            "keystay: keys      {} (ed25519, env:DEPLOY_KEY) 1 signature\n",
            fingerprint(&lab, "dev")
        ));
        output.stderr_has("keystay: image     CLEAN sha256:");
    }
}

#[test]
fn an_engine_on_tcp_that_is_not_there_is_dockers_to_tell() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh true\n",
    );
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let host = format!("tcp://{}", free.local_addr().unwrap());
    drop(free);
    let run = || env.docker().env("DOCKER_HOST", &host).build(&env).output();
    let output = env
        .keystay()
        .env("DOCKER_HOST", &host)
        .args(["--key", &file(&lab, "dev")])
        .build(&env)
        .output();
    output.status(run().status).stderr_has(&host);
}

/// An address where the engine of this socket answers, as long as this process runs.
fn relay(socket: &Path) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = PathBuf::from(socket);
    thread::spawn(move || {
        for near in listener.incoming() {
            let far = UnixStream::connect(&socket).unwrap();
            join(near.unwrap(), far);
        }
    });
    address
}

fn join(near: TcpStream, far: UnixStream) {
    let (mut from_near, mut to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    thread::spawn(move || {
        // Either side may go first.
        let _ = io::copy(&mut from_near, &mut to_far);
        let _ = to_far.shutdown(Shutdown::Write);
    });
    let (mut from_far, mut to_near) = (far, near);
    thread::spawn(move || {
        let _ = io::copy(&mut from_far, &mut to_near);
        let _ = to_near.shutdown(Shutdown::Write);
    });
}
