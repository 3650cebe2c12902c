//! What a receipt says of real builds.

use std::fs;

use keystay_tests::{
    env::Env,
    lab::{Lab, UpstreamAgent},
};
use serde_json::{Value, json};

use super::{assert_tells_nothing, build_leaking, image_id, receipt, sha256, take};
use crate::{
    key::{file, fingerprint},
    key_file::{self, new_key},
};

#[test]
fn a_build_in_fetch_mode_is_written_down() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", FETCHING);
    let only = format!("127.0.0.1:{}/acme/lib-a", lab.git_host().port());
    let keystay = env.keystay_alone().args(["--key", &file(&lab, "dev")]);
    let keystay = keystay.args(["--repo", &only, "--receipt", "receipt.json"]);
    let built = keystay.build(&env).output();
    built
        .status(0)
        .stdout_is("")
        .stderr_has("keystay: image     CLEAN ");
    built.stderr_has("\nkeystay: receipt   receipt.json\n");
    let mut told = receipt(&env, "receipt.json");
    assert_is_docker_26(&mut told);
    assert_is_searched(&mut told, 2);
    let commits = take(&mut told, "/predicate/repositories/0/commits");
    assert_eq!(commits[0].as_str().unwrap().len(), 40, "{commits}");
    assert!(take(&mut told, "/predicate/repositories/0/bytes").as_u64() > Some(0));
    let host = only.split('/').next();
    let built_as = take(&mut told, "/predicate/dockerfile/builtAs/sha256");
    assert_ne!(built_as, sha256(&env.context().join("Dockerfile")));
    let key = fingerprint(&lab, "dev");
    assert_eq!(
        told,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": env.tag(), "digest": {"sha256": image_id(&env)}}],
            "predicateType": "https://github.com/keystay/keystay/receipt/v1",
            "predicate": {
                "keystay": {"version": env!("CARGO_PKG_VERSION")},
                "engine": null,
                "dockerfile": {
                    "digest": {"sha256": sha256(&env.context().join("Dockerfile"))},
                    "builtAs": {"sha256": null},
                },
                "startedOn": null,
                "finishedOn": null,
                "mode": "fetch",
                "image": {"id": format!("sha256:{}", image_id(&env)), "idOf": "configuration"},
                "keys": [{
                    "fingerprint": key,
                    "type": "ssh-ed25519",
                    "source": "file",
                    "searchedFor": "private-key",
                    "signatures": 0,
                }],
                "hosts": [{"host": host, "verified": true, "logins": 0, "fetches": 1}],
                "repositories": [{
                    "repository": only,
                    "commits": null,
                    "refs": [],
                    "otherWants": 0,
                    "fetches": 1,
                    "bytes": null,
                    "key": key,
                }],
                "signatures": 0,
                "fetches": 1,
                "refusals": [{
                    "reason": "repository-not-granted",
                    "detail": only.replace("lib-a", "lib-b"),
                    "count": 1,
                }],
                "failures": [],
                "scan": null,
            },
        })
    );
    assert_tells_nothing(&env, "receipt.json", &[lab.key("dev")]);
}

#[test]
fn a_build_in_sign_mode_is_written_down_on_each_engine() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        env.file("Dockerfile", SIGNING);
        let keystay = env.keystay().args(["--key", &file(&lab, "dev")]);
        let keystay = keystay.args(["--receipt", "receipt.json"]);
        let built = keystay.build(&env).output();
        built
            .status(0)
            .stdout_is("")
            .stderr_has("\nkeystay: receipt   receipt.json\n");
        let mut told = receipt(&env, "receipt.json");
        let subject = json!([{"name": env.tag(), "digest": {"sha256": image_id(&env)}}]);
        assert_eq!(told["subject"], subject);
        let predicate = told["predicate"].take();
        assert_eq!(predicate["mode"], "sign");
        assert_eq!(predicate["engine"]["name"], "docker");
        assert_eq!(predicate["engine"]["command"], "docker build");
        assert_eq!(predicate["signatures"], 1);
        assert_eq!(predicate["keys"][0]["signatures"], 1);
        let host = format!("127.0.0.1:{}", lab.git_host().port());
        let host = json!([{"host": host, "verified": true, "logins": 1, "fetches": 0}]);
        assert_eq!(predicate["hosts"], host);
        assert_eq!(predicate["repositories"], json!([]));
        assert_eq!(predicate["scan"]["verdict"], "CLEAN");
        assert_tells_nothing(&env, "receipt.json", &[lab.key("dev")]);
    }
}

#[test]
fn builds_of_podman_and_buildah_are_written_down() {
    let lab = Lab::up().unwrap();
    for engine in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, engine);
        env.file("Dockerfile", PLAIN);
        let keystay = env.keystay_alone().args(["--key", &file(&lab, "dev")]);
        let keystay = keystay.args(["--receipt", "receipt.json", engine.name(), "build"]);
        let built = keystay.args(["--tag", env.tag(), "."]).output();
        built
            .status(0)
            .stderr_has("\nkeystay: receipt   receipt.json\n");
        let told = receipt(&env, "receipt.json");
        let used = &told["predicate"]["engine"];
        let version = used["version"].as_str().unwrap();
        assert!(
            version.starts_with(|digit: char| digit.is_ascii_digit()),
            "{used}"
        );
        assert_eq!(used["name"], engine.name());
        assert_eq!(told["predicate"]["image"]["idOf"], "configuration");
        assert_eq!(told["predicate"]["scan"]["verdict"], "CLEAN");
        assert_tells_nothing(&env, "receipt.json", &[lab.key("dev")]);
    }
}

#[test]
fn a_leak_is_written_down_with_its_place() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let key = new_key(&env, "me-at-my-laptop", "ed25519");
        let built = build_leaking(&env, &key, "receipt.json");
        built
            .status(65)
            .stdout_is("")
            .stderr_has("keystay: leak: layer 2, id ");
        let told = receipt(&env, "receipt.json");
        let scan = &told["predicate"]["scan"];
        assert_eq!(scan["verdict"], "LEAK");
        assert_eq!(
            scan["findings"],
            json!([{
                "key": key_file::fingerprint(&key),
                "encoding": "base64",
                "place": "file",
                "name": null,
                "layer": 2,
                "diffId": scan["layers"][1]["diffId"],
                "path": "id",
                "instruction": "RUN cp /run/secrets/key /id",
            }])
        );
        assert_tells_nothing(&env, "receipt.json", &[key]);
    }
}

#[test]
fn what_was_not_searched_is_never_written_down_as_clean() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let key = new_key(&env, "key", "ed25519");
    let source = format!("file:{}", key.display());
    fs::write(
        env.context().join("locked.7z"),
        [
            b"7z\xbc\xaf\x27\x1c\x00\x04\x8d\x9b\xd5\x0f".as_slice(),
            &[0; 20],
        ]
        .concat(),
    )
    .unwrap();
    env.file("Dockerfile", "FROM keystay/lean:1\nCOPY locked.7z /\n");
    let scan = |options: &[&str]| -> Value {
        let keystay = env
            .keystay()
            .args(options)
            .args(["--receipt", "receipt.json"]);
        let built = keystay.build(&env).output();
        built.status(0).stdout_is("");
        receipt(&env, "receipt.json")["predicate"]["scan"].take()
    };
    let told = scan(&["--key", &source]);
    assert_eq!(told["verdict"], "INCOMPLETE");
    assert_eq!(
        told["gaps"],
        json!(["layer 2, locked.7z: 7z is not decoded"])
    );
    assert_eq!(told["layers"][1]["gaps"], told["gaps"]);
    assert_eq!(told["layers"][0]["gaps"], json!([]));

    let told = scan(&["--key", &source, "--no-verify"]);
    assert_eq!(told["verdict"], "INCOMPLETE");
    assert_eq!(told["gaps"], json!(["the search was turned off"]));

    env.file("Dockerfile", "FROM keystay/lean:1\n");
    let agent = UpstreamAgent::with(&[key]).unwrap();
    let keystay = env.keystay().env("SSH_AUTH_SOCK", agent.socket());
    let built = keystay
        .args(["--receipt", "receipt.json"])
        .build(&env)
        .output();
    built.status(0).stdout_is("");
    let told = receipt(&env, "receipt.json");
    assert_eq!(told["predicate"]["keys"][0]["searchedFor"], "locked-copies");
    assert_eq!(told["predicate"]["keys"][0]["source"], "agent");
    let gap = "no private key was at hand: the image was searched for locked copies only";
    assert_eq!(told["predicate"]["scan"]["gaps"], json!([gap]));
}

#[test]
fn a_build_that_fails_has_no_receipt() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\nRUN exit 3\n")
        .file("receipt.json", "of an earlier build");
    let keystay = env.keystay().args(["--key", &file(&lab, "dev")]);
    let built = keystay
        .args(["--receipt", "receipt.json"])
        .build(&env)
        .output();
    built.status(1).stdout_is("").stderr_has(
        "keystay: note: no receipt is written: there is one of a build only that succeeded and was searched to its end\n",
    );
    assert!(!env.context().join("receipt.json").exists());
}

#[track_caller]
fn assert_is_docker_26(told: &mut Value) {
    let engine = take(told, "/predicate/engine");
    assert_eq!(
        (&engine["name"], &engine["command"]),
        (&json!("docker"), &json!("docker build"))
    );
    assert!(
        engine["version"].as_str().unwrap().starts_with("26."),
        "{engine}"
    );
    let [began, ended] = ["/predicate/startedOn", "/predicate/finishedOn"]
        .map(|field| take(told, field).as_str().unwrap().to_owned());
    assert!(began < ended, "{began} {ended}");
}

/// Takes the search out: clean, with as many layers, of each of which all was searched.
#[track_caller]
fn assert_is_searched(told: &mut Value, layers: usize) {
    let mut scan = take(told, "/predicate/scan");
    let told = scan["layers"].take();
    assert_eq!(told.as_array().unwrap().len(), layers);
    for layer in told.as_array().unwrap() {
        // Docker saves plain archives.
        assert_eq!(layer["diffId"], layer["digest"]);
        assert!(layer["searched"].as_u64() >= layer["bytes"].as_u64());
    }
    // The objects of the repository.
    assert!(told[1]["streams"].as_u64() > Some(0), "{told}");
    assert!(scan["searched"].take().as_u64() > scan["bytes"].take().as_u64());
    assert!(scan["scanner"]["search"].take().as_u64() > Some(0));
    assert_eq!(
        scan,
        json!({
            "scanner": {"name": "keystay", "version": env!("CARGO_PKG_VERSION"), "search": null},
            "verdict": "CLEAN",
            "layers": null,
            "bytes": null,
            "searched": null,
            "findings": [],
            "gaps": [],
        })
    );
}

const FETCHING: &str = "\
FROM keystay/base:1 AS source
RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a && ! git clone {git}/acme/lib-b.git /b
FROM keystay/lean:1
COPY --from=source /a /a
";
const SIGNING: &str = "\
FROM keystay/base:1 AS source
RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a
FROM keystay/lean:1
COPY --from=source /a /a
";
const PLAIN: &str = "\
FROM keystay/lean:1
RUN --mount=type=ssh true
";
