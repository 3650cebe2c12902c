//! Keys that are copied, by an instruction or within a step.

use super::*;

#[test]
fn keys_that_a_pattern_brings_are_found() {
    fires(
        "L2",
        &[
            "COPY id_rsa* /app/",
            "COPY id_* /app/",
            "COPY keys/id_ed* /app/",
            "COPY .ssh/* /x/",
            "COPY keys/* /root/.ssh/",
            "COPY keys /root/.ssh",
            "COPY --from=ctx .ssh /x",
        ],
    );
    is_silent(&[
        "COPY *.pub /root/.ssh/",
        "COPY id_*.pub /x/",
        "COPY .ssh/config /root/.ssh",
        "COPY known_hosts config /root/.ssh/",
        "COPY .ssh/*.pub /x/",
    ]);
}

#[test]
fn keys_that_a_step_copies_are_found() {
    fires(
        "L4",
        &[
            "RUN --mount=type=bind,target=/src cp /src/key /root/.ssh/id_rsa",
            "RUN cp -t /root/.ssh key",
            "RUN dd if=key of=/root/.ssh/id_rsa",
            "RUN install -m 600 key /root/.ssh/id_rsa",
            "RUN install -m 600 key /home/app/.ssh",
            "RUN cat key | tee ~/.ssh/id_rsa",
            "RUN cat key > ~/.ssh/id_rsa",
            "RUN curl -s https://a.example/key > ~/.ssh/id_rsa",
            "RUN cp -r /src/.ssh /root/",
            "RUN mv key /opt/id_ed25519",
        ],
    );
    is_silent(&[
        "RUN cp known_hosts config key.pub /root/.ssh/",
        "RUN install -d -m 700 /root/.ssh",
        "RUN touch ~/.ssh/id_rsa && : > ~/.ssh/key && > ~/.ssh/key2",
        "RUN cp key ~/.ssh/id_rsa && a; rm -r ~/.ssh",
        "RUN --mount=type=tmpfs,target=/root/.ssh cp key /root/.ssh/id_rsa",
        "RUN cp a.key b.key && cat b.key > c.key",
        "RUN cp id_rsa.pub ~/.ssh/authorized_keys",
    ]);
}

#[test]
fn mounted_secrets_that_are_copied_or_handed_over_in_a_variable_are_found() {
    let file = "RUN --mount=type=secret,id=a,required ";
    let variable = "RUN --mount=type=secret,id=a,env=VALUE,required ";
    for (step, is_found) in [
        (format!("{file}cp -t /root/.ssh /run/secrets/a"), true),
        (format!("{file}dd if=/run/secrets/a of=/x"), true),
        (format!("{file}cp /run/secrets/a /x; rm /x"), false),
        (format!("{variable}echo \"$VALUE\" > ~/.ssh/id_rsa"), true),
        (format!("{variable}echo \"$VALUE\" | base64 -d > /x"), true),
        (format!("{variable}bash -c 'echo $VALUE > /x'"), true),
        (format!("{variable}echo $VALUE"), true),
        (format!("{variable}echo $VALUE > /x && a; rm /x"), false),
        (format!("{variable}echo $VALUE | docker-login"), false),
        (format!("{variable}echo '' > /x"), false),
        (format!("{variable}npm ci > /x"), false),
    ] {
        let ids: Vec<_> = of_stage(&step).into_iter().map(|(id, _)| id).collect();
        let expected: &[&str] = if is_found { &["L8"] } else { &[] };
        assert_eq!(ids, expected, "{step}");
    }
    fires(
        "L4",
        &[&format!("{variable}npm config set //r:_authToken $VALUE")],
    );
}
