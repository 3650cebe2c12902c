//! What holds for any bytes of an image.

mod archive;
mod image;
mod json_path;
mod others;

pub use self::{archive::archive, image::image, json_path::json_path, others::others};
pub use super::decode::fuzzing::file;
