//! What was not read is never clean.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use keystay_proto::control::{Problem, ProblemCode, ScanReport};
use serde_json::json;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use crate::verify::{
    Gap, Matcher, MatcherError, Verdict, Verified, VerifyError,
    fixture::{Image, Local, Saved, digest, gzip, key_file, layer, try_verify, verify_bytes},
};

#[tokio::test]
async fn a_missing_layer_is_told() {
    let image = image();
    let id = &image.layers[1].1;
    let mut saved = image.oci_archive();
    saved.remove(&id[7..]);
    let name = id.replace("sha256:", "blobs/sha256/");
    assert_eq!(
        gaps(&saved.verify().await),
        [Gap::Missing(name), Gap::Missing(id.clone())]
    );
    let mut saved = image.docker_archive();
    let name = format!("{:064x}/layer.tar", 1);
    saved.remove(&name);
    assert_eq!(gaps(&saved.verify().await), [Gap::Missing(name)]);
}

#[tokio::test]
async fn a_layer_that_is_no_archive_to_its_end_is_told() {
    let whole = layer(&[("a", "x"), ("b", "y")]);
    let mut damaged = whole.clone();
    damaged[1024] ^= 0x80;
    let tail = [&whole[..], &[b'x'; 512]].concat();
    let zeros = [&[0; 1024][..], b"what an image of a disk may hold"].concat();
    let cases = [&damaged, &tail, &zeros, &whole[..1300].to_vec()];
    for bytes in cases {
        for stored in [bytes.clone(), gzip(bytes)] {
            let mut image = image();
            image.layers[1] = (stored, digest(bytes));
            let verified = image.oci_archive().verify().await;
            assert_eq!(gaps(&verified), [Gap::Broken(digest(bytes))]);
        }
    }
    for bytes in [&whole[..2048], &[0; 1024]] {
        let mut image = image();
        image.layers[1] = (bytes.to_vec(), digest(bytes));
        assert_eq!(image.oci_archive().verify().await.gaps, []);
    }
}

#[tokio::test]
async fn what_another_reader_may_load_is_read_or_told() {
    let mut saved = image().docker_archive();
    saved.add("evil", &gzip(b"a")[..12]);
    assert_eq!(gaps(&saved.verify().await), [Gap::Corrupt("evil".into())]);
    let mut saved = image().docker_archive();
    saved.add("manifest.json", b"[]");
    let told = Gap::NotUnderstood("manifest.json".into());
    assert_eq!(gaps(&saved.verify().await), [told]);
}

#[tokio::test]
async fn what_go_reads_otherwise_is_told() {
    let cases = [
        (
            "manifest.json",
            r#""Layers":["#,
            r#""Layers":[],"layers":["#,
            "Layers",
        ),
        (
            "manifest.json",
            r#""Config""#,
            r#""config":"x","Config""#,
            "Config",
        ),
        (
            "index.json",
            r#""manifests""#,
            r#""manife\u017fts":[],"manifests""#,
            "manifests",
        ),
        (
            "index.json",
            r#""digest""#,
            r#""DIGEST":"x","digest""#,
            "digest",
        ),
        ("index.json", r#""size""#, r#""size":1,"size""#, "size"),
        (
            "index.json",
            r#""size""#,
            r#""MEDIATYPE":"x","size""#,
            "mediaType",
        ),
    ];
    for (name, old, new, member) in cases {
        let mut saved = image().oci_archive();
        let content = saved.content(name);
        let text = String::from_utf8(content.clone()).unwrap();
        *content = text.replace(old, new).into_bytes();
        let document = name.to_owned();
        let told = Gap::Ambiguous { document, member };
        let gaps = gaps(&saved.verify().await);
        assert!(gaps.contains(&told), "{new}: {gaps:?}");
    }
    let mut image = image();
    image.config["RootFS"] = json!({ "diff_ids": [] });
    for saved in image.both() {
        let gaps = gaps(&saved.verify().await);
        assert!(matches!(
            &gaps[0],
            Gap::Ambiguous {
                member: "rootfs",
                ..
            }
        ));
    }
    image.config = json!({ "config": { "Labels": { "layers": "1", "Layers": "2" } }, "Size": 1 });
    for saved in image.both() {
        assert_eq!(saved.verify().await.verdict, Verdict::Clean);
    }
}

#[tokio::test]
async fn a_blob_that_go_reads_as_a_manifest_is_told() {
    let mut saved = image().oci_archive();
    let blob = saved.blob(br#"{"Manifests": []}"#);
    let document = blob["digest"].as_str().unwrap().to_owned();
    let descriptor = json!({ "digest": blob["digest"], "size": blob["size"], "mediaType": "a" });
    let index = json!({ "manifests": [descriptor] }).to_string();
    *saved.content("index.json") = index.into_bytes();
    let gaps = gaps(&saved.verify().await);
    let member = "manifests";
    assert!(
        gaps.contains(&Gap::Ambiguous { document, member }),
        "{gaps:?}"
    );
}

#[tokio::test]
async fn a_missing_configuration_is_told() {
    let image = image();
    for saved in image.both() {
        let manifest = saved.clone().content("manifest.json").clone();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let name = manifest[0]["Config"].as_str().unwrap();
        let mut saved = saved.clone();
        saved.remove(name);
        assert_eq!(
            gaps(&saved.verify().await)[0],
            Gap::Missing(name.to_owned())
        );
    }
}

#[tokio::test]
async fn bytes_that_are_not_those_the_image_names_are_told() {
    let image = image();
    let id = &image.layers[1].1;
    let mut saved = image.docker_archive();
    let changed = saved.content(&format!("{:064x}/layer.tar", 1));
    changed[600] ^= 1;
    let digest = digest(changed);
    assert_eq!(
        gaps(&saved.verify().await),
        [Gap::WrongDigest {
            name: id.clone(),
            digest
        }]
    );
    let mut saved = image.oci_archive();
    saved.content(&id[7..]).extend([0; 512]);
    let gaps = gaps(&saved.verify().await);
    assert!(
        gaps.iter()
            .any(|gap| matches!(gap, Gap::WrongDigest { name, .. } if name == id))
    );
    assert!(
        gaps.iter()
            .any(|gap| matches!(gap, Gap::WrongSize { name, .. } if name == id))
    );
}

#[tokio::test]
async fn a_configuration_that_was_changed_is_told() {
    for mut saved in image().both() {
        let config = saved
            .members
            .iter()
            .position(|(_, content)| content.as_ref().is_ok_and(|text| text.starts_with(b"{\n")));
        saved.members[config.unwrap()]
            .1
            .as_mut()
            .unwrap()
            .push(b' ');
        assert!(matches!(
            &gaps(&saved.verify().await)[0],
            Gap::WrongDigest { .. }
        ));
    }
}

#[tokio::test]
async fn a_saved_image_that_ends_too_early_is_told() {
    for saved in image().both() {
        let bytes = saved.pack();
        for cut in [0, 100, 700, bytes.len() / 2, bytes.len() - 1024] {
            let gaps = gaps(&verify_bytes(&bytes[..cut]).await);
            assert_eq!(gaps[0], Gap::Truncated(cut.try_into().unwrap()));
        }
    }
}

#[tokio::test]
async fn a_leak_in_the_half_that_was_read_is_still_a_leak() {
    let image = Image::of(&[("ADD k /", layer(&[("k", &key_file())]))]);
    let bytes = image.docker_archive().pack();
    let verified = verify_bytes(&bytes[..bytes.len() - 3000]).await;
    assert!(matches!(&verified.verdict, Verdict::Leak(findings) if findings.len() == 1));
    assert!(!verified.gaps.is_empty());
}

#[tokio::test]
async fn what_is_no_saved_image_is_told() {
    assert_eq!(
        gaps(&verify_bytes(&[b'x'; 5000]).await),
        [Gap::Damaged(0), Gap::NotAnImage]
    );
    assert_eq!(
        gaps(&verify_bytes(&layer(&[("a", "b")])).await),
        [Gap::NotAnImage]
    );
}

#[tokio::test]
async fn layers_in_no_known_format_are_told() {
    let mut image = image();
    image.layers[0].0 = [&[0x28, 0xb5, 0x2f, 0xfd][..], &[1; 600]].concat();
    image.layers[1].0 = vec![b'?'; 600];
    let [zstd, unknown] = [0, 1].map(|n: usize| image.layers[n].1.clone());
    assert_eq!(
        gaps(&image.oci_archive().verify().await),
        [Gap::Corrupt(zstd), Gap::UnknownFormat(unknown)]
    );
}

#[tokio::test]
async fn a_compressed_layer_that_cannot_be_inflated_is_told() {
    let plain = layer(&[("a", &"text ".repeat(90_000))]);
    let whole = gzip(&plain);
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 0xff;
    let cut = whole[..whole.len() - 9].to_vec();
    let mut wrong_sum = whole.clone();
    wrong_sum[whole.len() - 6] ^= 1;
    let garbage = [&whole[..], b"garbage behind it"].concat();
    for blob in [broken, cut, wrong_sum, garbage] {
        let mut image = Image::of(&[("COPY a /", blob)]);
        image.layers[0].1 = digest(&plain);
        let expected = [Gap::Corrupt(digest(&plain))];
        assert_eq!(gaps(&image.oci_archive().verify().await), expected);
    }
    let mut image = Image::of(&[("COPY a /", whole)]);
    image.layers[0].1 = digest(b"other");
    let found = Gap::WrongDigest {
        name: digest(b"other"),
        digest: digest(&plain),
    };
    assert_eq!(gaps(&image.oci_archive().verify().await), [found]);
}

#[tokio::test]
async fn every_platform_and_attestation_of_an_index_is_asked_for() {
    let mut saved = image().oci_archive();
    let statement = saved.blob(b"{\"_type\":\"https://in-toto.io/Statement/v0.1\"}");
    let config = json!({ "rootfs": { "diff_ids": [statement["digest"]] } });
    let config = saved.blob(config.to_string().as_bytes());
    let attestation = json!({ "config": config, "layers": [statement] });
    let attestation = saved.blob(attestation.to_string().as_bytes());
    let image: serde_json::Value = serde_json::from_slice(saved.content("index.json")).unwrap();
    let inner = json!({ "manifests": [image["manifests"][0], attestation] });
    let inner = saved.blob(inner.to_string().as_bytes());
    *saved.content("index.json") = json!({ "manifests": [inner] }).to_string().into_bytes();
    assert_eq!(saved.verify().await.verdict, Verdict::Clean);
    for blob in [&attestation, &statement, &config, &inner] {
        let name = blob["digest"].as_str().unwrap();
        let mut saved = saved.clone();
        saved.remove(&name[7..]);
        assert_eq!(gaps(&saved.verify().await), [Gap::Missing(name.to_owned())]);
    }
}

#[tokio::test]
async fn a_manifest_that_is_missing_is_told_with_its_platform() {
    let mut saved = image().oci_archive();
    let mut other = saved.clone().blob(b"{\"config\":null}");
    let digest = other["digest"].as_str().unwrap().to_owned();
    other["platform"] = json!({ "os": "linux", "architecture": "arm64" });
    name_too(&mut saved, &other);
    let missing = Gap::Missing(format!("{digest} (linux/arm64)"));
    assert_eq!(gaps(&saved.verify().await), [missing]);
}

#[tokio::test]
async fn documents_that_name_nothing_are_told() {
    let mut saved = image().docker_archive();
    *saved.content("manifest.json") = b"[]".to_vec();
    assert_eq!(gaps(&saved.verify().await), [Gap::NoImage]);
    let mut saved = image().oci_archive();
    saved.remove("manifest.json");
    *saved.content("index.json") = b"{\"manifests\":[]}".to_vec();
    assert_eq!(gaps(&saved.verify().await), [Gap::NoImage]);
}

#[tokio::test]
async fn a_manifest_is_followed_whatever_type_it_is_said_to_have() {
    let image = image();
    let id = &image.layers[1].1;
    for kind in [
        "application/x-unknown",
        "application/vnd.oci.image.config.v1+json",
    ] {
        let mut saved = image.oci_archive();
        let index = saved.content("index.json");
        let mut named: serde_json::Value = serde_json::from_slice(index).unwrap();
        named["manifests"][0]["mediaType"] = json!(kind);
        *index = named.to_string().into_bytes();
        saved.members.retain(|(name, _)| name != "manifest.json");
        assert_eq!(saved.clone().verify().await.verdict, Verdict::Clean);
        saved.remove(&id[7..]);
        assert_eq!(gaps(&saved.verify().await), [Gap::Missing(id.clone())]);
    }
}

#[tokio::test]
async fn names_may_begin_with_the_folder_that_was_archived() {
    for saved in image().both() {
        let mut archive = Builder::new(Vec::new());
        for (name, content) in &saved.members {
            let (name, content) = (format!("./{name}"), content.as_ref().unwrap());
            let mut header = Header::new_ustar();
            // Setting a path takes the folder off.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len().try_into().unwrap());
            header.set_cksum();
            archive.append(&header, &content[..]).unwrap();
        }
        let verified = verify_bytes(&archive.into_inner().unwrap()).await;
        assert_eq!(verified.verdict, Verdict::Clean);
        assert_eq!(verified.layers.len(), 2);
    }
}

/// Docker unpacks an image before it reads it, and the last member of a name is the file.
#[tokio::test]
async fn a_document_that_is_there_under_two_names_of_one_file_is_told() {
    for second in ["/manifest.json", "x/../manifest.json", ".//manifest.json"] {
        let mut whole = image().docker_archive().pack();
        whole.truncate(whole.len() - 1024);
        let mut archive = Builder::new(whole);
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..second.len()].copy_from_slice(second.as_bytes());
        header.set_entry_type(EntryType::Regular);
        header.set_size(2);
        header.set_cksum();
        archive.append(&header, &b"[]"[..]).unwrap();
        let verified = verify_bytes(&archive.into_inner().unwrap()).await;
        let told = Gap::NotUnderstood("manifest.json".to_owned());
        assert_eq!(gaps(&verified), [told], "{second}");
    }
}

/// Other readers may load it.
#[tokio::test]
async fn an_unnamed_archive_that_readers_take_differently_is_told() {
    let mut broken = layer(&[("a", "1")]);
    broken.extend([7; 512]);
    let mut saved = image().docker_archive();
    saved.add("spare", &broken);
    assert_eq!(
        gaps(&saved.verify().await),
        [Gap::Broken("spare".to_owned())]
    );
}

#[tokio::test]
async fn what_stands_behind_the_end_of_the_saved_image_is_told() {
    let whole = image().docker_archive().pack();
    let twice = [&whole[..], &whole].concat();
    assert_eq!(gaps(&verify_bytes(&twice).await), [Gap::Odd]);
    let padded = [&whole[..], &[0; 10_240]].concat();
    assert_eq!(verify_bytes(&padded).await.verdict, Verdict::Clean);
}

#[tokio::test]
async fn manifests_of_an_unknown_kind_are_told() {
    for text in [
        "{\"schemaVersion\":1,\"fsLayers\":[]}",
        "{\"blobs\":[]}",
        "{}",
    ] {
        let mut saved = image().oci_archive();
        let other = saved.blob(text.as_bytes());
        name_too(&mut saved, &other);
        let digest = other["digest"].as_str().unwrap().to_owned();
        assert_eq!(gaps(&saved.verify().await), [Gap::UnknownManifest(digest)]);
    }
}

#[tokio::test]
async fn the_image_that_a_manifest_speaks_of_is_asked_for() {
    let mut saved = image().oci_archive();
    let subject = saved.clone().blob(b"{\"config\":1}");
    let config = saved.blob(b"{}");
    let about = json!({ "config": config, "layers": [], "subject": subject });
    let about = saved.blob(about.to_string().as_bytes());
    name_too(&mut saved, &about);
    let digest = subject["digest"].as_str().unwrap().to_owned();
    assert_eq!(gaps(&saved.verify().await), [Gap::Missing(digest)]);
}

#[tokio::test]
async fn a_layer_that_is_kept_elsewhere_is_told() {
    for (name, value) in [
        ("urls", json!(["https://example.com/layer"])),
        (
            "mediaType",
            json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
        ),
    ] {
        let mut saved = image().oci_archive();
        let config = saved.blob(b"{\"rootfs\":{\"diff_ids\":[\"sha256:00\"]}}");
        let mut layer = saved.clone().blob(b"not to be had");
        let digest = layer["digest"].as_str().unwrap().to_owned();
        layer[name] = value;
        let manifest = json!({ "config": config, "layers": [layer] });
        let manifest = saved.blob(manifest.to_string().as_bytes());
        name_too(&mut saved, &manifest);
        assert_eq!(gaps(&saved.verify().await), [Gap::Foreign(digest)]);
    }
}

#[tokio::test]
async fn blobs_of_an_artifact_are_read_like_layers() {
    let artifact = |content: &[u8]| {
        let mut saved = image().oci_archive();
        let layer = saved.blob(content);
        let mut config = saved.clone().blob(b"{}");
        config["data"] = json!("e30=");
        config["mediaType"] = json!("application/vnd.oci.empty.v1+json");
        let manifest = json!({ "config": config, "layers": [layer] });
        let manifest = saved.blob(manifest.to_string().as_bytes());
        name_too(&mut saved, &manifest);
        saved
    };
    let chart = layer(&[("Chart.yaml", "name: app")]);
    assert_eq!(
        artifact(&gzip(&chart)).verify().await.verdict,
        Verdict::Clean
    );
    let sealed = b"no format that is known";
    assert_eq!(
        gaps(&artifact(sealed).verify().await),
        [Gap::UnknownFormat(digest(sealed))]
    );
}

#[tokio::test]
async fn data_beside_a_name_is_compared_and_does_not_stand_for_the_blob() {
    let text = b"{\"config\":{}}";
    let mut saved = image().oci_archive();
    let mut other = saved.clone().blob(text);
    let digest = other["digest"].as_str().unwrap().to_owned();
    other["data"] = json!(STANDARD.encode(text));
    name_too(&mut saved, &other);
    assert_eq!(gaps(&saved.verify().await), [Gap::Missing(digest.clone())]);
    other["data"] = json!(STANDARD.encode(b"{}"));
    let mut saved = image().oci_archive();
    name_too(&mut saved, &other);
    let told = gaps(&saved.verify().await);
    assert_eq!(told, [Gap::WrongData(digest.clone()), Gap::Missing(digest)]);
}

#[tokio::test]
async fn a_digest_of_another_kind_is_told() {
    let mut saved = image().oci_archive();
    saved.add("blobs/sha512/00", b"{\"manifests\":[]}");
    name_too(&mut saved, &json!({ "digest": "sha512:00", "size": 16 }));
    let expected = Gap::OtherDigest("sha512:00".to_owned());
    assert_eq!(gaps(&saved.verify().await), [expected]);
}

#[tokio::test]
async fn documents_that_make_no_sense_are_told() {
    for (content, gap) in [
        (
            "[{\"Config\":7}]",
            Gap::NotUnderstood("manifest.json".to_owned()),
        ),
        (
            "not even json",
            Gap::NotUnderstood("manifest.json".to_owned()),
        ),
        (
            &format!("[{}", " ".repeat(5 << 20)),
            Gap::TooLong("manifest.json".to_owned()),
        ),
    ] {
        let mut saved = Saved::default();
        saved.add("manifest.json", content.as_bytes());
        assert_eq!(gaps(&saved.verify().await), [gap]);
    }
}

#[tokio::test]
async fn more_members_than_are_kept_account_of_are_told() {
    let mut saved = image().docker_archive();
    for number in 0..5_000 {
        saved.add(&format!("{number}"), b"");
    }
    assert_eq!(gaps(&saved.verify().await), [Gap::TooManyMembers(4_096)]);
}

#[tokio::test]
async fn bytes_that_the_agent_did_not_look_at_are_told() {
    let bytes = image().oci_archive().pack();
    let verified = try_verify(&bytes, Local { blind: 1 }).await.unwrap();
    assert!(matches!(gaps(&verified)[..], [Gap::NotSearched { .. }]));
}

#[tokio::test]
async fn an_agent_that_refuses_is_an_error() {
    let bytes = image().oci_archive().pack();
    let failure = try_verify(&bytes, Refusing).await.unwrap_err();
    assert!(matches!(
        failure,
        VerifyError::Matcher(MatcherError::Refused(_))
    ));
}

struct Refusing;

impl Matcher for Refusing {
    async fn scan(&self, _: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        Err(MatcherError::Refused(Problem::new(
            ProblemCode::Usage,
            "no such grant",
        )))
    }
}

fn image() -> Image {
    Image::of(&[
        ("COPY a /", layer(&[("a", "1")])),
        ("COPY b /", layer(&[("b", "2")])),
    ])
}

/// Has the index name one thing more.
fn name_too(saved: &mut Saved, descriptor: &serde_json::Value) {
    let index = saved.content("index.json");
    let mut document: serde_json::Value = serde_json::from_slice(index).unwrap();
    let manifests = document["manifests"].as_array_mut().unwrap();
    manifests.push(descriptor.clone());
    *index = document.to_string().into_bytes();
}

fn gaps(verified: &Verified) -> Vec<Gap> {
    match &verified.verdict {
        Verdict::Incomplete(gaps) => {
            assert_eq!(gaps, &verified.gaps);
            gaps.clone()
        }
        other => panic!("{other:?}"),
    }
}
