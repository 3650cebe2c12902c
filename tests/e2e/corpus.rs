//! The corpus: every leak is found, and nothing else is called one.

use std::{path::Path, process::Command};

use keystay_tests::{
    corpus::{Case, Expected, Form, KINDS, Key, cases},
    env::binary,
};

use crate::command::printed;

#[test]
fn each_image_of_the_corpus_gets_the_verdict_it_deserves() {
    let folder = tempfile::tempdir().unwrap();
    let (mut wrong, mut leaks, mut clean) = (Vec::new(), 0, 0);
    for kind in KINDS {
        let key = Key::new(folder.path(), kind);
        for case in cases(&key) {
            match case.expected {
                Expected::Leak => leaks += 1,
                Expected::Clean => clean += 1,
            }
            for form in [Form::DockerArchive, Form::OciArchive] {
                wrong.extend(judged_wrongly(&case, form, &key, folder.path()));
            }
        }
    }
    assert!(leaks >= 40 && clean >= 15, "{leaks} leaks, {clean} clean");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What is wrong about what `keystay verify` says of an image; nothing if it is right.
fn judged_wrongly(case: &Case, form: Form, key: &Key, home: &Path) -> Option<String> {
    let path = home.join("image.tar");
    case.image.write(form, &path);
    let output = Command::new(binary())
        .args(["--key", &format!("file:{}", key.path.display()), "verify"])
        .arg(&path)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .output()
        .unwrap();
    let status = match case.expected {
        Expected::Leak => 65,
        Expected::Clean => 0,
    };
    (output.status.code() != Some(status)).then(|| {
        let said = printed(&output);
        format!("{form:?}, {}: {}\n{said}", case.name, output.status)
    })
}
