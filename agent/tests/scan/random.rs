//! Random numbers in random forms, places and chunks.

use keystay_agent::scan::Needles;
use keystay_proto::Fingerprint;
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    forms::FORMS,
    keys::{length, scan},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_form_of_a_number_is_missed(
        core in core(),
        before in vec(any::<u8>(), 0..200),
        after in vec(any::<u8>(), 0..60),
        form in select(FORMS.to_vec()),
        wider in 0..100_usize,
        separator in select(SEPARATORS.to_vec()),
        at in prop_oneof![0..100_usize, 130_000..132_000_usize],
        cuts in vec(1..5_000_usize, 0..20),
    ) {
        let key = Fingerprint::of(b"a key");
        let needles = Needles::new([(key, &core)]).unwrap();
        let whole = [&before[..], &core, &after].concat();
        let text = form.write(&whole);
        let rows: Vec<_> = text.chunks(form.width + wider).collect();
        let text = rows.join(separator.as_bytes());
        let stream = [vec![b'\n'; at], text.clone(), vec![b'\n'; 40]].concat();
        let place = length(&stream[..at])..length(&stream[..at + text.len()]);
        let report = scan(&needles, &cut(&stream, &cuts));
        prop_assert!(!report.hits.is_empty());
        for hit in &report.hits {
            prop_assert_eq!(hit.encoding, form.encoding);
            prop_assert!(place.contains(&hit.offset));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn half_of_a_number_in_one_row_is_found(
        core in core(),
        (from, lead) in (0..1_000_usize, 0..9_usize),
        form in select(FORMS.to_vec()),
        at in 0..100_usize,
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]).unwrap();
        let half = core.len() / 2;
        let from = from % half;
        let whole = [&vec![b'='; lead][..], &core[from..from + half], b"===="].concat();
        let stream = [vec![b'\n'; at], form.write(&whole), vec![b'\n'; 40]].concat();
        let report = scan(&needles, &[&stream]);
        prop_assert!(!report.hits.is_empty());
    }

    #[test]
    fn chunks_do_not_change_what_is_found(
        core in vec(any::<u8>(), 32),
        places in vec(0..400_000_usize, 1..20),
        cuts in vec(1..100_000_usize, 0..20),
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]).unwrap();
        let mut stream = vec![b'#'; 400_100];
        for place in places {
            stream[place..place + 32].copy_from_slice(&core);
        }
        prop_assert_eq!(scan(&needles, &[&stream]), scan(&needles, &cut(&stream, &cuts)));
    }

    #[test]
    fn any_bytes_in_any_chunks_are_taken(
        core in core(),
        chunks in vec(vec(any::<u8>(), 0..3_000), 0..20),
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]).unwrap();
        let chunks: Vec<_> = chunks.iter().map(Vec::as_slice).collect();
        let report = scan(&needles, &chunks);
        prop_assert_eq!(report.bytes, length(&chunks.concat()));
        prop_assert!(report.hits.is_empty());
    }

    #[test]
    fn eight_bytes_of_a_number_are_never_spoken_of(
        core in vec(any::<u8>(), 32),
        from in 1..24_usize,
        form in select(FORMS.to_vec()),
    ) {
        let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]).unwrap();
        let part = [&[!core[from - 1]][..], &core[from..from + 8], &[0]].concat();
        prop_assert!(scan(&needles, &[&form.write(&part)]).hits.is_empty());
    }
}

#[test]
fn half_of_a_number_is_found_at_every_place_in_a_row() {
    // In base64 of the safe alphabet, its last characters stand just beside the windows without.
    let core = [
        80, 68, 204, 192, 180, 227, 138, 4, 150, 63, 31, 9, 171, 112, 84, 162, 101, 181, 247, 138,
        255, 239, 177, 109, 217, 156, 135, 247, 81, 74, 249, 78,
    ];
    let needles = Needles::new([(Fingerprint::of(b"a key"), &core)]).unwrap();
    for form in FORMS {
        for (from, at) in (0..16).flat_map(|from| (0..8).map(move |at| (from, at))) {
            let whole = [b"====", &core[from..from + 16], b"===="].concat();
            let stream = [vec![b'\n'; at], form.write(&whole), vec![b'\n'; 40]].concat();
            let hits = scan(&needles, &[&stream]).hits;
            assert!(!hits.is_empty(), "{form:?} from {from} at {at}");
        }
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
    let cores = cores.iter().map(|core| (Fingerprint::of(core), core));
    let needles = Needles::new(cores).unwrap();
    let noise: Vec<u8> = (0..2 << 16).flat_map(|_| random().to_le_bytes()).collect();
    assert!(scan(&needles, &[&noise]).hits.is_empty());
    for form in FORMS {
        let text = form.write(&noise);
        assert!(scan(&needles, &[&text]).hits.is_empty(), "{form:?}");
    }
}

/// Numbers as Ed25519, ECDSA and RSA keys have them.
fn core() -> impl Strategy<Value = Vec<u8>> {
    let lengths = vec![32, 48, 66, 128, 192, 256, 384];
    select(lengths).prop_flat_map(|length| vec(any::<u8>(), length))
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

/// What stands between rows: line ends, strings of programs, commands, JSON, YAML.
const SEPARATORS: [&str; 13] = [
    "\n",
    "\r\n",
    "\\n",
    "\\r\\n",
    " ",
    "\n      ",
    " \\\n",
    "\" +\n    \"",
    "\",\n  \"",
    "' >> id\necho '",
    "\" . \"",
    "\n> ",
    "'\nRUN printf %s >> /root/.ssh/id_rsa '",
];
