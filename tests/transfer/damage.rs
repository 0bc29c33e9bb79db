//! A file that was altered is refused by line, and nothing of the page with that line is stored.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use intent_runtime::{
    MemoryStore, TenantId,
    transfer::{Export, ExportError, Import, ImportError},
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, BufReader, ReadBuf};

use super::fixture::{append, fill, log, stream};

async fn history() -> Vec<String> {
    let source = MemoryStore::new();
    fill(&source).await;
    let mut file = Vec::new();
    Export::new(&source).write(&mut file).await.unwrap();
    let text = String::from_utf8(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Imports lines, of which nothing must be stored.
async fn refusal(lines: &[String]) -> ImportError {
    refusal_of((lines.join("\n") + "\n").as_bytes()).await
}

async fn refusal_of(mut file: &[u8]) -> ImportError {
    let target = MemoryStore::new();
    let refused = Import::new(&target).read(&mut file).await;
    assert!(log(&target).await.is_empty(), "nothing is stored");
    refused.unwrap_err()
}

fn is_damaged(error: &ImportError, at: usize) -> bool {
    matches!(error, ImportError::Damaged { line } if *line == at as u64)
}

#[tokio::test]
async fn a_changed_line_is_named() {
    let lines = history().await;
    for at in 1..lines.len() {
        let mut changed = lines.clone();
        // One digit of its content, and one of its sum.
        for (from, to) in [("\":", "\" :"), ("\"}", "0\"}")] {
            changed[at] = lines[at].replacen(from, to, 1);
            assert_ne!(changed[at], lines[at]);
            let error = refusal(&changed).await;
            assert!(is_damaged(&error, at + 1), "line {}: {error:?}", at + 1);
        }
    }
}

#[tokio::test]
async fn a_line_that_is_lost_added_or_moved_is_named() {
    let lines = history().await;
    for at in 1..lines.len() - 1 {
        let mut lost = lines.clone();
        lost.remove(at);
        assert!(is_damaged(&refusal(&lost).await, at + 1), "lost");
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        assert!(is_damaged(&refusal(&twice).await, at + 2), "twice");
        let mut moved = lines.clone();
        moved.swap(at, at + 1);
        assert!(is_damaged(&refusal(&moved).await, at + 1), "moved");
    }
    let other = history().await;
    let mut mixed = lines.clone();
    mixed[4] = other[4].clone();
    assert!(is_damaged(&refusal(&mixed).await, 5), "of another history");
}

#[tokio::test]
async fn a_file_that_ends_too_soon_says_where() {
    let lines = history().await;
    for left in 1..lines.len() {
        let error = refusal(&lines[..left]).await;
        let at = left as u64;
        assert!(
            matches!(error, ImportError::Truncated { line } if line == at),
            "{error:?}"
        );
        let torn = lines[..left].join("\n") + "\n" + &lines[left][..lines[left].len() / 2];
        let error = refusal_of(torn.as_bytes()).await;
        assert!(
            matches!(error, ImportError::Truncated { line } if line == at + 1),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn another_file_is_told_apart() {
    for file in [
        &b""[..],
        b"\n",
        b"{}\n",
        b"id,name\n1,Ada\n",
        b"\xff\xfe\n",
        b"[1]",
    ] {
        let error = refusal_of(file).await;
        assert!(matches!(error, ImportError::NotAHistory), "{error:?}");
    }
    let mut lines = history().await;
    lines[0] = r#"{"intent_history":2,"compressed":true,"sum":"0123456789abcdef"}"#.into();
    let error = refusal(&lines).await;
    assert_eq!(
        error.to_string(),
        "the history has format 2, this build reads formats up to 1: import it with a newer build"
    );
}

/// Two halves of sealed files, put together and sealed once more, as a program might that has a fault.
#[tokio::test]
async fn a_line_of_another_tenant_than_the_first_line_says_is_refused() {
    let source = MemoryStore::new();
    fill(&source).await;
    let mut file = Vec::new();
    let branch = TenantId::from_name("eindhoven");
    let export = Export::new(&source).tenant(branch);
    export.write(&mut file).await.unwrap();
    let other = TenantId::from_name("delft").to_string();
    let text = String::from_utf8(file).unwrap();
    let (head, events) = text.split_once('\n').unwrap();
    let mixed = format!("{}\n{events}", head.replace(&branch.to_string(), &other));
    let error = refusal_of(sealed(&mixed).as_bytes()).await;
    assert!(
        matches!(error, ImportError::Line { line: 2, .. }),
        "{error:?}"
    );
}

/// The text with the sum that each of its lines is to have.
fn sealed(text: &str) -> String {
    let mut sum = [0; 32];
    let lines = text.lines().map(|line| {
        let (body, _) = line.rsplit_once(",\"sum\":\"").unwrap();
        sum = Sha256::new()
            .chain_update(sum)
            .chain_update(body)
            .finalize()
            .into();
        let shown = sum[..8].iter().map(|byte| format!("{byte:02x}"));
        format!("{body},\"sum\":\"{}\"}}\n", shown.collect::<String>())
    });
    lines.collect()
}

#[tokio::test]
async fn a_line_without_end_is_not_read_forever() {
    let endless = tokio::io::repeat(b'x').take(u64::from(u32::MAX));
    let target = MemoryStore::new();
    let refused = Import::new(&target)
        .read(&mut BufReader::new(endless))
        .await;
    assert!(
        matches!(refused, Err(ImportError::NotAHistory)),
        "{refused:?}"
    );
    let head = history().await[0].clone() + "\n";
    let endless = tokio::io::repeat(b'x').take(u64::from(u32::MAX));
    let endless = head.as_bytes().chain(endless);
    let refused = Import::new(&target)
        .read(&mut BufReader::new(endless))
        .await;
    assert!(is_damaged(&refused.unwrap_err(), 2));
}

/// Git on another system, or an editor, may have changed the ends of lines and added one: the content is as it was.
#[tokio::test]
async fn other_line_ends_do_no_harm() {
    let lines = history().await;
    for file in [
        lines.join("\r\n"),
        lines.join("\n"),
        lines.join("\r\n") + "\r\n\r\n\n",
    ] {
        let target = MemoryStore::new();
        let imported = Import::new(&target).read(&mut file.as_bytes()).await;
        assert_eq!(imported.unwrap().stored, 14);
    }
    let more = lines.join("\n") + "\n\n{\"events\":14}\n";
    let target = MemoryStore::new();
    let error = Import::new(&target).read(&mut more.as_bytes()).await;
    assert!(is_damaged(&error.unwrap_err(), lines.len() + 2));
}

/// Pages before the damaged one are stored whole, so that a sound copy goes on behind them.
#[tokio::test]
async fn the_pages_before_are_kept() {
    let source = MemoryStore::new();
    let account = stream(TenantId::DEFAULT, "Account", "one");
    append(&source, &account, &["1"; 2_500]).await;
    let mut file = Vec::new();
    Export::new(&source).write(&mut file).await.unwrap();
    let text = String::from_utf8(file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1_700].insert(5, 'x');
    let broken = lines.join("\n");
    let target = MemoryStore::new();
    let error = Import::new(&target).read(&mut broken.as_bytes()).await;
    assert!(is_damaged(&error.unwrap_err(), 1_701));
    assert_eq!(log(&target).await.len(), 1_000);
    let rest = Import::new(&target)
        .read(&mut text.as_bytes())
        .await
        .unwrap();
    assert_eq!((rest.stored, rest.known), (1_500, 1_000));
}

/// A stream that can neither be read nor written, like a disk that fails.
struct Failing;

impl AsyncRead for Failing {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the disk fails")))
    }
}

impl AsyncWrite for Failing {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::other("the disk fails")))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_told() {
    let source = MemoryStore::new();
    fill(&source).await;
    let error = Export::new(&source).write(&mut Failing).await.unwrap_err();
    assert!(matches!(error, ExportError::Write(_)), "{error:?}");
    let lines = history().await;
    let begun = lines[..3].join("\n") + "\n";
    let target = MemoryStore::new();
    let mut reader = BufReader::new(begun.as_bytes().chain(Failing));
    let error = Import::new(&target).read(&mut reader).await.unwrap_err();
    assert!(
        matches!(error, ImportError::Read { line: 4, .. }),
        "{error:?}"
    );
}
