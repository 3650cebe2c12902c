//! What files say about a build: the project's `keystay.toml` says what it needs, the user's
//! `config.toml` which keys serve which repositories and what is never granted. A project can only
//! narrow, and the command line wins.

mod error;
mod file;
mod project;
mod settings;
mod user;

pub(crate) use error::ConfigError;
pub(crate) use settings::Settings;
