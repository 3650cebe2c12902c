//! What a private agent tells its parent, and how it learns that the parent is gone, however that ended.

use std::{
    fs::File,
    io::{self, Stdout, Write as _},
    thread,
    time::Duration,
};

use keystay_proto::control::Started;
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::{FileType, fstat},
    io::{read, retry_on_intr},
};
use tokio::sync::oneshot;

use crate::{
    engine::Engines,
    harden::{self, Reach},
};

/// Tells the parent how the start went. A parent that is gone is noticed by [`watch`].
pub(crate) fn announce(started: &Started) {
    if let Ok(mut line) = serde_json::to_vec(started) {
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
    }
}

/// Waits until the parent asks for keys: with one byte, where standard output is a socket. A pipe carries
/// none, and its reader is not waited for.
///
/// # Errors
///
/// Also when the parent is gone.
pub(crate) fn wait_for_parent(stdout: &Stdout) -> io::Result<()> {
    if !FileType::from_raw_mode(fstat(stdout)?.st_mode).is_socket() {
        return Ok(());
    }
    match retry_on_intr(|| read(stdout, &mut [0; 1]))? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// Watches the pipe or socket behind standard output, whose other end only the parent holds. The receiver
/// resolves when the parent has closed it or is gone.
///
/// A thread of its own watches, terminates the engine that a killed parent leaves behind, and ends
/// the process after a grace period: a runtime that hangs cannot keep a build running, nor an agent
/// alive, that nobody owns.
pub(crate) fn watch(stdout: Stdout, engines: Engines) -> io::Result<oneshot::Receiver<()>> {
    let (gone, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("lifeline".to_owned())
        .spawn(move || {
            harden::confine_thread(&Reach::nothing());
            wait_until_closed(&stdout);
            engines.terminate_all();
            leave_stderr();
            // The daemon may have ended by itself meanwhile.
            let _ = gone.send(());
            thread::sleep(GRACE);
            std::process::abort();
        })?;
    Ok(receiver)
}

/// Lets go of standard error: whoever started the parent has its end of it back, or waits for that.
fn leave_stderr() {
    if let Ok(nowhere) = File::options().write(true).open("/dev/null") {
        // What stays connected goes with the process.
        let _ = rustix::stdio::dup2_stderr(nowhere);
    }
}

fn wait_until_closed(stdout: &Stdout) {
    loop {
        let mut pipe = [PollFd::new(stdout, PollFlags::empty())];
        match poll(&mut pipe, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        let [pipe] = pipe;
        if pipe
            .revents()
            .intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
        {
            return;
        }
    }
}

/// How long an orderly end may take once the parent is gone.
const GRACE: Duration = Duration::from_secs(1);
