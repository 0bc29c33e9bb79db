//! What `#[derive(ReadModel)]` writes: rows from events, and cells from rows.

use intent_runtime::{
    Overflow,
    prelude::*,
    read_model::{Cell, Column, ColumnKind, Routes},
};

use super::domain::{
    Account, Closed, Deposited, Log, Moved, Noted, Opened, Withdrawn, at, first,
    loan::{self, Loan},
    only, rows,
};

/// One row per account.
///
/// For the branch's screen.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "account_balances",
    version = 2,
    created_by(Opened),
    events(Deposited, Withdrawn, Moved => Self::moved, Noted of Account => ()),
    removed_by(Closed)
)]
pub struct AccountBalance {
    #[index]
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[key]
    pub account: Id<Account>,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Deposited => |branches, e| branches.push(e.branch.clone()))]
    pub branches: Json<Vec<String>>,
    #[on(Deposited = |e| Some(e.occurred_at()))]
    pub last_deposit: Option<Timestamp>,
    #[on(Opened = |e| e.branch.clone())]
    pub city: String,
    #[on(Opened = true)]
    pub r#type: bool,
    #[on(Deposited += 1.0, Withdrawn += 1.0)]
    pub share: f64,
}

impl AccountBalance {
    fn moved(&mut self, event: &Recorded<Moved>) {
        self.city = event.to.clone();
    }
}

fn opened(log: &mut Log, account: Id<Account>) -> &mut Log {
    let (owner, branch) = ("Ada".to_owned(), "Graz".to_owned());
    log.add(account, Opened { owner, branch })
}

fn deposited(amount: i64, branch: &str) -> Deposited {
    let branch = branch.to_owned();
    Deposited { amount, branch }
}

#[test]
fn a_model_has_a_table_a_version_and_a_column_for_each_field_with_the_key_first() {
    assert_eq!(AccountBalance::TABLE, "account_balances");
    assert_eq!(AccountBalance::VERSION, 2);
    assert_eq!(
        AccountBalance::DOC,
        "One row per account.\n\nFor the branch's screen."
    );
    assert_eq!(
        AccountBalance::COLUMNS,
        [
            Column::new("account", ColumnKind::Id).key(),
            Column::new("owner", ColumnKind::Text).indexed(),
            Column::new("balance", ColumnKind::Integer),
            Column::new("branches", ColumnKind::Json),
            Column::new("last_deposit", ColumnKind::Time).nullable(true),
            Column::new("city", ColumnKind::Text),
            Column::new("type", ColumnKind::Bool),
            Column::new("share", ColumnKind::Float),
        ]
    );
}

#[test]
fn a_creating_event_begins_a_row_from_its_rules_the_key_and_defaults() {
    let (mut log, account) = (Log::default(), Id::new());
    opened(&mut log, account);
    assert_eq!(
        only::<AccountBalance>(&log),
        [
            Cell::Id(account.as_uuid()),
            Cell::Text("Ada".to_owned()),
            Cell::Integer(0),
            Cell::Json("[]".to_owned()),
            Cell::Null,
            Cell::Text("Graz".to_owned()),
            Cell::Bool(true),
            Cell::Float(0.0),
        ]
    );
}

#[test]
fn an_event_changes_the_row_by_rules_and_by_functions() {
    let (mut log, account) = (Log::default(), Id::new());
    opened(&mut log, account)
        .add(account, deposited(7, "Linz"))
        .add(account, Withdrawn { amount: 2 })
        .add(account, deposited(1, "Wien"))
        .add::<Account, _>(
            account,
            Noted {
                text: String::new(),
            },
        )
        .add(
            account,
            Moved {
                to: "Steyr".to_owned(),
            },
        );
    assert_eq!(
        only::<AccountBalance>(&log)[2..],
        [
            Cell::Integer(6),
            Cell::Json(r#"["Linz","Wien"]"#.to_owned()),
            Cell::Time(at(4)),
            Cell::Text("Steyr".to_owned()),
            Cell::Bool(true),
            Cell::Float(3.0),
        ]
    );
}

#[test]
fn with_created_by_an_event_that_finds_no_row_changes_nothing() {
    let (mut log, account) = (Log::default(), Id::new());
    log.add(account, deposited(7, "Linz")).add(
        account,
        Moved {
            to: "Steyr".to_owned(),
        },
    );
    assert!(rows::<AccountBalance>(&log).unwrap().is_empty());
    // A row that was removed is not there either, and one that begins again begins anew.
    opened(&mut log, account)
        .add(account, deposited(7, "Linz"))
        .add::<Account, _>(account, Closed)
        .add(account, deposited(9, "Linz"));
    assert!(rows::<AccountBalance>(&log).unwrap().is_empty());
    opened(&mut log, account);
    assert_eq!(only::<AccountBalance>(&log)[2], Cell::Integer(0));
    // So does one that is there.
    log.add(account, deposited(3, "Linz"));
    opened(&mut log, account);
    assert_eq!(only::<AccountBalance>(&log)[2], Cell::Integer(0));
}

#[test]
fn each_key_has_a_row_of_its_own() {
    let (mut log, one, other) = (Log::default(), Id::new(), Id::new());
    opened(&mut log, one);
    opened(&mut log, other).add(other, deposited(7, "Linz"));
    let rows = rows::<AccountBalance>(&log).unwrap();
    assert_eq!((rows[&one].balance, rows[&other].balance), (0, 7));
}

#[test]
fn past_events_are_read_as_what_they_are_now() {
    let (mut log, account) = (Log::default(), Id::new());
    opened(&mut log, account)
        .stored(
            account,
            "PaidIn",
            first(),
            r#"{"amount":5,"branch":"Linz"}"#.to_owned(),
        )
        .stored(
            account,
            "Transferred",
            first(),
            r#"{"came_in":10,"went_out":3}"#.to_owned(),
        );
    assert_eq!(only::<AccountBalance>(&log)[2], Cell::Integer(12));

    let routes = Routes::<AccountBalance>::of_model();
    let mut names: Vec<_> = routes.names().collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Closed",
            "Deposited",
            "Moved",
            "Noted",
            "Opened",
            "PaidIn",
            "Transferred",
            "Withdrawn"
        ]
        .map(|name| ("Account", name))
    );
    assert_eq!(
        format!("{routes:?}"),
        r#"{"Account": ["Opened", "Deposited", "Withdrawn", "Moved", "Noted", "Closed"]}"#
    );
}

#[test]
fn an_event_that_cannot_be_read_is_an_error_and_one_that_is_not_listed_is_passed_over() {
    let (mut log, account) = (Log::default(), Id::<Account>::new());
    log.stored(account, "Forgotten", first(), "{}".to_owned());
    assert!(rows::<AccountBalance>(&log).unwrap().is_empty());
    log.stored(account, "Deposited", first(), "{}".to_owned());
    assert!(rows::<AccountBalance>(&log).is_err());
}

/// What came in and what was noted, by branch and hour.
#[derive(ReadModel, Debug, Clone)]
#[read_model(events(
    Deposited by |e| (e.branch.clone(), hour(e.occurred_at())),
    loan::Repaid by Self::key_of_repaid,
    Noted of Account by |e| Some((e.text.clone(), hour(e.occurred_at()))),
    Noted of Loan by |e| [(e.text.clone(), 0), ("all".to_owned(), 0)],
    Opened by |e| (e.branch.clone(), 0) => (),
))]
pub struct BranchHour {
    #[key]
    pub branch: String,
    #[on(Deposited += |e| e.amount, loan::Repaid += |e| e.amount)]
    pub came_in: i64,
    #[key]
    pub hour: i32,
    #[on(Noted += 1)]
    pub notes: u64,
}

impl BranchHour {
    fn key_of_repaid(event: &Recorded<loan::Repaid>) -> Vec<(String, i32)> {
        vec![(event.branch.clone(), hour(event.occurred_at()))]
    }
}

fn hour(time: Timestamp) -> i32 {
    i32::try_from(time.as_micros() / 3_600_000_000).unwrap()
}

#[test]
fn without_created_by_an_event_of_either_aggregate_begins_a_row() {
    let (mut log, account, loan) = (Log::default(), Id::<Account>::new(), Id::<Loan>::new());
    log.add(account, deposited(7, "Linz"));
    let (amount, branch) = (5, "Linz".to_owned());
    log.add(loan, loan::Repaid { amount, branch });
    assert_eq!(BranchHour::TABLE, "branch_hour");
    assert_eq!(BranchHour::VERSION, 1);
    assert_eq!(
        only::<BranchHour>(&log),
        [
            Cell::Text("Linz".to_owned()),
            Cell::Integer(0),
            Cell::Integer(12),
            Cell::Integer(0),
        ]
    );
    opened(&mut log, account);
    let rows = rows::<BranchHour>(&log).unwrap();
    assert_eq!(rows[&("Graz".to_owned(), 0)].came_in, 0);
}

#[test]
fn an_event_of_two_aggregates_has_the_keys_of_the_one_it_is_of() {
    let (mut log, account, loan) = (Log::default(), Id::<Account>::new(), Id::<Loan>::new());
    let noted = |text: &str| Noted {
        text: text.to_owned(),
    };
    log.add(account, noted("a")).add(loan, noted("b"));
    let rows = rows::<BranchHour>(&log).unwrap();
    let notes = ["a", "b", "all"].map(|key| rows[&(key.to_owned(), 0)].notes);
    assert_eq!((rows.len(), notes), (3, [1, 1, 1]));
}

/// Two events of one name.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    created_by(loan::Granted => Self::granted),
    events(Deposited by Log::loans, Closed by |_| Vec::new()),
    removed_by(loan::Closed)
)]
pub struct OpenLoan {
    #[key]
    pub loan: Id<Loan>,
    pub account: Id<Account>,
    #[on(Closed = true)]
    pub is_account_closed: bool,
    #[on(Deposited = |e| e.version().get())]
    pub deposited_at: u64,
}

impl OpenLoan {
    fn granted(loan: Id<Loan>, event: &Recorded<loan::Granted>) -> Self {
        Self {
            loan,
            account: event.account,
            is_account_closed: false,
            deposited_at: 0,
        }
    }
}

impl Log {
    /// The loans that a deposit is for: in these tests that with the same id.
    fn loans(event: &Recorded<Deposited>) -> Option<Id<Loan>> {
        (event.amount > 0).then(|| Id::from_uuid(event.aggregate_id().as_uuid()))
    }
}

#[test]
fn a_function_begins_a_row_and_an_event_of_the_same_name_is_another_one() {
    let (mut log, loan) = (Log::default(), Id::<Loan>::new());
    let account = Id::<Account>::from_uuid(loan.as_uuid());
    log.add(loan, loan::Granted { account })
        .add::<Account, _>(account, Closed)
        .add(account, deposited(1, ""))
        .add(account, deposited(0, ""));
    let row = rows::<OpenLoan>(&log).unwrap().remove(&loan).unwrap();
    assert_eq!(row.account, account);
    assert!(!row.is_account_closed, "`by` gives no keys");
    assert_eq!(row.deposited_at, 3);
    log.add(loan, loan::Closed);
    assert!(rows::<OpenLoan>(&log).unwrap().is_empty());
}

/// Numbers of all kinds.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "small_numbers", events(Deposited, Withdrawn => Self::withdrawn))]
pub struct Small {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited += |e| e.amount as i32)]
    pub sum: i32,
    #[on(Deposited = |e| e.branch.clone())]
    pub text: String,
    pub left: u64,
}

impl Small {
    fn withdrawn(&mut self, event: &Recorded<Withdrawn>) -> Result<(), Overflow> {
        let amount = event.amount as u64;
        let left = self.left.checked_sub(amount);
        self.left = left.ok_or_else(|| Overflow::of_row::<Self>(Withdrawn::NAME, "left"))?;
        Ok(())
    }
}

#[test]
fn an_overflow_names_table_event_and_field() {
    let (mut log, account) = (Log::default(), Id::<Account>::new());
    log.add(account, deposited(i64::from(i32::MAX), ""));
    assert_eq!(only::<Small>(&log)[1], Cell::Integer(i64::from(i32::MAX)));
    log.add(account, deposited(1, ""));
    let error = rows::<Small>(&log).unwrap_err();
    let error = error.downcast::<Overflow>().unwrap();
    assert_eq!(
        (error.subject(), error.event(), error.field()),
        ("small_numbers", "Deposited", "sum")
    );
    assert_eq!(
        error.to_string(),
        "`Deposited` overflows `sum` of small_numbers"
    );
}

#[test]
fn a_function_can_say_that_it_overflows() {
    let (mut log, account) = (Log::default(), Id::<Account>::new());
    log.add(account, Withdrawn { amount: 1 });
    let error = rows::<Small>(&log).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Withdrawn` overflows `left` of small_numbers"
    );
}

#[test]
fn a_value_that_no_column_takes_names_its_column() {
    let row = Small {
        account: Id::new(),
        sum: 0,
        text: "a\0b".to_owned(),
        left: 0,
    };
    let error = row.to_cells().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the column `text` takes no text with a NUL"
    );
    let row = Small {
        text: String::new(),
        left: u64::MAX,
        ..row
    };
    let error = row.to_cells().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the column `left` takes no number above 9223372036854775807, such as 18446744073709551615"
    );
}

#[test]
fn a_row_that_somebody_changed_names_the_column() {
    let read = |cells: &[Cell]| Small::from_cells(cells.to_vec()).unwrap_err().to_string();
    let id = Cell::Id(Id::<Account>::new().as_uuid());
    let text = Cell::Text("a".to_owned());
    let numbers = [3, i64::from(i32::MAX) + 1].map(Cell::Integer);
    let [small, large] = numbers;
    assert_eq!(
        read(&[id.clone(), large, text.clone(), small.clone()]),
        "the column `sum` has 2147483648, which is no i32"
    );
    assert_eq!(
        read(&[id.clone(), small.clone(), Cell::Null, small.clone()]),
        "the column `text` has nothing in it"
    );
    assert_eq!(read(&[id, small, text]), "the column `left` has no cell");
}
