//! What is in a row comes back as it was, on every store.

use std::time::Duration;

use intent_runtime::{
    Position,
    prelude::*,
    read_model::{Cell, Column, ColumnKind},
    store::tables::{Build, Claim, Flush, Key, Publish, Published, Row, Select, Table},
};
use intent_tests::postgres::TempDatabase;
use uuid::Uuid;

use super::domain::LONG;

const COLUMNS: &[Column] = &[
    Column::new("key", ColumnKind::Text).key(),
    Column::new("part", ColumnKind::Integer).key(),
    Column::new("yes", ColumnKind::Bool),
    Column::new("number", ColumnKind::Integer),
    Column::new("ratio", ColumnKind::Float).indexed(),
    Column::new("text", ColumnKind::Text),
    Column::new("id", ColumnKind::Id),
    Column::new("time", ColumnKind::Time),
    Column::new("json", ColumnKind::Json),
    Column::new("select", ColumnKind::Text).nullable(true),
    Column::new("maybe", ColumnKind::Time).nullable(true),
];

static TABLE: Table = Table::new("kinds", 1, COLUMNS);

fn rows() -> Vec<Row> {
    let [low, high] = [Timestamp::MIN, Timestamp::MAX];
    let row = |key: &str, part, yes, number, ratio, text: &str, time, json: &str, select, maybe| {
        let text_cell = |text: &str| Cell::Text(text.to_owned());
        let cells = vec![
            text_cell(key),
            Cell::Integer(part),
            Cell::Bool(yes),
            Cell::Integer(number),
            Cell::Float(ratio),
            text_cell(text),
            Cell::Id(Uuid::from_u128(number.unsigned_abs().into())),
            Cell::Time(time),
            Cell::Json(json.to_owned()),
            select,
            maybe,
        ];
        Row::new(TenantId::DEFAULT, cells)
    };
    let some = Cell::Text("'; DROP TABLE kinds; --".to_owned());
    vec![
        row(
            "a",
            1,
            true,
            i64::MAX,
            0.1 + 0.2,
            "\"é\\\u{10ffff}\n",
            high,
            r#"{"a":[1.5,null,"\\u0000"]}"#,
            some,
            Cell::Time(low),
        ),
        row(
            "a",
            2,
            false,
            i64::MIN,
            f64::MIN_POSITIVE,
            "",
            low,
            "null",
            Cell::Null,
            Cell::Null,
        ),
        row(
            "ä",
            1,
            true,
            0,
            -f64::MAX,
            " ",
            Timestamp::now(),
            "\"x\"",
            Cell::Text(String::new()),
            Cell::Null,
        ),
        row(
            "B",
            1,
            true,
            -1,
            1.0 / 3.0,
            "NULL",
            high,
            "7",
            Cell::Null,
            Cell::Time(high),
        ),
    ]
}

/// JSON is compared as JSON: `jsonb` has spaces of its own.
fn comparable(mut cells: Vec<Cell>) -> Vec<Cell> {
    for cell in &mut cells {
        if let Cell::Json(text) = cell {
            let json: serde_json::Value = serde_json::from_str(text).unwrap();
            *text = json.to_string();
        }
    }
    cells
}

async fn comes_back(app: &App) {
    let store = app.store();
    let tables = store.tables().unwrap();
    tables.enlist(&TABLE).await.unwrap();
    let (owner, build) = (Uuid::from_u128(1), Build::new(&TABLE, 1));
    let worker = build.worker();
    tables.hear(&worker, "names", None).await.unwrap();
    let workers = [worker.clone()];
    let claim = async || {
        let claimed = tables.claim(Claim::new(&workers, owner, LONG)).await;
        claimed.unwrap().pop().unwrap().1
    };
    let lease = claim().await;
    assert!(tables.begin(build, lease, owner).await.unwrap());
    let cursor = Cursor::after(store.store_id(), Position::new(1));
    let rows = rows();
    let lasts = Duration::from_secs(10);
    let mut flush = Flush::new(&worker, build, lease, owner, lasts, cursor);
    flush.heard = Some("names");
    assert!(tables.flush(flush.put(&rows)).await.unwrap());
    let lease = claim().await;
    let publish = Publish::new(build, lease, owner, cursor);
    assert_eq!(tables.publish(publish).await.unwrap(), Published::Done);
    for row in &rows {
        let key = Key::new(row.tenant, row.cells[..2].to_vec());
        let found = tables.load(build, &[key]).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|row| comparable(row.cells)).collect();
        assert_eq!(found, [comparable(row.cells.clone())]);
        // The same, found by each of its values.
        let by = [
            (3, "where \"number\" = $1"),
            (4, "where ratio = $1"),
            (5, "where \"text\" = $1"),
            (6, "where id = $1"),
        ];
        for (index, tail) in by {
            let parameters = [row.cells[index].clone()];
            let select = Select::new(&TABLE, TenantId::DEFAULT, tail, &parameters);
            let found = tables.select(select).await.unwrap();
            let found: Vec<_> = found.into_iter().map(comparable).collect();
            assert_eq!(found, [comparable(row.cells.clone())], "{tail}");
        }
        let parameters = [row.cells[7].clone(), row.cells[2].clone()];
        let tail = "where \"time\" >= $1 and yes = $2 order by \"time\", \"key\" limit 1";
        let found = tables
            .select(Select::new(&TABLE, TenantId::DEFAULT, tail, &parameters))
            .await;
        assert_eq!(found.unwrap()[0][7], row.cells[7]);
    }
}

#[tokio::test]
async fn in_memory() {
    comes_back(&App::connect("memory:", Domain::new()).await.unwrap()).await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    comes_back(&App::connect(&url, Domain::new()).await.unwrap()).await;
}

/// Whatever the sessions of the database would make of times and floats.
#[tokio::test]
async fn on_postgres() {
    let database = TempDatabase::new().await;
    let mut connection = database.connect().await.unwrap();
    for setting in [
        "TimeZone = 'Asia/Kathmandu'",
        "extra_float_digits = -9",
        "DateStyle = 'German'",
    ] {
        let sql = format!("ALTER DATABASE {} SET {setting}", database.name());
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    comes_back(&App::connect(&database.url(), Domain::new()).await.unwrap()).await;
}
