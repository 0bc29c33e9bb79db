//! Rows in pages, on every store.

use intent_runtime::{prelude::*, read_model::List};
use uuid::Uuid;

use super::{domain::*, fixture::on_every_store};

/// The ids of the rows of all pages, each of which follows the one before.
async fn pages(list: impl Fn() -> List<Balance>) -> Vec<Balance> {
    let mut all: Vec<Balance> = Vec::new();
    loop {
        let page = match all.last() {
            Some(last) => list().after(last).limit(3).await.unwrap(),
            None => list().limit(3).await.unwrap(),
        };
        assert!(page.len() <= 3);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test]
async fn pages_have_each_row_once_and_in_order() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let mut ids = Vec::new();
        for (index, branch) in ["north", "Zoo", "äst", "", "north", "a", "B", "north"]
            .iter()
            .enumerate()
        {
            let id = opened(&app, branch).await;
            ids.push(id);
            // Every third account has no payment, so its `last` is empty.
            if index % 3 != 0 {
                pay(&app, id, i64::try_from(index).unwrap() % 4 - 1).await;
            }
        }
        let other = app.tenant(TenantId::from_uuid(Uuid::from_u128(7)));
        opened(&other, "north").await;
        app.settled(LONG).await.unwrap();

        let rows = app.read::<Balance>();
        let mut all = rows.query("", ()).await.unwrap();
        assert_eq!(all.len(), 8);
        let key = |row: &Balance| row.account.as_uuid();
        // The order as Rust has it, with what is empty as the largest.
        all.sort_by_key(key);
        assert_eq!(pages(|| rows.list()).await, all);
        all.sort_by_key(|row| (row.branch.clone(), key(row)));
        assert_eq!(pages(|| rows.list().order_by("branch")).await, all);
        all.reverse();
        assert_eq!(
            pages(|| rows.list().order_by("branch").descending()).await,
            all
        );
        all.sort_by_key(|row| (row.cents, key(row)));
        assert_eq!(pages(|| rows.list().order_by("cents")).await, all);
        all.sort_by_key(|row| (row.last.is_none(), row.last, key(row)));
        assert_eq!(pages(|| rows.list().order_by("last")).await, all);
        all.reverse();
        assert_eq!(
            pages(|| rows.list().order_by("last").descending()).await,
            all
        );
        all.sort_by_key(|row| std::cmp::Reverse(key(row)));
        assert_eq!(
            pages(|| rows.list().order_by("account").descending()).await,
            all
        );

        // Filters are all met.
        let north = || rows.list().filter("branch", "north");
        all.sort_by_key(key);
        all.retain(|row| row.branch == "north");
        assert_eq!(pages(north).await, all);
        assert_eq!(all.len(), 3);
        all.retain(|row| row.last.is_none());
        let empty = || north().filter("last", None::<Timestamp>);
        assert_eq!(pages(empty).await, all);
        assert_eq!(all.len(), 1);
        assert_eq!(north().filter("account", ids[0]).await.unwrap(), all);
        assert_eq!(north().filter("cents", 17).await.unwrap(), []);
        assert_eq!(rows.list().limit(0).await.unwrap(), []);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_column_that_is_none_is_told_before_anything_is_read() {
    let app = App::connect("memory:", domain()).await.unwrap();
    let list = || app.read::<Balance>().list();
    let told = async |list: List<Balance>| list.await.unwrap_err().to_string();
    assert_eq!(
        told(list().order_by("cent").descending().filter("x", 1)).await,
        "`balance` has no column `cent`: did you mean `cents`?"
    );
    assert_eq!(
        told(list().filter("tenant_id", "x")).await,
        "`balance` has no column `tenant_id`"
    );
    assert_eq!(
        told(list().order_by("1; drop table balance --\n")).await,
        "`balance` has no column `1; drop table balance --\\n`"
    );
    assert_eq!(
        told(list().order_by("all")).await,
        "the column `all` of `balance` is not compared, since it has JSON"
    );
    assert_eq!(
        told(list().filter("cents", "5")).await,
        "the column `cents` of `balance` is not compared with a text"
    );
    assert_eq!(
        told(list().filter("branch", "a\0b")).await,
        "a value for `balance` is one that no column takes: text with a NUL"
    );
}
