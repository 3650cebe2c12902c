//! The agent's end.

use std::{collections::HashMap, future::pending, io};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    select,
    sync::{mpsc, oneshot},
};
use tracing::warn;

use super::{Answer, Asking, Question, Waiting, line};

impl Asking {
    /// Carries questions there and answers back; it does not return. Once the process is gone, nobody is
    /// asked and nothing is allowed.
    pub(crate) async fn carry(self) {
        let Self {
            mut process,
            socket,
            asked,
        } = self;
        if let Err(error) = converse(socket, asked).await {
            warn!(%error, "nobody can be asked any more: what a person must confirm is refused");
        }
        let _ = process.wait().await;
        pending::<()>().await;
    }
}

async fn converse(mut socket: UnixStream, mut asked: mpsc::Receiver<Waiting>) -> io::Result<()> {
    let (read, mut write) = socket.split();
    let mut answers = BufReader::new(read).lines();
    let mut waiting: HashMap<u64, oneshot::Sender<bool>> = HashMap::new();
    let mut ids = 0..;
    loop {
        select! {
            question = asked.recv() => {
                let (Some(Waiting { text, answer }), Some(id)) = (question, ids.next()) else {
                    return Ok(());
                };
                waiting.insert(id, answer);
                write.write_all(&line(&Question { id, text })?).await?;
            }
            line = answers.next_line() => {
                let line = line?.ok_or(io::ErrorKind::UnexpectedEof)?;
                let Answer { id, yes } = serde_json::from_str(&line)?;
                if let Some(who) = waiting.remove(&id) {
                    // Who asked may be gone.
                    let _ = who.send(yes);
                }
            }
        }
    }
}
