//! Random numbers in random forms, places and chunks.

use base64::{Engine as _, engine::general_purpose};
use keystay_agent::scan::Needles;
use keystay_proto::{Fingerprint, control::Encoding};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::keys::{hex, length, scan};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_form_of_a_number_is_missed(
        core in select(vec![32, 48, 66, 128, 192, 384]).prop_flat_map(|n| vec(any::<u8>(), n)),
        before in vec(any::<u8>(), 0..200),
        after in vec(any::<u8>(), 0..60),
        form in select(FORMS.to_vec()),
        width in 16..120_usize,
        separator in select(vec!["\n", "\r\n", "\\n", "\" +\n    \"", "' >> id\necho '"]),
        at in prop_oneof![0..100_usize, 130_000..132_000_usize],
        cuts in vec(1..5_000_usize, 0..20),
    ) {
        let key = Fingerprint::of(b"a key");
        let needles = Needles::new([(key, &core)]);
        let whole = [&before[..], &core, &after].concat();
        let (encoding, text) = form.write(&whole, width, separator.as_bytes());
        let stream = [vec![b' '; at], text.clone(), vec![b'\n'; 40]].concat();
        let place = length(&stream[..at])..length(&stream[..at + text.len()]);
        let report = scan(&needles, &cut(&stream, &cuts));
        prop_assert!(!report.hits.is_empty());
        for hit in &report.hits {
            prop_assert_eq!(hit.encoding, encoding);
            prop_assert!(place.contains(&hit.offset));
        }
    }

    #[test]
    fn chunks_do_not_change_what_is_found(
        core in vec(any::<u8>(), 32),
        places in vec(0..400_000_usize, 1..20),
        cuts in vec(1..100_000_usize, 0..20),
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]);
        let mut stream = vec![b'#'; 400_100];
        for place in places {
            stream[place..place + 32].copy_from_slice(&core);
        }
        prop_assert_eq!(scan(&needles, &[&stream]), scan(&needles, &cut(&stream, &cuts)));
    }

    #[test]
    fn eight_bytes_of_a_number_are_never_spoken_of(
        core in vec(any::<u8>(), 32),
        from in 1..24_usize,
        form in select(FORMS.to_vec()),
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]);
        let part = [&[!core[from - 1]][..], &core[from..from + 8], &[0]].concat();
        let (_, text) = form.write(&part, 1000, b"");
        prop_assert!(scan(&needles, &[&text]).hits.is_empty());
    }
}

#[test]
fn random_bytes_and_random_text_never_alarm() {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let cores: Vec<Vec<u8>> = (0..60)
        .map(|_| (0..24).flat_map(|_| random().to_le_bytes()).collect())
        .collect();
    let needles = Needles::new(cores.iter().map(|core| (Fingerprint::of(core), core)));
    let noise: Vec<u8> = (0..2 << 20).flat_map(|_| random().to_le_bytes()).collect();
    assert!(scan(&needles, &[&noise]).hits.is_empty());
    assert!(
        scan(
            &needles,
            &[general_purpose::STANDARD.encode(&noise).as_bytes()]
        )
        .hits
        .is_empty()
    );
}

/// How a number is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Raw,
    Reversed,
    Hex,
    UpperHex,
    Base64,
    UrlSafe,
    /// Base64 of a text in rows of 64, as of a PEM file.
    Double,
}

const FORMS: [Form; 7] = [
    Form::Raw,
    Form::Reversed,
    Form::Hex,
    Form::UpperHex,
    Form::Base64,
    Form::UrlSafe,
    Form::Double,
];

impl Form {
    fn write(self, whole: &[u8], width: usize, separator: &[u8]) -> (Encoding, Vec<u8>) {
        let rows = |text: String| wrap(text.as_bytes(), width, separator);
        let base64 = |bytes: &[u8]| general_purpose::STANDARD.encode(bytes);
        let hex = hex(whole);
        match self {
            Self::Raw => (Encoding::Raw, whole.to_vec()),
            Self::Reversed => (Encoding::Raw, whole.iter().rev().copied().collect()),
            Self::Hex => (Encoding::Hex, rows(hex)),
            Self::UpperHex => (Encoding::Hex, rows(hex.to_uppercase())),
            Self::Base64 => (Encoding::Base64, rows(base64(whole))),
            Self::UrlSafe => (
                Encoding::Base64,
                rows(general_purpose::URL_SAFE.encode(whole)),
            ),
            Self::Double => {
                let inner = wrap(base64(whole).as_bytes(), 64, b"\n");
                (Encoding::DoubleBase64, rows(base64(&inner)))
            }
        }
    }
}

fn wrap(text: &[u8], width: usize, separator: &[u8]) -> Vec<u8> {
    text.chunks(width).collect::<Vec<_>>().join(separator)
}

fn cut<'b>(stream: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut rest = stream;
    let mut chunks = Vec::new();
    for length in lengths {
        let (chunk, later) = rest.split_at((*length).min(rest.len()));
        chunks.push(chunk);
        rest = later;
    }
    chunks.push(rest);
    chunks
}
