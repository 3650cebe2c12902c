//! `keystay help COMMAND`.

use std::ffi::OsString;

/// The command line that prints what `keystay help COMMAND…` asks for; others as they are.
pub(crate) fn spelled_out(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let asks = arguments.get(1).is_some_and(|word| word == "help");
    let Some(command) = arguments.get(2).filter(|_| asks) else {
        return arguments;
    };
    // Behind these stands the help of another program.
    if ENGINES.iter().any(|engine| command == engine) {
        arguments.truncate(2);
    } else {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

const ENGINES: [&str; 4] = ["build", "buildx", "podman", "buildah"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_of_a_command_is_its_own_or_that_of_all_builds() {
        for (line, spelled) in [
            ("keystay help verify", "keystay verify --help"),
            ("keystay help receipt check", "keystay receipt check --help"),
            ("keystay help agent", "keystay agent --help"),
            ("keystay help build", "keystay help"),
            ("keystay help buildx build", "keystay help"),
            ("keystay help", "keystay help"),
            ("keystay build help .", "keystay build help ."),
            ("keystay", "keystay"),
        ] {
            let words = line.split(' ').map(OsString::from).collect();
            let found = spelled_out(words);
            let found: Vec<_> = found.iter().filter_map(|word| word.to_str()).collect();
            assert_eq!(found.join(" "), spelled, "{line}");
        }
    }
}
