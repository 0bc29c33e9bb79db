//! S21: what workers write beside rows. A store without tables is excused.

use crate::{
    record::{column::Cell, cursor::Cursor, id::TenantId},
    store::{
        conformance::{
            Subject,
            fixture::new_tenant,
            worker::{BARE, LINKED, Making, TABLE, Worker, key, row},
        },
        error::StoreError,
        tables::{Key, Row},
    },
};

const TENANT: TenantId = TenantId::DEFAULT;

/// R1: links are there with the rows of the same write, and go with them.
pub(super) async fn links_go_with_the_checkpoint(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &LINKED).await else {
        return;
    };
    let links = worker.build.links().expect("the table has links");
    let keys = [key(TENANT, 1), key(TENANT, 2), key(new_tenant(), 1)];
    let link = |key: &Key, text: &str| {
        let cells = key
            .cells
            .iter()
            .cloned()
            .chain([Cell::Json(text.to_owned())]);
        Row::new(key.tenant, cells.collect())
    };
    let [one, other, of_other_tenant] = &keys;
    let put = [link(one, r#"[["a"]]"#), link(other, r#"[["b"]]"#)];
    let rows = [row(1, 1)];
    let mut flush = worker.flush(1).put(&rows);
    flush.put_links = &put;
    assert!(worker.is_written(flush).await);
    worker.lease.cursor = worker.at(1);
    let mut found = worker.tables.load(links, &keys).await.expect("loaded");
    found.sort_by_key(|row| format!("{row:?}"));
    assert_eq!(found, put, "and none of another tenant");
    assert_eq!(worker.counts(TENANT, &[1]).await, [1]);

    let put = [link(one, r#"[["a"], ["c"]]"#), link(of_other_tenant, "[]")];
    let mut flush = worker.flush(2);
    flush.put_links = &put;
    flush.gone_links = std::slice::from_ref(other);
    assert!(worker.is_written(flush).await);
    let mut found = worker.tables.load(links, &keys).await.expect("loaded");
    found.sort_by_key(|row| row.tenant != TENANT);
    assert_eq!(found, put, "one is another, and one is gone");
}

/// R1: what somebody else writes in the transaction of a checkpoint is there exactly if the checkpoint has moved.
pub(super) async fn what_is_written_beside_goes_with_the_checkpoint(store: Subject) {
    // With a table, there is a place for more.
    let with_rows = Worker::of(&store, &TABLE).await;
    let (Some(_), Some(mut worker)) = (with_rows, Worker::of(&store, &BARE).await) else {
        return;
    };
    if worker.tables.database().is_none() {
        let mut making = Making::new(true);
        let refused = worker.tables.flush_beside(worker.flush(1), &mut making);
        let refused = refused.await;
        assert!(
            matches!(refused, Err(StoreError::NoTransactions)),
            "a store that lends no connection says so, and not {refused:?}"
        );
        return;
    }
    for commits in [false, true] {
        // It could not be made a second time.
        let mut making = Making::new(commits);
        let written = worker.tables.flush_beside(worker.flush(1), &mut making);
        let written = written.await.expect("a flush is answered");
        assert_eq!(making.asked, Some(Ok(())), "it is made");
        assert_eq!(written, commits, "it is written if the other says so");
        let at = if commits { worker.at(1) } else { Cursor::START };
        assert_eq!(worker.state().await.cursor, at);
    }
    // The checkpoint is another one by now.
    let mut making = Making::new(true);
    let written = worker.tables.flush_beside(worker.flush(2), &mut making);
    assert!(!written.await.expect("a flush is answered"));
    assert_eq!(making.asked, None, "nothing is to be written");
    worker.lease.cursor = worker.at(1);
    let mut making = Making::new(true);
    making.drops = true;
    let written = worker.tables.flush_beside(worker.flush(2), &mut making);
    assert!(written.await.expect("a flush is answered"));
    assert_eq!(making.asked, Some(Ok(())), "what was made is there");
}
