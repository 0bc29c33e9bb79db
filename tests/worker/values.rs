//! Value objects as columns, on every store.

use std::slice;

use intent_runtime::{
    prelude::*,
    read_model::{Column, ColumnKind},
};

use super::{domain::*, fixture::on_every_store};

#[value]
#[derive(Eq, Hash)]
pub struct BranchCode(String);

#[value]
#[derive(Eq, Hash)]
pub struct Code(pub BranchCode);

#[value]
#[derive(Copy, Default, PartialOrd)]
pub struct Cents(i64);

#[value]
#[derive(Default)]
pub struct Holder(pub Option<String>);

#[value]
#[derive(Copy, Default, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    #[default]
    NotYetPaid,
    #[serde(rename = "it's \"paid\"")]
    Paid,
    Closed,
}

/// Values of types that are less public than they are, and values that are no columns.
mod private {
    use intent_runtime::prelude::*;

    #[value]
    #[derive(Default)]
    pub struct Outer(Inner);

    impl Outer {
        pub fn of(number: i64) -> Self {
            Self(Inner(number))
        }
    }

    #[value]
    pub struct Several(Vec<Option<Inner>>, i64);

    #[value]
    pub struct Listed(Option<Inner>);

    #[value]
    #[derive(Default)]
    pub struct Wrapping<T>(pub T);

    #[value]
    #[derive(Default)]
    struct Inner(i64);

    #[value]
    #[serde(tag = "kind")]
    pub enum Tagged {
        One,
    }
}

#[test]
fn a_value_need_not_be_a_column() {
    let _: (
        Option<private::Several>,
        Option<private::Listed>,
        Option<private::Tagged>,
    ) = (None, None, None);
}

#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "values",
    events(
        Opened by |e| (Code(BranchCode(e.branch.clone())), Standing::NotYetPaid),
        Moved by |e| (Code(BranchCode(e.to.clone())), Standing::Paid),
    ),
    access(role = "customer", own = holder),
    access(role = "branch", own = code)
)]
struct Values {
    #[key]
    code: Code,
    #[key]
    standing: Standing,
    #[index]
    #[on(Opened = Standing::Paid, Moved = Standing::Closed)]
    next: Standing,
    #[on(Opened = None, Moved = Some(Standing::Closed))]
    maybe: Option<Standing>,
    #[index]
    #[on(Opened = Cents(7), Moved = Cents(-7))]
    cents: Cents,
    #[on(Opened = private::Wrapping(1), Moved = private::Wrapping(2))]
    wrapped: private::Wrapping<u8>,
    #[on(Opened = private::Outer::of(1), Moved = private::Outer::of(2))]
    outer: private::Outer,
    #[on(Opened = |e| Holder(Some(e.branch.clone())), Moved = Holder(None))]
    holder: Holder,
}

fn values() -> Domain {
    Domain::of::<Account>()
        .roles(["customer", "branch"])
        .read_model::<Values>()
}

#[test]
fn a_value_is_kept_as_what_it_wraps_and_an_enum_by_its_names() {
    assert_eq!(
        Values::COLUMNS,
        [
            Column::new("code", ColumnKind::Text).key(),
            Column::new("standing", ColumnKind::Text).key(),
            Column::new("next", ColumnKind::Text).indexed(),
            Column::new("maybe", ColumnKind::Text).nullable(true),
            Column::new("cents", ColumnKind::Integer).indexed(),
            Column::new("wrapped", ColumnKind::Integer),
            Column::new("outer", ColumnKind::Integer),
            Column::new("holder", ColumnKind::Text).nullable(true),
        ]
    );
}

#[tokio::test]
async fn values_are_found_compared_and_ordered() {
    on_every_store(values, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let to = "north".to_owned();
        app.send(MoveTo { id, to }).await.unwrap();
        app.settled(LONG).await.unwrap();
        let rows = app.read::<Values>();
        let code = || Code(BranchCode("north".to_owned()));
        let new = Values {
            code: code(),
            standing: Standing::NotYetPaid,
            next: Standing::Paid,
            maybe: None,
            cents: Cents(7),
            wrapped: private::Wrapping(1),
            outer: private::Outer::of(1),
            holder: Holder(Some("north".to_owned())),
        };
        let paid = Values {
            code: code(),
            standing: Standing::Paid,
            next: Standing::Closed,
            maybe: Some(Standing::Closed),
            cents: Cents(-7),
            wrapped: private::Wrapping(2),
            outer: private::Outer::of(2),
            holder: Holder(None),
        };
        let found = rows.get((code(), Standing::Paid)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&paid));
        assert_eq!(
            rows.list().order_by("cents").await.unwrap(),
            [paid.clone(), new.clone()]
        );
        let found = rows.list().filter("next", Standing::Paid).await.unwrap();
        assert_eq!(found, slice::from_ref(&new));
        let found = rows.list().filter("maybe", None::<Standing>).await.unwrap();
        assert_eq!(found, slice::from_ref(&new));
        let found = rows
            .query(
                "where standing = $1 and cents < $2",
                (Standing::Paid, Cents(0)),
            )
            .await;
        assert_eq!(found.unwrap(), slice::from_ref(&paid));
        let found = rows.query("where standing = 'not-yet-paid'", ()).await;
        assert_eq!(found.unwrap(), slice::from_ref(&new));

        let of = async |role: &str| {
            let actor = app.acting(Actor::new("north").role(role));
            actor
                .read::<Values>()
                .list()
                .order_by("cents")
                .await
                .unwrap()
        };
        assert_eq!(of("customer").await, slice::from_ref(&new));
        assert_eq!(of("branch").await, [paid, new]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
