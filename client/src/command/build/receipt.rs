//! The receipt of a build, where one is asked for.

use std::time::SystemTime;

use keystay_proto::control::{GrantReport, KeyInfo, Mode};

use super::{asked::Asked, image, plan::Plan, source::Source};
use crate::{
    cli::Options,
    command::search::Found,
    engine::Tool,
    receipt::{self, Destination, DockerfileUsed, EngineUsed, ReceiptError, Statement},
};

/// A receipt that is asked for.
#[derive(Debug)]
pub(super) struct Receipt {
    destination: Destination,
    dockerfile: Option<String>,
}

/// What it tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Built<'a> {
    /// The image's id, where the engine told it.
    pub(super) id: Option<&'a str>,
    /// When the engine began, and when it ended.
    pub(super) times: (SystemTime, SystemTime),
    /// How it was wired.
    pub(super) plan: &'a Plan,
    /// The keys of its grants.
    pub(super) keys: &'a [KeyInfo],
    /// What they were used for.
    pub(super) report: &'a GrantReport,
    /// What was found in the image.
    pub(super) found: &'a Found,
}

impl Receipt {
    /// The receipt that the options ask for, once it is known that it can be written.
    pub(super) fn asked_for(
        options: &Options,
        asked: &Asked,
        source: &Source,
    ) -> Result<Option<Self>, ReceiptError> {
        let Some(path) = &options.receipt else {
            return Ok(None);
        };
        if let Some(why) = image::why_none(asked) {
            return Err(ReceiptError::NoImage(why));
        }
        Ok(Some(Self {
            destination: Destination::at(path)?,
            dockerfile: source.known().map(str::to_owned),
        }))
    }

    /// Removes the receipt of an earlier build.
    pub(super) fn clear(&self) -> Result<(), ReceiptError> {
        self.destination.clear()
    }

    /// Writes it; says where it is.
    pub(super) async fn write(
        &self,
        tool: &Tool,
        asked: &Asked,
        built: &Built<'_>,
    ) -> Result<String, ReceiptError> {
        let words = tool.words();
        let engine = EngineUsed {
            name: words.first().copied().unwrap_or_default(),
            version: tool.version().await,
            command: words.join(" "),
        };
        let wired = built.plan.dockerfile.as_deref();
        let text = self.dockerfile.as_deref();
        let dockerfile = text.map(|text| DockerfileUsed::new(text, wired));
        let statement = Statement::of(&receipt::Build {
            id: built.id.ok_or(ReceiptError::NoId)?,
            tags: &asked.tags(),
            engine: &engine,
            dockerfile: dockerfile.as_ref(),
            began: built.times.0,
            ended: built.times.1,
            mode: match built.plan.fetching() {
                Some(_) => Mode::Fetch,
                None => Mode::Sign,
            },
            keys: built.keys,
            report: built.report,
            verdict: &built.found.image,
            verified: built.found.verified.as_ref(),
        });
        let statement = statement.ok_or(ReceiptError::NoId)?;
        self.destination.write(&statement.text())?;
        Ok(self.destination.to_string())
    }
}
