//! What an app knows, and what it says of the rest.

use std::convert::Infallible;

use intent_runtime::{App, Decision, RegisterError, prelude::*, store::MemoryStore};

use super::{
    domain::*,
    fixture::{opened, registered},
};

#[tokio::test]
async fn what_is_not_registered_is_named() {
    let app = App::new(MemoryStore::new());
    let id = Id::<Account>::new();
    let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `Deposit` of Account is not registered, add `.register::<Account>()?` where the app is made"
    );
    let error = app.load(id).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the aggregate Account is not registered, add `.register::<Account>()?` where the app is made"
    );
}

/// A command that no `#[commands]` block lists.
#[command]
struct Empty {
    #[id]
    account: Id<Account>,
}

impl Decide<Empty> for Account {
    type Error = Infallible;

    fn decide(state: Option<&Self>, _: Empty, _: &Context) -> Result<Decision<Self>, Infallible> {
        Ok(state.map_or(Decision::NotFound, |account| {
            let amount = account.balance;
            Decision::Events(vec![Withdrawn { amount }.into()])
        }))
    }
}

#[tokio::test]
async fn a_command_written_by_hand_is_registered_beside_its_aggregate() {
    let app = registered(App::new(MemoryStore::new()));
    let id = opened(&app).await;
    let error = app.send(Empty { account: id }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `Empty` of Account is not registered, add `.command::<Empty>()?` where the app is made"
    );
    let app = app.command::<Empty>().unwrap();
    app.send(Empty { account: id }).await.unwrap();
}

#[tokio::test]
async fn an_app_shows_what_is_registered_in_few_words() {
    let app = registered(App::new(MemoryStore::new()));
    let catalogue =
        "Catalogue { Account: { events: 4, commands: 9 }, Loan: { events: 1, commands: 1 } }";
    assert_eq!(format!("{:?}", app.catalogue()), catalogue);
    assert_eq!(
        format!("{app:?}"),
        format!("App {{ store: MemoryStore {{ .. }}, catalogue: {catalogue} }}")
    );
}

#[tokio::test]
async fn one_name_is_registered_once() {
    mod other {
        use intent_runtime::prelude::*;

        #[derive(Aggregate)]
        #[aggregate(created_by(Made), events())]
        pub struct Account {
            #[id]
            id: Id<Account>,
        }

        #[event]
        pub struct Made;
    }
    let app = || registered(App::new(MemoryStore::new()));
    let error = app().register::<Account>().unwrap_err();
    assert_eq!(
        error,
        RegisterError::Twice {
            aggregate: "Account"
        }
    );
    let error = app().register::<other::Account>().unwrap_err();
    assert!(
        matches!(
            error,
            RegisterError::AggregateName {
                name: "Account",
                ..
            }
        ),
        "{error:?}"
    );
}
