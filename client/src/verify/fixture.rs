//! Saved images made for tests, and a matcher that needs no agent process.

use std::{io::Write as _, path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::{Fingerprint, control::ScanReport};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use super::{
    ImageSource, Matcher, MatcherError, Verified, VerifyError, decode::Limits, manifest::Digest,
    run::verify_within, verify,
};

/// The secret number of the key that is looked for.
pub(super) fn core() -> [u8; 32] {
    Sha256::digest(b"a number that only one person knows").into()
}

pub(super) fn key() -> Fingerprint {
    Fingerprint::of(b"its public half")
}

/// A file that holds the number as key files do.
pub(super) fn key_file() -> String {
    let body = STANDARD.encode([&[b'o'; 161][..], &core(), &[b'p'; 80]].concat());
    let rows: Vec<_> = body
        .as_bytes()
        .chunks(70)
        .map(|row| String::from_utf8_lossy(row).into_owned())
        .collect();
    format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END\n",
        rows.join("\n")
    )
}

/// Looks for the number in this process.
#[derive(Debug, Default)]
pub(super) struct Local {
    /// How many of the last bytes are passed over.
    pub(super) blind: usize,
}

impl Matcher for Local {
    async fn scan(&self, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let needles = Needles::new([(key(), core())]).unwrap();
        let mut scanner = Scanner::new(&needles).unwrap();
        while let Some(chunk) = bytes.recv().await {
            scanner.push(&chunk[..chunk.len().saturating_sub(self.blind)]);
        }
        Ok(scanner.finish().unwrap())
    }
}

/// An archive of these files.
pub(super) fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len().try_into().unwrap());
        archive
            .append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn digest(bytes: &[u8]) -> String {
    Digest::from(Sha256::new_with_prefix(bytes)).to_string()
}

/// An image: its layers as they are stored and as their diff ids name them, and its configuration.
pub(super) struct Image {
    pub(super) layers: Vec<(Vec<u8>, String)>,
    pub(super) config: Value,
}

impl Image {
    /// An image of plain layers, each made by the instruction beside it.
    pub(super) fn of(layers: &[(&str, Vec<u8>)]) -> Self {
        let history = layers
            .iter()
            .map(|(made_by, _)| json!({ "created_by": made_by }));
        let mut history: Vec<_> = history.collect();
        history.insert(0, json!({ "created_by": "ENV A=1", "empty_layer": true }));
        let layers = layers
            .iter()
            .map(|(_, layer)| (layer.clone(), digest(layer)))
            .collect();
        let config = json!({ "config": { "Env": ["A=1"], "Labels": null }, "history": history });
        Self { layers, config }
    }

    pub(super) fn config(&self) -> Vec<u8> {
        let mut config = self.config.clone();
        let diff_ids: Vec<_> = self.layers.iter().map(|(_, id)| id).collect();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        serde_json::to_vec_pretty(&config).unwrap()
    }

    /// As Docker before 25 saves it.
    pub(super) fn docker_archive(&self) -> Saved {
        let mut saved = Saved::default();
        let mut names = Vec::new();
        for (number, (layer, _)) in self.layers.iter().enumerate() {
            saved.add(&format!("{number:064x}/VERSION"), b"1.0");
            saved.add(
                &format!("{number:064x}/json"),
                self.config.to_string().as_bytes(),
            );
            names.push(format!("{number:064x}/layer.tar"));
            match self.layers.iter().position(|(other, _)| other == layer) {
                Some(first) if first < number => {
                    saved.link(&names[number], &format!("../{first:064x}/layer.tar"));
                }
                _ => saved.add(&names[number], layer),
            }
        }
        let config = self.config();
        let name = format!("{}.json", &digest(&config)[7..]);
        saved.add(&name, &config);
        let manifest = json!([{ "Config": name, "RepoTags": null, "Layers": names }]);
        saved.add("manifest.json", manifest.to_string().as_bytes());
        saved
    }

    /// As Docker since 25 and others save it: an OCI layout with a `manifest.json`.
    pub(super) fn oci_archive(&self) -> Saved {
        let mut saved = Saved::default();
        let config = saved.blob(&self.config());
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|(layer, _)| saved.blob(layer))
            .collect();
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
        let manifest = saved.blob(manifest.to_string().as_bytes());
        let path = |blob: &Value| {
            blob["digest"]
                .as_str()
                .unwrap()
                .replace("sha256:", "blobs/sha256/")
        };
        let names: Vec<_> = layers.iter().map(path).collect();
        let docker = json!([{ "Config": path(&config), "Layers": names }]);
        saved.add(
            "index.json",
            json!({ "manifests": [manifest] }).to_string().as_bytes(),
        );
        saved.add("manifest.json", docker.to_string().as_bytes());
        saved.add("oci-layout", b"{\"imageLayoutVersion\":\"1.0.0\"}");
        saved
    }

    pub(super) fn both(&self) -> [Saved; 2] {
        [self.docker_archive(), self.oci_archive()]
    }
}

/// The members of a saved image: content, or the target of a link.
#[derive(Clone, Default)]
pub(super) struct Saved {
    pub(super) members: Vec<(String, Result<Vec<u8>, String>)>,
}

impl Saved {
    pub(super) fn add(&mut self, name: &str, content: &[u8]) {
        self.members.push((name.to_owned(), Ok(content.to_owned())));
    }

    fn link(&mut self, name: &str, target: &str) {
        self.members.push((name.to_owned(), Err(target.to_owned())));
    }

    /// Adds a blob; its descriptor.
    pub(super) fn blob(&mut self, content: &[u8]) -> Value {
        let digest = digest(content);
        let name = digest.replace("sha256:", "blobs/sha256/");
        if self.members.iter().all(|(other, _)| *other != name) {
            self.add(&name, content);
        }
        json!({ "digest": digest, "size": content.len() })
    }

    /// The content of a member, to be changed.
    pub(super) fn content(&mut self, name: &str) -> &mut Vec<u8> {
        let member = self
            .members
            .iter_mut()
            .find(|(other, _)| other.contains(name))
            .unwrap();
        member.1.as_mut().unwrap()
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.members.retain(|(other, _)| !other.contains(name));
    }

    pub(super) fn pack(&self) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        for (name, content) in &self.members {
            let mut header = Header::new_ustar();
            match content {
                Ok(content) => {
                    header.set_size(content.len().try_into().unwrap());
                    archive
                        .append_data(&mut header, name, &content[..])
                        .unwrap();
                }
                Err(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    header.set_size(0);
                    archive.append_link(&mut header, name, target).unwrap();
                }
            }
        }
        archive.into_inner().unwrap()
    }

    pub(super) async fn verify(&self) -> Verified {
        verify_bytes(&self.pack()).await
    }
}

pub(super) async fn verify_bytes(bytes: &[u8]) -> Verified {
    try_verify(bytes, Local::default()).await.unwrap()
}

pub(super) async fn try_verify(
    bytes: &[u8],
    matcher: impl Matcher,
) -> Result<Verified, VerifyError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("image.tar");
    std::fs::write(&path, bytes).unwrap();
    verify(ImageSource::File(path), Arc::new(matcher), Arc::default()).await
}

/// The same with files that hold these bytes, in one layer, within these limits.
pub(super) async fn verify_files(files: &[(&str, &[u8])], limits: Limits) -> Verified {
    let mut archive = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(content.len().try_into().unwrap());
        archive.append_data(&mut header, name, *content).unwrap();
    }
    let layer = archive.into_inner().unwrap();
    let saved = Image::of(&[("COPY . /", layer)]).oci_archive().pack();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    std::fs::write(&path, saved).unwrap();
    let matcher = Arc::new(Local::default());
    verify_within(
        ImageSource::File(path),
        matcher,
        Arc::default(),
        limits,
        None,
    )
    .await
    .unwrap()
}
