//! The same work on many things, some at a time.

use tokio::task::{JoinError, JoinSet};

/// Runs `work` on every item, `tasks` at a time, and hands each result to `take` as it comes. The first error ends it.
pub async fn concurrently<T, R, E, W>(
    items: impl IntoIterator<Item = T>,
    tasks: usize,
    work: impl Fn(T) -> W,
    mut take: impl FnMut(R),
) -> Result<(), E>
where
    R: Send + 'static,
    E: From<JoinError> + Send + 'static,
    W: Future<Output = Result<R, E>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for item in items {
        if running.len() >= tasks
            && let Some(done) = running.join_next().await
        {
            take(done??);
        }
        running.spawn(work(item));
    }
    while let Some(done) = running.join_next().await {
        take(done??);
    }
    Ok(())
}
