//! Input, delays and lines.

use crate::backoff::Backoff;
use crate::input::{Carried, Input};
use crate::line::Line;

fn input() -> Input {
    Input::new(Box::leak(Box::new([0; 16])), true)
}

fn feed(input: &mut Input, bytes: &[u8]) {
    input.room()[..bytes.len()].copy_from_slice(bytes);
    input.read(bytes.len());
}

/// Offset, bytes and end of everything that is not taken.
fn all(input: &Input) -> (u64, Vec<u8>, bool) {
    let piece = input.all();
    (piece.offset, piece.bytes.to_vec(), piece.ends)
}

#[test]
fn input_is_kept_until_it_is_taken() {
    let mut input = input();
    feed(&mut input, b"abcdef");
    assert!(input.waits(Carried::default()));
    let carried = input.carried();
    assert!(!input.waits(carried));
    assert!(input.taken(4, carried));
    assert_eq!(all(&input), (4, b"ef".to_vec(), false));
    assert!(input.waits(Carried::default()));
    assert!(carried.exceeds(4));
    assert!(input.taken(6, carried));
    assert!(!input.waits(Carried::default()));
    assert_eq!(all(&input), (6, vec![], false));
}

#[test]
fn an_old_reply_takes_nothing_back() {
    let mut input = input();
    feed(&mut input, b"abcdef");
    let carried = input.carried();
    assert!(input.taken(6, carried));
    assert!(input.taken(2, carried));
    assert_eq!(all(&input), (6, vec![], false));
}

#[test]
fn more_than_was_sent_cannot_be_taken() {
    let mut input = input();
    feed(&mut input, b"abc");
    assert!(!input.taken(4, input.carried()));
}

#[test]
fn no_more_is_read_than_there_is_room_for() {
    let mut input = input();
    feed(&mut input, &[1; 16]);
    assert_eq!(input.room().len(), 0);
    assert!(input.taken(10, input.carried()));
    assert_eq!(input.room().len(), 10);
}

#[test]
fn the_end_is_sent_until_it_is_taken_with_all_before_it() {
    let mut input = input();
    feed(&mut input, b"abc");
    let before = input.carried();
    input.read(0);
    assert_eq!(input.room().len(), 0);
    assert!(input.waits(before));
    let whole = input.carried();
    assert!(!input.waits(before.or(whole)));
    assert!(input.taken(3, before));
    assert!(input.waits(Carried::default()));
    assert!(!input.none().ends);
    assert!(input.taken(3, whole));
    assert!(!input.waits(Carried::default()));
    assert!(input.none().ends);
}

#[test]
fn input_that_is_not_read_ends_at_once() {
    let mut input = Input::new(Box::leak(Box::new([0; 16])), false);
    assert_eq!(input.room().len(), 0);
    assert_eq!(all(&input), (0, vec![], true));
    assert!(input.waits(Carried::default()));
}

#[test]
fn delays_double_up_to_half_a_second_and_differ() {
    let mut backoff = Backoff::new(7);
    assert!(!backoff.is_failing());
    for whole in [10, 20, 40, 80, 160, 320, 500, 500, 500, 500, 500, 500] {
        let delay = backoff.delay();
        assert!((whole / 2..=whole).contains(&delay), "{delay} of {whole}");
    }
    assert!(backoff.is_failing());
    backoff.reset();
    assert!(!backoff.is_failing());
    assert!(backoff.delay() <= 10);
    let mut other = Backoff::new(8);
    let delays = |backoff: &mut Backoff| (0..12).map(|_| backoff.delay()).collect::<Vec<_>>();
    assert_ne!(delays(&mut backoff), delays(&mut other));
}

#[test]
fn a_line_is_one_line() {
    let line = |text: &[u8]| Line::new().add(text).finish().to_vec();
    assert_eq!(line(b"a\r\nb\x1b[31m\x7f"), b"keystay: ab[31m\n");
    assert_eq!(
        line("ü \u{9b}31m…".as_bytes()),
        "keystay: ü 31m…\n".as_bytes()
    );
    let long = line(&[b'a'; 5000]);
    assert_eq!(long.len(), 2048 + 128);
    assert!(long.ends_with(b"aa\n"));
}
