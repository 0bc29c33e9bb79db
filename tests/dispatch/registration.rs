//! What an app has registered, and its errors for everything else.

use std::convert::Infallible;

use intent_runtime::{App, Decision, error::DomainMistake, prelude::*, store::MemoryStore};

use super::{
    domain::*,
    fixture::{domain, opened, registered},
};

#[tokio::test]
async fn what_the_domain_lacks_is_named() {
    let app = App::on(MemoryStore::new(), Domain::new()).await.unwrap();
    let id = Id::<Account>::new();
    let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `Deposit` of Account is not in the domain: add `.aggregate::<Account>()` where the domain is put together"
    );
    let error = app.load(id).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the aggregate Account is not in the domain: add `.aggregate::<Account>()` where the domain is put together"
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
async fn a_command_written_by_hand_is_added_beside_its_aggregate() {
    let app = registered(MemoryStore::new()).await;
    let id = opened(&app).await;
    let error = app.send(Empty { account: id }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `Empty` of Account is not in the domain: add `.command::<Empty>()` where the domain is put together"
    );
    let app = App::on(&app, domain().command::<Empty>()).await.unwrap();
    app.send(Empty { account: id }).await.unwrap();
}

#[tokio::test]
async fn an_app_shows_its_domain_in_few_words() {
    let app = registered(MemoryStore::new()).await;
    let catalogue =
        "Catalogue { Account: { events: 4, commands: 9 }, Loan: { events: 1, commands: 1 } }";
    assert_eq!(format!("{:?}", app.catalogue()), catalogue);
    assert_eq!(
        format!("{app:?}"),
        format!("App {{ store: MemoryStore {{ .. }}, catalogue: {catalogue} }}")
    );
}

#[test]
fn the_mistakes_of_a_domain_are_reported_together() {
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
    let mistaken = domain()
        .aggregate::<Account>()
        .aggregate::<other::Account>()
        .command::<Deposit>();
    let error = mistaken.check().unwrap_err();
    let [first, second, third] = error.mistakes() else {
        panic!("{error:?}")
    };
    assert_eq!(
        *first,
        DomainMistake::Twice {
            aggregate: "Account"
        }
    );
    let name = matches!(
        second,
        DomainMistake::AggregateName {
            name: "Account",
            ..
        }
    );
    assert!(name, "{second:?}");
    assert_eq!(
        *third,
        DomainMistake::CommandName {
            aggregate: "Account",
            name: "Deposit"
        }
    );
    assert_eq!(
        error.to_string(),
        format!("the domain has 3 mistakes:\n- {first}\n- {second}\n- {third}")
    );
}
