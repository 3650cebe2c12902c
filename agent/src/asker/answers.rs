//! The process that asks.

use std::{
    io::{self, stdin},
    os::{fd::AsFd as _, unix::net::UnixStream},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    runtime,
    signal::unix::{SignalKind, signal},
    sync::{Mutex, Semaphore},
    task::JoinSet,
};

use super::{Answer, LONGEST_LINE, MOST, Question, line};
use crate::prompt::confirm;

/// Answers what comes on standard input, a socket, until that ends; programs that still ask end with it.
pub(crate) fn run(program: &Path) -> ExitCode {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(serve(program))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve(program: &Path) -> io::Result<()> {
    live_as_long_as_the_agent()?;
    let socket = UnixStream::from(stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    let (questions, answers) = tokio::net::UnixStream::from_std(socket)?.into_split();
    let (mut questions, answers) = (BufReader::new(questions), Arc::new(Mutex::new(answers)));
    let (program, places): (Arc<Path>, _) = (program.into(), Arc::new(Semaphore::new(MOST)));
    let mut asking = JoinSet::new();
    while let Some(Question { id, text }) = next(&mut questions).await? {
        while asking.try_join_next().is_some() {}
        let place = Arc::clone(&places).try_acquire_owned().ok();
        let (program, answers) = (Arc::clone(&program), Arc::clone(&answers));
        asking.spawn(async move {
            let yes = place.is_some() && confirm(&program, &text).await;
            // An agent that is gone needs none.
            let _ = tell(&answers, &Answer { id, yes }).await;
        });
    }
    Ok(())
}

/// Signals that are meant for the agent, from its terminal or by its program's name, change nothing here.
fn live_as_long_as_the_agent() -> io::Result<()> {
    let kinds = [
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::quit(),
        SignalKind::terminate(),
        SignalKind::user_defined1(),
    ];
    // A handler stays when its receiver is dropped.
    kinds
        .into_iter()
        .try_for_each(|kind| signal(kind).map(drop))
}

async fn next(questions: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Question>> {
    let mut line = Vec::new();
    let mut questions = questions.take(LONGEST_LINE);
    match questions.read_until(b'\n', &mut line).await? {
        0 => Ok(None),
        _ => Ok(Some(serde_json::from_slice(&line)?)),
    }
}

async fn tell(answers: &Mutex<OwnedWriteHalf>, answer: &Answer) -> io::Result<()> {
    answers.lock().await.write_all(&line(answer)?).await
}
