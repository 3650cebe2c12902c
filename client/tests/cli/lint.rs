//! `keystay lint`, on files that a person has.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use serde_json::Value;

use crate::keystay::Keystay;

const LEAKING: &str = "\
FROM node AS build
COPY id_rsa /root/.ssh/id_rsa
RUN npm ci
RUN rm /root/.ssh/id_rsa
";
const REPAIRED: &str = "\
FROM node AS build
RUN --mount=type=ssh,required=true npm ci
";
const L2: &str = "    why: the layer keeps it, whatever later steps delete
    fix: leave it out and build with `keystay build`: the step gets what the key opens, not the key
";
const L5: &str = "    why: the layer of the earlier step keeps it
    fix: do not bring it in: build with `keystay build`
";
const ALLOW: &str =
    "hint: `# keystay: allow RULE reason` above an instruction silences a rule for it\n";

#[test]
fn problems_are_told_with_their_lines_reasons_and_remedies() {
    let stdout = format!(
        "Dockerfile:2: error: `id_rsa` is copied to `/root/.ssh/id_rsa` [L2]\n{L2}\
         Dockerfile:4: error: `/root/.ssh/id_rsa` is deleted, and stays in the layer that it came with [L5]\n{L5}"
    );
    let stderr = format!(
        "keystay: error: Dockerfile leaks what it should not: 2 errors\n\
         hint: `keystay lint --fix` rewrites what can be rewritten\n{ALLOW}"
    );
    Keystay::new(&["lint"])
        .file("Dockerfile", LEAKING)
        .run()
        .says(65, &stdout, &stderr);
}

#[test]
fn a_dockerfile_without_problems_ends_well() {
    Keystay::new(&["lint", "app.Dockerfile"])
        .file("app.Dockerfile", "FROM a\nCOPY src /src\n")
        .run()
        .says(0, "", "keystay: app.Dockerfile: nothing found\n");
}

#[test]
fn a_warning_fails_only_where_it_is_asked_to() {
    let text = "FROM a\nRUN ssh-keyscan b\n";
    let stdout = "Dockerfile:2: warning: `ssh-keyscan` asks the network for host keys [L11]\n    why: ssh-keyscan believes whoever answers, at each build\n    fix: leave it out: `keystay build` brings the host keys that are known on this machine\n";
    Keystay::new(&["lint"]).file("Dockerfile", text).run().says(
        0,
        stdout,
        "keystay: Dockerfile: 1 warning\n",
    );
    let stderr = format!(
        "keystay: error: Dockerfile leaks what it should not: 1 warning\n\
         hint: `keystay lint --fix` rewrites what can be rewritten\n{ALLOW}"
    );
    Keystay::new(&["--strict", "lint"])
        .file("Dockerfile", text)
        .run()
        .says(65, stdout, &stderr);
}

#[test]
fn a_repair_rewrites_the_file_a_link_leads_to_and_keeps_its_mode() {
    let keystay = Keystay::new(&["lint", "--fix"]).file("real", LEAKING);
    fs::set_permissions(keystay.path("real"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real", keystay.path("Dockerfile")).unwrap();
    let ran = keystay.run();
    assert_eq!(fs::read_to_string(ran.path("real")).unwrap(), REPAIRED);
    assert!(
        fs::symlink_metadata(ran.path("Dockerfile"))
            .unwrap()
            .is_symlink()
    );
    let mode = fs::metadata(ran.path("real")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    ran.says(
        0,
        "",
        "keystay: Dockerfile:2: took out `COPY id_rsa /root/.ssh/id_rsa`\n\
         keystay: Dockerfile:3: gave an ssh mount to `RUN npm ci`\n\
         keystay: Dockerfile:4: took out `RUN rm /root/.ssh/id_rsa`\n\
         keystay: Dockerfile: nothing found\n",
    );
}

#[test]
fn what_is_not_repaired_is_told_and_stays() {
    let text = "FROM a\nCOPY id_rsa /k/id_rsa\nRUN ./build.sh\n";
    let keystay = Keystay::new(&["lint", "--fix"]).file("Dockerfile", text);
    let ran = keystay.run();
    assert_eq!(fs::read_to_string(ran.path("Dockerfile")).unwrap(), text);
    let stderr = format!(
        "keystay: note: Dockerfile:2: not repaired: the key stays: no step of its stage is seen to fetch with it, \
         so it is not known which one needs an ssh mount\n\
         keystay: error: Dockerfile leaks what it should not: 1 error\n{ALLOW}"
    );
    ran.says(
        65,
        &format!("Dockerfile:2: error: `id_rsa` is copied to `/k/id_rsa` [L2]\n{L2}"),
        &stderr,
    );
}

#[test]
fn standard_input_is_repaired_to_standard_output() {
    Keystay::new(&["-q", "lint", "--fix", "-"])
        .stdin(LEAKING)
        .run()
        .says(0, REPAIRED, "");
}

#[test]
fn json_holds_what_is_printed() {
    let ran = Keystay::new(&["-q", "lint", "--json"])
        .file("Dockerfile", LEAKING)
        .run();
    let told: Value = serde_json::from_str(&ran.printed(65)).unwrap();
    assert_eq!(told["dockerfile"], "Dockerfile");
    let problem = &told["problems"][0];
    assert_eq!(
        (&problem["rule"], &problem["severity"]),
        (&"L2".into(), &"error".into())
    );
    assert_eq!(problem["line"], 2);
    assert_eq!(
        problem["message"],
        "`id_rsa` is copied to `/root/.ssh/id_rsa`"
    );
    assert_eq!(told["problems"].as_array().unwrap().len(), 2);
}

#[test]
fn sarif_names_rule_file_and_line() {
    let ran = Keystay::new(&["lint", "--sarif"])
        .file("Dockerfile", LEAKING)
        .run();
    let told: Value = serde_json::from_str(&ran.printed(65)).unwrap();
    let run = &told["runs"][0];
    assert_eq!(told["version"], "2.1.0");
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 17);
    let result = &run["results"][1];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"L5".into(), &"error".into())
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "Dockerfile");
    assert_eq!(place["region"]["startLine"], 4);
}

#[test]
fn the_context_is_looked_at_where_all_of_it_is_copied() {
    let keystay = Keystay::new(&["lint", "Dockerfile", "--context", "app"])
        .file("Dockerfile", "FROM a\nCOPY . /app\n");
    fs::create_dir(keystay.path("app")).unwrap();
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    let keystay = keystay.file("app/deploy", key);
    let stdout = "Dockerfile:2: error: the whole context is copied, and `deploy` is in it [L3]\n    why: the layer keeps them\n    fix: name them in .dockerignore\n";
    let stderr = format!(
        "keystay: error: Dockerfile leaks what it should not: 1 error\n\
         hint: `keystay lint --fix` rewrites what can be rewritten\n{ALLOW}"
    );
    keystay.run().says(65, stdout, &stderr);
}

#[test]
fn what_cannot_be_read_is_told() {
    let name = "hint: name the Dockerfile: `keystay lint PATH`, or `-` for standard input\n";
    let missing = format!(
        "keystay: error: cannot read Dockerfile: No such file or directory (os error 2)\n{name}"
    );
    Keystay::new(&["lint"]).run().says(66, "", &missing);
    let heredoc = "keystay: error: cannot read Dockerfile: the heredoc \"EOF\" of line 2 has no end\n\
                   hint: the engine does not read it either\n";
    Keystay::new(&["lint"])
        .file("Dockerfile", "FROM a\nRUN <<EOF\n")
        .run()
        .says(66, "", heredoc);
    let folder = Keystay::new(&["lint", "bin"]).run();
    folder.says(
        66,
        "",
        &format!("keystay: error: cannot read bin: Is a directory (os error 21)\n{name}"),
    );
}

#[test]
fn many_patterns_and_many_folders_fill_no_memory() {
    let patterns = "pattern\n".repeat(10_000);
    // A byte for each pattern and folder is more.
    let keystay = Keystay::limited(60_000, &["lint"])
        .file("Dockerfile", "FROM a\n")
        .file(".dockerignore", &patterns);
    for number in 0..6_000 {
        fs::create_dir(keystay.path(&number.to_string())).unwrap();
    }
    keystay
        .run()
        .says(0, "", "keystay: Dockerfile: nothing found\n");
}
