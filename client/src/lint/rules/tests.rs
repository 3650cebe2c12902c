//! What each rule finds, and what it must leave alone.

mod allowed;
mod any_text;
mod arguments;
mod copies;
mod fetching;
mod heredocs;
mod removals;
mod uses;

use super::{command_line, lint};
use crate::dockerfile::Dockerfile;

fn found(text: &str) -> Vec<(&'static str, usize)> {
    let dockerfile = Dockerfile::parse(text).unwrap();
    let problems = lint(&dockerfile);
    (problems.iter())
        .map(|problem| (problem.rule.id, problem.line))
        .collect()
}

/// The rules that a stage of these lines breaks; the lines are counted without its `FROM`.
fn of_stage(lines: &str) -> Vec<(&'static str, usize)> {
    let found = found(&format!("FROM debian\n{lines}\n"));
    found.into_iter().map(|(id, line)| (id, line - 1)).collect()
}

fn fires(id: &str, texts: &[&str]) {
    for text in texts {
        let ids: Vec<_> = of_stage(text).into_iter().map(|(id, _)| id).collect();
        assert!(ids.contains(&id), "{text}\n{ids:?}");
    }
}

fn is_silent(texts: &[&str]) {
    for text in texts {
        assert_eq!(of_stage(text), [], "{text}");
    }
}

#[test]
fn variables_that_are_named_like_secrets_are_found() {
    fires(
        "L1",
        &[
            "ARG NPM_TOKEN",
            "ENV DB_PASSWORD=x",
            "ARG A SSH_KEY=b",
            "ENV API_KEY x",
            "ONBUILD ARG SSH_KEY",
        ],
    );
    is_silent(&[
        "ARG VERSION=1",
        "ENV PATH=/a:$PATH",
        "ENV GPG_KEY=E3FF",
        "LABEL token=none",
    ]);
}

#[test]
fn copied_keys_are_found() {
    fires(
        "L2",
        &[
            "COPY id_rsa /root/.ssh/id_rsa",
            "ADD ${SSH_KEY_FILE} /root/.ssh/id_rsa",
            "COPY [\"id_ed25519\", \"/x\"]",
            "COPY .ssh /root/.ssh",
            "COPY a deploy.pem b /etc/",
            "COPY .netrc /root/",
            "COPY --from=keys /key /root/.ssh/key",
            "ONBUILD COPY id_rsa /",
            "COPY \\\n  id_rsa /",
        ],
    );
    is_silent(&[
        "COPY . /app",
        "COPY id_rsa.pub /root/.ssh/authorized_keys",
        "COPY known_hosts /root/.ssh/known_hosts",
        "COPY ssh_config /root/.ssh/config",
        "COPY ca.pem /etc/ssl/",
        "COPY --from=build /out /",
        "ADD https://a.example/key.asc /etc/apt/",
        "COPY <<EOF /etc/id\nEOF",
    ]);
}

#[test]
fn secrets_that_are_written_to_files_are_found() {
    fires(
        "L4",
        &[
            "RUN echo \"$SSH_KEY\" > /root/.ssh/id_rsa",
            "RUN echo $KEY_B64 | base64 -d > /k",
            "RUN printf '%s' \"${NPM_TOKEN}\" >> ~/.npmrc",
            "RUN echo $TOKEN | tee /etc/token",
            "RUN npm config set //r.example/:_authToken $NPM_TOKEN",
            "RUN <<EOF\necho $SSH_KEY > /root/.ssh/id\nEOF",
            "RUN [\"sh\", \"-c\", \"echo $SSH_KEY > /k\"]",
        ],
    );
    is_silent(&[
        "RUN echo $VERSION > /version",
        "RUN echo hello > /root/x",
        "RUN --mount=type=tmpfs,target=/t echo $DEPLOY_KEY > /t/k",
        "RUN echo $DEPLOY_KEY > /k && use /k && rm /k",
        "RUN echo $DEPLOY_KEY > /dev/null",
    ]);
}

#[test]
fn keys_that_are_deleted_too_late_are_found() {
    let copied = "COPY id_rsa /root/.ssh/id_rsa\n";
    for removal in [
        "RUN rm -f /root/.ssh/id_rsa",
        "RUN a && rm -rf ~/.ssh",
        "RUN shred $HOME/.ssh/id_rsa",
    ] {
        assert_eq!(
            of_stage(&format!("{copied}{removal}")),
            [("L2", 1), ("L5", 2)],
            "{removal}"
        );
    }
    let other = format!("{copied}RUN rm -rf /var/lib/apt/lists/*");
    assert_eq!(of_stage(&other), [("L2", 1)]);
    is_silent(&["RUN rm -f /root/.ssh/id_rsa"]);
}

#[test]
fn secrets_that_are_taken_along_are_found() {
    let mount = "RUN --mount=type=secret,id=a,required ";
    for (script, is_found) in [
        ("cp /run/secrets/a /etc/a", true),
        ("cat /run/secrets/a", true),
        ("cat /run/secrets/a > /x", true),
        ("tee /x < /run/secrets/a", false),
        ("base64 /run/secrets/a > /x", true),
        ("install -m 600 /run/secrets/a /root/.netrc", true),
        ("T=$(cat /run/secrets/a) npm ci", false),
        ("export T=\"$(cat /run/secrets/a)\"; npm ci", false),
        ("cat /run/secrets/a | docker-login", false),
        ("cp /run/secrets/a /x && use /x && rm /x", false),
        ("ln -s /run/secrets/a /x", false),
    ] {
        let ids: Vec<_> = of_stage(&format!("{mount}{script}"))
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids.contains(&"L8"), is_found, "{script}: {ids:?}");
    }
    fires(
        "L8",
        &["RUN --mount=type=secret,id=a,target=/k,required cp /k /x"],
    );
}

#[test]
fn urls_with_logins_are_found() {
    fires(
        "L9",
        &[
            "RUN git clone https://u:p@a.example/b",
            "RUN git config --global url.\"https://${GITHUB_TOKEN}@github.com/\".insteadOf https://github.com/",
            "RUN git clone https://$(cat /t)@a.example/b",
            "ADD https://u:p@a.example/b /",
            "RUN pip install --index-url https://u:${PASSWORD}@a.example/simple x",
        ],
    );
    is_silent(&[
        "RUN git clone https://git@a.example/b",
        "RUN curl https://a.example/x@1.2 -o x",
        "RUN curl 'https://a.example/?q=a:b@c'",
        "RUN npm i https://a.example/@scope/name",
    ]);
}

#[test]
fn whole_homes_of_stages_that_held_a_secret_are_found() {
    let text = |copy: &str, first: &str| format!("FROM a AS b\n{first}\nFROM c\n{copy}\n");
    let key = "COPY id_rsa /root/.ssh/id_rsa";
    for copy in [
        "COPY --from=b / /",
        "COPY --from=0 /root /root",
        "COPY --from=B /home/me/ /h",
    ] {
        assert_eq!(found(&text(copy, key)), [("L2", 2), ("L13", 4)], "{copy}");
        assert_eq!(found(&text(copy, "RUN true")), [], "{copy}");
    }
    assert_eq!(found(&text("COPY --from=b /out /", key)), [("L2", 2)]);
}

#[test]
fn secrets_in_the_file_itself_are_found() {
    fires(
        "L14",
        &[
            "RUN echo '-----BEGIN OPENSSH PRIVATE KEY-----'",
            "ENV X=ghp_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R",
            "ARG NPM_TOKEN\nLABEL login=$NPM_TOKEN",
            "CMD [\"x\", \"--token\", \"glpat-0a1B2c3D4e5F6g7H8i9J\"]",
        ],
    );
    is_silent(&[
        "RUN grep 'BEGIN PUBLIC KEY' x",
        "ENV X=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "LABEL version=$VERSION",
    ]);
}

#[test]
fn caches_of_logins_are_found() {
    fires(
        "L15",
        &[
            "RUN --mount=type=cache,target=/root/.ssh x",
            "RUN --mount=type=cache,target=/root x",
        ],
    );
    is_silent(&[
        "RUN --mount=type=cache,target=/root/.npm x",
        "RUN --mount=type=cache,target=/root/.cache/pip x",
    ]);
}
