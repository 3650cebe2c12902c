//! How steps fetch: their mounts, their hosts, their agents.

use super::{fires, is_silent};

#[test]
fn fetches_without_a_mount_are_found() {
    fires(
        "L6",
        &[
            "RUN git clone git@a.example:b/c",
            "RUN pip install git+ssh://git@a.example/b",
            "RUN a && \\\n npm i git+ssh://git@a.example/b",
            "RUN git -C /x fetch ssh://a.example/b",
        ],
    );
    is_silent(&[
        "RUN --mount=type=ssh,required git clone git@a.example:b/c",
        "RUN git clone https://a.example/b/c",
        "RUN git remote add o git@a.example:b/c",
        "RUN echo git@a.example:b/c",
    ]);
}

#[test]
fn mounts_that_are_not_required_are_found() {
    fires(
        "L7",
        &[
            "RUN --mount=type=ssh x",
            "RUN --mount=type=secret,id=a x",
            "RUN --mount=type=ssh,required=false x",
        ],
    );
    is_silent(&[
        "RUN --mount=type=ssh,required=true x",
        "RUN --mount=type=cache,target=/c x",
    ]);
}

#[test]
fn unchecked_hosts_are_found() {
    fires(
        "L10",
        &[
            "RUN GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=no' git fetch",
            "ENV GIT_SSH_COMMAND=\"ssh -o UserKnownHostsFile=/dev/null\"",
            "RUN echo 'StrictHostKeyChecking no' >> /etc/ssh/ssh_config",
            "COPY <<EOF /root/.ssh/config\nHost *\n  StrictHostKeyChecking off\nEOF",
        ],
    );
    is_silent(&[
        "RUN ssh -o StrictHostKeyChecking=yes x",
        "RUN ssh -o StrictHostKeyChecking=notify x",
    ]);
    fires(
        "L11",
        &[
            "RUN ssh-keyscan a.example >> ~/.ssh/known_hosts",
            "RUN a && ssh-keyscan -H b",
        ],
    );
    is_silent(&["RUN echo ssh-keyscan"]);
}

#[test]
fn agents_in_steps_are_found() {
    fires(
        "L12",
        &[
            "RUN eval $(ssh-agent -s) && ssh-add /k",
            "RUN ssh-agent sh -c 'x'",
            "RUN eval `ssh-agent`",
            "RUN ssh-add",
        ],
    );
    is_silent(&[
        "RUN --mount=type=ssh,required ssh-add -l",
        "RUN which ssh-agent",
    ]);
}
