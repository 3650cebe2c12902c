//! Where a key is found, and how that is told.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::verify::{
    Finding, Place, Verdict, Verified,
    fixture::{Image, core, digest, gzip, key, key_file, layer},
};

#[tokio::test]
async fn an_image_without_the_key_is_clean() {
    let image = Image::of(&[
        ("COPY a /", layer(&[("a", "1"), ("b/c", "2")])),
        ("RUN x", layer(&[])),
    ]);
    for saved in image.both() {
        let verified = saved.verify().await;
        assert_eq!(verified.verdict, Verdict::Clean);
        assert_eq!(verified.layers.len(), 2);
        assert_eq!(verified.bytes, u64::try_from(saved.pack().len()).unwrap());
        assert_eq!(verified.searched, verified.bytes);
    }
}

#[tokio::test]
async fn a_removed_file_is_found_in_the_layer_below() {
    let image = Image::of(&[
        ("COPY . /app # buildkit", layer(&[("app/main", "1")])),
        (
            "ADD id_rsa /root/.ssh/id_rsa # buildkit",
            layer(&[
                ("root/.ssh/config", "Host *"),
                ("root/.ssh/id_rsa", &key_file()),
                ("root/x", "y"),
            ]),
        ),
        (
            "RUN /bin/sh -c rm /root/.ssh/id_rsa # buildkit",
            layer(&[("root/.ssh/.wh.id_rsa", "")]),
        ),
    ]);
    for saved in image.both() {
        let findings = leak(saved.verify().await);
        assert_eq!(
            told(&findings),
            ["layer 2, root/.ssh/id_rsa (ADD id_rsa /root/.ssh/id_rsa): private key KEY as base64"]
        );
        assert_eq!(
            findings[0].digest.as_deref(),
            Some(image.layers[1].1.as_str())
        );
    }
}

#[tokio::test]
async fn a_build_argument_is_found_in_the_history_and_its_value_is_not_shown() {
    let mut image = Image::of(&[("COPY a /", layer(&[("a", "1")]))]);
    let value = STANDARD.encode(key_file());
    let run = format!("RUN |1 SSH_KEY={value} /bin/sh -c npm install # buildkit");
    image.config["history"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "created_by": run, "empty_layer": true }));
    for saved in image.both() {
        assert_eq!(
            told(&leak(saved.verify().await)),
            ["history entry 3 (RUN npm install): private key KEY as base64 of base64"]
        );
    }
}

#[tokio::test]
async fn environment_labels_and_the_rest_of_the_configuration_are_told_apart() {
    let mut image = Image::of(&[("COPY a /", layer(&[("a", "1")]))]);
    let hex = core().map(|byte| format!("{byte:02x}")).concat();
    image.config["config"] = json!({
        "Cmd": ["echo", hex],
        "Env": ["PATH=/bin", format!("SSH_KEY={}", key_file())],
        "Labels": { "note": key_file().replace('\n', " "), "other": "x" },
    });
    for saved in image.both() {
        assert_eq!(
            told(&leak(saved.verify().await)),
            [
                "configuration, config.Cmd: private key KEY as hexadecimal digits",
                "environment variable SSH_KEY: private key KEY as base64",
                "label note: private key KEY as base64",
            ]
        );
    }
}

#[tokio::test]
async fn a_key_in_a_literal_instruction_is_withheld() {
    let text = format!("RUN echo {} > /k", STANDARD.encode(core()));
    let image = Image::of(&[(&text, layer(&[("k", &key_file())]))]);
    assert_eq!(
        told(&leak(image.oci_archive().verify().await)),
        [
            "layer 1, k (RUN WITHHELD): private key KEY as base64",
            "history entry 2 (RUN WITHHELD): private key KEY as base64",
        ]
    );
}

#[tokio::test]
async fn a_file_that_is_named_by_the_key_is_found_and_its_name_withheld() {
    let name = format!(
        "a/{}",
        STANDARD.encode(core()).replace('/', "_").replace('+', "-")
    );
    let image = Image::of(&[("COPY a /", layer(&[("x", "1"), (&name, "2")]))]);
    assert_eq!(
        told(&leak(image.oci_archive().verify().await)),
        ["layer 1, WITHHELD (COPY a /): private key KEY as base64"]
    );
}

#[tokio::test]
async fn long_paths_are_told_and_cut() {
    let path = format!("{}id_rsa", "deep/".repeat(19));
    let longer = format!("{}id_rsa", "deep/".repeat(60));
    let files = [
        (path.as_str(), key_file()),
        ("between", "-".repeat(600)),
        (&longer, key_file()),
    ];
    let files = files
        .each_ref()
        .map(|(name, content)| (*name, content.as_str()));
    let findings = leak(
        Image::of(&[("COPY . /", layer(&files))])
            .docker_archive()
            .verify()
            .await,
    );
    assert_eq!(findings[0].path.as_deref(), Some(path.as_str()));
    assert_eq!(findings[1].path, Some(format!("{}…", "deep/".repeat(24))));
}

#[tokio::test]
async fn terminal_commands_in_names_are_escaped() {
    let image = Image::of(&[(
        "RUN \u{1b}]0;x\u{7}",
        layer(&[("a\u{1b}[2Jb", &key_file())]),
    )]);
    assert_eq!(
        told(&leak(image.oci_archive().verify().await)),
        ["layer 1, a\\u{1b}[2Jb (RUN \\u{1b}]0;x\\u{7}): private key KEY as base64"]
    );
}

#[tokio::test]
async fn a_compressed_layer_is_inflated_and_searched() {
    let plain = layer(&[("a", "1"), ("root/key", &key_file())]);
    let mut image = Image::of(&[("COPY key /root/", gzip(&plain))]);
    image.layers[0].1 = digest(&plain);
    let verified = image.oci_archive().verify().await;
    assert_eq!(
        verified.searched - verified.bytes,
        u64::try_from(plain.len()).unwrap()
    );
    assert_eq!(
        told(&leak(verified)),
        ["layer 1, root/key (COPY key /root/): private key KEY as base64"]
    );
}

#[tokio::test]
async fn a_layer_that_the_image_has_twice_is_read_once() {
    let twice = layer(&[("a", &key_file())]);
    let image = Image::of(&[
        ("COPY a /", twice.clone()),
        ("RUN x", layer(&[])),
        ("COPY a /", twice),
    ]);
    for saved in image.both() {
        assert_eq!(
            told(&leak(saved.verify().await)),
            ["layer 1, a (COPY a /): private key KEY as base64"]
        );
    }
}

#[tokio::test]
async fn without_a_history_for_every_layer_no_instruction_is_named() {
    let mut image = Image::of(&[("COPY a /", layer(&[("a", &key_file())]))]);
    image.config["history"] = json!([]);
    assert_eq!(
        told(&leak(image.oci_archive().verify().await)),
        ["layer 1, a: private key KEY as base64"]
    );
}

#[tokio::test]
async fn a_member_that_no_image_names_is_searched() {
    let mut saved = Image::of(&[("COPY a /", layer(&[("a", "1")]))]).oci_archive();
    saved.add("blobs/sha256/stray", key_file().as_bytes());
    assert_eq!(
        told(&leak(saved.verify().await)),
        ["saved image, blobs/sha256/stray: private key KEY as base64"]
    );
}

#[tokio::test]
async fn the_old_form_of_a_configuration_is_no_finding_of_its_own() {
    let mut image = Image::of(&[("COPY a /", layer(&[("a", "1")]))]);
    image.config["config"]["Env"] = json!([format!("KEY={}", key_file())]);
    for mut saved in image.both() {
        saved.blob(
            json!({ "id": "0", "config": image.config["config"] })
                .to_string()
                .as_bytes(),
        );
        assert_eq!(
            told(&leak(saved.verify().await)),
            ["environment variable KEY: private key KEY as base64"]
        );
    }
}

#[tokio::test]
async fn a_key_in_an_attestation_is_told() {
    let mut saved = Image::of(&[("COPY a /", layer(&[("a", "1")]))]).oci_archive();
    let statement = saved.blob(
        json!({ "build-arg:KEY": key_file() })
            .to_string()
            .as_bytes(),
    );
    let config = json!({ "rootfs": { "diff_ids": [statement["digest"]] } });
    let config = saved.blob(config.to_string().as_bytes());
    let manifest = json!({ "config": config, "layers": [statement] });
    let manifest = saved.blob(manifest.to_string().as_bytes());
    *saved.content("index.json") = json!({ "manifests": [manifest] }).to_string().into_bytes();
    let name = statement["digest"]
        .as_str()
        .unwrap()
        .replace("sha256:", "blobs/sha256/");
    assert_eq!(
        told(&leak(saved.verify().await)),
        [format!("saved image, {name}: private key KEY as base64")]
    );
}

fn leak(verified: Verified) -> Vec<Finding> {
    assert_eq!(verified.gaps, []);
    match verified.verdict {
        Verdict::Leak(findings) => findings,
        other => panic!("{other:?}"),
    }
}

/// The findings as they are shown, with a short name for the key; none holds a part of the key.
fn told(findings: &[Finding]) -> Vec<String> {
    let secret = STANDARD.encode(core());
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| {
            let finding = Finding {
                offset: None,
                ..finding.clone()
            };
            let line = finding.to_string().replace(&key().to_string(), "KEY");
            line.replace("[withheld, it holds the key]", "WITHHELD")
        })
        .collect();
    for line in &lines {
        assert!(
            secret
                .as_bytes()
                .windows(8)
                .all(|part| { !line.contains(str::from_utf8(part).unwrap()) })
        );
    }
    assert!(
        findings
            .iter()
            .all(|finding| finding.place != Place::Label(None))
    );
    lines
}
