//! Steps know the hosts that the user knows, and no others.

use keystay_tests::env::Env;
use keystay_tests::lab::Lab;

#[test]
fn a_step_knows_the_users_hosts_and_the_image_learns_none() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("known", "").file(
            "Dockerfile",
            "FROM keystay/base:1\n\
             COPY known /etc/ssh/ssh_known_hosts\n\
             RUN --mount=type=ssh git clone {git}/acme/lib-a.git /git\n\
             RUN --mount=type=ssh git clone {plain}/acme/lib-a.git /plain\n",
        );
        env.build_with("deploy-a").output().status(0);
        let script = "cat /git/a.txt /plain/a.txt; wc -c </etc/ssh/ssh_known_hosts; \
                      ls -A /root/.ssh 2>/dev/null | wc -l";
        let ran = env.ran(env.tag(), &["sh", "-c", script]);
        ran.stdout_is("alpha\nalpha\n0\n0\n");
    }
}

#[test]
fn a_host_that_the_user_does_not_know_is_refused_in_the_step() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.home_file(".ssh/known_hosts", lab.plain_host().known_hosts());
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh git clone {git}/acme/lib-a.git /src\n",
        );
        let built = env
            .build_with("deploy-a")
            .args(["--progress=plain"])
            .output();
        built
            .status(1)
            .stderr_has("Host key verification failed.")
            .says("keystay: the build asked for no signature\n");
        env.home_file(".ssh/known_hosts", "");
        let built = env
            .build_with("deploy-a")
            .args(["--progress=plain"])
            .output();
        built.status(1).stderr_has("Host key verification failed.");
    }
}
