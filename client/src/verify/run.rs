//! One verification from beginning to end.

use std::{collections::HashSet, sync::Arc};

use keystay_proto::control::ScanReport;
use tokio::{
    sync::mpsc,
    task::{self, JoinError, JoinSet},
};

use super::{
    CleanLayers, Finding, Gap, ImageSource, Layer, Matcher, MatcherError, Meter, Name, SourceError,
    Warning,
    account::{Contents, account},
    censor::censor,
    clean_layers::known_layers,
    decode::Limits,
    inventory::{Content, Inventory},
    layer::layers,
    locate::{gaps_inside, in_order, locate, locate_others},
    matcher::NoMatcher,
    others::{Other, beside},
    walk::{Opened, Stream, walk},
    warning,
};

/// What is known of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was read and no key is in it.
    Clean,
    /// There is key material in it.
    Leak(Vec<Finding>),
    /// No key was found, but not everything was read: never clean.
    Incomplete(Vec<Gap>),
}

/// An image that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What is known of it.
    pub verdict: Verdict,
    /// What was not read, beside a leak too.
    pub gaps: Vec<Gap>,
    /// The digests that it goes by, of all its platforms.
    pub names: Vec<Name>,
    /// Those of them that stand for all of it; none where it is several images.
    pub whole: Vec<Name>,
    /// Secrets in it that are none of the build's.
    pub warnings: Vec<Warning>,
    /// The layers that it names.
    pub layers: Vec<Layer>,
    /// How long the saved image is, in bytes.
    pub bytes: u64,
    /// How many bytes were searched: those and what they inflate to.
    pub searched: u64,
    /// How many of its layers were not searched, since they were found clean before.
    pub known_layers: usize,
    /// How long those are as they are stored, in bytes.
    pub passed_over: u64,
}

/// An image that could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It cannot be searched.
    #[error(transparent)]
    Matcher(#[from] MatcherError),
    /// A part of the verification broke down.
    #[error("a part of the verification broke down")]
    Task(#[from] JoinError),
}

/// Reads a saved image to its end, has every byte searched for keys, and accounts for what it
/// names. Memory stays below 64 MiB whatever the image's size.
///
/// Dropping the future ends everything it started. It must be polled on a tokio runtime.
pub async fn verify<M: Matcher>(
    source: ImageSource,
    matcher: Arc<M>,
    meter: Arc<Meter>,
) -> Result<Verified, VerifyError> {
    verify_within(source, matcher, meter, Limits::default(), None).await
}

/// The same without a search of layers that were found clean before: of them, only the digest is
/// taken. Those of an image that is clean are remembered.
pub async fn verify_unknown_layers<M: Matcher>(
    source: ImageSource,
    matcher: Arc<M>,
    meter: Arc<Meter>,
    clean: CleanLayers,
) -> Result<Verified, VerifyError> {
    let clean = match source {
        // Others may give another layer the same name.
        ImageSource::Engine { .. } => clean.with_ids(),
        _ => clean,
    };
    verify_within(source, matcher, meter, Limits::default(), Some(clean)).await
}

/// Reads a saved image to its end, looks into no file and searches for nothing: the digests that stand for all
/// of it, and what of all that it names is missing or is something else.
pub(crate) async fn identify(
    source: ImageSource,
    meter: Arc<Meter>,
) -> Result<(Vec<Name>, Vec<Gap>), VerifyError> {
    let limits = Limits {
        looks_inside: false,
        ..Limits::default()
    };
    let verified = verify_within(source, Arc::new(NoMatcher), meter, limits, None).await?;
    Ok((verified.whole, verified.gaps))
}

/// The same within these limits.
pub(super) async fn verify_within<M: Matcher>(
    source: ImageSource,
    matcher: Arc<M>,
    meter: Arc<Meter>,
    limits: Limits,
    clean: Option<CleanLayers>,
) -> Result<Verified, VerifyError> {
    let mut reading = JoinSet::new();
    let input = source.open(&mut reading, meter).await?;
    let (open, opened) = mpsc::unbounded_channel();
    let known = clean.clone();
    let walking = task::spawn_blocking(move || walk(input, open, limits, known));
    let reports = search_all(opened, &matcher).await?;
    let mut inventory = walking.await?;
    if inventory.bytes == 0
        && let Some(failure) = inventory.failure.take()
    {
        return Err(failure.into());
    }
    let Contents {
        images,
        named,
        names,
        whole,
        mut gaps,
    } = account(&inventory);
    let others: Vec<_> = reports
        .iter()
        .flat_map(|report| locate_others(&inventory, &images, &report.stream, &report.others))
        .collect();
    let secrets = others.iter().filter(|(_, other)| other.kind.is_secret());
    let with_secrets: HashSet<_> = secrets.map(|(holder, _)| *holder).collect();
    let mut warnings = warning::in_order(others.into_iter().map(|(_, other)| other).collect());
    gaps.extend(reports.iter().filter_map(|report| {
        let (bytes, searched) = (expected(&inventory, &report.stream), report.scan.bytes);
        (bytes != searched).then_some(Gap::NotSearched { bytes, searched })
    }));
    let mut inside = gaps_inside(&inventory, &images);
    let findings = reports
        .iter()
        .flat_map(|report| locate(&inventory, &images, &report.stream, &report.scan.hits))
        .collect();
    let mut findings = in_order(findings, &inventory, &named);
    let of_gaps = inside.iter_mut().filter_map(|(_, gap)| gap.place_mut());
    let of_warnings = warnings.iter_mut().flat_map(|warning| warning.spot.texts());
    let texts = findings.iter_mut().flat_map(Finding::texts);
    let texts = texts.chain(of_gaps).chain(of_warnings).collect();
    censor(texts, matcher.as_ref()).await?;
    let layers = layers(&images, &inventory, &inside);
    gaps.extend(inside.into_iter().map(|(_, gap)| gap));
    let verdict = verdict(findings, &gaps);
    let all_warnings = reports.iter().all(|report| !report.are_others_cut);
    if let (Verdict::Clean, true, Some(clean)) = (&verdict, all_warnings, &clean) {
        clean.remember_layers(&inventory, &images, &with_secrets);
    }
    Ok(Verified {
        names,
        whole,
        layers,
        bytes: inventory.bytes,
        searched: reports.iter().map(|report| report.scan.bytes).sum(),
        known_layers: known_layers(&inventory, &images),
        passed_over: inventory.bytes_passed_over(),
        verdict,
        gaps,
        warnings,
    })
}

/// What the searches of one stream found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) stream: Stream,
    /// What the matcher found.
    pub(super) scan: ScanReport,
    /// What was found beside it.
    pub(super) others: Vec<Other>,
    /// Whether there may have been more beside it.
    pub(super) are_others_cut: bool,
}

/// Has each stream searched as it is opened, side by side, until no more can come.
pub(super) async fn search_all<M: Matcher>(
    mut opened: mpsc::UnboundedReceiver<Opened>,
    matcher: &Arc<M>,
) -> Result<Vec<Report>, VerifyError> {
    let mut searches = JoinSet::new();
    while let Some((stream, bytes)) = opened.recv().await {
        let matcher = Arc::clone(matcher);
        searches.spawn(async move {
            let found = beside(matcher.as_ref(), bytes).await;
            if let (Stream::Nested(batch), Ok((scan, others, _))) = (&stream, &found)
                && scan.hits.is_empty()
                && others.is_empty()
            {
                batch.forget();
            }
            (stream, found)
        });
    }
    let mut reports = Vec::new();
    while let Some(done) = searches.join_next().await {
        let (stream, found) = done?;
        let (scan, others, are_others_cut) = found?;
        reports.push(Report {
            stream,
            scan,
            others,
            are_others_cut,
        });
    }
    reports.sort_by_key(|report| match &report.stream {
        Stream::Saved => 0,
        Stream::Inflated(number) => number + 1,
        Stream::Nested(_) => usize::MAX,
    });
    Ok(reports)
}

fn expected(inventory: &Inventory, stream: &Stream) -> u64 {
    let content = |number: usize| inventory.members.get(number).map(|member| &member.content);
    match stream {
        Stream::Saved => inventory.bytes - inventory.bytes_passed_over(),
        Stream::Nested(batch) => batch.bytes(),
        Stream::Inflated(number) => match content(*number) {
            Some(Content::Inflated(inflated)) => inflated.bytes,
            _ => 0,
        },
    }
}

fn verdict(findings: Vec<Finding>, gaps: &[Gap]) -> Verdict {
    if !findings.is_empty() {
        Verdict::Leak(findings)
    } else if gaps.is_empty() {
        Verdict::Clean
    } else {
        Verdict::Incomplete(gaps.to_vec())
    }
}
