//! Which events a filter of the log gives: pairs of an aggregate and an event, by the names of a domain.

use intent_runtime::{
    App, LogFilter, StoreError, Subscription,
    prelude::*,
    store::{EventName, LogSelection, MemoryStore},
};

mod account {
    use intent_runtime::prelude::*;

    #[derive(Aggregate, Debug)]
    #[aggregate(created_by(Opened), events(Closed, Moved), formerly("BankAccount"), split(Left => left))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(Opened = 1, Closed = 2, Moved = 3)]
        pub step: i64,
    }

    #[event]
    pub struct Opened;

    #[event(formerly("Ended"))]
    pub struct Closed;

    #[event]
    pub struct Moved;

    /// It was stored once, and is a move and a closing.
    #[event]
    pub struct Left;

    fn left(_: Left) -> (Moved, Closed) {
        (Moved, Closed)
    }

    #[commands]
    impl Account {
        #[create]
        pub fn open_account() -> Opened {
            Opened
        }

        #[handle]
        pub fn close(&self) -> Closed {
            Closed
        }

        #[handle]
        pub fn relocate(&self) -> Moved {
            Moved
        }
    }
}

mod loan {
    use intent_runtime::prelude::*;

    #[derive(Aggregate, Debug)]
    #[aggregate(created_by(Opened), events(Repaid))]
    pub struct Loan {
        #[id]
        pub id: Id<Loan>,
        #[on(Opened = 1, Repaid = 2)]
        pub step: i64,
    }

    /// Its name is that of another event of an account.
    #[event]
    pub struct Opened;

    #[event]
    pub struct Repaid;

    #[commands]
    impl Loan {
        #[create]
        pub fn lend() -> Opened {
            Opened
        }

        #[handle]
        pub fn repay(&self) -> Repaid {
            Repaid
        }
    }
}

use account::Account;
use loan::Loan;

/// A log of an account (opened, moved, closed) and a loan (opened, repaid), in this order.
async fn log() -> (App, Id<Account>) {
    let domain = Domain::new().aggregate::<Account>().aggregate::<Loan>();
    let app = App::connect("memory:", domain).await.unwrap();
    let (id, loan) = (Id::new(), Id::new());
    app.send(account::OpenAccount { id }).await.unwrap();
    app.send(account::Relocate { id }).await.unwrap();
    app.send(account::Close { id }).await.unwrap();
    app.send(loan::Lend { id: loan }).await.unwrap();
    app.send(loan::Repay { id: loan }).await.unwrap();
    (app, id)
}

/// What a reader is given up to the end of the log, as aggregate and event.
async fn read(mut log: Subscription) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let page = log.next_page().await.unwrap();
        let events = page.events.iter();
        names.extend(events.map(|event| format!("{} {}", event.aggregate_type, event.event_type)));
        if page.end {
            return names;
        }
    }
}

#[tokio::test]
async fn a_filter_names_pairs_of_aggregate_and_event() {
    let (app, id) = log().await;
    let all = LogFilter::all;
    let account = ["Account Opened", "Account Moved", "Account Closed"];
    for (filter, wanted) in [
        (all().aggregate::<Account>(), account.to_vec()),
        // The loan's event of the same name is another one.
        (all().event::<account::Opened>(), vec!["Account Opened"]),
        (all().event::<loan::Opened>(), vec!["Loan Opened"]),
        (
            all().event::<account::Opened>().event::<loan::Opened>(),
            vec!["Account Opened", "Loan Opened"],
        ),
        (
            all()
                .aggregate::<Account>()
                .aggregate::<Loan>()
                .event::<account::Closed>()
                .event::<loan::Repaid>(),
            vec!["Account Closed", "Loan Repaid"],
        ),
        (
            all()
                .event_of::<Account, account::Moved>()
                .event_of::<Loan, loan::Opened>(),
            vec!["Account Moved", "Loan Opened"],
        ),
        (
            all()
                .aggregate::<Loan>()
                .event_of::<Account, account::Moved>(),
            vec!["Account Moved", "Loan Opened", "Loan Repaid"],
        ),
        (all().id(id), account.to_vec()),
        (all().id(id).event::<loan::Opened>(), vec![]),
        // Names as text are taken as they are.
        (
            all().event_type("Opened"),
            vec!["Account Opened", "Loan Opened"],
        ),
        (
            all().aggregate_type("Loan").event_type("Opened"),
            vec!["Loan Opened"],
        ),
        (
            all().aggregate_type("Loan").event::<loan::Opened>(),
            vec!["Loan Opened"],
        ),
        (all().event_type("Unheard"), vec![]),
    ] {
        let name = format!("{filter:?}");
        assert_eq!(read(app.subscribe(filter)).await, wanted, "{name}");
    }
}

#[tokio::test]
async fn an_event_that_no_aggregate_lists_is_an_error_instead_of_silence() {
    let (app, _) = log().await;
    let all = LogFilter::all;
    for (filter, message) in [
        (
            all().event::<account::Left>(),
            "the log cannot be filtered: no aggregate of the domain lists the event `Left`",
        ),
        (
            all().aggregate::<Loan>().event::<account::Closed>(),
            "the log cannot be filtered: no aggregate that it names lists the event `Closed`, formerly `Ended`",
        ),
        (
            all().aggregate_type("Loan").event::<account::Moved>(),
            "the log cannot be filtered: no aggregate that it names lists the event `Moved`",
        ),
    ] {
        let mut log = app.subscribe(filter);
        let error = log.next().await.unwrap_err();
        assert!(matches!(error, StoreError::InvalidFilter { .. }));
        assert_eq!(error.to_string(), message);
        let again = log.next_page().await.unwrap_err();
        assert_eq!(again.to_string(), message, "and so each time");
    }
}

#[tokio::test]
async fn a_store_is_asked_for_former_names_and_for_what_is_split() {
    let (app, _) = log().await;
    let debugged = format!(
        "{:?}",
        app.subscribe(LogFilter::all().event::<account::Closed>())
    );
    let mut wanted = LogSelection::all();
    for event in ["Closed", "Ended", "Left"] {
        for aggregate in ["Account", "BankAccount"] {
            wanted = wanted.name(EventName::new(Some(aggregate), Some(event)));
        }
    }
    assert!(debugged.contains(&format!("{wanted:?}")), "{debugged}");
    // Without a domain it is the event of any aggregate.
    let selection = LogSelection::from(LogFilter::all().event::<account::Closed>());
    let any = LogSelection::all()
        .name(EventName::new(None, Some("Closed")))
        .name(EventName::new(None, Some("Ended")));
    assert_eq!(selection, any);
    let store = std::sync::Arc::new(MemoryStore::new());
    assert_eq!(
        read(Subscription::new(store, None, selection)).await,
        [""; 0]
    );
}
