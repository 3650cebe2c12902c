use tokio::sync::mpsc;

use super::*;

/// What the requests hold when one ends within a stream of `before` and goes on with `REST`: the first
/// request's bytes, the second's, and where in the content of the stream's last label those of the second
/// begin. That label begins at `label_from`.
fn two_requests(before: &[u8], label_from: usize) -> (Vec<u8>, Vec<u8>, Option<u64>) {
    let (searches, mut opened) = mpsc::unbounded_channel();
    let mut level = Level::new(searches);
    level.begin(label("a"));
    level.push(before);
    // As many records as a request takes.
    for _ in 1..MOST_RECORDS {
        let begin = length(&before[..label_from]);
        level.mark(label("b"), begin, begin);
    }
    level.push(REST);
    level.flush();
    drop(level);
    let (_, first) = opened.try_recv().unwrap();
    let (stream, second) = opened.try_recv().unwrap();
    assert!(opened.try_recv().is_err());
    let Stream::Nested(batch) = stream else {
        panic!("{stream:?}");
    };
    let second = all(second);
    assert_eq!(batch.bytes(), length(&second));
    let (found, offset) = batch.find(0).unwrap();
    assert_eq!(found, label("b"));
    (all(first), second, offset)
}

fn all(mut bytes: mpsc::Receiver<Bytes>) -> Vec<u8> {
    let mut all = Vec::new();
    while let Ok(part) = bytes.try_recv() {
        all.extend_from_slice(&part);
    }
    all
}

fn label(path: &str) -> Label {
    Label {
        member: 0,
        path: path.as_bytes().into(),
    }
}

fn numbered(count: u16) -> Vec<u8> {
    (0..count).flat_map(u16::to_be_bytes).collect()
}

const REST: &[u8] = b"the rest";

#[test]
fn a_key_that_crosses_the_end_of_a_request_is_whole_in_the_next() {
    let before = numbered(15_000);
    let (first, second, offset) = two_requests(&before, 0);
    assert_eq!(first, before);
    assert_eq!(second, [&before[30_000 - REACH..], REST].concat());
    assert_eq!(offset, Some(length(&before) - 16_384));
}

#[test]
fn of_another_file_before_it_no_more_is_given_again_than_one_place_takes() {
    let before = numbered(15_000);
    for (label_from, again, of_label) in [
        (28_000, 2_000, Some(0)),
        (29_990, 1_024, None),
        (30_000, 1_024, None),
    ] {
        let (first, second, offset) = two_requests(&before, label_from);
        assert_eq!(first, before);
        assert_eq!(second, [&before[30_000 - again..], REST].concat());
        assert_eq!(offset, of_label);
    }
}

#[test]
fn a_short_stream_is_given_again_from_its_beginning() {
    let (_, second, offset) = two_requests(b"short", 0);
    assert_eq!(second, [&b"short"[..], REST].concat());
    assert_eq!(offset, Some(0));
}
