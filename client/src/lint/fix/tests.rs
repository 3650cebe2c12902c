//! What is repaired, and what is left as it is.

use super::fix;

/// Repairs a text that must be repaired whole.
fn repaired(text: &str) -> String {
    let fixed = fix(text).unwrap();
    assert_eq!(fixed.refusals, [], "{text}");
    assert!(!fixed.changes.is_empty(), "{text}");
    fixed.text
}

/// Why a text is not repaired; it must stay as it is.
fn refused(text: &str) -> String {
    let fixed = fix(text).unwrap();
    assert_eq!(fixed.text, text);
    assert_eq!(fixed.refusals.len(), 1, "{text}");
    fixed.refusals[0].message.clone()
}

#[test]
fn a_copied_key_goes_with_all_that_was_done_to_it() {
    let before = "\
# syntax=docker/dockerfile:1
FROM node AS build
ARG SSH_KEY_FILE
ADD ${SSH_KEY_FILE} /root/.ssh/id_rsa
RUN chmod 0600 /root/.ssh/id_rsa
RUN ssh-keyscan bitbucket.org > /root/.ssh/known_hosts
WORKDIR /app
COPY package.json .
RUN npm install
RUN rm -vf /root/.ssh/id_rsa

FROM lean
COPY --from=build /app /app
";
    let after = "\
# syntax=docker/dockerfile:1
FROM node AS build
WORKDIR /app
COPY package.json .
RUN --mount=type=ssh,required=true npm install

FROM lean
COPY --from=build /app /app
";
    assert_eq!(repaired(before), after);
    let fixed = fix(before).unwrap();
    assert_eq!(fixed.left, []);
    let changes: Vec<_> = fixed
        .changes
        .iter()
        .map(|change| (change.line, change.message.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            (3, "took out `ARG SSH_KEY_FILE`"),
            (4, "took out `ADD ${SSH_KEY_FILE} /root/.ssh/id_rsa`"),
            (5, "took out `RUN chmod 0600 /root/.ssh/id_rsa`"),
            (
                6,
                "took out `RUN ssh-keyscan bitbucket.org > /root/.ssh/known_hosts`"
            ),
            (9, "gave an ssh mount to `RUN npm install`"),
            (10, "took out `RUN rm -vf /root/.ssh/id_rsa`"),
        ]
    );
}

#[test]
fn commands_go_out_of_a_list_and_the_others_stay() {
    let before = "\
FROM node
COPY id_rsa /root/.ssh/
RUN mkdir -p /root/.ssh && \\
    chmod 600 /root/.ssh/id_rsa && \\
    # who it is
    ssh-keyscan a.example >> /root/.ssh/known_hosts && \\
    cd /app && npm ci \\
    && rm /root/.ssh/id_rsa && \\
    true
";
    let after = "\
FROM node
RUN --mount=type=ssh,required=true cd /app && npm ci && \\
    true
";
    assert_eq!(repaired(before), after);
}

#[test]
fn a_key_in_an_argument_goes_too() {
    for writes in [
        "echo \"$SSH_KEY\" > ~/.ssh/id_rsa",
        "echo $SSH_KEY | base64 -d | tee ~/.ssh/id_rsa",
        "printf '%s' ${SSH_KEY} >~/.ssh/id_rsa",
    ] {
        let before = format!(
            "ARG SSH_KEY\nFROM node\nARG SSH_KEY\nRUN mkdir -m 700 ~/.ssh; {writes}; \
             chmod 600 ~/.ssh/id_rsa; eval $(ssh-agent -s); ssh-add ~/.ssh/id_rsa; \
             git clone git@a.example:b/c; rm -rf ~/.ssh\n"
        );
        let after = "FROM node\nRUN --mount=type=ssh,required=true git clone git@a.example:b/c\n";
        assert_eq!(repaired(&before), after);
    }
}

#[test]
fn of_several_files_only_the_key_goes() {
    let before = "FROM a\nCOPY package.json  id_rsa lock /app/\nRUN npm ci && rm /app/id_rsa\n";
    let after =
        "FROM a\nCOPY package.json  lock /app/\nRUN --mount=type=ssh,required=true npm ci\n";
    assert_eq!(repaired(before), after);
}

#[test]
fn a_step_that_fetches_over_ssh_gets_its_mount() {
    let before = "FROM a\nRUN --network=default git clone git@a.example:b/c\n";
    let after = "FROM a\nRUN --network=default --mount=type=ssh,required=true git clone git@a.example:b/c\n";
    assert_eq!(repaired(before), after);
}

#[test]
fn a_step_that_names_a_repository_is_lent_the_key() {
    let before = "FROM a\nCOPY id_rsa /root/.ssh/\nRUN npm run get git@git.example.com:a/b.git\n";
    let after =
        "FROM a\nRUN --mount=type=ssh,required=true npm run get git@git.example.com:a/b.git\n";
    assert_eq!(repaired(before), after);
    assert_eq!(fix(after).unwrap().changes, []);
}

#[test]
fn keys_that_other_stages_hand_on_go_too() {
    let before = "FROM a AS b\nCOPY id_rsa /root/.ssh/id_rsa\nRUN npm ci\nFROM c\nCOPY --from=b /root/.ssh/id_rsa /root/.ssh/id_rsa\n";
    assert_eq!(
        repaired(before),
        "FROM a AS b\nRUN --mount=type=ssh,required=true npm ci\nFROM c\n"
    );
}

#[test]
fn a_key_that_something_else_needs_stays() {
    let copy = "FROM a\nCOPY id_rsa /root/.ssh/id_rsa\n";
    for uses in [
        "ENV GIT_SSH_COMMAND=\"ssh -i /root/.ssh/id_rsa\"\nRUN npm ci\n",
        "RUN if true; then chmod 600 /root/.ssh/id_rsa; fi; npm ci\n",
        "RUN cp /root/.ssh/id_rsa /x && npm ci\n",
        "RUN chmod 600 /root/.ssh/id_rsa /etc/passwd && npm ci\n",
    ] {
        assert!(
            refused(&format!("{copy}{uses}")).contains("is used here"),
            "{uses}"
        );
    }
    let folder = format!("{copy}RUN echo x > /root/.ssh/config && npm ci\n");
    assert!(refused(&folder).contains("folder"));
}

#[test]
fn a_key_stays_where_no_step_is_known_to_fetch() {
    assert!(refused("FROM a\nCOPY id_rsa /root/.ssh/id_rsa\nRUN ./build.sh\n").contains("no step"));
    assert!(refused("FROM a\nCOPY id_rsa /root/.ssh/id_rsa\n").contains("no step"));
}

#[test]
fn a_file_that_ssh_does_not_log_in_with_stays() {
    for copy in [
        "COPY deploy.key /etc/nginx/deploy.key",
        "COPY server.pem /etc/tls/",
        "COPY .netrc /root/.netrc",
        "COPY .kube/config /root/.kube/config",
    ] {
        let text = format!("FROM a\n{copy}\nRUN npm ci\n");
        let fixed = fix(&text).unwrap();
        assert_eq!(fixed.text, text);
        assert!(!fixed.left.is_empty(), "{copy}");
    }
}

#[test]
fn a_stage_that_is_left_gets_no_mount_either() {
    let text = "FROM a\nCOPY id_rsa /k\nRUN GIT_SSH_COMMAND=\"ssh -i /k\" git clone git@h:x\n";
    let fixed = fix(text).unwrap();
    assert_eq!((fixed.text.as_str(), fixed.refusals.len()), (text, 1));
}

#[test]
fn a_key_in_a_form_that_is_not_taken_apart_stays() {
    for copy in [
        "COPY [\"a\", \"id_rsa\", \"/x/\"]",
        // Alone, the other would become a file of that name.
        "COPY id_rsa a /app/id_rsa",
    ] {
        assert!(refused(&format!("FROM a\n{copy}\nRUN npm ci\n")).contains("form"));
    }
}

#[test]
fn what_is_allowed_stays() {
    let text =
        "FROM a\n# keystay: allow L2 a test key\nCOPY id_rsa /root/.ssh/id_rsa\nRUN npm ci\n";
    let fixed = fix(text).unwrap();
    assert_eq!(
        (fixed.text.as_str(), fixed.changes, fixed.refusals),
        (text, vec![], vec![])
    );
}

#[test]
fn an_argument_that_is_used_elsewhere_stays() {
    let before =
        "FROM a\nARG SSH_KEY\nCOPY ${SSH_KEY} /root/.ssh/id_rsa\nRUN npm ci\nRUN echo ${SSH_KEY}\n";
    let after =
        "FROM a\nARG SSH_KEY\nRUN --mount=type=ssh,required=true npm ci\nRUN echo ${SSH_KEY}\n";
    assert_eq!(repaired(before), after);
}

#[test]
fn a_stage_that_cannot_be_repaired_leaves_the_others_to_be() {
    let fixed = fix("FROM a\nCOPY id_rsa /k/id_rsa\nRUN npm ci\nFROM b\nCOPY id_rsa /k/id_rsa\nRUN x /k/id_rsa\n").unwrap();
    assert_eq!(
        fixed.text,
        "FROM a\nRUN --mount=type=ssh,required=true npm ci\nFROM b\nCOPY id_rsa /k/id_rsa\nRUN x /k/id_rsa\n"
    );
    assert_eq!(fixed.refusals[0].line, 6);
    assert_eq!(fixed.left.len(), 1);
}

#[test]
fn line_ends_of_another_system_stay() {
    let before = "FROM a\r\nCOPY id_rsa /root/.ssh/id_rsa\r\nRUN chmod 600 /root/.ssh/id_rsa && \\\r\n  npm ci\r\n";
    assert_eq!(
        repaired(before),
        "FROM a\r\nRUN --mount=type=ssh,required=true npm ci\r\n"
    );
}

#[test]
fn what_is_no_dockerfile_is_an_error() {
    assert!(fix("FROM a\nRUN <<EOF\nx\n").is_err());
}

#[test]
fn a_pattern_that_may_bring_more_than_a_key_stays() {
    let message = refused("FROM a\nCOPY id_* /root/.ssh/\nRUN npm ci\n");
    assert_eq!(message, "`id_*` stays: it is not known what it brings");
}

#[test]
fn a_key_that_a_step_copies_stays() {
    for step in [
        "RUN cp /src/key /root/.ssh/id_rsa",
        "COPY <<EOF /root/.ssh/id_rsa\nx\nEOF",
    ] {
        let message = refused(&format!("FROM a\n{step}\nRUN npm ci\n"));
        assert!(message.contains("not taken apart"), "{message}");
    }
}
