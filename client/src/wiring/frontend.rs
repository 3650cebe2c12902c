//! The program that reads a Dockerfile in the engine.

/// Whether a Dockerfile is read as it is here: by the engine's own frontend, or by docker's of 1.15 and later.
/// Others may be anything, and older ones know no heredocs, or other escapes in flags. `asked` is the one that
/// the command line asks for, before any of the file.
pub(super) fn is_known(source: &str, asked: Option<&str>) -> bool {
    match asked.or_else(|| syntax(source)) {
        Some(frontend) => is_current(frontend),
        None => !is_json(source),
    }
}

/// Whether it may be an object, in which `BuildKit` looks for a `syntax` too.
fn is_json(source: &str) -> bool {
    let source = source.trim_start_matches('\u{feff}');
    let shebang = source.strip_prefix("#!");
    let behind = shebang.map_or(source, |it| {
        it.split_once('\n').map_or("", |(_, rest)| rest)
    });
    behind.trim_start().starts_with('{')
}

/// What the first lines ask for, as `BuildKit` looks for it (`DetectSyntax`): also behind `#!`, and with `//`.
fn syntax(source: &str) -> Option<&str> {
    let lines = source.trim_start_matches('\u{feff}').lines().map(str::trim);
    let mut comments = lines.map_while(|line| match line.strip_prefix('#') {
        None if line.is_empty() => Some(line),
        None => line.strip_prefix("//"),
        comment => comment,
    });
    comments.find_map(|comment| {
        let (name, value) = comment.split_once('=')?;
        let is_syntax = name.trim().eq_ignore_ascii_case("syntax");
        is_syntax.then(|| value.trim())
    })
}

fn is_current(value: &str) -> bool {
    let image = value.split_whitespace().next().unwrap_or_default();
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let Some(tag) = image.strip_prefix("docker/dockerfile") else {
        return false;
    };
    match tag.strip_suffix("-labs").unwrap_or(tag) {
        "" | ":latest" | ":labs" | ":1" => true,
        tag => {
            let minor = tag
                .strip_prefix(":1.")
                .and_then(|tag| tag.split('.').next());
            minor.is_some_and(|minor| minor.parse().is_ok_and(|minor: u32| minor >= CURRENT))
        }
    }
}

/// The first 1.x whose flags know the `escape` directive.
const CURRENT: u32 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_own_frontends_of_today_are_known() {
        for source in [
            "FROM a",
            "# a comment\nFROM a\n# syntax=evil/x",
            "# syntax=docker/dockerfile:1\nFROM a",
            "#syntax = docker.io/docker/dockerfile:1.15.2-labs\nFROM a",
            "# syntax=docker/dockerfile\n# check=x=y\nFROM a",
        ] {
            assert!(is_known(source, None), "{source}");
        }
    }

    #[test]
    fn others_are_not_wherever_they_are_named() {
        for source in [
            "# syntax=evil/dockerfile:1\nFROM a",
            "# SYNTAX=docker/dockerfile:1.14\nFROM a",
            "# syntax=docker/dockerfile:1.2 x\nFROM a",
            "# syntax=docker/dockerfile-upstream:1\nFROM a",
            "# syntax=docker/dockerfile@sha256:00\nFROM a",
            "#!/usr/bin/env x\n# syntax=evil/x\nFROM a",
            "// syntax=evil/x\nFROM a",
            "\u{feff}\n# escape=`\n\n # syntax=evil/x\nFROM a",
            "{\"syntax\": \"evil/x\"}",
            "#!/x\n\n {\"syntax\": \"evil/x\"}",
        ] {
            assert!(!is_known(source, None), "{source}");
        }
    }

    #[test]
    fn the_command_lines_stands_before_that_of_the_file() {
        let current = "# syntax=docker/dockerfile:1\nFROM a";
        assert!(!is_known(current, Some("evil/x")));
        assert!(!is_known(current, Some("")));
        assert!(is_known(
            "# syntax=evil/x\nFROM a",
            Some("docker/dockerfile:1")
        ));
    }
}
