//! Images that share layers with one that was found clean before.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc};

use tar::{Builder, Header};

use super::inside::{encrypted_zip, seven_zip};
use crate::verify::{
    Cache, CleanLayers, Gap, ImageSource, Verdict, Verified,
    fixture::{Image, Local, Saved, digest, gzip, key_file, layer},
    sought::sought,
    verify_unknown_layers,
};

#[tokio::test]
async fn a_rebuild_with_one_new_layer_reads_only_that_layer() {
    for image in [plain(), compressed()] {
        let home = Home::new();
        let first = home.verify(&image, b"1").await;
        assert_eq!((&first.verdict, first.known_layers), (&Verdict::Clean, 0));
        assert!(first.searched > 2 * LARGE - SMALL, "{}", first.searched);
        let again = home.verify(&image, b"1").await;
        assert_eq!((&again.verdict, again.known_layers), (&Verdict::Clean, 2));
        assert!(again.searched < SMALL, "{}", again.searched);

        let mut rebuilt = image;
        rebuilt
            .layers
            .push(stored(layer(&[("new", &text(LARGE / 2, 3))])));
        let rebuilt = home.verify(&rebuilt, b"1").await;
        assert_eq!(
            (&rebuilt.verdict, rebuilt.known_layers),
            (&Verdict::Clean, 2)
        );
        assert!(rebuilt.searched > LARGE / 2 - SMALL, "{}", rebuilt.searched);
        assert!(rebuilt.searched < LARGE / 2 + SMALL, "{}", rebuilt.searched);
    }
}

#[tokio::test]
async fn layers_of_docker_before_25_are_known_by_their_ids() {
    let home = Home::new();
    let first = home.verify_saved(&plain().docker_archive(), b"1").await;
    assert_eq!((&first.verdict, first.known_layers), (&Verdict::Clean, 0));
    let mut rebuilt = plain();
    rebuilt.layers.push(stored(layer(&[("new", "1")])));
    let rebuilt = home.verify_saved(&rebuilt.docker_archive(), b"1").await;
    let known = (&rebuilt.verdict, rebuilt.known_layers);
    assert_eq!(known, (&Verdict::Clean, 2));
    assert!(rebuilt.searched < SMALL, "{}", rebuilt.searched);
}

#[tokio::test]
async fn another_layer_with_the_id_of_a_clean_one_is_never_clean() {
    let home = Home::new();
    home.verify_saved(&plain().docker_archive(), b"1").await;
    let other = layer(&[("root/id", &key_file())]);
    let digests = [digest(&other), plain().layers[0].1.clone()];
    let mut image = plain();
    image.layers[0] = stored(other);
    let verified = home.verify_saved(&image.docker_archive(), b"1").await;
    let [of_key, of_clean] = digests;
    let Verdict::Incomplete(gaps) = verified.verdict else {
        panic!("{:?}", verified.verdict);
    };
    for (name, digest) in [(&of_clean, &of_key), (&of_key, &of_clean)] {
        let [name, digest] = [name, digest].map(Clone::clone);
        assert!(
            gaps.contains(&Gap::WrongDigest { name, digest }),
            "{gaps:?}"
        );
    }
}

#[tokio::test]
async fn a_key_in_the_new_layer_is_found_at_its_place() {
    for image in [plain(), compressed()] {
        let home = Home::new();
        home.verify(&image, b"1").await;
        let mut rebuilt = image;
        let new = layer(&[("first", "1"), ("root/id", &key_file()), ("last", "2")]);
        rebuilt.layers.push(stored(new));
        let rebuilt = home.verify(&rebuilt, b"1").await;
        assert_eq!(rebuilt.known_layers, 2);
        let Verdict::Leak(findings) = rebuilt.verdict else {
            panic!("{:?}", rebuilt.verdict);
        };
        let places: Vec<_> = findings
            .iter()
            .map(|found| (found.layer, found.path.as_deref()))
            .collect();
        assert_eq!(places, [(Some(3), Some("root/id"))]);
    }
}

#[tokio::test]
async fn other_keys_are_looked_for_in_every_layer() {
    let home = Home::new();
    home.verify(&plain(), b"1").await;
    let other = home.verify(&plain(), b"2").await;
    assert_eq!(other.known_layers, 0);
    assert!(other.searched > 2 * LARGE - SMALL, "{}", other.searched);
}

#[tokio::test]
async fn layers_of_an_image_that_is_not_clean_are_not_remembered() {
    let home = Home::new();
    let mut image = plain();
    image.layers.push(stored(layer(&[("id", &key_file())])));
    for _ in 0..2 {
        let leak = home.verify(&image, b"1").await;
        assert!(
            matches!(leak.verdict, Verdict::Leak(_)),
            "{:?}",
            leak.verdict
        );
        assert_eq!(leak.known_layers, 0);
    }
    let cut = gzip(text(LARGE, 4).as_bytes());
    let unread = layer(&[("a", "1")]);
    let mut image = plain();
    image.layers.push((unread, digest(&cut)));
    for _ in 0..2 {
        let incomplete = home.verify(&image, b"1").await;
        assert!(matches!(incomplete.verdict, Verdict::Incomplete(_)));
        assert_eq!(incomplete.known_layers, 0);
    }
}

#[tokio::test]
async fn layers_of_an_image_with_something_unread_are_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    for file in [encrypted_zip(folder.path(), "key"), seven_zip()] {
        let home = Home::new();
        let mut image = plain();
        image.layers.push(stored(archive(&file)));
        for _ in 0..2 {
            let incomplete = home.verify(&image, b"1").await;
            assert!(matches!(incomplete.verdict, Verdict::Incomplete(_)));
            assert_eq!(incomplete.known_layers, 0);
        }
    }
}

#[tokio::test]
async fn a_layer_with_another_private_key_is_searched_and_told_each_time() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n\
        -----END PRIVATE KEY-----\n";
    for is_compressed in [false, true] {
        let home = Home::new();
        let mut image = plain();
        let (mut blob, diff_id) = stored(layer(&[("a", "1"), ("etc/key", key)]));
        if is_compressed {
            blob = gzip(&blob);
        }
        image.layers.push((blob, diff_id));
        for known in [0, 2] {
            let verified = home.verify(&image, b"1").await;
            assert_eq!(verified.verdict, Verdict::Clean);
            let [warning] = verified.warnings.as_slice() else {
                panic!("{:?}", verified.warnings);
            };
            assert_eq!(warning.spot.layer, Some(3));
            assert_eq!(warning.spot.path.as_deref(), Some("etc/key"));
            assert_eq!(verified.known_layers, known);
        }
    }
}

#[tokio::test]
async fn a_layer_with_a_key_that_everybody_knows_is_searched_once() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIBftnHPp22SewYmmEoMcX8VwI4IHwaqd+9LFPj/15eqF\n\
        -----END PRIVATE KEY-----\n";
    let home = Home::new();
    let mut image = plain();
    image.layers.push(stored(layer(&[("etc/key", key)])));
    for (known, told) in [(0, 1), (3, 0)] {
        let verified = home.verify(&image, b"1").await;
        assert_eq!(verified.verdict, Verdict::Clean);
        assert_eq!(
            (verified.known_layers, verified.warnings.len()),
            (known, told)
        );
    }
}

#[tokio::test]
async fn what_others_can_write_to_is_not_believed() {
    let home = Home::new();
    home.verify(&plain(), b"1").await;
    assert_eq!(home.verify(&plain(), b"1").await.known_layers, 2);
    let folder = home.0.path().join("layers");
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let verified = home.verify(&plain(), b"1").await;
    assert_eq!(
        (&verified.verdict, verified.known_layers),
        (&Verdict::Clean, 0)
    );
}

#[tokio::test]
async fn a_clean_layer_that_breaks_off_is_never_clean() {
    for image in [plain(), compressed()] {
        let home = Home::new();
        home.verify(&image, b"1").await;
        let saved = image.oci_archive();
        let path = home.0.path().join("image.tar");
        let whole = saved.pack();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let verified = home.verify_file(path, b"1").await;
        assert!(
            matches!(verified.verdict, Verdict::Incomplete(_)),
            "{:?}",
            verified.verdict
        );
    }
}

#[tokio::test]
async fn another_member_of_the_name_of_a_clean_layer_is_never_clean() {
    let home = Home::new();
    let image = plain();
    home.verify(&image, b"1").await;
    let name = image.digest(0);
    let other = layer(&[("root/id", &key_file())]);
    let mut saved = image.oci_archive();
    saved.add(&format!("blobs/sha256/{}", &name[7..]), &other);
    let verified = home.verify_saved(&saved, b"1").await;
    let gap = Gap::WrongDigest {
        name,
        digest: digest(&other),
    };
    assert!(
        matches!(&verified.verdict, Verdict::Incomplete(gaps) if gaps.contains(&gap)),
        "{:?}",
        verified.verdict
    );
}

#[tokio::test]
async fn a_blob_that_only_has_the_name_of_a_clean_layer_is_never_clean() {
    for image in [plain(), compressed()] {
        let home = Home::new();
        home.verify(&image, b"1").await;
        let name = image.digest(0);
        let other = layer(&[("root/id", &key_file())]);
        for content in [other.clone(), gzip(&other), b"short".to_vec()] {
            let mut saved = image.oci_archive();
            *saved.content(&name[7..]) = content.clone();
            let verified = home.verify_saved(&saved, b"1").await;
            let gap = Gap::WrongDigest {
                name: name.clone(),
                digest: digest(&content),
            };
            assert_eq!(verified.known_layers, 1);
            let Verdict::Incomplete(gaps) = verified.verdict else {
                panic!("{:?}", verified.verdict);
            };
            assert!(gaps.contains(&gap), "{gaps:?}");
        }
    }
}

#[tokio::test]
async fn a_clean_layer_under_the_name_of_another_is_never_clean() {
    let home = Home::new();
    let image = compressed();
    home.verify(&image, b"1").await;
    let mut other = compressed();
    other.layers[0].1 = digest(b"other");
    let verified = home.verify(&other, b"1").await;
    let gap = Gap::WrongDigest {
        name: digest(b"other"),
        digest: image.layers[0].1.clone(),
    };
    assert_eq!(verified.verdict, Verdict::Incomplete(vec![gap]));
}

/// Where clean layers are remembered.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn verify(&self, image: &Image, keys: &[u8]) -> Verified {
        self.verify_saved(&image.oci_archive(), keys).await
    }

    async fn verify_saved(&self, saved: &Saved, keys: &[u8]) -> Verified {
        let path = self.0.path().join("image.tar");
        std::fs::write(&path, saved.pack()).unwrap();
        self.verify_file(path, keys).await
    }

    async fn verify_file(&self, path: PathBuf, keys: &[u8]) -> Verified {
        let cache = Cache::at(self.0.path().join("layers"));
        let clean = CleanLayers::of(cache, sought(&[(keys, true)]).unwrap()).with_ids();
        let matcher = Arc::new(Local::default());
        verify_unknown_layers(ImageSource::File(path), matcher, Arc::default(), clean)
            .await
            .unwrap()
    }
}

impl Image {
    /// The digest that a layer is stored under.
    fn digest(&self, number: usize) -> String {
        digest(&self.layers[number].0)
    }
}

/// An image of two layers that are stored as they are.
fn plain() -> Image {
    let of = |seed| layer(&[("a", &text(LARGE, seed))]);
    Image::of(&[("COPY a /", of(1)), ("COPY b /", of(2))])
}

/// The same with compressed layers.
fn compressed() -> Image {
    let mut image = plain();
    for (stored, _) in &mut image.layers {
        *stored = gzip(stored);
    }
    image
}

/// A layer of one file of these bytes.
fn archive(content: &[u8]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(content.len().try_into().unwrap());
    archive.append_data(&mut header, "x", content).unwrap();
    archive.into_inner().unwrap()
}

fn stored(layer: Vec<u8>) -> (Vec<u8>, String) {
    let diff_id = digest(&layer);
    (layer, diff_id)
}

/// Text of this length that says something else for each seed.
fn text(length: u64, seed: u64) -> String {
    let lines = (seed << 32..).map(|number| format!("line {number}\n"));
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() > usize::try_from(length).unwrap() {
            return text;
        }
        text += &line;
    }
    text
}

const LARGE: u64 = 512 << 10;
/// More than the documents of an image and the headers of its archive.
const SMALL: u64 = 64 << 10;
