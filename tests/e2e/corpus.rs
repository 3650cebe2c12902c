//! The corpus: every leak is found, and nothing else is called one.

use std::{path::Path, process::Command, thread};

use keystay_tests::{
    corpus::{Case, Expected, Form, KINDS, Key, cases},
    env::binary,
};

use crate::command::printed;

#[test]
fn each_image_of_the_corpus_gets_the_verdict_it_deserves() {
    let wrong: Vec<String> = thread::scope(|scope| {
        let judging = KINDS.map(|kind| scope.spawn(move || judged_wrongly(kind)));
        let wrong = judging.map(|judging| judging.join().unwrap());
        wrong.into_iter().flatten().collect()
    });
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// What is wrong about what is said of the images for a fresh key of this kind.
fn judged_wrongly(kind: (&'static str, &'static str)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::new(folder.path(), kind);
    let cases = cases(&key);
    let count = |expected| {
        cases
            .iter()
            .filter(|case| case.expected == expected)
            .count()
    };
    let (leaks, clean) = (count(Expected::Leak), count(Expected::Clean));
    assert!(leaks >= 40 && clean >= 15, "{leaks} leaks, {clean} clean");
    let mut wrong = Vec::new();
    for case in &cases {
        let forms = case.image.forms().iter();
        wrong.extend(forms.filter_map(|form| complaint(case, *form, &key, folder.path())));
    }
    wrong
}

/// What is wrong about what `keystay verify` says of an image; nothing if it is right.
fn complaint(case: &Case, form: Form, key: &Key, home: &Path) -> Option<String> {
    let saved = tempfile::tempdir_in(home).unwrap();
    let path = saved.path().join("image");
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
        Expected::Clean | Expected::OtherKey => 0,
    };
    (output.status.code() != Some(status)).then(|| {
        let said = printed(&output);
        format!("{form:?}, {}: {}\n{said}", case.name, output.status)
    })
}
