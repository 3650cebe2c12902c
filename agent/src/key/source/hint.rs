//! What a person can do about a source that gave no key.

use std::{io, path::Path};

use super::{CertificateFault, Fault, HeldKey, Place};
use keystay_proto::printable;

use crate::{key::format::FormatError, prompt::PromptError};

/// The hints for a fault at a place, a sentence each.
pub(super) fn hints(place: &Place, fault: &Fault) -> Vec<String> {
    match (place, fault) {
        (_, Fault::Format(error)) => format_hints(place, error),
        (_, Fault::Passphrase(PromptError::Nowhere | PromptError::Askpass { .. })) => vec![
            format!(
                "add the key to your agent with `ssh-add {}` and use `--key agent`",
                name(place)
            ),
            "or set SSH_ASKPASS to a program that asks for it, and SSH_ASKPASS_REQUIRE=force"
                .to_owned(),
        ],
        (Place::File(path), Fault::OpenToOthers { .. }) if is_public(path) => {
            vec![private_half(path)]
        }
        (Place::File(path), Fault::OpenToOthers { .. }) => {
            vec![format!("chmod 600 {}", quoted(path))]
        }
        (Place::File(path), Fault::ForeignOwner { .. }) => {
            vec![format!("chown \"$USER\" {}", quoted(path))]
        }
        (Place::File(_), Fault::NotAFile) => {
            vec!["to read a key from a pipe, use `--key stdin`".to_owned()]
        }
        (Place::Stdin, Fault::Terminal) => vec![
            "redirect it: `keystay --key stdin build … < FILE`, or name the file with `--key file:PATH`"
                .to_owned(),
        ],
        (Place::AgentVariable, Fault::Unset) => vec![
            "start an agent with `eval \"$(ssh-agent)\"` and add a key with `ssh-add`".to_owned(),
            "or name a key file with `--key file:PATH`".to_owned(),
        ],
        (Place::Agent(_), Fault::Missing | Fault::NoAnswer(_) | Fault::NotAnAgent) => {
            vec!["SSH_AUTH_SOCK names it; is that agent still running?".to_owned()]
        }
        (Place::Agent(_), Fault::NoKeys) => {
            vec!["add a key with `ssh-add`, or unlock the agent".to_owned()]
        }
        (_, Fault::NotHeld { held, .. }) => held_hints(held),
        (Place::Variable(name), Fault::Unset) => vec![format!(
            "pass it on from the job's secrets, or export it: `export {}`",
            printable(name)
        )],
        (Place::Command(_), fault) => command_hint(fault).into_iter().collect(),
        (_, Fault::NoDefault) => vec![
            "name a key with `--key agent`, `--key file:PATH`, `--key env:NAME`, `--key stdin` or `--key certificate:COMMAND`"
                .to_owned(),
        ],
        _ => Vec::new(),
    }
}

fn format_hints(place: &Place, error: &FormatError) -> Vec<String> {
    let hint = match error {
        FormatError::Putty => {
            format!(
                "convert it: puttygen {} -O private-openssh -o FILE",
                name(place)
            )
        }
        FormatError::PublicKey => match place {
            Place::File(path) if is_public(path) => private_half(path),
            _ => "name the private half: the file without `.pub`".to_owned(),
        },
        FormatError::SecurityKey => {
            format!(
                "add it to your agent with `ssh-add {}` and use `--key agent`",
                name(place)
            )
        }
        FormatError::Encryption(_) => {
            format!("encrypt it anew: ssh-keygen -p -o -f {}", name(place))
        }
        FormatError::Dsa | FormatError::WeakRsa(_) | FormatError::Algorithm(_) => {
            "make a new one: ssh-keygen -t ed25519".to_owned()
        }
        FormatError::NotAKey => {
            "a private key begins with a line such as `-----BEGIN OPENSSH PRIVATE KEY-----`"
                .to_owned()
        }
        _ => return Vec::new(),
    };
    vec![hint]
}

/// Whether it has the name of a public key.
fn is_public(path: &Path) -> bool {
    path.extension().is_some_and(|suffix| suffix == "pub")
}

fn private_half(path: &Path) -> String {
    format!("did you mean `file:{}`?", shown(&path.with_extension("")))
}

fn command_hint(fault: &Fault) -> Option<String> {
    let hint = match fault {
        Fault::CannotRun(error) if error.kind() == io::ErrorKind::NotFound => {
            "is it installed and in PATH?".to_owned()
        }
        Fault::NoCertificate => {
            "it gets the public key as {public_key}, {public_key_file} and on standard input, and \
             prints the certificate or writes it to key-cert.pub beside the file"
                .to_owned()
        }
        Fault::Certificate(CertificateFault::OtherKey) => {
            "give it the key of this build: {public_key}, {public_key_file} or standard input"
                .to_owned()
        }
        Fault::Certificate(CertificateFault::Host) => {
            "ask the authority for a user certificate: `ssh-keygen -s` without -h".to_owned()
        }
        Fault::Certificate(CertificateFault::NoPrincipals) => {
            "name the user: `ssh-keygen -n git`, `valid_principals=git`".to_owned()
        }
        Fault::Certificate(CertificateFault::Long { .. }) => {
            "ask the authority for a short one: `ssh-keygen -V +15m`, `ttl=15m`".to_owned()
        }
        Fault::Certificate(CertificateFault::NotYet(_) | CertificateFault::Expired(_)) => {
            "is the clock right, here and at the authority?".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

fn held_hints(held: &[HeldKey]) -> Vec<String> {
    let mut hints: Vec<String> = held
        .iter()
        .take(MAX_LISTED)
        .map(|key| format!("it holds {key}"))
        .collect();
    if held.len() > MAX_LISTED {
        hints.push(format!(
            "and {} more; `ssh-add -l` lists them",
            held.len() - MAX_LISTED
        ));
    }
    hints
}

/// How a command names the place.
fn name(place: &Place) -> String {
    match place {
        Place::File(path) => quoted(path),
        _ => "KEY".to_owned(),
    }
}

/// A path as a shell's word.
fn quoted(path: &Path) -> String {
    let text = shown(path);
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+@:,%=".contains(char);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn shown(path: &Path) -> String {
    printable(path.as_os_str().as_encoded_bytes())
}

const MAX_LISTED: usize = 10;
