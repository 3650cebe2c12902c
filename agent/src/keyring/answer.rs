//! The path from a message on the agent's own socket to its reply.

use std::time::Instant;

use keystay_proto::{
    agent::{
        AddIdentity, Extension, Identity, MessageNumber, Request, Response, SessionBind,
        SignRequest,
    },
    control::{Event, Reason, Record},
    printable,
};

use super::{Entry, Keyring, State, added, binds::Binds, lock, records::record};
use crate::{audit::AuditError, key::Fields, sign::SignError};

/// Answers one message. A message that is not known or cannot be decoded is a failure; the
/// connection goes on.
pub(super) async fn answer(keyring: &Keyring, binds: &mut Binds, message: &[u8]) -> Vec<u8> {
    let Ok(request) = Request::decode(message) else {
        return reply(&Response::Failure);
    };
    match request {
        Request::RequestIdentities => list(&keyring.state(), binds),
        Request::SignRequest(request) => sign(keyring, binds, &request).await,
        Request::Extension(extension) => extend(keyring, binds, &extension),
        Request::Other { number, body } => reply(&if change(keyring, binds, number, body).await {
            Response::Success
        } else {
            Response::Failure
        }),
    }
}

/// Decides, confirms, records, signs.
async fn sign(keyring: &Keyring, binds: &Binds, request: &SignRequest<'_>) -> Vec<u8> {
    let judged = match judge(keyring, binds, request) {
        Ok(entry) if entry.confirm => {
            if keyring.asker.allows(question(keyring, &entry)).await {
                // It may have been removed, or all be locked, while a person was asked.
                judge(keyring, binds, request)
            } else {
                Err((None, Some("a person did not confirm")))
            }
        }
        judged => judged,
    };
    let entry = match judged {
        Ok(entry) => entry,
        Err(refusal) => return refuse(keyring, request, refusal).await,
    };
    let recorded = keyring
        .audit
        .submit(&record(request, Event::Allowed))
        .done();
    let signed = (entry.key.signer).sign_recorded(recorded, request.data, request.flags.0);
    match signed.await {
        Ok(Ok(signature)) => reply(&Response::SignResponse {
            signature: &signature,
        }),
        Ok(Err(error)) => fail(keyring, request, &error).await,
        Err(error) => {
            unrecorded(&error);
            reply(&Response::Failure)
        }
    }
}

/// Records a refusal, while there is room for it.
async fn refuse(keyring: &Keyring, request: &SignRequest<'_>, refusal: Refusal) -> Vec<u8> {
    if keyring.refusals().admit(Instant::now()) {
        let (reason, detail) = refusal;
        let told = Record {
            reason,
            detail: detail.map(str::to_owned),
            ..record(request, Event::Refused)
        };
        let _ = (keyring.audit.submit(&told).done().await).inspect_err(unrecorded);
    }
    reply(&Response::Failure)
}

/// The peer is only told that nothing was signed.
fn unrecorded(error: &AuditError) {
    tracing::error!(%error, "nothing is signed that is not recorded");
}

fn question(keyring: &Keyring, entry: &Entry) -> String {
    let fingerprint = keyring.defaults.hash.fingerprint(&entry.key.blob);
    let comment: String = printable(&entry.key.info.comment);
    let end = comment.floor_char_boundary(SHOWN_COMMENT);
    let comment = comment.get(..end).unwrap_or_default();
    format!("Allow use of key {comment}?\nKey fingerprint {fingerprint}.")
}

/// Records that an allowed signature could not be made.
async fn fail(keyring: &Keyring, request: &SignRequest<'_>, error: &SignError) -> Vec<u8> {
    let told = Record {
        detail: Some(error.to_string()),
        ..record(request, Event::Failed)
    };
    // Nothing was signed: without the record there is nothing to hold back.
    let _ = keyring.audit.submit(&told).done().await;
    reply(&Response::Failure)
}

/// Why a signature is refused.
type Refusal = (Option<Reason>, Option<&'static str>);

fn judge(keyring: &Keyring, binds: &Binds, request: &SignRequest<'_>) -> Result<Entry, Refusal> {
    let state = keyring.state();
    if state.lock.is_some() {
        return Err((None, Some("the agent is locked")));
    }
    let entry = (state.entries.iter())
        .find(|entry| entry.key.blob == request.key_blob)
        .ok_or((Some(Reason::KeyNotGranted), None))?;
    if !binds.permit_signature(&entry.destinations, request) {
        return Err((Some(Reason::HostNotGranted), None));
    }
    if entry.key.algorithm_for(request.flags.0).is_none() {
        return Err((Some(Reason::AlgorithmNotAllowed), None));
    }
    Ok(entry.clone())
}

fn list(state: &State, binds: &Binds) -> Vec<u8> {
    let identities = (state.entries.iter())
        .filter(|entry| state.lock.is_none() && binds.permit_sight(&entry.destinations))
        .map(|entry| Identity {
            key_blob: &entry.key.blob,
            comment: &entry.comment,
        });
    reply(&Response::IdentitiesAnswer(identities.collect()))
}

fn extend(keyring: &Keyring, binds: &mut Binds, extension: &Extension<'_>) -> Vec<u8> {
    if extension.name == SessionBind::NAME {
        return reply(&if binds.bind(extension.body) {
            Response::Success
        } else {
            Response::ExtensionFailure
        });
    }
    if extension.name != QUERY || keyring.state().lock.is_some() {
        return reply(&Response::Failure);
    }
    let length = u32::try_from(SessionBind::NAME.len()).unwrap_or(u32::MAX);
    let mut body = length.to_be_bytes().to_vec();
    body.extend_from_slice(SessionBind::NAME);
    let name = QUERY;
    reply(&Response::ExtensionResponse(Extension {
        name,
        body: &body,
    }))
}

/// Adds, removes, locks; whether it was done.
async fn change(keyring: &Keyring, binds: &Binds, number: MessageNumber, body: &[u8]) -> bool {
    match number {
        MessageNumber::LOCK => lock::lock(keyring, only_string(body)).await,
        MessageNumber::UNLOCK => lock::unlock(keyring, only_string(body)).await,
        _ if keyring.state().lock.is_some() => false,
        MessageNumber::ADD_IDENTITY => add(keyring, binds, AddIdentity::decode(body).ok()),
        MessageNumber::ADD_ID_CONSTRAINED => {
            add(keyring, binds, AddIdentity::decode_constrained(body).ok())
        }
        MessageNumber::REMOVE_IDENTITY => remove(keyring, binds, body),
        MessageNumber::REMOVE_ALL_IDENTITIES => {
            keyring.remove_all();
            true
        }
        _ => false,
    }
}

fn add(keyring: &Keyring, binds: &Binds, identity: Option<AddIdentity<'_>>) -> bool {
    let Some(identity) = identity.filter(|identity| is_text(identity.comment)) else {
        return false;
    };
    match added::key(&identity) {
        Ok(key) => {
            let entry = Entry::limited(key, &identity, keyring.defaults.lifetime);
            keyring.state().put(entry, binds)
        }
        Err(error) => {
            // Its client is told only that it failed.
            let why = printable(error.to_string());
            tracing::warn!(why, "a client's key is not taken");
            false
        }
    }
}

/// Whether OpenSSH takes a string as text (`sshbuf_get_cstring`), without which it takes no list.
fn is_text(string: &[u8]) -> bool {
    string
        .split_last()
        .is_none_or(|(_, head)| !head.contains(&0))
}

fn remove(keyring: &Keyring, binds: &Binds, body: &[u8]) -> bool {
    let Some(blob) = only_string(body) else {
        return false;
    };
    let mut state = keyring.state();
    let found = state.find(blob, binds).is_some();
    if found {
        state.remove(|entry| entry.key.blob == blob);
    }
    found
}

/// The string that a body is, and nothing else.
fn only_string(body: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(body);
    let string = fields.string().ok()?;
    fields.0.is_empty().then_some(string)
}

fn reply(response: &Response<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    response.encode(&mut body);
    body
}

/// The extension that lists extensions (RFC 9987 §3.8.1).
const QUERY: &[u8] = b"query";
/// How much of a key's comment a person is shown, in bytes: what it came with may be much longer.
const SHOWN_COMMENT: usize = 1024;
