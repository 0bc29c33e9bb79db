//! What a domain with read models may get wrong.

use intent_runtime::{Domain, error::DomainMistake, prelude::*};

use super::{access::owned, domain::*};

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "branches", created_by(Opened), events())]
struct Other {
    #[key]
    account: Id<Account>,
}

#[test]
fn two_read_models_do_not_share_a_table() {
    let error = domain().read_model::<Other>().check().unwrap_err();
    assert_eq!(
        error.mistakes(),
        [DomainMistake::TableName { table: "branches" }]
    );
    assert_eq!(
        error.to_string(),
        "two read models have the table `branches`: give one of them `#[read_model(table = \"…\")]`"
    );
}

#[test]
fn a_read_model_that_is_added_twice_is_told_as_that() {
    let error = domain().read_model::<Branch>().check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the read model `branches` is in the domain twice: remove one `.read_model::<…>()`"
    );
}

#[test]
fn the_aggregates_of_a_read_model_are_of_the_domain() {
    let error = Domain::new().read_model::<Branch>().check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the read model `branches` hears events of Account, which is not in the domain: add `.aggregate::<Account>()`"
    );
}

/// Paths and names that lead to the same event.
mod paths {
    pub use super::super::domain::Paid;

    pub type Received = Paid;
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(created_by(Opened), events(Paid, paths::Paid, paths::Received))]
struct Counted {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1, paths::Paid += 1, paths::Received += 1)]
    payments: i64,
}

#[test]
fn an_event_that_is_listed_twice_under_two_names_is_told_once() {
    let domain = Domain::of::<Account>().read_model::<Counted>();
    assert_eq!(
        domain.check().unwrap_err().to_string(),
        "the read model `counted` lists the event `Paid` of Account twice, under two names of its type: remove one"
    );
}

#[test]
fn an_access_rule_names_a_role_that_is_declared() {
    let roles = ["teller", "customers", "heir"];
    let domain = Domain::of::<Account>()
        .roles(roles)
        .read_model::<super::access::Owned>();
    let error = domain.check().unwrap_err();
    let said: Vec<String> = error.mistakes().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "the read model `owned` may be read by the role \"customer\", which the domain does not declare: did you mean \"customers\"?",
            "the read model `owned` may be read by the role \"device\", which the domain does not declare: add it to `.roles([..])`",
        ]
    );
    assert_eq!(owned().check(), Ok(()));
}
