//! What a domain with read models may get wrong.

use intent_runtime::{Domain, error::DomainMistake, prelude::*};

use super::domain::*;

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
fn the_aggregates_of_a_read_model_are_of_the_domain() {
    let error = Domain::new().read_model::<Branch>().check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the read model `branches` hears events of Account, which is not in the domain: add `.aggregate::<Account>()`"
    );
}
