//! The way to a server, for a test to cut.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

use super::Server;

/// A proxy on a port of its own in front of a server.
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    connections: Mutex<Vec<JoinHandle<()>>>,
    /// The tag that a reply must have to be swallowed.
    armed: Mutex<Option<String>>,
    accepted: AtomicUsize,
    cut: AtomicUsize,
    swallowed: AtomicUsize,
}

impl Proxy {
    /// Opens a port in front of a server.
    pub async fn start(target: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port of loopback is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(accept(
            listener,
            target.host().to_owned(),
            Arc::clone(&state),
        ));
        Self {
            server: target.through(port),
            state,
            accepting,
        }
    }

    /// The server's address through the proxy.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The superuser's URL of a database through the proxy.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// Closes every connection that is open, towards both sides, and returns when they are closed. New ones are let through.
    pub async fn cut(&self) {
        let open = std::mem::take(&mut *self.state.connections.lock().expect("not poisoned"));
        for connection in open {
            connection.abort();
            if connection.await.is_err_and(|it| it.is_cancelled()) {
                self.state.cut.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Swallows the next reply that tells of a statement's success: the server has done it, its answer is lost, and the
    /// client finds its connection closed. All other replies go through.
    pub fn swallow_next_reply(&self) {
        self.swallow_next_reply_to("");
    }

    /// The same for the next statement whose command tag begins so: `COMMIT`, `INSERT`, `SELECT`.
    ///
    /// A reply is swallowed whole, with the rows before its tag, and only after the server was ready for the next one:
    /// a statement in autocommit is committed by then.
    pub fn swallow_next_reply_to(&self, tag: &str) {
        *self.state.armed.lock().expect("not poisoned") = Some(tag.to_owned());
    }

    /// How many connections there were, closed ones included.
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// How many connections `cut` closed.
    pub fn cuts(&self) -> usize {
        self.state.cut.load(Ordering::SeqCst)
    }

    /// How many replies were swallowed.
    pub fn swallowed(&self) -> usize {
        self.state.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        for connection in self.state.connections.lock().expect("not poisoned").iter() {
            connection.abort();
        }
    }
}

async fn accept(listener: TcpListener, target: String, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        state.accepted.fetch_add(1, Ordering::SeqCst);
        let mut connections = state.connections.lock().expect("not poisoned");
        connections.retain(|it| !it.is_finished());
        let (target, state) = (target.clone(), Arc::clone(&state));
        connections.push(tokio::spawn(async move {
            // An end of either side is an end of both, whatever it was.
            let _ = carry(client, &target, &state).await;
        }));
    }
}

async fn carry(mut client: TcpStream, target: &str, state: &State) -> io::Result<()> {
    let startup = startup(&mut client).await?;
    let mut server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    server.write_all(&startup).await?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    tokio::select! {
        requests = tokio::io::copy(&mut from_client, &mut to_server) => requests.map(drop),
        replies = replies(from_server, to_client, state) => replies,
    }
}

/// The client's first message, after its wishes for encryption were denied: encrypted replies could not be told apart.
async fn startup(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    const TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();
    const GSS: [u8; 4] = 80_877_104_u32.to_be_bytes();
    loop {
        let mut message = client.read_u32().await?.to_be_bytes().to_vec();
        message.resize(length(&message)?, 0);
        client.read_exact(&mut message[4..]).await?;
        if message[4..] != TLS && message[4..] != GSS {
            return Ok(message);
        }
        client.write_all(b"N").await?;
    }
}

/// The length that a message begins with, which counts itself.
fn length(bytes: &[u8]) -> io::Result<usize> {
    let length = bytes.first_chunk().map(|it| u32::from_be_bytes(*it));
    let length = length
        .and_then(|it| usize::try_from(it).ok())
        .filter(|it| *it >= 4);
    length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a message of Postgres"))
}

/// Carries the replies; returns, so that the connection is closed, when one was swallowed.
async fn replies(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    state: &State,
) -> io::Result<()> {
    let mut read = Vec::with_capacity(1 << 16);
    // The reply up to here, while it may have to be swallowed.
    let mut held = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    while server.read_buf(&mut read).await? > 0 {
        let mut rest = read.as_slice();
        while let Some((&kind, bytes)) = rest.split_first()
            && bytes.len() >= 4
            && bytes.len() >= length(bytes)?
        {
            let (message, after) = rest.split_at(1 + length(bytes)?);
            rest = after;
            if kind == COMMAND_COMPLETE {
                tags.push(String::from_utf8_lossy(&message[5..]).into_owned());
            }
            if kind == READY && state.swallows(&tags) {
                return Ok(());
            }
            held.extend_from_slice(message);
            if kind == READY {
                tags.clear();
            }
            // Some messages ask the client for something, and it would wait for them for ever.
            if kind == READY || !state.is_armed() || !PARTS_OF_A_REPLY.contains(&kind) {
                client.write_all(&held).await?;
                held.clear();
            }
        }
        let done = read.len() - rest.len();
        read.drain(..done);
    }
    Ok(())
}

const COMMAND_COMPLETE: u8 = b'C';
const READY: u8 = b'Z';
/// Parse, bind and close complete, descriptions, rows, tags: what comes before the server is ready again, as long as the
/// client ends what it sends with a Sync, as sqlx does.
const PARTS_OF_A_REPLY: &[u8] = b"123tnTDCIs";

impl State {
    fn is_armed(&self) -> bool {
        self.armed.lock().expect("not poisoned").is_some()
    }

    /// Whether a reply with these tags is the one to swallow: then no other is.
    fn swallows(&self, tags: &[String]) -> bool {
        let mut armed = self.armed.lock().expect("not poisoned");
        let swallows = armed
            .as_ref()
            .is_some_and(|prefix| tags.iter().any(|tag| tag.starts_with(prefix)));
        if swallows {
            *armed = None;
            self.swallowed.fetch_add(1, Ordering::SeqCst);
        }
        swallows
    }
}
