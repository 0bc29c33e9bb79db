//! Rows that are beside an older copy of the log.

use intent_runtime::{Severity, WaitError};

use super::{by_hand::Database, domain::*, fixture::failing};

#[tokio::test]
async fn rows_of_another_log_are_told_and_rebuilt() {
    for database in Database::all().await {
        let app = database.app(domain()).await;
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        // The copy of the log.
        database
            .run(match database.is_postgres() {
                true => "CREATE TABLE old AS SELECT * FROM intent.events",
                false => "CREATE TABLE old AS SELECT * FROM intent_events",
            })
            .await;
        pay(&app, id, 7).await;
        pay(&app, id, 9).await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
        app.close().await.unwrap();
        database
            .run(match database.is_postgres() {
                true => "DELETE FROM intent.events WHERE event_id NOT IN (SELECT event_id FROM old); \
                         SELECT setval('intent.events_position_seq', (SELECT max(position) FROM old)); DROP TABLE old",
                false => "DROP TRIGGER intent_events_never_vanish; \
                     DELETE FROM intent_events WHERE event_id NOT IN (SELECT event_id FROM old); DROP TABLE old; \
                     CREATE TRIGGER intent_events_never_vanish BEFORE DELETE ON intent_events \
                     BEGIN SELECT raise(ABORT, 'intent_events is append-only'); END",
            })
            .await;

        for goes_on in [false, true] {
            let app = database.app(domain()).await;
            if goes_on {
                // Other events are where those were that the rows are made of.
                pay(&app, id, 1).await;
                pay(&app, id, 1).await;
            }
            let found = app.check().await.unwrap();
            let other = |model: &str| {
                found.iter().any(|it| {
                    it.model.as_deref() == Some(model)
                        && it.severity == Severity::Stops
                        && it.what.contains("are made of another log")
                        && it.mended_by.contains("App::rebuild")
                })
            };
            assert!(other("balance"), "{found:?}");
            let models = app.models().await.unwrap();
            if !goes_on {
                assert_eq!(models[0].builds[0].lag, None, "{}", models[0]);
            }
            let workers = app.start().await.unwrap();
            let reason = failing(&workers).await;
            assert!(
                reason.contains("another log") && reason.contains("rebuild"),
                "{reason}"
            );
            if goes_on {
                app.rebuild::<Balance>().await.unwrap();
                app.rebuild::<Branch>().await.unwrap();
                app.rebuild::<Received>().await.unwrap();
                while let Err(error) = app.settled(LONG).await {
                    assert!(matches!(error, WaitError::Failing { .. }), "{error:?}");
                }
                let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
                assert_eq!((row.cents, row.payments), (7, 3));
                let found = app.check().await.unwrap();
                assert!(
                    found.iter().all(|it| it.severity == Severity::Hint),
                    "{found:?}"
                );
            }
            workers.stop(LONG).await.unwrap();
            app.close().await.unwrap();
        }
    }
}
