//! What an app with projections may get wrong.

use intent_runtime::{ConnectError, prelude::*};

use super::{
    super::domain::*,
    ledger::{List, PgLedger, SqliteLedger, fine},
};

async fn refused(app: intent_runtime::AppBuilder) -> String {
    match app.await {
        Err(ConnectError::Domain(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn projections_have_names_of_their_own() {
    let app = App::connect("memory:", Domain::of::<Account>());
    let app = app
        .projection(SqliteLedger(fine()))
        .projection(PgLedger(fine()));
    assert_eq!(
        refused(app).await,
        "two projections have the name `ledger`: give one of them another `NAME`"
    );
    let app = App::connect("memory:", Domain::of::<Account>());
    let list = List::asking(fine());
    assert_eq!(
        refused(app.projection(list.clone()).projection(list)).await,
        "the projection `list` is in the app twice: remove one `.projection(..)`"
    );
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "list", created_by(Opened), events())]
struct Listed {
    #[key]
    account: Id<Account>,
}

#[tokio::test]
async fn no_read_model_has_a_table_of_its_name() {
    let app = App::connect("memory:", Domain::of::<Account>().read_model::<Listed>());
    assert_eq!(
        refused(app.projection(List::asking(fine()))).await,
        "a projection has the name `list`, which is the table of a read model: give it another `NAME`"
    );
}

#[tokio::test]
async fn its_aggregates_are_of_the_domain() {
    let app = App::connect("memory:", Domain::new()).projection(List::asking(fine()));
    assert_eq!(
        refused(app).await,
        "the projection `list` hears events of Account, which is not in the domain: add `.aggregate::<Account>()`"
    );
}

#[tokio::test]
async fn what_is_asked_of_a_projection_that_the_app_lacks_is_refused() {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let refused = app.projection::<List>().pause().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`list` is not a projection of this app: add it with `.projection(..)`"
    );
    let id = opened(&app, "north").await;
    let receipt = pay(&app, id, 1).await;
    let refused = app.wait_for_projection::<List>(&receipt, LONG).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "`list` is not a projection of this app: add it with `.projection(..)`"
    );
}
