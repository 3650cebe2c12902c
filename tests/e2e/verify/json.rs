//! What `--json` prints: one object, and nothing else on standard output.

use keystay_tests::{env::Env, lab::Lab};
use serde_json::{Value, json};

use super::{leaking_image, save, verify};
use crate::key_file::{SECRET, fingerprint, new_key};

#[test]
fn what_the_engine_does_not_hold_is_a_gap() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    let verified = verify(&env, &key, ["--json", "acme/nothing:1"]).output();
    let told: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(
        told["gaps"],
        json!(["the engine holds no image acme/nothing:1"])
    );
    verified.status(64);
}

#[test]
fn a_leak_is_told_with_its_place() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = leaking_image(&env);
    save(&env, &["image", "save"], "image.tar");
    let verified = verify(&env, &key, ["--json", "image.tar"]).output();
    verified.status(65).stderr_has("keystay: leak: layer 2, ");
    let mut told: Value = serde_json::from_str(&verified.stdout).unwrap();
    let layers = told["layers"].take();
    let diff_ids = diff_ids(&env);
    for (layer, id) in layers.as_array().unwrap().iter().zip(&diff_ids) {
        assert_eq!(layer["diff_id"], *id);
        // Docker saves plain archives.
        assert_eq!(layer["digest"], *id);
        assert!(layer["bytes"].as_u64().unwrap() > 0);
    }
    assert_eq!(layers.as_array().unwrap().len(), diff_ids.len());
    let size = env.context().join("image.tar").metadata().unwrap().len();
    assert!(told["searched"].take().as_u64().unwrap() >= size);
    assert_eq!(
        told,
        json!({
            "keystay": env!("CARGO_PKG_VERSION"),
            "image": "image.tar",
            "verdict": "leak",
            "keys": [fingerprint(&key)],
            "keys_elsewhere": [],
            "bytes": size,
            "searched": null,
            "layers": null,
            "findings": [{
                "key": fingerprint(&key),
                "encoding": "base64",
                "place": "file",
                "name": null,
                "layer": 2,
                "diff_id": diff_ids[1],
                "path": "root/.ssh/id",
                "offset": SECRET,
                "offset_in": "file",
                "instruction": "COPY id /root/.ssh/id",
            }],
            "warnings": [],
            "gaps": [],
        })
    );
}

#[test]
fn other_verdicts_are_told_and_quiet_leaves_the_object_alone() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    leaking_image(&env);
    let other = new_key(&env, "other", "ed25519");
    let file = save(&env, &["image", "save"], "image.tar");
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(env.context().join("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    for (image, status, verdict) in [
        (env.tag(), 0, "clean"),
        ("image.tar", 0, "clean"),
        ("cut.tar", 75, "incomplete"),
        ("acme/nothing:1", 64, "incomplete"),
    ] {
        let key = format!("file:{}", other.display());
        let keystay = env.keystay_alone().args(["-q", "--key", &key]);
        let verified = keystay.args(["verify", "--json", image]).output();
        verified.status(status);
        let told: Value = serde_json::from_str(&verified.stdout).unwrap();
        assert_eq!(
            (&told["verdict"], &told["image"]),
            (&json!(verdict), &json!(image))
        );
        assert_eq!(told["gaps"] == json!([]), verdict == "clean");
        if status == 0 {
            verified.says("");
        }
    }
}

#[track_caller]
fn diff_ids(env: &Env) -> Vec<String> {
    let inspect = ["image", "inspect", "--format", "{{json .RootFS.Layers}}"];
    let told = env.docker().args(inspect).args([env.tag()]).output();
    serde_json::from_str(&told.status(0).stdout).unwrap()
}
