//! A TCP connection over a longer distance.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Stands before a TCP server and delays what it carries, each direction by the same time, without
/// limiting how much is under way. A new connection costs a round trip before its first byte leaves,
/// as TCP's handshake does. It ends, with all connections, when dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    link: Arc<Link>,
}

impl Relay {
    /// Listens on a free port of `127.0.0.1` for connections to a server that is `one_way_delay`
    /// away. A connection is closed when the server does not accept it.
    pub fn to(server: SocketAddr, one_way_delay: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let link = Arc::new(Link {
            server,
            delay: one_way_delay,
            ended: AtomicBool::new(false),
            streams: Mutex::new(Vec::new()),
        });
        let own = Arc::clone(&link);
        thread::spawn(move || own.accept_from(&listener));
        Ok(Self { address, link })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.link.end();
        // Wakes the listener, which then sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

#[derive(Debug)]
struct Link {
    server: SocketAddr,
    delay: Duration,
    ended: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Link {
    fn accept_from(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            let link = Arc::clone(&self);
            // A connection that fails is closed by the drop of its streams.
            thread::spawn(move || drop(link.carry(&client)));
        }
    }

    /// The client's end of the handshake is two delays after its start, the server's three.
    fn carry(&self, client: &TcpStream) -> io::Result<()> {
        let begun = Instant::now();
        let up = self.delayed(self.own(client)?, begun + 2 * self.delay);
        sleep_until(begun + 3 * self.delay);
        let server = TcpStream::connect(self.server)?;
        let down = self.delayed(self.own(&server)?, begun);
        let to_client = client.try_clone()?;
        thread::spawn(move || deliver(&down, to_client));
        deliver(&up, server);
        Ok(())
    }

    /// Another handle of a stream, closed with the link.
    fn own(&self, stream: &TcpStream) -> io::Result<TcpStream> {
        stream.set_nodelay(true)?;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        streams.push(stream.try_clone()?);
        stream.try_clone()
    }

    /// What comes from a stream, each piece with the time of its arrival at the other end.
    fn delayed(&self, stream: TcpStream, earliest: Instant) -> Receiver<Piece> {
        let (sender, pieces) = sync_channel(MOST_PIECES);
        let delay = self.delay;
        thread::spawn(move || collect(stream, &sender, |now| now.max(earliest) + delay));
        pieces
    }

    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in streams.iter() {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Bytes and when they arrive; no bytes are the end of the stream.
#[derive(Debug)]
struct Piece {
    due: Instant,
    bytes: Vec<u8>,
}

fn collect(mut stream: TcpStream, pieces: &SyncSender<Piece>, due: impl Fn(Instant) -> Instant) {
    let mut buffer = vec![0; LARGEST_PIECE];
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        let due = due(Instant::now());
        if pieces.send(Piece { due, bytes }).is_err() || count == 0 {
            return;
        }
    }
}

fn deliver(pieces: &Receiver<Piece>, mut stream: TcpStream) {
    for Piece { due, bytes } in pieces {
        sleep_until(due);
        let done = if bytes.is_empty() {
            stream.shutdown(Shutdown::Write)
        } else {
            stream.write_all(&bytes)
        };
        if done.is_err() {
            break;
        }
    }
}

fn sleep_until(time: Instant) {
    thread::sleep(time.saturating_duration_since(Instant::now()));
}

const LARGEST_PIECE: usize = 64 * 1024;

/// 64 MiB under way in one direction of a connection.
const MOST_PIECES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(30);

    #[test]
    fn a_question_is_answered_after_a_round_trip() {
        let relay = Relay::to(echo(), DELAY).unwrap();
        let mut began = Instant::now();
        let mut stream = TcpStream::connect(relay.address()).unwrap();
        for trips in [2, 1, 1] {
            stream.write_all(b"ping").unwrap();
            let mut answer = [0; 4];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"ping");
            let took = began.elapsed();
            assert!(took >= trips * 2 * DELAY, "{took:?}");
            assert!(
                took < 2 * trips * 2 * DELAY + Duration::from_secs(1),
                "{took:?}"
            );
            began = Instant::now();
        }
    }

    #[test]
    fn what_is_under_way_at_once_arrives_unchanged_and_together() {
        let delay = Duration::from_millis(200);
        let relay = Relay::to(echo(), delay).unwrap();
        let mut stream = TcpStream::connect(relay.address()).unwrap();
        let sent: Vec<u8> = (0..10_000_000_u32)
            .map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)])
            .collect();
        let began = Instant::now();
        let mut writer = stream.try_clone().unwrap();
        let bytes = sent.clone();
        let written = thread::spawn(move || {
            writer.write_all(&bytes).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        written.join().unwrap();
        assert!(received == sent);
        // One piece of 64 KiB for each delay would take half a minute.
        assert!(began.elapsed() < 20 * delay, "{:?}", began.elapsed());
    }

    #[test]
    fn connections_do_not_wait_for_each_other() {
        let relay = Relay::to(echo(), DELAY).unwrap();
        let began = Instant::now();
        let open = || TcpStream::connect(relay.address()).unwrap();
        let mut streams: Vec<TcpStream> = (0..50).map(|_| open()).collect();
        for stream in &mut streams {
            stream.write_all(b"x").unwrap();
        }
        for stream in &mut streams {
            stream.read_exact(&mut [0]).unwrap();
        }
        assert!(began.elapsed() < 50 * DELAY, "{:?}", began.elapsed());
    }

    #[test]
    fn a_dropped_relay_closes_its_connections() {
        let relay = Relay::to(echo(), Duration::ZERO).unwrap();
        let mut stream = TcpStream::connect(relay.address()).unwrap();
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        drop(relay);
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }

    /// A server that sends back what it gets, until the end.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    // Its end may be abrupt.
                    let _ = io::copy(&mut &stream, &mut &stream);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        address
    }
}
