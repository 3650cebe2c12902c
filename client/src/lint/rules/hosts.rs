//! L10, L11 and L12: what a step does instead of knowing the host, and to have the key.

use crate::{
    dockerfile::Keyword,
    lint::{
        Problem,
        names::unchecked,
        rule::{L10, L11, L12},
        step::File,
    },
};

pub(super) fn check(file: &File<'_>, problems: &mut Vec<Problem>) {
    let source = file.dockerfile.source();
    for step in &file.steps {
        if matches!(
            step.command.keyword,
            Keyword::Run | Keyword::Env | Keyword::Copy | Keyword::Add
        ) {
            for (number, line) in step.instruction.span.text(source).lines().enumerate() {
                if let Some(option) = unchecked(line) {
                    let message = format!("`{option}` is set");
                    problems.push(Problem::new(&L10, step.line() + number, message));
                }
            }
        }
        for (at, command) in step.commands() {
            let line = file.line_of(at);
            match command.program() {
                "ssh-keyscan" => {
                    let message = "`ssh-keyscan` asks the network for host keys";
                    problems.push(Problem::new(&L11, line, message));
                }
                program @ ("ssh-agent" | "ssh-add") if !only_lists(command.arguments()) => {
                    let message = format!("`{program}` is run in a step");
                    problems.push(Problem::new(&L12, line, message));
                }
                _ => {}
            }
        }
    }
}

fn only_lists(arguments: &[String]) -> bool {
    !arguments.is_empty() && arguments.iter().all(|word| word == "-l" || word == "-L")
}
