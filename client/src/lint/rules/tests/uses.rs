//! Secrets that are used, and not written, and texts that are not expanded.

use super::*;

#[test]
fn what_a_program_makes_with_a_secret_is_not_the_secret() {
    let file = "RUN --mount=type=secret,id=a,required ";
    let variable = "RUN --mount=type=secret,id=a,env=VALUE,required ";
    is_silent(&[
        &format!("{file}curl -H \"Authorization: $(cat /run/secrets/a)\" https://b.example > /x"),
        &format!("{file}GIT_SSH_COMMAND='ssh -i /run/secrets/a' git fetch 2>&1 | tee /log"),
        &format!("{file}ssh-keygen -y -f /run/secrets/a > /x.pub"),
        &format!("{variable}curl -H \"Authorization: $VALUE\" https://b.example > /x"),
        &format!("{file}cat /run/secrets/a | docker login --password-stdin > /log"),
        &format!("{file}wc -c /run/secrets/a > /size"),
        "RUN wget --header=\"Authorization: $NPM_TOKEN\" -O - https://b.example > /x",
    ]);
    fires(
        "L8",
        &[&format!("{file}echo \"$(cat /run/secrets/a)\" > /x")],
    );
    fires("L8", &[&format!("{file}V=$(cat /run/secrets/a | tee /x)")]);
    fires(
        "L4",
        &["RUN sed -i \"s/PASSWORD/$DB_PASSWORD/\" /etc/app.conf"],
    );
}

#[test]
fn what_is_quoted_is_not_expanded() {
    is_silent(&[
        "RUN echo '//r.example/:_authToken=${NPM_TOKEN}' > .npmrc",
        "RUN echo \"_authToken=\\${NPM_TOKEN}\" > .npmrc",
        "RUN echo \\$NPM_TOKEN > .npmrc",
        "RUN cat > /x <<EOF\n\\$NPM_TOKEN\nEOF",
        "COPY <<EOF /x\n\\$NPM_TOKEN\nEOF",
        "RUN --mount=type=secret,id=a,env=VALUE,required echo '$VALUE' > /x",
    ]);
    fires(
        "L4",
        &[
            "RUN echo 'a'\"$NPM_TOKEN\" > .npmrc",
            "RUN sh -c 'echo $NPM_TOKEN > .npmrc'",
        ],
    );
}

#[test]
fn one_path_in_two_spellings_is_one() {
    is_silent(&[
        "RUN --mount=type=tmpfs,target=/root/.ssh echo $SSH_KEY > ~/.ssh/id_rsa",
        "RUN --mount=type=tmpfs,target=~/.ssh/ cp key /root/.ssh/id_rsa",
        "RUN echo $NPM_TOKEN > ./.npmrc && npm ci && rm .npmrc",
        "RUN k=/tmp/k; echo $SSH_KEY > \"$k\"; rm \"${k}\"",
    ]);
}

#[test]
fn the_output_of_a_group_is_followed() {
    fires(
        "L4",
        &[
            "RUN { echo a; echo \"$SSH_KEY\"; } > /root/.ssh/id_rsa",
            "RUN (echo a && echo \"$SSH_KEY\") >> /k",
            "RUN busybox sh -c 'if a; then echo $SSH_KEY; fi > /k'",
        ],
    );
    is_silent(&[
        "RUN { echo \"$SSH_KEY\"; } > /k; rm /k",
        "RUN (echo \"$SSH_KEY\"); > /k",
        "RUN (echo \"$SSH_KEY\") && a > /k",
    ]);
}
