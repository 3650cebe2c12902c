//! Images: their layers, and what their documents say besides.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    layer::Layer,
    save::{self, digest},
};

/// The form of a saved image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What `docker image save` has always written.
    DockerArchive,
    /// An image layout of the Open Container Initiative, in a tar file.
    OciArchive,
    /// The same, as a folder.
    OciFolder,
}

/// All forms.
pub const FORMS: [Form; 3] = [Form::DockerArchive, Form::OciArchive, Form::OciFolder];

/// One image: its layers, and what its configuration says besides.
#[derive(Clone, Debug)]
pub struct Image {
    pub(super) layers: Vec<Stored>,
    /// What the manifest is annotated with; an OCI layout alone has a place for it.
    pub(super) annotations: Map<String, Value>,
    /// What is attested of the image; an OCI layout alone has a place for it.
    pub(super) statement: Option<Value>,
    /// The same image for another platform.
    pub(super) other: Option<Box<Self>>,
    config: Value,
    history: Vec<Value>,
    architecture: &'static str,
}

/// A layer as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) bytes: Vec<u8>,
    pub(super) diff_id: String,
    pub(super) media_type: &'static str,
}

impl Image {
    /// An image of plain layers.
    pub(super) fn of(layers: impl IntoIterator<Item = Layer>) -> Self {
        let mut image = Self {
            layers: Vec::new(),
            annotations: Map::new(),
            statement: None,
            other: None,
            config: json!({"Env": ["PATH=/usr/bin:/bin"]}),
            history: Vec::new(),
            architecture: "amd64",
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

    /// Annotates the manifest.
    pub(super) fn annotated(mut self, name: &str, value: &str) -> Self {
        self.annotations.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the provenance of a build with these arguments.
    pub(super) fn attested(mut self, arguments: &Value) -> Self {
        self.statement = Some(json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://slsa.dev/provenance/v0.2",
            "predicate": {"invocation": {"parameters": {"args": arguments}}},
        }));
        self
    }

    /// Adds what the image is on arm64.
    pub(super) fn on_arm64(mut self, mut other: Self) -> Self {
        other.architecture = "arm64";
        self.other = Some(Box::new(other));
        self
    }

    /// The forms that have a place for all that the image holds.
    #[must_use]
    pub fn forms(&self) -> &'static [Form] {
        let [_, layouts @ ..] = &FORMS;
        let is_plain = self.annotations.is_empty() && self.statement.is_none();
        if is_plain { &FORMS } else { layouts }
    }

    /// Writes the image to a file, or to a folder that is not there.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    #[track_caller]
    pub fn write(&self, form: Form, path: &Path) {
        save::write(self, form, path);
    }

    /// The image's configuration.
    pub(super) fn config(&self) -> Value {
        let diff_ids: Vec<_> = self.layers.iter().map(|layer| &layer.diff_id).collect();
        json!({"architecture": self.architecture, "os": "linux", "config": self.config,
            "history": self.history, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    }

    /// What the index says of the platform.
    pub(super) fn platform(&self) -> Value {
        json!({"architecture": self.architecture, "os": "linux"})
    }

    /// It, and what it is on other platforms.
    pub(super) fn platforms(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |image| image.other.as_deref())
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
}
