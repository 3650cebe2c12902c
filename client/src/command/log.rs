//! `keystay log`: the records of the audit log, followed as they are written.

mod files;

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use keystay_proto::control::{Event, Intent, Record, audit_log};
use tokio::time::sleep;

use self::files::Files;
use crate::{
    cli::LogArgs,
    engine::Variables,
    error::Error,
    exit_code::ExitCode,
    output::{self, Output, phrase, word},
};

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// There is no file, or none that may be read.
    #[error("cannot read the audit log {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Nobody knows where it is.
    #[error("the home directory is not known")]
    Home,
}

/// Prints the records, oldest first; with `-f` it goes on until it is interrupted.
pub(crate) async fn log(output: Output, asked: &LogArgs) -> Result<ExitCode, Error> {
    let variables = Variables::of_process();
    let home = variables.home().ok_or(LogError::Home)?;
    let path = audit_log(variables.get("XDG_STATE_HOME").map(Into::into), &home);
    let failed = |source| LogError::Read {
        path: path.clone(),
        source,
    };
    let mut files = Files::open(&path).map_err(failed)?;
    let mut unread = 0_u32;
    let mut written = Ok(());
    loop {
        let read = files.read(|line: &[u8]| match serde_json::from_slice(line) {
            Ok(record) if written.is_ok() && is_asked_for(asked, &record) => {
                written = output::write(&shown(asked, &record, line));
            }
            Ok(_) => {}
            Err(_) => unread = unread.saturating_add(1),
        });
        read.map_err(failed)?;
        match written {
            Ok(()) => {}
            // Nobody reads any more.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::Success),
            Err(error) => return Err(Error::Print(error)),
        }
        if !asked.follow {
            break;
        }
        sleep(PAUSE).await;
    }
    if unread > 0 {
        output.note(&format!("{unread} lines of the log are no records"));
    }
    Ok(ExitCode::Success)
}

fn is_asked_for(asked: &LogArgs, record: &Record) -> bool {
    let of_grant = asked.grant.as_ref();
    of_grant.is_none_or(|id| id == record.grant.as_str())
        && (!asked.refused || record.event == Event::Refused)
}

fn shown(asked: &LogArgs, record: &Record, line: &[u8]) -> String {
    if asked.listing.json {
        return format!("{}\n", String::from_utf8_lossy(line));
    }
    let mut words = vec![
        record.time.clone(),
        record.grant.to_string(),
        event(record.event).to_owned(),
    ];
    words.extend(record.intent.map(|intent| name(intent).to_owned()));
    words.extend(record.reason.map(|reason| format!("({reason})")));
    words.extend(
        record
            .user
            .iter()
            .map(|user| format!("user={}", word(user))),
    );
    words.extend(
        record
            .host
            .iter()
            .map(|host| format!("host={}", word(host))),
    );
    words.extend(record.repository.iter().map(|it| word(it).into_owned()));
    words.extend(wanted(record));
    words.extend(record.key.map(|key| key.to_string()));
    words.extend(
        record
            .detail
            .iter()
            .map(|detail| format!("[{}]", phrase(detail))),
    );
    words.push(format!("build={}", word(&record.build)));
    words.join("  ") + "\n"
}

/// The first that a fetch wanted, and how many more.
fn wanted(record: &Record) -> Option<String> {
    let mut wanted = record.commits.iter().chain(&record.refs);
    let first = wanted.next();
    let more = u64::try_from(wanted.count()).unwrap_or(u64::MAX);
    match (first, more.saturating_add(record.other_wants)) {
        (None, 0) => None,
        (None, more) => Some(format!("{more} wants")),
        (Some(first), 0) => Some(word(first).into_owned()),
        (Some(first), more) => Some(format!("{} and {more} more", word(first))),
    }
}

const fn event(event: Event) -> &'static str {
    match event {
        Event::Opened => "opened",
        Event::Listed => "listed",
        Event::Allowed => "allowed",
        Event::Refused => "refused",
        Event::Fetched => "fetched",
        Event::Failed => "failed",
        Event::Closed => "closed",
    }
}

const fn name(intent: Intent) -> &'static str {
    match intent {
        Intent::Login => "login",
        Intent::SshSig => "signature",
        Intent::Fetch => "fetch",
        Intent::Unknown => "unknown",
    }
}

/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(200);
