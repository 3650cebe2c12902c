//! A receipt held against images.

use std::fs;

use keystay_tests::{
    env::{Env, Output, Run},
    lab::Lab,
};
use serde_json::Value;

use super::{build_leaking, image_id, receipt};
use crate::key_file::new_key;

#[test]
fn a_receipt_is_of_its_image_in_every_form_and_of_no_other() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", "FROM keystay/lean:1\nRUN echo one >/one\n");
        build(&env, "one.json").output().status(0);
        let id = image_id(&env);
        let save = ["image", "save", "--output", "image.tar", env.tag()];
        env.docker().args(save).output().status(0);
        let told = receipt(&env, "one.json");
        let ended = told["predicate"]["finishedOn"].as_str().unwrap();
        let version = told["predicate"]["engine"]["version"].as_str().unwrap();
        let line = format!(
            "keystay: receipt   CLEAN of this image sha256:{}, built by docker {version} until {ended}\n",
            &id[..12]
        );
        for image in [env.tag(), &id, "image.tar"] {
            check(&env, "one.json", image)
                .status(0)
                .stdout_is("")
                .says(&line);
        }
        let archive = fs::read(env.context().join("image.tar")).unwrap();
        let piped = env
            .keystay_alone()
            .args(["receipt", "check", "one.json", "-"]);
        piped
            .stdin(&archive)
            .output()
            .status(0)
            .stdout_is("")
            .says(&line);

        env.file("Dockerfile", "FROM keystay/lean:1\nRUN echo two >/two\n");
        build(&env, "two.json").output().status(0);
        let other = image_id(&env);
        check(&env, "one.json", env.tag())
            .status(1)
            .stdout_is("")
            .says(&format!(
                "keystay: error: the receipt is of another image\n\
             hint: it is of sha256:{id}, and {} is sha256:{other}\n",
                env.tag()
            ));
        let differs = check(&env, "two.json", "image.tar");
        differs
            .status(1)
            .stderr_has("the receipt is of another image");
    }
}

#[test]
fn a_receipt_of_podman_is_of_its_image() {
    let lab = Lab::up().unwrap();
    let env = Env::on_daemonless(&lab, lab.podman());
    let key = new_key(&env, "key", "ed25519");
    env.file("Dockerfile", "FROM keystay/lean:1\nRUN echo one >/one\n");
    let source = format!("file:{}", key.display());
    let keystay = env
        .keystay_alone()
        .args(["--key", &source, "--receipt", "one.json"]);
    let build = keystay.args(["podman", "build", "--tag", env.tag(), "."]);
    build.output().status(0);
    let save = ["save", "--format", "oci-archive", "--output", "image.tar"];
    env.plain().args(save).args([env.tag()]).output().status(0);
    for image in [env.tag(), "image.tar"] {
        let keystay = env
            .keystay_alone()
            .args(["receipt", "check", "--engine", "podman"]);
        let checked = keystay.args(["one.json", image]).output();
        checked
            .status(0)
            .stdout_is("")
            .stderr_has("keystay: receipt   CLEAN of this image ");
    }
}

#[test]
fn a_receipt_that_tells_of_a_leak_passes_no_gate() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    build_leaking(&env, &key, "leak.json").status(65);
    let checked = check(&env, "leak.json", env.tag());
    checked.status(65).stdout_is("");
    let said = checked.said();
    let (line, error) = said.split_once('\n').unwrap();
    assert!(
        line.starts_with("keystay: receipt   LEAK of this image sha256:"),
        "{said}"
    );
    assert_eq!(
        error,
        "keystay: error: the receipt says that key material was found in the image\n\
         hint: do not push the image; the receipt names the places, under `findings`\n"
    );
}

#[test]
fn a_receipt_of_what_was_not_searched_passes_unless_strict() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    let key = format!("file:{}", new_key(&env, "key", "ed25519").display());
    let keystay = env.keystay().args(["--no-verify", "--key", &key]);
    keystay
        .args(["--receipt", "some.json"])
        .build(&env)
        .output()
        .status(0);
    let checked = check(&env, "some.json", env.tag());
    checked
        .status(0)
        .stdout_is("")
        .stderr_has("keystay: receipt   INCOMPLETE of this image ");
    let strict = env
        .keystay_alone()
        .args(["--strict", "receipt", "check", "some.json"]);
    strict.args([env.tag()]).output().status(75).stdout_is("").stderr_has(
        "keystay: error: the receipt says that the image was not searched whole, and `--strict` asks for that\n",
    );
}

#[test]
fn a_saved_image_with_another_layer_is_not_the_image() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file(
        "Dockerfile",
        "FROM keystay/lean:1\nRUN echo one >/one-of-a-kind\n",
    );
    build(&env, "one.json").output().status(0);
    let save = ["image", "save", "--output", "image.tar", env.tag()];
    env.docker().args(save).output().status(0);
    let path = env.context().join("image.tar");
    let mut archive = fs::read(&path).unwrap();
    // In the layer, where the name of a file ends with a zero.
    let name = b"one-of-a-kind\0";
    let at = archive
        .windows(name.len())
        .position(|part| part == name)
        .unwrap();
    archive[at + 700] ^= 1;
    fs::write(&path, archive).unwrap();
    let checked = check(&env, "one.json", "image.tar");
    checked
        .status(75)
        .stdout_is("")
        .stderr_has("keystay: error: the image is not whole: sha256:");
}

#[test]
fn a_part_of_an_image_is_not_taken_for_another_one() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    build(&env, "one.json").output().status(0);
    let save = ["image", "save", "--output", "image.tar", env.tag()];
    env.docker().args(save).output().status(0);
    let path = env.context().join("image.tar");
    let whole = fs::metadata(&path).unwrap().len();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(whole / 2).unwrap();
    check(&env, "one.json", "image.tar")
        .status(75)
        .stdout_is("")
        .stderr_has("keystay: error: the image is not whole: the saved image ends after ");
}

/// A receipt covers what its build made, and nothing that is saved beside it.
#[test]
fn several_images_in_one_archive_are_not_the_one_of_the_receipt() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    build(&env, "one.json").output().status(0);
    for (images, status) in [(&["keystay/lean:1"][..], 1), (&[], 0)] {
        let save = ["image", "save", "--output", "image.tar", env.tag()];
        env.docker().args(save).args(images).output().status(0);
        let checked = check(&env, "one.json", "image.tar");
        checked.status(status).stdout_is("");
        if status == 1 {
            let hint = ", and image.tar is several images\n";
            checked
                .stderr_has("keystay: error: the receipt is of another image\n")
                .stderr_has(hint);
        }
    }
}

#[test]
fn an_image_that_is_not_there_is_no_image() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    build(&env, "one.json").output().status(0);
    check(&env, "one.json", "acme/nothing:1")
        .status(64)
        .stdout_is("")
        .says(
            "keystay: error: there is no such image\n\
         hint: see which there are: `docker image ls`\n",
        );
    env.file("text", "This is no archive.\n");
    let checked = check(&env, "one.json", "text");
    checked
        .status(64)
        .stdout_is("")
        .stderr_has("text is no saved image");
}

#[test]
fn hostile_receipts_are_told_and_obeyed_by_no_terminal() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\n");
    build(&env, "good.json").output().status(0);
    let good = receipt(&env, "good.json");
    let refused = |change: &dyn Fn(&mut Value), told: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        fs::write(env.context().join("bad.json"), bad.to_string()).unwrap();
        let checked = check(&env, "bad.json", env.tag());
        checked.status(66).stdout_is("").stderr_lacks("\u{1b}");
        checked.stderr_has(told).stderr_has("hint: ");
    };
    refused(
        &|bad| bad["predicateType"] = "https://slsa.dev/provenance/v1".into(),
        "keystay: error: bad.json is no receipt: its predicateType is https://slsa.dev/provenance/v1\n",
    );
    refused(
        &|bad| bad["_type"] = "\u{1b}[2J\r\nkeystay: receipt   CLEAN".into(),
        "keystay: error: bad.json is no receipt: its _type is \\u{1b}[2J\\r\\nkeystay: receipt   CLEAN\n",
    );
    refused(
        &|bad| bad["subject"] = Value::Array(Vec::new()),
        "keystay: error: bad.json is no receipt: it names no image by a SHA-256 digest\n",
    );
    refused(
        &|bad| bad["subject"][0]["digest"]["sha256"] = "00".into(),
        "keystay: error: bad.json is no receipt: it names no image by a SHA-256 digest\n",
    );
    refused(
        &|bad| bad["predicate"]["scan"]["verdict"] = "\u{1b}]0;CLEAN\u{7}".into(),
        "keystay: error: bad.json is no receipt: something is missing or of another kind at line 1, column ",
    );
    for (verdict, field) in [("CLEAN", "gaps"), ("CLEAN", "findings"), ("LEAK", "")] {
        refused(
            &|bad| {
                bad["predicate"]["scan"]["verdict"] = verdict.into();
                if !field.is_empty() {
                    bad["predicate"]["scan"][field] = vec![Value::Null].into();
                }
            },
            &format!(
                "keystay: error: bad.json is no receipt: it says {verdict}, and its findings and gaps say otherwise\n"
            ),
        );
    }
    refused(
        &|bad| bad["payloadType"] = "application/vnd.in-toto+json".into(),
        "keystay: error: bad.json is a signed envelope, and no receipt\n",
    );
    let twice = good
        .to_string()
        .replace("\"sha256\":", "\"sha256\":\"00\",\"sha256\":");
    fs::write(env.context().join("bad.json"), twice).unwrap();
    check(&env, "bad.json", env.tag())
        .status(66)
        .stdout_is("")
        .stderr_has(
            "keystay: error: bad.json is no receipt: something is missing or of another kind",
        );
    // What a receipt says of its engine is shown, and is text of the outside.
    let mut odd = good.clone();
    odd["predicate"]["engine"]["name"] = "\u{1b}[31mdocker".into();
    odd["predicate"]["finishedOn"] = "x".repeat(100_000).into();
    fs::write(env.context().join("odd.json"), odd.to_string()).unwrap();
    let checked = check(&env, "odd.json", env.tag());
    checked
        .status(0)
        .stdout_is("")
        .stderr_lacks("\u{1b}")
        .stderr_has("\\u{1b}[31mdocker");
    assert!(checked.stderr.len() < 1_000);
}

#[test]
fn a_receipt_that_has_no_end_is_given_up() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    check(&env, "/dev/zero", env.tag())
        .status(66)
        .stdout_is("")
        .says(
            "keystay: error: /dev/zero is no receipt: it is longer than 16 MiB\n\
         hint: `keystay --receipt FILE build …` writes one\n",
        );
    fs::write(
        env.context().join("deep.json"),
        "{\"_type\":[[".repeat(1 << 16),
    )
    .unwrap();
    check(&env, "deep.json", env.tag()).status(66).stdout_is("").stderr_has(
        "keystay: error: deep.json is no receipt: something is missing or of another kind at line 1, column ",
    );
    check(&env, "none.json", env.tag()).status(66).stdout_is("").says(
        "keystay: error: cannot read the receipt none.json: No such file or directory (os error 2)\n",
    );
}

/// `keystay … --receipt NAME build`, with a key of its own.
fn build(env: &Env, name: &str) -> Run {
    let key = format!("file:{}", new_key(env, name, "ed25519").display());
    let keystay = env.keystay().args(["--key", &key, "--receipt", name]);
    keystay.build(env)
}

#[track_caller]
fn check(env: &Env, receipt: &str, image: &str) -> Output {
    let words = ["receipt", "check", receipt, image];
    env.keystay_alone().args(words).output()
}
