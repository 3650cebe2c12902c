//! Running the command that certifies a key.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    process::{Child, Command},
    time::timeout,
};

use super::{CertificateRequest, Environment, Fault};
use crate::said;

/// What the command gave: its standard output, or where there is no certificate in it the file that
/// `ssh-keygen -s` and others write beside the public key's.
///
/// `{public_key}` in a word stands for the line `public`, `{public_key_file}` for a file that holds
/// it, and so does standard input. The command has the environment and folder of this process, but for the
/// variables that hold keys, and no shell reads it.
pub(super) async fn run(
    request: &CertificateRequest,
    public: &str,
    environment: &Environment,
) -> Result<Vec<u8>, Fault> {
    let folder = folder().map_err(Fault::NoFolder)?;
    let file = folder.path().join(PUBLIC_FILE);
    fs::write(&file, public).map_err(Fault::NoFolder)?;
    let filled = |word: &str| {
        let word = word.replace("{public_key_file}", &file.to_string_lossy());
        word.replace("{public_key}", public.trim_end())
    };
    let mut command = Command::new(request.program());
    environment.hidden().keep_from(command.as_std_mut());
    let child = command
        .args(request.arguments().map(filled))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Fault::CannotRun)?;
    let output = timeout(PATIENCE, exchange(child, public)).await;
    let given = output.map_err(|_| Fault::Late(PATIENCE))??;
    if super::find(&given).is_some() {
        return Ok(given);
    }
    beside(&file).map(|beside| beside.unwrap_or(given))
}

/// Gives it the key, and returns its standard output if it succeeds.
async fn exchange(mut child: Child, public: &str) -> Result<Vec<u8>, Fault> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // Many commands do not read it.
            let _ = stdin.write_all(public.as_bytes()).await;
        }
    };
    let ((), stdout, stderr) = tokio::join!(
        give,
        read(stdout, MAX_CERTIFICATE + 1),
        read(stderr, MAX_SAID)
    );
    let status = child.wait().await.map_err(Fault::CannotRun)?;
    let stdout = stdout.map_err(Fault::Unreadable)?;
    if !status.success() {
        return Err(Fault::Failed {
            status: status.to_string(),
            said: said::line(&stderr.unwrap_or_default()),
        });
    }
    if stdout.len() > MAX_CERTIFICATE {
        return Err(Fault::TooMuch(MAX_CERTIFICATE));
    }
    Ok(stdout)
}

/// The first `limit` bytes; the rest is read too, so that the command is not held up.
async fn read(pipe: Option<impl AsyncRead + Unpin>, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        (&mut pipe).take(limit).read_to_end(&mut bytes).await?;
        copy(&mut pipe, &mut sink()).await?;
    }
    Ok(bytes)
}

/// The certificate file beside the public key's, if there is one.
fn beside(file: &Path) -> Result<Option<Vec<u8>>, Fault> {
    let file = file.with_file_name(CERTIFICATE_FILE);
    match fs::symlink_metadata(&file) {
        Ok(found) if found.is_file() && found.len() <= MAX_FILE => {
            fs::read(&file).map(Some).map_err(Fault::Unreadable)
        }
        Ok(found) if found.is_file() => Err(Fault::TooMuch(MAX_CERTIFICATE)),
        Ok(_) | Err(_) => Ok(None),
    }
}

fn folder() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("keystay-certificate-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
}

/// What `ssh-keygen -s` makes of the one is the other.
const PUBLIC_FILE: &str = "key.pub";
const CERTIFICATE_FILE: &str = "key-cert.pub";
/// The longest output that is taken, in bytes: a certificate with many principals and options is a
/// tenth of it.
const MAX_CERTIFICATE: usize = 64 * 1024;
const MAX_FILE: u64 = 64 * 1024;
/// What is kept of the command's messages, in bytes.
const MAX_SAID: usize = 8 * 1024;
/// Long enough for a person to log in at an authority, below what a client waits for its agent.
const PATIENCE: Duration = Duration::from_mins(2);
