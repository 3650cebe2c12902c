//! The search of the images that a build made.

use std::{fs, io, mem, path::Path};

use serde_json::Value;

use super::{asked::Asked, wired::Wired};
use crate::{
    command::search::{Found, Search, incomplete},
    engine::{Output, Tool},
    output::printable,
    summary::Image,
    verify::{ImageSource, warnings_in_order},
};

/// Searches what a build made for the keys of its grant: the image that the engine holds, and those
/// in files. What is nowhere to be read is said.
pub(super) async fn search(search: Search<'_>, tool: &Tool, asked: &Asked, wired: &Wired) -> Found {
    let mut all = Vec::new();
    for output in asked.results() {
        all.push(match output {
            Output::Image { is_pushed } => {
                let found = of_engine(search, tool, asked, wired).await;
                if is_pushed { elsewhere(found) } else { found }
            }
            Output::Archive(path) => stored(search, &path, ImageSource::File(path.clone())).await,
            Output::Layout(path) => stored(search, &path, ImageSource::Layout(path.clone())).await,
            Output::Files => incomplete(FILES).into(),
            Output::Stdout => incomplete(STDOUT).into(),
            Output::Nothing => incomplete(NOTHING).into(),
        });
    }
    if asked.leaves_images_out() {
        all.push(incomplete(PLATFORMS).into());
    }
    together(all)
}

/// Why there is no image to be found, where the outputs are known to make none.
pub(super) fn why_none(asked: &Asked) -> Option<&'static str> {
    let mut why = None;
    for output in asked.results() {
        why = match output {
            Output::Image { .. } | Output::Archive(_) | Output::Layout(_) => return None,
            Output::Files => Some(FILES),
            Output::Stdout => Some(STDOUT),
            Output::Nothing => Some(NOTHING),
        };
    }
    why
}

/// The id of the image, once the engine has told it.
pub(super) fn id(asked: &Asked, wired: &Wired) -> Option<String> {
    let told = wired.image_id().filter(|id| !id.is_empty());
    told.or_else(|| asked.metadata_file().and_then(id_in))
}

async fn of_engine(search: Search<'_>, tool: &Tool, asked: &Asked, wired: &Wired) -> Found {
    match id(asked, wired) {
        Some(id) => alive(search, tool.image(id.trim()), id.trim()).await,
        None => incomplete("the engine told no image id").into(),
    }
}

async fn stored(search: Search<'_>, path: &Path, source: ImageSource) -> Found {
    // A name, and never an id, under which a verdict would be remembered.
    let name = format!("in {}", printable(&path.to_string_lossy()));
    alive(search, source, &name).await
}

async fn alive(search: Search<'_>, source: ImageSource, name: &str) -> Found {
    tokio::select! {
        found = search.run(source, name) => found,
        error = search.control.until_silent(&search.grant.id) => {
            incomplete(&error.to_string()).into()
        }
    }
}

/// An image that its builder pushed may be in a registry only.
fn elsewhere(found: Found) -> Found {
    match found.image {
        Image::Absent { .. } => incomplete(PUSHED).into(),
        _ => found,
    }
}

/// The id of the image in a file of docker's `--metadata-file`.
fn id_in(path: &Path) -> Option<String> {
    let mut text = Vec::new();
    let file = fs::File::open(path).ok()?;
    io::Read::read_to_end(&mut io::Read::take(file, LONGEST_METADATA), &mut text).ok()?;
    let metadata: Value = serde_json::from_slice(&text).ok()?;
    let mut ids = IDS.iter().filter_map(|name| metadata.get(name)?.as_str());
    ids.next().map(str::to_owned)
}

/// The one verdict on all that a build made: the gravest, what was not searched of any, and the other
/// secrets of each.
fn together(mut all: Vec<Found>) -> Found {
    let warnings = all
        .iter_mut()
        .flat_map(|found| mem::take(&mut found.warnings));
    let warnings = warnings_in_order(warnings.collect());
    Found {
        warnings,
        ..gravest(all)
    }
}

fn gravest(mut all: Vec<Found>) -> Found {
    let is_leak = |found: &Found| matches!(found.image, Image::Leak { .. });
    if let Some(leak) = all.iter().position(is_leak) {
        return all.swap_remove(leak);
    }
    if all.len() == 1 {
        return all.swap_remove(0);
    }
    let missing: Vec<String> = all
        .iter()
        .flat_map(|found| unsearched(&found.image))
        .collect();
    if missing.is_empty() {
        let first = all.into_iter().next();
        return first.unwrap_or_else(|| Image::NotAsked.into());
    }
    Found {
        verified: all.into_iter().find_map(|found| found.verified),
        ..Image::Incomplete { missing }.into()
    }
}

fn unsearched(image: &Image) -> Vec<String> {
    match image {
        Image::Incomplete { missing } => missing.clone(),
        Image::Absent { image } => vec![format!("the engine holds no image {image}")],
        _ => Vec::new(),
    }
}

/// What docker calls the image: with its own store of images, and with containerd's.
const IDS: [&str; 2] = ["containerimage.config.digest", "containerimage.digest"];
const LONGEST_METADATA: u64 = 16 << 20;
const FILES: &str = "the output of the build is no image of the engine";
const STDOUT: &str = "the output of the build went to standard output, and was not seen";
const NOTHING: &str = "the build has no output but its cache";
const PUSHED: &str = "the image is in its registry only, and was not seen: pull it, and \
                      `keystay verify` it";
const PLATFORMS: &str = "one image of several platforms was searched, and the others were not";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        summary::Searched,
        verify::{Kind, Place, Spot, Warning},
    };

    fn clean(image: &str) -> Image {
        Image::Clean(searched(image))
    }

    fn searched(image: &str) -> Searched {
        Searched {
            image: image.to_owned(),
            keys: 1,
            unsearchable: 0,
            layers: 1,
            known_layers: 0,
            bytes: 1,
        }
    }

    fn verdict(images: Vec<Image>) -> Image {
        together(images.into_iter().map(Found::from).collect()).image
    }

    #[test]
    fn what_was_not_seen_of_several_outputs_is_told() {
        let missing = |text: &str| Image::Incomplete {
            missing: vec![text.to_owned()],
        };
        assert_eq!(verdict(vec![clean("a"), clean("b")]), clean("a"));
        assert_eq!(verdict(vec![clean("a"), missing("b")]), missing("b"));
        let absent = || Image::Absent { image: "a".into() };
        assert_eq!(verdict(vec![absent()]), absent());
        assert_eq!(
            verdict(vec![absent(), missing("b")]),
            Image::Incomplete {
                missing: vec!["the engine holds no image a".into(), "b".into()]
            }
        );
        assert_eq!(verdict(Vec::new()), Image::NotAsked);
    }

    #[test]
    fn a_leak_is_graver_than_what_was_not_seen() {
        let leak = Image::Leak {
            searched: searched("a"),
            findings: Vec::new(),
            missing: Vec::new(),
        };
        assert_eq!(
            verdict(vec![incomplete("b"), leak.clone(), clean("c")]),
            leak
        );
    }

    #[test]
    fn other_secrets_of_every_output_are_told_once() {
        let warning = |path: &str| Warning {
            spot: Spot {
                layer: Some(2),
                digest: None,
                path: Some(path.to_owned()),
                place: Place::File,
                offset: None,
                instruction: None,
            },
            kind: Kind::Token,
        };
        let found = |image, paths: &[&str]| Found {
            warnings: paths.iter().map(|path| warning(path)).collect(),
            ..Found::from(image)
        };
        let leak = Image::Leak {
            searched: searched("b"),
            findings: Vec::new(),
            missing: Vec::new(),
        };
        for second in [clean("b"), incomplete("b"), leak] {
            let all = vec![
                found(clean("a"), &[".npmrc"]),
                found(second, &[".netrc", ".npmrc"]),
            ];
            assert_eq!(
                together(all).warnings,
                [warning(".npmrc"), warning(".netrc")]
            );
        }
    }

    #[test]
    fn a_pushed_image_that_the_engine_lacks_is_in_its_registry() {
        assert_eq!(
            elsewhere(Image::Absent { image: "a".into() }.into()).image,
            incomplete(PUSHED)
        );
        assert_eq!(elsewhere(clean("a").into()).image, clean("a"));
    }

    #[test]
    fn the_metadata_names_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metadata");
        let id = |text: &str| {
            fs::write(&path, text).unwrap();
            id_in(&path)
        };
        let both =
            r#"{"containerimage.digest":"sha256:2","containerimage.config.digest":"sha256:1"}"#;
        assert_eq!(id(both).as_deref(), Some("sha256:1"));
        assert_eq!(
            id(r#"{"containerimage.digest":"sha256:2"}"#).as_deref(),
            Some("sha256:2")
        );
        for text in ["{}", "", "[", r#"{"containerimage.digest":1}"#] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
