//! Findings in the form that code scanners exchange: SARIF 2.1.0 (OASIS), as much of it as a rule, a
//! message and a place need.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

/// How grave a result is (§3.27.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Likely wrong.
    Warning,
    /// Wrong.
    Error,
}

/// What results are about (§3.49).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Its stable name, such as `L2`.
    pub id: &'a str,
    /// What it looks for, a sentence.
    pub summary: &'a str,
    /// What to do about it.
    pub help: &'a str,
    /// How grave it is when nothing else is said.
    pub level: Level,
}

/// One result (§3.27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The id of its rule.
    pub rule: &'a str,
    /// How grave it is.
    pub level: Level,
    /// What was found, fit for a terminal and without key material.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Where a result is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, and a line of it from 1 where that is known (§3.29).
    File {
        /// Its path, relative to where the command ran, or absolute.
        path: String,
        /// The line.
        line: Option<usize>,
    },
    /// Something that is no file: a layer, a label, an argument (§3.33).
    Logical(String),
    /// A byte of a file that is in something else, such as an image (§3.30.11).
    Inside {
        /// Its path in there.
        path: String,
        /// How many bytes of its content are before.
        offset: u64,
        /// Its name with what it is in.
        name: String,
    },
}

/// A whole log (§3.13) of one run, pretty, with a line feed at its end.
#[must_use]
pub fn log(rules: &[Rule<'_>], findings: &[Finding<'_>]) -> String {
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keystay",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": findings.iter().map(|found| result(rules, found)).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(rule: &Rule<'_>) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.help },
        "defaultConfiguration": { "level": rule.level },
    })
}

fn result(rules: &[Rule<'_>], finding: &Finding<'_>) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.level,
        "message": { "text": finding.message },
        "locations": [location(&finding.place)],
    });
    let index = rules.iter().position(|rule| rule.id == finding.rule);
    if let (Some(index), Some(fields)) = (index, result.as_object_mut()) {
        fields.insert("ruleIndex".to_owned(), json!(index));
    }
    result
}

fn location(place: &Place) -> Value {
    match place {
        Place::Logical(name) => json!({ "logicalLocations": [{ "fullyQualifiedName": name }] }),
        Place::Inside { path, offset, name } => json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(path) },
                "region": { "byteOffset": offset },
            },
            "logicalLocations": [{ "fullyQualifiedName": name }],
        }),
        Place::File { path, line } => {
            let mut physical = json!({ "artifactLocation": { "uri": uri(path) } });
            if let (Some(line), Some(fields)) = (line, physical.as_object_mut()) {
                fields.insert("region".to_owned(), json!({ "startLine": line }));
            }
            json!({ "physicalLocation": physical })
        }
    }
}

/// A path as a URI reference (RFC 3986): what is not plain is escaped, and no part of it is taken for
/// a scheme.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule<'_> = Rule {
        id: "L2",
        summary: "A key is copied",
        help: "Mount it",
        level: Level::Error,
    };

    fn finding(place: Place) -> Finding<'static> {
        Finding {
            rule: "L2",
            level: Level::Error,
            message: "id_rsa is copied".to_owned(),
            place,
        }
    }

    #[test]
    fn a_result_names_its_rule_and_line() {
        let place = Place::File {
            path: "my app/Dockerfile".to_owned(),
            line: Some(3),
        };
        let log: Value = serde_json::from_str(&log(&[RULE], &[finding(place)])).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "L2");
        assert_eq!(
            run["results"][0],
            json!({
                "ruleId": "L2",
                "ruleIndex": 0,
                "level": "error",
                "message": { "text": "id_rsa is copied" },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "my%20app/Dockerfile" },
                    "region": { "startLine": 3 },
                }}],
            })
        );
    }

    #[test]
    fn what_is_no_file_is_a_logical_place() {
        let place = Place::Logical("layer 2".to_owned());
        let log: Value = serde_json::from_str(&log(&[], &[finding(place)])).unwrap();
        let result = &log["runs"][0]["results"][0];
        assert_eq!(
            result["locations"],
            json!([{ "logicalLocations": [{ "fullyQualifiedName": "layer 2" }] }])
        );
        assert_eq!(result.get("ruleIndex"), None);
    }

    #[test]
    fn a_byte_of_a_file_in_an_image_has_both_places() {
        let place = Place::Inside {
            path: "root/my key".to_owned(),
            offset: 217,
            name: "app: layer 2, root/my key".to_owned(),
        };
        assert_eq!(
            location(&place),
            json!({
                "physicalLocation": {
                    "artifactLocation": { "uri": "root/my%20key" },
                    "region": { "byteOffset": 217 },
                },
                "logicalLocations": [{ "fullyQualifiedName": "app: layer 2, root/my key" }],
            })
        );
    }

    #[test]
    fn paths_are_uri_references() {
        assert_eq!(uri("/a b/c"), "file:///a%20b/c");
        assert_eq!(uri("http:x"), "http%3Ax");
        assert_eq!(uri("\u{e9}"), "%C3%A9");
    }
}
