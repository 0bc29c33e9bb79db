//! The aggregate as it was.

use intent_runtime::{App, LoadError, MemoryStore, Recorded, prelude::*};

use super::{
    domain::*,
    fixture::{on_every_store, opened, registered},
};

fn day(day: u32) -> Timestamp {
    format!("2020-01-{day:02}T12:00:00Z").parse().unwrap()
}

async fn deposit_on(app: &App, id: Id<Account>, amount: i64, when: Timestamp) {
    let options = SendOptions::new().metadata(Metadata::new().timestamp(when));
    app.send_with(Deposit { id, amount }, options)
        .await
        .unwrap();
}

#[tokio::test]
async fn by_version() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for amount in 1..=4 {
            app.send(Deposit { id, amount }).await.unwrap();
        }
        for (version, balance) in [(1, 0), (2, 1), (3, 3), (4, 6), (5, 10)] {
            let account = app.load_at(id, Version::new(version)).await.unwrap();
            assert_eq!(
                (account.version().get(), account.balance),
                (version, balance)
            );
        }
        let error = app.load_at(id, Version::new(6)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Account {id} has no version 6, its last one is 5")
        );
        let error = app.load_at(id, Version::NONE).await.unwrap_err();
        assert!(matches!(error, LoadError::NotFound { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("Account {id} did not exist yet at version 0")
        );
        let never = Id::<Account>::new();
        for version in [Version::NONE, Version::FIRST] {
            let error = app.load_at(never, version).await.unwrap_err();
            assert!(matches!(error, LoadError::NotFound { .. }), "{error:?}");
            assert_eq!(error.to_string(), format!("Account {never} does not exist"));
        }
    })
    .await;
}

#[tokio::test]
async fn by_the_events_own_time_inclusive() {
    on_every_store(async |app| {
        let id = Id::new();
        let options = SendOptions::new().metadata(Metadata::new().timestamp(day(1)));
        app.send_with(
            Open {
                id,
                owner: "Ada".into(),
            },
            options,
        )
        .await
        .unwrap();
        deposit_on(&app, id, 1, day(2)).await;
        deposit_on(&app, id, 2, day(4)).await;
        for (on, balance) in [(1, 0), (2, 1), (3, 1), (4, 3), (9, 3)] {
            let account = app.load_as_of(id, AsOf::Occurred(day(on))).await.unwrap();
            assert_eq!(account.balance, balance, "on day {on}");
        }
        let before = Timestamp::from_micros(day(1).as_micros() - 1).unwrap();
        let error = app
            .load_as_of(id, AsOf::Occurred(before))
            .await
            .unwrap_err();
        assert!(matches!(error, LoadError::NotFound { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "Account {id} did not exist yet at 2020-01-01T11:59:59.999999Z by the events' own time"
            )
        );
    })
    .await;
}

#[tokio::test]
async fn the_longest_beginning_counts_where_times_go_back() {
    on_every_store(async |app| {
        let id = Id::new();
        let options = SendOptions::new().metadata(Metadata::new().timestamp(day(1)));
        app.send_with(
            Open {
                id,
                owner: "Ada".into(),
            },
            options,
        )
        .await
        .unwrap();
        deposit_on(&app, id, 1, day(5)).await;
        deposit_on(&app, id, 2, day(3)).await;
        let on = async |on| {
            app.load_as_of(id, AsOf::Occurred(day(on)))
                .await
                .unwrap()
                .balance
        };
        assert_eq!(
            on(4).await,
            0,
            "the second deposit stands behind one that is later"
        );
        assert_eq!(on(5).await, 3);
    })
    .await;
}

#[tokio::test]
async fn by_the_stores_clock() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let mut times = vec![app.history(id).await.unwrap()[0].recorded_at()];
        for amount in 1..=3 {
            let receipt = app.send(Deposit { id, amount }).await.unwrap();
            times.push(receipt.recorded_at.unwrap());
        }
        for time in &times {
            let expected = times
                .iter()
                .take_while(|recorded| *recorded <= time)
                .count();
            let account = app.load_as_of(id, AsOf::Recorded(*time)).await.unwrap();
            assert_eq!(account.version().get() as usize, expected);
        }
        let before = Timestamp::from_micros(times[0].as_micros() - 1).unwrap();
        let before = AsOf::Recorded(before);
        let error = app.load_as_of(id, before).await.unwrap_err();
        assert!(
            matches!(error, LoadError::NotFound { as_of: Some(time), .. } if time == before),
            "{error:?}"
        );
        let never = Id::<Account>::new();
        for time in [before, AsOf::Occurred(day(1))] {
            let error = app.load_as_of(never, time).await.unwrap_err();
            assert_eq!(error.to_string(), format!("Account {never} does not exist"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_audit_trail_has_every_event_in_order() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        app.send(Withdraw { id, amount: 2 }).await.unwrap();
        let history = app.history(id).await.unwrap();
        let versions: Vec<u64> = history.iter().map(|event| event.version().get()).collect();
        assert_eq!(versions, [1, 2, 3]);
        let names: Vec<&str> = history
            .iter()
            .map(|event| event.source().event_type.as_str())
            .collect();
        assert_eq!(names, ["Opened", "Deposited", "Withdrawn"]);
        assert!(history.is_sorted_by_key(intent_runtime::Recorded::position));
        let events = history.into_iter().map(|event| event.event);
        let folded = Account::rehydrate(id, events).unwrap().unwrap();
        assert_eq!(folded, *app.load(id).await.unwrap());

        let error = app.history(Id::<Account>::new()).await.unwrap_err();
        assert!(matches!(error, LoadError::NotFound { .. }), "{error:?}");
    })
    .await;
}

/// The first and the last instant of the range, and those around 1970, from which computers count.
#[tokio::test]
async fn the_ends_of_time_are_kept_exported_and_imported() {
    on_every_store(async |app| {
        let before_1970: Timestamp = "1969-12-31T23:59:59.999999Z".parse().unwrap();
        let last_day: Timestamp = "9999-12-31T00:00:00Z".parse().unwrap();
        let times = [Timestamp::MIN, before_1970, last_day, Timestamp::MAX];
        let id = Id::new();
        let owner = String::from("Ada");
        let options = SendOptions::new().metadata(Metadata::new().timestamp(times[0]));
        app.send_with(Open { id, owner }, options).await.unwrap();
        for time in &times[1..] {
            deposit_on(&app, id, 1, *time).await;
        }
        let mut file = Vec::new();
        app.export().write(&mut file).await.unwrap();
        let copy = registered(MemoryStore::new()).await;
        copy.import().read(&mut &file[..]).await.unwrap();
        for app in [&app, &copy] {
            let history = app.history(id).await.unwrap();
            let occurred: Vec<_> = history.iter().map(Recorded::occurred_at).collect();
            assert_eq!(occurred, times);
            for (version, time) in (1..).zip(times) {
                let then = app.load_as_of(id, AsOf::Occurred(time)).await.unwrap();
                assert_eq!(then.version().get(), version, "at {time}");
                let micros = time.as_micros() - 1;
                let Ok(before) = Timestamp::from_micros(micros) else {
                    continue;
                };
                let then = app.load_as_of(id, AsOf::Occurred(before)).await.unwrap();
                assert_eq!(then.version().get(), version - 1, "just before {time}");
            }
        }
    })
    .await;
}
