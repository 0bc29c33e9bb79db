//! A connection to a server that a test can cut, or change statements on.

use std::{
    io,
    pin::pin,
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
    sync::watch,
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

type Rewrite = Arc<dyn Fn(&str) -> String + Send + Sync>;

#[derive(Debug, Default)]
struct State {
    connections: Mutex<Vec<JoinHandle<()>>>,
    /// Tells those that are open to fall silent.
    silence: watch::Sender<()>,
    /// The tag that a reply must have to be swallowed.
    armed: Mutex<Option<String>>,
    accepted: AtomicUsize,
    cut: AtomicUsize,
    swallowed: AtomicUsize,
}

impl Proxy {
    /// Opens a port in front of a server.
    pub async fn start(target: &Server) -> Self {
        Self::open(target, None).await
    }

    /// The same, with the text of every statement put through a function: the server is asked what that returns. The
    /// parameters and whatever is answered go through unchanged.
    pub async fn rewriting(
        target: &Server,
        rewrite: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::open(target, Some(Arc::new(rewrite))).await
    }

    async fn open(target: &Server, rewrite: Option<Rewrite>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port of loopback is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(accept(
            listener,
            target.host().to_owned(),
            rewrite,
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

    /// Carries nothing more on the open connections and tells nobody, like a firewall that has forgotten a connection. New
    /// connections are let through.
    pub fn silence(&self) {
        self.state.silence.send_replace(());
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

async fn accept(
    listener: TcpListener,
    target: String,
    rewrite: Option<Rewrite>,
    state: Arc<State>,
) {
    while let Ok((client, _)) = listener.accept().await {
        state.accepted.fetch_add(1, Ordering::SeqCst);
        let mut connections = state.connections.lock().expect("not poisoned");
        connections.retain(|it| !it.is_finished());
        let (target, rewrite, state) = (target.clone(), rewrite.clone(), Arc::clone(&state));
        connections.push(tokio::spawn(async move {
            // An end of either side is an end of both, whatever it was.
            let _ = carry(client, &target, rewrite, &state).await;
        }));
    }
}

async fn carry(
    mut client: TcpStream,
    target: &str,
    rewrite: Option<Rewrite>,
    state: &State,
) -> io::Result<()> {
    let startup = startup(&mut client).await?;
    let mut server = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    server.write_all(&startup).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut silence = state.silence.subscribe();
    let mut requests = pin!(requests(from_client, to_server, rewrite));
    let mut replies = pin!(replies(from_server, to_client, state));
    tokio::select! {
        ended = &mut requests => ended,
        ended = &mut replies => ended,
        // Both stay open.
        Ok(()) = silence.changed() => std::future::pending().await,
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

/// The first message of some bytes, if they hold the whole of it, and what comes after it.
fn first_message(bytes: &[u8]) -> io::Result<Option<(&[u8], &[u8])>> {
    match bytes.get(1..) {
        Some(rest) if rest.len() >= 4 => Ok(bytes.split_at_checked(1 + length(rest)?)),
        _ => Ok(None),
    }
}

/// Carries the requests, their statements rewritten.
async fn requests(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    rewrite: Option<Rewrite>,
) -> io::Result<()> {
    let Some(rewrite) = rewrite else {
        return tokio::io::copy(&mut client, &mut server).await.map(drop);
    };
    let mut read = Vec::with_capacity(1 << 16);
    while client.read_buf(&mut read).await? > 0 {
        let mut rest = read.as_slice();
        while let Some((message, after)) = first_message(rest)? {
            rest = after;
            match rewritten(message, &*rewrite) {
                Some(message) => server.write_all(&message).await?,
                None => server.write_all(message).await?,
            }
        }
        let done = read.len() - rest.len();
        read.drain(..done);
    }
    Ok(())
}

const PARSE: u8 = b'P';
const QUERY: u8 = b'Q';

/// A message with another statement in it. `None` when it has none.
fn rewritten(message: &[u8], rewrite: &dyn Fn(&str) -> String) -> Option<Vec<u8>> {
    let (head, body) = message.split_at_checked(5)?;
    // The statement's name comes before its text, in a message that prepares it.
    let before = match *head.first()? {
        PARSE => body.iter().position(|byte| *byte == 0)? + 1,
        QUERY => 0,
        _ => return None,
    };
    let (name, body) = body.split_at(before);
    let text = &body[..body.iter().position(|byte| *byte == 0)?];
    let rest = &body[text.len()..];
    let text = rewrite(std::str::from_utf8(text).ok()?);
    let length = u32::try_from(4 + name.len() + text.len() + rest.len()).ok()?;
    let head = [&head[..1], &length.to_be_bytes()].concat();
    Some([&head, name, text.as_bytes(), rest].concat())
}

/// Carries the replies; returns, so that the connection is closed, when one was swallowed.
async fn replies(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    state: &State,
) -> io::Result<()> {
    let mut read = Vec::with_capacity(1 << 16);
    // The reply so far, while it may have to be swallowed.
    let mut held = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    while server.read_buf(&mut read).await? > 0 {
        let mut rest = read.as_slice();
        while let Some((message, after)) = first_message(rest)? {
            rest = after;
            let kind = message[0];
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
