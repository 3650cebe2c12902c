//! Receipts that cannot be written are refused before the build.

use keystay_tests::{env::Env, lab::Lab};

use crate::key::file;

#[test]
fn a_receipt_that_cannot_be_written_is_told_before_the_build() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file("Dockerfile", "FROM keystay/lean:1\nRUN exit 3\n");
    let key = file(&lab, "dev");
    let refused = |path: &str, arguments: &[&str]| {
        let keystay = env.keystay().args(["--key", &key, "--receipt", path]);
        keystay.args(arguments).output()
    };
    let build = ["build", "--tag", env.tag(), "."];
    refused("none/r.json", &build).status(69).stdout_is("").says(
        "keystay: error: cannot write the receipt none/r.json: No such file or directory (os error 2)\n\
         hint: name a file in a folder that is there: `--receipt FILE`\n",
    );
    for path in ["-", "/dev/null", "."] {
        refused(path, &build)
            .status(64)
            .stdout_is("")
            .says(&format!(
                "keystay: error: cannot write the receipt to {path}: that is no regular file\n\
             hint: name a file: `keystay --receipt FILE build …`\n"
            ));
    }
    let elsewhere = ["build", "--output", "out", "."];
    refused("r.json", &elsewhere).status(64).stdout_is("").says(
        "keystay: error: there is no receipt without an image: the output of the build is no image of the engine\n\
         hint: leave out `--receipt`, or the output\n",
    );
    let keystay = env.keystay_alone().args(["--receipt", "r.json"]);
    keystay
        .args(["verify", env.tag()])
        .output()
        .status(64)
        .stdout_is("")
        .says(
            "keystay: error: a receipt is of a build, and `verify` builds nothing\n\
         hint: `keystay verify --json IMAGE` writes down what was searched\n",
        );
    assert!(env.records().is_empty());
}
