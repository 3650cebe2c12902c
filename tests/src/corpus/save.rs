//! Saved images, in the forms that engines know.

use std::{collections::HashSet, fs, path::Path};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Archive, Builder, Header};

use super::image::{Form, Image};

/// Writes an image in this form.
#[track_caller]
pub(super) fn write(image: &Image, form: Form, path: &Path) {
    let mut saved = Saved::new();
    match form {
        Form::DockerArchive => docker_archive(&mut saved, image),
        Form::OciArchive | Form::OciFolder => layout(&mut saved, image),
    }
    let bytes = saved.tar.into_inner().expect("memory");
    if form == Form::OciFolder {
        Archive::new(&bytes[..]).unpack(path).expect("room for it");
    } else {
        fs::write(path, bytes).expect("room for the image");
    }
}

/// The digest of bytes, as documents write it.
pub(super) fn digest(bytes: &[u8]) -> String {
    let hex = super::encode::hex(&Sha256::digest(bytes), "", "");
    format!("sha256:{hex}")
}

fn docker_archive(saved: &mut Saved, image: &Image) {
    let images: Vec<_> = image
        .platforms()
        .map(|image| {
            let config = image.config().to_string();
            let name = format!("{}.json", hex(&digest(config.as_bytes())));
            saved.add(&name, config.as_bytes());
            let layers: Vec<_> = (image.layers.iter().enumerate())
                .map(|(place, layer)| {
                    let name = format!("{place}{}/layer.tar", hex(&layer.diff_id));
                    saved.add(&name, &layer.bytes);
                    name
                })
                .collect();
            json!({"Config": name, "RepoTags": ["corpus:1"], "Layers": layers})
        })
        .collect();
    saved.document("manifest.json", &json!(images));
}

fn layout(saved: &mut Saved, image: &Image) {
    let manifests: Vec<_> = image
        .platforms()
        .flat_map(|image| {
            let found = manifest(saved, image);
            let statement = image.statement.as_ref();
            let attested = statement.map(|statement| attestation(saved, statement, &found));
            [Some(found), attested]
        })
        .flatten()
        .collect();
    saved.document("oci-layout", &json!({"imageLayoutVersion": "1.0.0"}));
    saved.document(
        "index.json",
        &json!({"schemaVersion": 2, "manifests": manifests}),
    );
}

/// Saves an image's manifest and what it names; the reference to it.
fn manifest(saved: &mut Saved, image: &Image) -> Value {
    let layers: Vec<_> = (image.layers.iter())
        .map(|layer| {
            let media = format!("{OCI}.layer.v1.{}", layer.media_type);
            saved.blob(&media, &layer.bytes)
        })
        .collect();
    let config = saved.blob(CONFIG, image.config().to_string().as_bytes());
    let mut document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
        "layers": layers});
    if !image.annotations.is_empty() {
        document["annotations"] = Value::Object(image.annotations.clone());
    }
    let mut reference = saved.blob(MANIFEST, document.to_string().as_bytes());
    reference["platform"] = image.platform();
    reference
}

/// Saves what is attested of an image, as BuildKit does.
fn attestation(saved: &mut Saved, statement: &Value, image: &Value) -> Value {
    let text = statement.to_string();
    let mut layer = saved.blob("application/vnd.in-toto+json", text.as_bytes());
    layer["annotations"] = json!({"in-toto.io/predicate-type": statement["predicateType"]});
    let config = json!({"architecture": "unknown", "os": "unknown", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}});
    let config = saved.blob(CONFIG, config.to_string().as_bytes());
    let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
        "layers": [layer]});
    let mut reference = saved.blob(MANIFEST, document.to_string().as_bytes());
    reference["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    reference["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"]});
    reference
}

struct Saved {
    tar: Builder<Vec<u8>>,
    names: HashSet<String>,
}

impl Saved {
    fn new() -> Self {
        Self {
            tar: Builder::new(Vec::new()),
            names: HashSet::new(),
        }
    }

    /// Saves a blob once; the reference to it.
    fn blob(&mut self, media: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        self.add(&format!("blobs/sha256/{}", hex(&digest)), bytes);
        let fields = [
            ("mediaType", json!(media)),
            ("digest", json!(digest)),
            ("size", json!(bytes.len())),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        Value::Object(Map::from_iter(fields))
    }

    fn document(&mut self, name: &str, document: &Value) {
        self.add(name, document.to_string().as_bytes());
    }

    fn add(&mut self, name: &str, content: &[u8]) {
        if !self.names.insert(name.to_owned()) {
            return;
        }
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(u64::try_from(content.len()).expect("a size"));
        let added = self.tar.append_data(&mut header, name, content);
        added.expect("memory");
    }
}

fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

const OCI: &str = "application/vnd.oci.image";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
