//! The search of the image that a build made.

use std::fs;

use keystay_proto::control::Grant;

use super::{asked::Asked, wired::Wired};
use crate::{agent_link::Control, engine::Docker, summary::Image};

/// Searches the image of a build for the keys of its grant.
pub(super) async fn search(
    docker: &Docker,
    control: &Control,
    grant: &Grant,
    asked: &Asked,
    wired: &Wired,
) -> Image {
    if !grant.keys.iter().any(|key| key.searchable) {
        return Image::NoKeyHere {
            keys: grant.keys.len(),
        };
    }
    if let Some(why) = asked.leaves_no_image() {
        return incomplete(why);
    }
    match fs::read_to_string(&wired.iidfile) {
        Ok(id) => search_image(docker, control, grant, id.trim()).await,
        Err(_) => incomplete("docker told no image id"),
    }
}

/// Searches an image of the engine, named by its id.
pub(crate) async fn search_image(
    _docker: &Docker,
    _control: &Control,
    _grant: &Grant,
    _image: &str,
) -> Image {
    // Completed with the image reader.
    incomplete("images are not read yet")
}

fn incomplete(why: &str) -> Image {
    Image::Incomplete {
        missing: vec![why.to_owned()],
    }
}
