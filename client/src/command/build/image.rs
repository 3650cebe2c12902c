//! The search of the images that a build made.

use std::{fs, io, path::Path};

use serde_json::Value;

use super::{asked::Asked, wired::Wired};
use crate::{
    command::search::{Search, incomplete},
    engine::{Output, Tool},
    output::printable,
    summary::Image,
    verify::ImageSource,
};

/// Searches what a build made for the keys of its grant: the image that the engine holds, and those
/// in files. What is nowhere to be read is said.
pub(super) async fn search(search: Search<'_>, tool: &Tool, asked: &Asked, wired: &Wired) -> Image {
    let mut verdicts = Vec::new();
    for output in asked.results() {
        verdicts.push(match output {
            Output::Image { is_pushed } => {
                let image = of_engine(search, tool, asked, wired).await;
                if is_pushed { elsewhere(image) } else { image }
            }
            Output::Archive(path) => stored(search, &path, ImageSource::File(path.clone())).await,
            Output::Layout(path) => stored(search, &path, ImageSource::Layout(path.clone())).await,
            Output::Files => incomplete(FILES),
            Output::Stdout => incomplete(STDOUT),
            Output::Nothing => incomplete(NOTHING),
        });
    }
    if asked.leaves_images_out() {
        verdicts.push(incomplete(PLATFORMS));
    }
    together(verdicts)
}

async fn of_engine(search: Search<'_>, tool: &Tool, asked: &Asked, wired: &Wired) -> Image {
    let told = fs::read_to_string(&wired.iidfile);
    let told = told.ok().filter(|id| !id.trim().is_empty());
    match told.or_else(|| asked.metadata_file().and_then(id_in)) {
        Some(id) => alive(search, tool.image(id.trim()), id.trim()).await,
        None => incomplete("the engine told no image id"),
    }
}

async fn stored(search: Search<'_>, path: &Path, source: ImageSource) -> Image {
    // A name, and never an id, under which a verdict would be remembered.
    let name = format!("in {}", printable(&path.to_string_lossy()));
    alive(search, source, &name).await
}

async fn alive(search: Search<'_>, source: ImageSource, name: &str) -> Image {
    tokio::select! {
        found = search.run(source, name) => found.image,
        error = search.control.until_silent(&search.grant.id) => incomplete(&error.to_string()),
    }
}

/// An image that its builder pushed may be in a registry only.
fn elsewhere(image: Image) -> Image {
    match image {
        Image::Absent { .. } => incomplete(PUSHED),
        image => image,
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

/// The one verdict on all that a build made: the gravest, and what was not searched of any.
fn together(mut verdicts: Vec<Image>) -> Image {
    let is_leak = |image: &Image| matches!(image, Image::Leak { .. });
    if let Some(leak) = verdicts.iter().position(is_leak) {
        return verdicts.swap_remove(leak);
    }
    if verdicts.len() == 1 {
        return verdicts.swap_remove(0);
    }
    let missing: Vec<String> = verdicts.iter().flat_map(unsearched).collect();
    if missing.is_empty() {
        return verdicts.into_iter().next().unwrap_or(Image::NotAsked);
    }
    Image::Incomplete { missing }
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
    use crate::summary::Searched;

    fn clean(image: &str) -> Image {
        Image::Clean(searched(image))
    }

    fn searched(image: &str) -> Searched {
        Searched {
            image: image.to_owned(),
            keys: 1,
            unsearchable: 0,
            layers: 1,
            bytes: 1,
        }
    }

    #[test]
    fn what_was_not_seen_of_several_outputs_is_told() {
        let missing = |text: &str| Image::Incomplete {
            missing: vec![text.to_owned()],
        };
        assert_eq!(together(vec![clean("a"), clean("b")]), clean("a"));
        assert_eq!(together(vec![clean("a"), missing("b")]), missing("b"));
        let absent = || Image::Absent { image: "a".into() };
        assert_eq!(together(vec![absent()]), absent());
        assert_eq!(
            together(vec![absent(), missing("b")]),
            Image::Incomplete {
                missing: vec!["the engine holds no image a".into(), "b".into()]
            }
        );
        assert_eq!(together(Vec::new()), Image::NotAsked);
    }

    #[test]
    fn a_leak_is_graver_than_what_was_not_seen() {
        let leak = Image::Leak {
            searched: searched("a"),
            findings: Vec::new(),
        };
        assert_eq!(
            together(vec![incomplete("b"), leak.clone(), clean("c")]),
            leak
        );
    }

    #[test]
    fn a_pushed_image_that_the_engine_lacks_is_in_its_registry() {
        assert_eq!(
            elsewhere(Image::Absent { image: "a".into() }),
            incomplete(PUSHED)
        );
        assert_eq!(elsewhere(clean("a")), clean("a"));
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
