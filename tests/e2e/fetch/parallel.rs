//! Many fetches at once finish, and a step that is killed leaves none behind.

use std::time::Duration;

use keystay_proto::control::Event;
use keystay_tests::env::wait_until;

use super::{build, env, fetches};

#[test]
fn two_hundred_parallel_fetches_in_one_build_finish() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh for i in $(seq 200); do \
         git clone --quiet {git}/acme/lib-a.git /r/$i & done; wait; \
         ls -d /r/*/README | wc -l | grep -x 200\n",
    );
    build(&env, &["dev"], &["--no-verify"]).output().status(0);
    let ended = fetches(&env)
        .into_iter()
        .filter(|record| record.event == Event::Fetched);
    assert_eq!(ended.count(), 200);
}

#[test]
fn a_killed_step_leaves_no_fetch_behind() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh (git clone {git}/acme/large.git /large & sleep 1; kill -9 $!; \
         pkill -9 ssh; echo killed; sleep 40)\n",
    );
    let mut running = build(&env, &["dev"], &["--no-verify"]).start();
    let patience = Duration::from_mins(1);
    wait_until("the fetch has ended", patience, || {
        let ended = |event| event == Event::Fetched || event == Event::Failed;
        running.has_ended() || fetches(&env).iter().any(|record| ended(record.event))
    });
    running.signal("INT");
    running.wait().status(130);
}
