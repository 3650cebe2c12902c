//! Where in a file a key is found.

use serde_json::json;

use crate::verify::{
    Finding, Verdict, Verified, Whole,
    decode::Limits,
    fixture::{Image, core, gzip, layer, verify_files},
};

#[tokio::test]
async fn an_offset_is_of_the_innermost_file_as_it_decodes() {
    let text = text();
    let archive = layer(&[("first", "1"), ("d", &text)]);
    let twice = format!("{text}{}{text}", "z".repeat(300_000));
    let files: [(&str, &[u8]); 6] = [
        ("a", text.as_bytes()),
        ("b", &gzip(text.as_bytes())),
        ("c", &archive),
        ("e", &gzip(&archive)),
        ("f", twice.as_bytes()),
        ("g", &gzip(&gzip(text.as_bytes()))),
    ];
    let found = leak(verify_files(&files, Limits::default()).await);
    let mut found: Vec<_> = found
        .iter()
        .map(|finding| (finding.path.as_deref().unwrap(), finding.offset))
        .collect();
    found.sort_unstable();
    let paths = ["a", "b!gzip", "c!/d", "e!gzip!/d", "f", "g!gzip!gzip"];
    assert_eq!(
        found,
        paths.map(|path| (path, Some(Whole::File.at(BEFORE))))
    );
}

#[tokio::test]
async fn compressed_layers_are_counted_as_they_decode() {
    let mut image = Image::of(&[("COPY d /", layer(&[("first", "1"), ("d", &text())]))]);
    let (stored, _) = &mut image.layers[0];
    *stored = gzip(stored);
    let found = leak(image.oci_archive().verify().await);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].offset, Some(Whole::File.at(BEFORE)));
}

#[tokio::test]
async fn what_is_in_no_file_is_counted_in_the_layer_or_the_document() {
    let hex = hex();
    let mut image = Image::of(&[("COPY a /", layer(&[("first", "1"), (&hex, "2")]))]);
    image.config["config"] = json!({ "Cmd": ["echo", hex] });
    let document = String::from_utf8(image.config()).unwrap();
    let at = u64::try_from(document.find(&hex).unwrap()).unwrap();
    let found = leak(image.oci_archive().verify().await);
    let offsets: Vec<_> = found.iter().map(|finding| finding.offset).collect();
    // The header of the second file stands behind the header and the one block of the first.
    assert_eq!(
        offsets,
        [Some(Whole::Layer.at(1_024)), Some(Whole::Member.at(at))]
    );
}

#[track_caller]
fn leak(verified: Verified) -> Vec<Finding> {
    match verified.verdict {
        Verdict::Leak(findings) => findings,
        other => panic!("{other:?}"),
    }
}

fn hex() -> String {
    core().map(|byte| format!("{byte:02x}")).concat()
}

/// A text that holds the key behind so many bytes.
fn text() -> String {
    format!("{}{}", "z".repeat(BEFORE.try_into().unwrap()), hex())
}

const BEFORE: u64 = 1_234;
