//! What `--sarif` prints: one log of one run, and nothing else on standard output.

use keystay_tests::{env::Env, lab::Lab};
use serde_json::{Value, json};

use super::{leaking_image, save, verify};
use crate::key_file::{SECRET, fingerprint, new_key};

#[test]
fn a_leak_is_an_error_at_its_place() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = leaking_image(&env);
    save(&env, &["image", "save"], "image.tar");
    let verified = verify(&env, &key, ["--sarif", "image.tar"]).output();
    let told = format!(
        "layer 2, root/.ssh/id at byte {SECRET} (COPY id /root/.ssh/id): private key {} as base64",
        fingerprint(&key)
    );
    verified
        .status(65)
        .stderr_has("keystay: image     LEAK image.tar 1 finding, ")
        .stderr_has(&format!("keystay: leak: {told}\n"))
        .stderr_has("keystay: error: key material found in the image\n");
    let log = log(&verified.stdout);
    assert_eq!(
        log["runs"][0]["results"],
        json!([{
            "ruleId": "key",
            "ruleIndex": 0,
            "level": "error",
            "message": { "text": told },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": "root/.ssh/id" },
                    "region": { "byteOffset": SECRET },
                },
                "logicalLocations": [
                    { "fullyQualifiedName": "image.tar: layer 2, root/.ssh/id" },
                ],
            }],
        }])
    );
}

#[test]
fn other_secrets_are_warnings_and_what_was_not_read_a_note() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    leaking_image(&env);
    let other = new_key(&env, "other", "ed25519");
    let file = save(&env, &["image", "save"], "image.tar");
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(env.context().join("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    let verified = verify(&env, &other, ["--sarif", env.tag()]).output();
    verified.status(0);
    let results = log(&verified.stdout)["runs"][0]["results"].take();
    assert_eq!(results.as_array().unwrap().len(), 1, "{results:#}");
    assert_eq!(results[0]["ruleId"], "other-key");
    assert_eq!(results[0]["level"], "warning");
    let verified = verify(&env, &other, ["--sarif", "cut.tar"]).output();
    verified
        .status(75)
        .stderr_has("keystay: image     INCOMPLETE");
    let results = log(&verified.stdout)["runs"][0]["results"].take();
    let is_gap = |result: &&Value| result["ruleId"] == "not-searched" && result["level"] == "note";
    let results = results.as_array().unwrap();
    assert!(results.iter().any(|result| is_gap(&result)), "{results:#?}");
}

/// The log, with what SARIF 2.1.0 requires of every one (§3.13, §3.14, §3.19, §3.27).
#[track_caller]
fn log(stdout: &str) -> Value {
    let log: Value = serde_json::from_str(stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let [run] = log["runs"].as_array().unwrap().as_slice() else {
        panic!("{log:#}");
    };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "keystay");
    let rules = driver["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[number]["id"], result["ruleId"]);
        let level = result["level"].as_str().unwrap();
        assert!(["note", "warning", "error"].contains(&level), "{level}");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(!result["locations"].as_array().unwrap().is_empty());
    }
    log
}
