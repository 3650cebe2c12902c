//! Dockerfile instructions as an image's history holds them.

/// The instruction of a history entry's `created_by`, without what the shell and the builder add to
/// it, and without the values of build arguments.
pub(super) fn instruction(created_by: &str) -> String {
    let text = created_by
        .trim()
        .strip_suffix("# buildkit")
        .unwrap_or(created_by)
        .trim();
    if let Some(other) = text.strip_prefix("/bin/sh -c #(nop)") {
        return other.trim().to_owned();
    }
    let command = text.strip_prefix("RUN ").unwrap_or(text);
    if command.starts_with('|') {
        return run_with_arguments(command);
    }
    match command.strip_prefix(SHELL) {
        Some(command) => format!("RUN {command}"),
        None => text.to_owned(),
    }
}

/// `|2 A=… B=… /bin/sh -c COMMAND`. Nothing marks the end of a value, which may hold anything: only
/// what stands after the last shell is surely not part of one.
fn run_with_arguments(command: &str) -> String {
    match command.rsplit_once(SHELL) {
        Some((_, command)) => format!("RUN {command}"),
        None => "RUN with build arguments".to_owned(),
    }
}

const SHELL: &str = "/bin/sh -c ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_told_as_it_stands_in_the_dockerfile() {
        for (created_by, expected) in [
            ("RUN /bin/sh -c npm install # buildkit", "RUN npm install"),
            ("/bin/sh -c npm install", "RUN npm install"),
            (
                "COPY id_rsa /root/.ssh/ # buildkit",
                "COPY id_rsa /root/.ssh/",
            ),
            (
                "/bin/sh -c #(nop) ADD file:0a1b in / ",
                "ADD file:0a1b in /",
            ),
            ("ENV KEY=1", "ENV KEY=1"),
        ] {
            assert_eq!(instruction(created_by), expected);
        }
    }

    #[test]
    fn values_of_build_arguments_are_left_out() {
        for (created_by, expected) in [
            (
                "RUN |1 KEY=secret /bin/sh -c npm install # buildkit",
                "RUN npm install",
            ),
            ("|2 A=x KEY=a /bin/sh -c secret /bin/sh -c true", "RUN true"),
            (
                "RUN |1 KEY=secret /bin/bash -c true # buildkit",
                "RUN with build arguments",
            ),
        ] {
            assert_eq!(instruction(created_by), expected);
        }
    }
}
