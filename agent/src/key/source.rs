//! Sources: where keys come from.

mod certificate;
mod defaults;
mod env;
mod environment;
mod error;
mod file;
mod held;
mod hint;
mod local;
mod place;
mod spec;
mod stdin;
mod upstream;

pub(crate) use self::environment::Hidden;
pub use self::{
    certificate::{CertificateFault, CertificateRequest, RequestError},
    defaults::defaults,
    environment::Environment,
    error::{Fault, SourceError},
    held::HeldKey,
    place::Place,
    spec::{Source, SourceParseError},
};
use crate::{key::Key, prompt::Prompt};

/// Reads the keys of one source: one key, or any number from another agent.
///
/// Blocks the thread while it reads files, derives keys from passphrases and waits for `prompt`,
/// so it is for the time before an agent serves anyone.
pub async fn load(
    source: &Source,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Vec<Key>, SourceError> {
    match source {
        Source::Agent(wanted) => upstream::load(source, *wanted, environment).await,
        Source::File(path) => file::load(source, path, environment, prompt).map(|key| vec![key]),
        Source::Env(name) => env::load(source, name, environment, prompt).map(|key| vec![key]),
        Source::Certificate(request) => {
            (certificate::load(source, request, environment).await).map(|key| vec![key])
        }
        Source::Stdin => stdin::load(source, environment, prompt).map(|key| vec![key]),
    }
}
