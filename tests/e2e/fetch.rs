//! Fetch mode: the host fetches, the step gets bytes, and only from the repositories it may read.

mod daemonless;
mod escapes;
mod images;
mod jump;
mod managers;
mod modes;
mod parallel;
mod repositories;

use keystay_proto::control::{Event, Record};
use keystay_tests::{
    env::{Env, Run},
    lab::Lab,
};

/// An environment on the engine that can run the shim from a secret.
fn env() -> Env {
    let lab = Lab::up().unwrap();
    let [_, engine] = lab.engines();
    Env::on(&lab, engine)
}

/// `keystay --key … OPTIONS build`, with keys of the lab.
fn build(env: &Env, keys: &[&str], options: &[&str]) -> Run {
    let keys = keys.iter().flat_map(|key| {
        let source = format!("file:{}", env.lab().key(key).display());
        ["--key".to_owned(), source]
    });
    env.keystay_alone().args(keys).args(options).build(env)
}

/// Every record of a fetch that was allowed, refused, or has ended, in order.
fn fetches(env: &Env) -> Vec<Record> {
    let mut records = env.records();
    let told = [
        Event::Allowed,
        Event::Refused,
        Event::Fetched,
        Event::Failed,
    ];
    records.retain(|record| told.contains(&record.event));
    records
}

/// The name of a repository of the git host, as records and the summary write it.
fn on_git_host(env: &Env, repository: &str) -> String {
    format!("127.0.0.1:{}/{repository}", env.lab().git_host().port())
}
