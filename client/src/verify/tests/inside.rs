//! Keys in archives and compressed streams inside of files, made by the programs that people use.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use proptest::{collection::vec, prelude::*};

use crate::verify::{
    Gap, Unread, Verdict, Verified,
    decode::Limits,
    fixture::{Image, core, digest, gzip, key_file, layer, verify_files},
};

#[tokio::test]
async fn a_compressed_key_is_found_at_any_place_of_a_file_whatever_its_name() {
    for (kind, stream) in [
        ("gzip", piped("gzip", &["-c"], key_file().as_bytes())),
        ("zlib", zlib(key_file().as_bytes())),
        ("zstd", piped("zstd", &["-c"], key_file().as_bytes())),
        ("xz", piped("xz", &["-c"], key_file().as_bytes())),
        ("bzip2", piped("bzip2", &["-c"], key_file().as_bytes())),
    ] {
        let file = [b"before ".repeat(9_000), stream, b" behind".repeat(9_000)].concat();
        let verified = verify_one("opt/data", &file).await;
        let found = places(&verified);
        // What zstd does not compress is found as it is too.
        let expected = format!("opt/data!{kind}");
        assert!(found.contains(&expected), "{found:?}");
        assert!(kind == "zstd" || found.len() == 1, "{found:?}");
    }
    let lzma = piped("xz", &["--format=lzma", "-c"], key_file().as_bytes());
    let verified = verify_one("opt/data", &lzma).await;
    assert_eq!(places(&verified), ["opt/data!lzma"]);
}

#[tokio::test]
async fn entries_of_archives_are_told_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("etc/ssh")).unwrap();
    fs::write(root.join("etc/ssh/id"), key_file()).unwrap();
    fs::write(root.join("readme"), "text ".repeat(900)).unwrap();
    let tar = ["-cf", "x.tar", "--format=pax", "readme", "etc"];
    let zip = |level| ["-qr", level, "x.zip", "readme", "etc"];
    for (file, name, place) in [
        (made(root, "tar", &tar, "x.tar"), "x", "x!/etc/ssh/id"),
        (
            made(root, "tar", &["-czf", "x.tgz", "etc"], "x.tgz"),
            "x",
            "x!gzip!/etc/ssh/id",
        ),
        (
            made(root, "zip", &zip("-9"), "x.zip"),
            "x.jar",
            "x.jar!/etc/ssh/id",
        ),
        (
            gzip(&made(root, "zip", &zip("-0"), "x.zip")),
            "x",
            "x!gzip!/etc/ssh/id",
        ),
    ] {
        assert_eq!(places(&verify_one(name, &file).await), [place]);
    }
}

#[tokio::test]
async fn a_debian_package_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("p/DEBIAN")).unwrap();
    let control = "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m <m@example.org>\nDescription: d\n";
    fs::write(root.join("p/DEBIAN/control"), control).unwrap();
    fs::write(root.join("p/key"), key_file()).unwrap();
    for how in ["xz", "gzip", "zstd"] {
        let packed = made(
            root,
            "dpkg-deb",
            &[&format!("-Z{how}"), "-b", "p", "p.deb"],
            "p.deb",
        );
        let end = match how {
            "gzip" => "gz",
            "zstd" => "zst",
            other => other,
        };
        let place = format!("p.deb!/data.tar.{end}!{how}!/./key");
        assert_eq!(places(&verify_one("p.deb", &packed).await), [place]);
    }
}

#[tokio::test]
async fn objects_and_packs_of_git_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let git = |arguments: &[&str]| {
        let name = ["-c", "user.name=n", "-c", "user.email=e@example.org"];
        run(root, "git", &[&name, arguments].concat());
    };
    fs::write(root.join("key"), key_file()).unwrap();
    git(&["init", "-q", "."]);
    git(&["add", "key"]);
    git(&["commit", "-qm", "key"]);
    let object = piped(
        "git",
        &["-C", root.to_str().unwrap(), "rev-parse", "HEAD:key"],
        b"",
    );
    let object = String::from_utf8(object).unwrap();
    let (first, rest) = object.trim().split_at(2);
    let loose = fs::read(root.join(".git/objects").join(first).join(rest)).unwrap();
    assert_eq!(places(&verify_one("o", &loose).await), ["o!zlib"]);
    git(&["rm", "-q", "key"]);
    git(&["commit", "-qm", "no key"]);
    git(&["gc", "-q"]);
    let packs = fs::read_dir(root.join(".git/objects/pack")).unwrap();
    let pack = packs
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "pack"))
        .unwrap();
    let pack = fs::read(pack).unwrap();
    assert_eq!(places(&verify_one("p", &pack).await), ["p!zlib"]);
}

#[tokio::test]
async fn compressed_data_as_text_is_opened() {
    let once = STANDARD.encode(gzip(key_file().as_bytes()));
    let rows: Vec<_> = once.as_bytes().chunks(76).map(<[u8]>::to_vec).collect();
    let text = [b"data: \"".as_slice(), &rows.join(&b"\\n"[..]), b"\"\n"].concat();
    assert_eq!(places(&verify_one("t", &text).await), ["t!base64!gzip"]);
    let twice = STANDARD.encode(&once);
    let verified = verify_one("t", twice.as_bytes()).await;
    assert_eq!(places(&verified), ["t!base64!base64!gzip"]);
}

#[tokio::test]
async fn the_stream_of_an_image_in_chunks_is_joined() {
    let stream = zlib(key_file().as_bytes());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in stream.chunks(50) {
        file.extend(u32::try_from(chunk.len()).unwrap().to_be_bytes());
        file.extend([b"IDAT", chunk, b"sum?"].concat());
    }
    file.extend(b"\0\0\0\0IEND");
    assert_eq!(places(&verify_one("i.png", &file).await), ["i.png!png"]);
}

#[tokio::test]
async fn encrypted_and_unsupported_archives_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let zip = encrypted_zip(folder.path(), "key");
    let verified = verify_one("x", &zip).await;
    assert_eq!(gaps(&verified), [inside("x!/key", Unread::Encrypted)]);
    let verified = verify_one("x", &seven_zip()).await;
    assert_eq!(gaps(&verified), [inside("x", Unread::Unsupported("7z"))]);
}

#[tokio::test]
async fn a_path_of_what_was_not_read_is_withheld_where_it_holds_the_key_and_shortened_else() {
    let secret = STANDARD.encode(core()).replace('/', "_").replace('+', "-");
    let long = "long".repeat(40);
    let broken = gzip("some text ".repeat(20_000).as_bytes());
    let broken = &broken[..broken.len() / 2];
    let folder = tempfile::tempdir().unwrap();
    let encrypted = encrypted_zip(folder.path(), &secret);
    let files = [
        (secret.as_str(), broken),
        (&long, broken),
        ("x", &encrypted),
    ];
    let verified = verify_files(&files, Limits::default()).await;
    let place = |place: &str, why| Gap::Inside {
        place: place.to_owned(),
        why,
    };
    let mut gaps = verified.gaps.clone();
    gaps.sort_by_key(Gap::to_string);
    assert_eq!(
        gaps,
        [
            place("[withheld, it holds the key]", Unread::Encrypted),
            place("[withheld, it holds the key]", Unread::Broken("gzip")),
            place(
                &format!("layer 1, {}…", &long[..120 - "layer 1, ".len()]),
                Unread::Broken("gzip")
            ),
        ]
    );
    let shown = format!("{:?}", verified.layers);
    assert!(!shown.contains(&secret[..8]), "{shown}");
    assert!(shown.contains("[withheld, it holds the key]"), "{shown}");
}

#[tokio::test]
async fn what_breaks_off_is_told_and_a_key_before_it_found() {
    let text = format!("{}{}", key_file(), "some text ".repeat(20_000));
    for (kind, whole) in [
        ("gzip", gzip(text.as_bytes())),
        ("zlib", zlib(text.as_bytes())),
    ] {
        let cut = &whole[..whole.len() / 2];
        let verified = verify_one("x", cut).await;
        let gap = inside(&format!("x!{kind}"), Unread::Broken(kind));
        assert_eq!(verified.gaps, [gap]);
        assert_eq!(places(&verified), [format!("x!{kind}")]);
    }
}

#[tokio::test]
async fn what_only_may_be_a_zlib_stream_is_no_gap_where_it_breaks_off() {
    let whole = zlib(format!("{}{}", key_file(), "some text ".repeat(20_000)).as_bytes());
    let cut = [b"program ", &whole[..whole.len() / 2], &[0xff; 64]].concat();
    let verified = verify_one("x", &cut).await;
    assert_eq!(verified.gaps, []);
    assert_eq!(places(&verified), ["x!zlib"]);
}

#[tokio::test]
async fn a_bomb_is_told_and_searched_in_its_beginning() {
    let mut bomb = key_file().into_bytes();
    bomb.resize(4 << 20, 0);
    let limits = Limits {
        bomb: 1 << 20,
        ratio: 100,
        ..Limits::default()
    };
    let verified = verify_files(&[("b", &gzip(&bomb)), ("c", b"after the bomb")], limits).await;
    assert_eq!(verified.gaps, [inside("b!gzip", Unread::Bomb(100))]);
    assert_eq!(places(&verified), ["b!gzip"]);
}

#[tokio::test]
async fn a_layer_decodes_to_no_more_than_it_may() {
    let limits = Limits {
        per_member: 1 << 20,
        ..Limits::default()
    };
    let verified = verify_files(&[("b", &gzip(&vec![7; 3 << 20]))], limits).await;
    assert_eq!(gaps(&verified), [inside("b!gzip", Unread::Budget(1 << 20))]);
}

#[tokio::test]
async fn what_needs_more_memory_than_there_is_is_told() {
    let limits = Limits {
        memory: 1 << 20,
        ..Limits::default()
    };
    let text: Vec<u8> = (0..600_000_u32).flat_map(u32::to_le_bytes).collect();
    let packed = piped("xz", &["-c"], &text);
    let verified = verify_files(&[("b", &packed)], limits).await;
    assert_eq!(gaps(&verified), [inside("b!xz", Unread::Memory(1 << 20))]);
}

#[tokio::test]
async fn streams_are_followed_six_deep() {
    let mut file = key_file().into_bytes();
    for _ in 0..6 {
        file = gzip(&file);
    }
    let place = format!("x{}", "!gzip".repeat(6));
    assert_eq!(places(&verify_one("x", &file).await), [place]);
    let verified = verify_one("x", &gzip(&file)).await;
    let place = format!("x{}", "!gzip".repeat(7));
    assert_eq!(gaps(&verified), [inside(&place, Unread::TooDeep(6))]);
}

#[tokio::test]
async fn an_archive_that_holds_itself_is_read_whole() {
    let quine = STANDARD.decode(QUINE).unwrap();
    assert_eq!(verify_one("r.zip", &quine).await.verdict, Verdict::Clean);
    let both = [quine, gzip(key_file().as_bytes())].concat();
    assert!(matches!(
        verify_one("r.zip", &both).await.verdict,
        Verdict::Leak(_)
    ));
}

#[tokio::test]
async fn layers_of_every_compression_are_inflated_and_their_digest_compared() {
    let plain = layer(&[("a", &"text ".repeat(50_000)), ("root/key", &key_file())]);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"skip"].concat();
    let zstd = piped("zstd", &["-c"], &plain);
    for blob in [
        gzip(&plain),
        [&skipped[..], &zstd, &skipped].concat(),
        piped("xz", &["-c"], &plain),
        piped("bzip2", &["-c"], &plain),
    ] {
        let mut image = Image::of(&[("COPY key /root/", blob.clone())]);
        image.layers[0].1 = digest(&plain);
        let verified = image.oci_archive().verify().await;
        assert_eq!(verified.gaps, []);
        assert_eq!(places(&verified), ["root/key"]);
        image.layers[0].1 = digest(b"other");
        let verified = image.oci_archive().verify().await;
        assert!(matches!(&verified.gaps[..], [Gap::WrongDigest { .. }]));
        image.layers[0] = (blob[..blob.len() - 20].to_vec(), digest(&plain));
        let verified = image.oci_archive().verify().await;
        assert_eq!(verified.gaps, [Gap::Corrupt(digest(&plain))]);
    }
}

#[tokio::test]
async fn links_attributes_and_holes_of_real_archives_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let secret = STANDARD.encode(core()).replace('/', "_").replace('+', "-");
    let long = format!("{}/id", "long".repeat(40));
    fs::create_dir_all(root.join("long".repeat(40))).unwrap();
    fs::write(root.join(&long), key_file()).unwrap();
    fs::hard_link(root.join(&long), root.join("hard")).unwrap();
    std::os::unix::fs::symlink(&secret, root.join("soft")).unwrap();
    let holes = fs::File::create(root.join("holes")).unwrap();
    holes.set_len(8 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&holes, key_file().as_bytes(), 4 << 20).unwrap();
    for format in ["--format=gnu", "--format=pax"] {
        let names = [
            "-cf", "x.tar", format, "--sparse", &long, "hard", "soft", "holes",
        ];
        let layer = made(root, "tar", &names, "x.tar");
        assert!(layer.len() < 100_000, "the holes are left out");
        let verified = Image::of(&[("COPY . /", layer)])
            .oci_archive()
            .verify()
            .await;
        let shown = format!("{}…", &"long".repeat(40)[..120]);
        let found = places(&verified);
        assert!(found.contains(&"soft".to_owned()), "{found:?}");
        assert!(found.contains(&"holes".to_owned()), "{found:?}");
        assert!(found.contains(&shown) || found.contains(&long), "{found:?}");
        // Whoever extracts it has a file of other bytes than were looked into.
        assert!(matches!(&verified.gaps[..], [Gap::Broken(_)]));
    }
    let mut archive = tar::Builder::new(Vec::new());
    let attribute = ("SCHILY.xattr.user.key", key_file());
    archive
        .append_pax_extensions([(attribute.0, attribute.1.as_bytes())])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(1);
    archive.append_data(&mut header, "attr", &b"x"[..]).unwrap();
    let layer = archive.into_inner().unwrap();
    let verified = Image::of(&[("COPY . /", layer)])
        .oci_archive()
        .verify()
        .await;
    assert_eq!(places(&verified), ["attr"]);
}

#[tokio::test]
async fn packed_keys_in_extended_attributes_are_found() {
    let packed = gzip(key_file().as_bytes());
    let encoded = STANDARD.encode(&packed);
    for attribute in [
        ("SCHILY.xattr.user.key", &packed[..]),
        ("LIBARCHIVE.xattr.user.key", encoded.as_bytes()),
    ] {
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_pax_extensions([attribute]).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(1);
        archive.append_data(&mut header, "attr", &b"x"[..]).unwrap();
        let layer = archive.into_inner().unwrap();
        let image = Image::of(&[("COPY . /", layer)]);
        let found = places(&image.oci_archive().verify().await);
        assert!(
            matches!(&found[..], [place] if place.ends_with("!gzip")),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn a_file_that_go_extracts_from_what_looks_like_a_header_is_looked_into() {
    let mut archive = tar::Builder::new(Vec::new());
    let (packed, mut hidden) = (gzip(key_file().as_bytes()), vec![0; 1024]);
    let mut global = tar::Header::new_ustar();
    global.set_entry_type(tar::EntryType::XGlobalHeader);
    global.set_size(512);
    global.set_cksum();
    hidden[..512].copy_from_slice(global.as_bytes());
    hidden[512..512 + packed.len()].copy_from_slice(&packed);
    let comment = "v".repeat(100_000);
    let records = [("comment", comment.as_str()), ("size", "1024")];
    let records = records.map(|(key, value)| (key, value.as_bytes()));
    archive.append_pax_extensions(records).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    header.set_path("file").unwrap();
    header.set_cksum();
    archive.append(&header, &hidden[..]).unwrap();
    let layer = archive.into_inner().unwrap();
    let image = Image::of(&[("COPY . /", layer)]);
    assert_eq!(places(&image.oci_archive().verify().await), ["file!gzip"]);
}

#[tokio::test]
async fn what_only_begins_as_streams_do_takes_no_more_work_than_it_may() {
    // A zlib stream with a stored block begins at every seventh byte, and holds all those behind it.
    let file = b"\x78\x01\0\xf9\xff\x06\0".repeat(30_000);
    let verified = verify_one("opt/data", &file).await;
    let told = inside("opt/data", Unread::Lookalikes);
    assert_eq!(gaps(&verified), [told]);
    assert!(verified.searched < 70 << 20, "{}", verified.searched);
    let limits = Limits {
        lookalikes: u64::MAX,
        ..Limits::default()
    };
    let few = &file[..7_000];
    let verified = verify_files(&[("opt/data", few)], limits).await;
    assert_eq!(verified.verdict, Verdict::Clean);
    let key = gzip(key_file().as_bytes());
    let verified = verify_one("opt/data", &[few, &key].concat()).await;
    assert_eq!(places(&verified), ["opt/data!gzip"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bytes_of_any_kind_behind_a_beginning_are_neither_a_gap_nor_a_panic(
        parts in vec((0..BEGINNINGS.len(), vec(any::<u8>(), 0..600)), 1..20),
    ) {
        let mut file = b".".to_vec();
        for (number, bytes) in parts {
            file.extend(BEGINNINGS[number]);
            file.extend(bytes);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verified = runtime.block_on(verify_one("x", &file));
        prop_assert_eq!(verified.verdict, Verdict::Clean);
    }
}

const BEGINNINGS: [&[u8]; 14] = [
    b"",
    b"\x1f\x8b\x08",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\x78\x9c",
    b"\x78\x01",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\0",
    b"BZh91AY&SY",
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"hsqs",
    b"H4sI",
    b"IDAT",
];

async fn verify_one(name: &str, content: &[u8]) -> Verified {
    let files: [(&str, &[u8]); 3] = [("first", b"1"), (name, content), ("last", b"2")];
    verify_files(&files, Limits::default()).await
}

/// The paths of the findings, once each.
fn places(verified: &Verified) -> Vec<String> {
    let Verdict::Leak(findings) = &verified.verdict else {
        panic!("{:?}", verified.verdict);
    };
    findings
        .iter()
        .filter_map(|finding| finding.path.clone())
        .collect()
}

fn gaps(verified: &Verified) -> Vec<Gap> {
    match &verified.verdict {
        Verdict::Incomplete(gaps) => gaps.clone(),
        other => panic!("{other:?}"),
    }
}

fn inside(path: &str, why: Unread) -> Gap {
    let place = format!("layer 1, {path}");
    Gap::Inside { place, why }
}

/// The beginning of an archive of 7z.
pub(super) fn seven_zip() -> Vec<u8> {
    let mut seven = b"7z\xbc\xaf\x27\x1c\0\x04".to_vec();
    let mut crc = flate2::Crc::new();
    crc.update(&[7; 20]);
    seven.extend(crc.sum().to_le_bytes());
    seven.extend([7; 200]);
    seven
}

/// An encrypted archive of a key file of this name.
pub(super) fn encrypted_zip(folder: &Path, name: &str) -> Vec<u8> {
    fs::write(folder.join(name), key_file()).unwrap();
    let zip = ["-q", "-P", "pass", "x.zip", name];
    made(folder, "zip", &zip, "x.zip")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a program makes of its standard input.
fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask lab up` installs it"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    output.stdout
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask lab up` installs it"));
    assert!(status.success(), "{program} {arguments:?}");
}

/// The file that a program makes in a folder.
fn made(folder: &Path, program: &str, arguments: &[&str], file: &str) -> Vec<u8> {
    if file.starts_with("x.") {
        drop(fs::remove_file(folder.join(file)));
    }
    run(folder, program, arguments);
    fs::read(folder.join(file)).unwrap()
}

/// The archive of Russ Cox that holds itself (`r.zip`, in the tests of Go's `archive/zip`).
const QUINE: &str = "UEsDBBQAAAAIAAgDZDz59IlkSAEAALgBAAAHAAAAci9yLnppcAAlANr/UEsDBBQAAAAIAAgDZDz59IlkSAEAALgBAAAHAAAAci9yLnppcAAvAND/ACUA2v9QSwMEFAAAAAgACANkPPn0iWRIAQAAuAEAAAcAAAByL3IuemlwAC8A0P/CVI5XOQAFAPr/wlSOVzkABQD6/wAFAPr/ABQA6//CVI5XOQAFAPr/AAUA+v8AFADr/0KIIcQAABQA6/9CiCHEAAAUAOv/QoghxAAAFADr/0KIIcQAABQA6/9CiCHEAAAAAP//AAAA//8ANADL/0KIIcQAAAAA//8AAAD//wA0AMv/QughXg8AAAD//wrwZmQSYcAV3OigSL9IryqzIMCblQ3EZwRCUwYGBkAABgD5/20BAAAAAELoIV4PAAAA//8K8GZkEmHAFdzooEi/SK8qsyDAm5UNxGcEQlMGBgZAAAYA+f9tAQAAAABQSwECFAAUAAAACAAIA2Q8+fSJZEgBAAC4AQAABwAAAAAAAAAAAAAAAAAAAAAAci9yLnppcFBLBQYAAAAAAQABADUAAABtAQAAAAA=";
