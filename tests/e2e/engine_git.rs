//! `BuildKit`'s own git, which serves `ADD`, fetches with the build's grant.

use std::io::copy;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use keystay_tests::env::Env;
use keystay_tests::lab::Lab;

/// Only the newer engine adds repositories, and it finds the keys of hosts on port 22 only.
#[test]
fn add_fetches_a_private_repository() {
    fetched("ADD git@{host}:acme/lib-a.git /src\n", &[]);
}

#[test]
fn a_repository_in_a_variable_is_fetched_too() {
    let named = "ARG FROM\nADD $FROM /src\n";
    fetched(named, &["--build-arg", "FROM=git@{host}:acme/lib-a.git"]);
    fetched("ARG H={host}\nADD git@$H:acme/lib-a.git /src\n", &[]);
}

#[test]
fn a_further_context_that_is_a_repository_is_fetched() {
    let from = ["--build-context", "lib=git@{host}:acme/lib-a.git"];
    fetched("COPY --from=lib a.txt /src/a.txt\n", &from);
}

/// The build gets `/src/a.txt` of the repository, with these options.
fn fetched(instructions: &str, options: &[&str]) {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let host = relay(lab.git_host().port());
    let lines = lab.git_host().known_hosts().lines();
    let keys = lines.filter_map(|line| line.split_once(' '));
    let known: String = keys.fold(String::new(), |all, (_, key)| {
        all + &format!("{host} {key}\n")
    });
    env.home_file(".ssh/known_hosts", &known);
    let at = |text: &str| text.replace("{host}", &host.to_string());
    env.file(
        "Dockerfile",
        &format!("FROM keystay/lean:1\n{}", at(instructions)),
    );
    let options: Vec<_> = options.iter().map(|option| at(option)).collect();
    let built = env.build_with("deploy-a").args(&options).output();
    built
        .status(0)
        .stderr_lacks("keystay: note:")
        .stderr_has(&format!("keystay: hosts     {host} verified "));
    let ran = env.ran(env.tag(), &["cat", "/src/a.txt"]);
    ran.stdout_is("alpha\n");
}

/// Makes the git host answer on port 22 of a loopback address that no build of this process knows: what one
/// fetched from a host is in the engine's cache for the next.
#[track_caller]
fn relay(port: u16) -> Ipv4Addr {
    static RELAYS: AtomicU8 = AtomicU8::new(7);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, RELAYS.fetch_add(1, Ordering::Relaxed), high, low);
    let listener = TcpListener::bind((host, 22));
    let listener = listener.expect("port 22, which no server may hold on all addresses");
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            carry(near.try_clone().unwrap(), far.try_clone().unwrap());
            carry(far, near);
        }
    });
    host
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        // A connection that breaks off has ended.
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
