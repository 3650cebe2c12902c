//! The reader against the Dockerfiles in `tests/dockerfile`, and its properties on any text.
//!
//! Each `NAME.Dockerfile` has a `NAME.txt` that says what is in it, one line for each thing. The
//! files are also what a real engine is given to compare with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use keystay::dockerfile::{Command, Dockerfile, Part, Span};
use proptest::prelude::*;

#[test]
fn every_sample_is_read_as_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dockerfile");
    let mut samples = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "Dockerfile")
        {
            let source = fs::read_to_string(&path).unwrap();
            let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
            assert_eq!(described(&source), expected, "{}", path.display());
            samples += 1;
        }
    }
    assert!(samples > 25, "only {samples} samples found");
}

#[test]
fn text_over_the_caps_is_refused() {
    use keystay::dockerfile::{MAX_DOCKERFILE, MAX_LINE, ParseError};

    let line = |length: usize| format!("FROM a\nRUN {}\n", "a".repeat(length - 4));
    assert!(Dockerfile::parse(&line(MAX_LINE)).is_ok());
    assert_eq!(
        Dockerfile::parse(&line(MAX_LINE + 1)),
        Err(ParseError::LineTooLong { line: 2 })
    );
    let text = "#\n".repeat(MAX_DOCKERFILE / 2);
    assert!(Dockerfile::parse(&text).is_ok());
    let text = text + "#";
    assert_eq!(
        Dockerfile::parse(&text),
        Err(ParseError::TooLarge {
            bytes: MAX_DOCKERFILE + 1
        })
    );
    let nested = format!("RUN {} <<EOF\nEOF\n", "${a:-".repeat(65));
    assert_eq!(
        Dockerfile::parse(&nested),
        Err(ParseError::TooDeep { line: 1 })
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_loss(source in any::<String>()) {
        check(&source)?;
    }

    #[test]
    fn any_dockerfile_is_read_or_refused_without_loss(source in dockerfile()) {
        check(&source)?;
    }
}

/// The spans of the parts are the text, and those within an instruction lie in it.
fn check(source: &str) -> Result<(), TestCaseError> {
    let Ok(dockerfile) = Dockerfile::parse(source) else {
        return Ok(());
    };
    let mut end = 0;
    for part in dockerfile.parts() {
        prop_assert_eq!(part.span().start, end);
        end = part.span().end;
        prop_assert!(source.is_char_boundary(end));
    }
    prop_assert_eq!(end, source.len());
    for instruction in dockerfile.instructions() {
        let inside = |span: Span| {
            span.start <= span.end
                && instruction.span.start <= span.start
                && span.end <= instruction.span.end
        };
        for command in instruction.trigger.iter().chain([&instruction.command]) {
            prop_assert!(inside(command.keyword_span));
            prop_assert!(inside(command.arguments_span));
            prop_assert!(command.flags.iter().all(|flag| inside(flag.span)));
            prop_assert!(
                command.flags_end() <= command.arguments_span.start.max(instruction.span.end)
            );
        }
        prop_assert!(
            instruction
                .heredocs
                .iter()
                .all(|heredoc| inside(heredoc.body))
        );
        let lines_before = source[..instruction.span.start].matches('\n').count();
        prop_assert_eq!(instruction.line, lines_before + 1);
    }
    Ok(())
}

/// Text made of what Dockerfiles are made of, in any order.
fn dockerfile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "FROM a AS b\n",
        "RUN ",
        "run",
        "ONBUILD ",
        "COPY ",
        "ADD git@example.com:a/b ",
        "\n",
        "\r\n",
        "\\\n",
        "`\n",
        "\\",
        "`",
        " ",
        "\t",
        "# escape=`\n",
        "# syntax=a\n",
        "# c\n",
        "--mount=type=ssh",
        "--mount=",
        "--",
        ",id=a",
        ",mode=0600",
        "'",
        "\"",
        "<<EOF",
        "<<-'EOF'",
        "EOF\n",
        "\tEOF\n",
        "3<<A ",
        "A\n",
        "$",
        "${a:-",
        "}",
        "[\"a\"]",
        "\u{feff}",
        "\u{e9}",
        "\u{a0}",
        "npm ci",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn described(source: &str) -> String {
    let dockerfile = match Dockerfile::parse(source) {
        Ok(dockerfile) => dockerfile,
        Err(error) => return format!("refused: {error}\n"),
    };
    let mut text = format!("escape {}\n", dockerfile.escape());
    for stage in dockerfile.stages() {
        let (name, platform) = (stage.name.as_deref(), stage.platform.as_deref());
        writeln!(
            text,
            "stage on line {}: {:?} {name:?} {platform:?}",
            stage.line, stage.base
        )
        .unwrap();
    }
    for part in dockerfile.parts() {
        let written = part.span().text(source);
        match part {
            Part::ByteOrderMark(_) => text.push_str("byte order mark\n"),
            Part::Directive(directive) => {
                writeln!(text, "directive {}={}", directive.name, directive.value).unwrap();
            }
            Part::Comment(_) => writeln!(text, "comment {written:?}").unwrap(),
            Part::Blank(_) => writeln!(text, "blank {written:?}").unwrap(),
            Part::Instruction(instruction) => {
                let stage = instruction
                    .stage
                    .map_or_else(|| "none".to_owned(), |stage| stage.to_string());
                writeln!(
                    text,
                    "line {}, stage {stage}: {written:?}",
                    instruction.line
                )
                .unwrap();
                describe(&mut text, source, &instruction.command);
                if let Some(trigger) = &instruction.trigger {
                    text.push_str("  trigger\n");
                    describe(&mut text, source, trigger);
                }
                for heredoc in &instruction.heredocs {
                    let mut words = format!("{:?}", heredoc.name);
                    let descriptor = format!(" to {}", heredoc.descriptor);
                    words += if heredoc.expand { " expanded" } else { "" };
                    words += if heredoc.strip_tabs {
                        " without tabs"
                    } else {
                        ""
                    };
                    words += if heredoc.descriptor > 0 {
                        &descriptor
                    } else {
                        ""
                    };
                    writeln!(text, "  heredoc {words}: {:?}", heredoc.body.text(source)).unwrap();
                }
            }
        }
    }
    text
}

fn describe(text: &mut String, source: &str, command: &Command) {
    let keyword = command.keyword_span.text(source);
    writeln!(text, "  {:?} {keyword:?}", command.keyword).unwrap();
    for flag in &command.flags {
        let written = flag.span.text(source);
        writeln!(
            text,
            "  flag {:?} {:?} from {written:?}",
            flag.name, flag.value
        )
        .unwrap();
    }
    for mount in command.mounts() {
        let kind = mount.kind();
        write!(text, "  mount {kind}").unwrap();
        for (option, value) in mount.options.iter().filter(|(option, _)| option != "type") {
            write!(text, " {option}").unwrap();
            if let Some(value) = value {
                write!(text, "={value:?}").unwrap();
            }
        }
        text.push('\n');
    }
    if !command.arguments.is_empty() {
        let written = command.arguments_span.text(source);
        writeln!(text, "  arguments {:?} from {written:?}", command.arguments).unwrap();
    }
    if let Some(json) = &command.json {
        writeln!(text, "  json {json:?}").unwrap();
    }
}
