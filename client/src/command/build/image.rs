//! The search of the image that a build made.

use std::fs;

use super::{asked::Asked, wired::Wired};
use crate::{
    command::search::{Search, incomplete},
    engine::Tool,
    summary::Image,
};

/// Searches the image of a build for the keys of its grant.
pub(super) async fn search(search: Search<'_>, tool: &Tool, asked: &Asked, wired: &Wired) -> Image {
    if let Some(why) = asked.leaves_no_image() {
        return incomplete(why);
    }
    match fs::read_to_string(&wired.iidfile) {
        Ok(id) => tokio::select! {
            found = search.run(tool.image(id.trim()), id.trim()) => found.image,
            error = search.control.until_silent(&search.grant.id) => incomplete(&error.to_string()),
        },
        Err(_) => incomplete("the engine told no image id"),
    }
}
