//! Images, saved in the two forms that engines know.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::layer::Layer;

/// The form of a saved image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What `docker image save` has always written.
    DockerArchive,
    /// An image layout of the Open Container Initiative, in a tar file.
    OciArchive,
}

/// One image: its layers, and what its configuration says besides.
#[derive(Clone, Debug)]
pub struct Image {
    layers: Vec<Stored>,
    config: Value,
    history: Vec<Value>,
}

/// A layer as it is stored.
#[derive(Clone, Debug)]
struct Stored {
    bytes: Vec<u8>,
    diff_id: String,
    media_type: &'static str,
}

impl Image {
    /// An image of plain layers.
    pub(super) fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        let mut image = Self {
            layers: Vec::new(),
            config: json!({"Env": ["PATH=/usr/bin:/bin"]}),
            history: Vec::new(),
        };
        for layer in layers {
            image.push(layer, |bytes| bytes, "tar");
        }
        image
    }

    /// An image of one layer that is stored compressed.
    pub(super) fn packed(
        layer: Layer,
        media: &'static str,
        pack: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Self {
        let mut image = Self::of([]);
        image.push(layer, pack, media);
        image
    }

    /// Sets a field of the configuration's `config`.
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        if let Some(fields) = self.config.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
        self
    }

    /// Adds an entry without a layer to the history.
    pub(super) fn said(mut self, instruction: &str) -> Self {
        self.history
            .push(json!({"created_by": instruction, "empty_layer": true}));
        self
    }

    /// Writes the image to a file.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    #[track_caller]
    pub fn write(&self, form: Form, path: &Path) {
        let config = self.config().to_string().into_bytes();
        let config_digest = digest(&config);
        let mut tar = Builder::new(Vec::new());
        match form {
            Form::DockerArchive => {
                let name = format!("{}.json", hex(&config_digest));
                add(&mut tar, &name, &config);
                let layers: Vec<_> = (self.layers.iter().enumerate())
                    .map(|(place, layer)| {
                        let name = format!("{place}{}/layer.tar", hex(&layer.diff_id));
                        add(&mut tar, &name, &layer.bytes);
                        name
                    })
                    .collect();
                let manifest =
                    json!([{"Config": name, "RepoTags": ["corpus:1"], "Layers": layers}]);
                add(&mut tar, "manifest.json", manifest.to_string().as_bytes());
            }
            Form::OciArchive => {
                let blob = |tar: &mut Builder<Vec<u8>>, bytes: &[u8]| {
                    let digest = digest(bytes);
                    add(tar, &format!("blobs/sha256/{}", hex(&digest)), bytes);
                    digest
                };
                let layers: Vec<_> = (self.layers.iter())
                    .map(|layer| {
                        let digest = blob(&mut tar, &layer.bytes);
                        json!({"mediaType": format!("{OCI}.layer.v1.{}", layer.media_type),
                            "digest": digest, "size": layer.bytes.len()})
                    })
                    .collect();
                blob(&mut tar, &config);
                let manifest = json!({"schemaVersion": 2,
                    "mediaType": format!("{OCI}.manifest.v1+json"),
                    "config": {"mediaType": format!("{OCI}.config.v1+json"),
                        "digest": config_digest, "size": config.len()},
                    "layers": layers})
                .to_string();
                let digest = blob(&mut tar, manifest.as_bytes());
                let index = json!({"schemaVersion": 2, "manifests": [{
                    "mediaType": format!("{OCI}.manifest.v1+json"),
                    "digest": digest, "size": manifest.len()}]});
                add(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
                add(&mut tar, "index.json", index.to_string().as_bytes());
            }
        }
        fs::write(path, tar.into_inner().expect("memory")).expect("room for the image");
    }

    fn push(&mut self, layer: Layer, pack: impl FnOnce(Vec<u8>) -> Vec<u8>, media: &'static str) {
        let plain = layer.bytes();
        let diff_id = digest(&plain);
        let place = self.layers.len();
        self.history
            .push(json!({"created_by": format!("COPY part-{place} /")}));
        self.layers.push(Stored {
            bytes: pack(plain),
            diff_id,
            media_type: media,
        });
    }

    fn config(&self) -> Value {
        let diff_ids: Vec<_> = self.layers.iter().map(|layer| &layer.diff_id).collect();
        json!({"architecture": "amd64", "os": "linux", "config": self.config,
            "history": self.history, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    }
}

fn add(tar: &mut Builder<Vec<u8>>, name: &str, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(u64::try_from(content.len()).expect("a size"));
    tar.append_data(&mut header, name, content).expect("memory");
}

fn digest(bytes: &[u8]) -> String {
    format!(
        "sha256:{}",
        super::encode::hex(&Sha256::digest(bytes), "", "")
    )
}

fn hex(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

const OCI: &str = "application/vnd.oci.image";
