//! The same tests for all three.

macro_rules! the_same_tests {
    ($($module:ident { $on:expr, $off:expr })+) => {$(
        mod $module {
            use intent_runtime::{App, DecodeError, model::AggregateEvent, prelude::*};

            use crate::$module::*;

            fn installed() -> LightEvent {
                Installed { room: "hall".into() }.into()
            }

            #[test]
            fn a_light_is_switched() {
                let id = Id::new();
                Scenario::<Light>::given(id, [])
                    .when(Install { id, room: "hall".into() })
                    .then_emits([installed()])
                    .then_state(|light| !light.on && light.room == "hall");
                Scenario::<Light>::given(id, [installed()])
                    .when(SwitchOn { id })
                    .then_emits([$on.into()])
                    .then_state(|light| light.on && light.times == 1);
                Scenario::<Light>::given(id, [installed(), $on.into()])
                    .when(SwitchOff { id })
                    .then_emits([$off.into()])
                    .then_state(|light| !light.on && light.times == 1);
            }

            #[test]
            fn a_light_that_is_on_stays_on() {
                let id = Id::new();
                Scenario::<Light>::given(id, [installed(), $on.into()])
                    .when(SwitchOn { id })
                    .then_nothing();
                Scenario::<Light>::given(id, []).when(SwitchOn { id }).then_not_found();
                Scenario::<Light>::given(id, [installed()])
                    .when(Install { id, room: "hall".into() })
                    .then_already_exists();
            }

            #[test]
            fn a_history_is_folded() {
                let id = Id::new();
                let history = [installed(), $on.into(), $off.into(), $on.into()];
                let light = Light::rehydrate(id, history).unwrap().unwrap();
                assert_eq!(light, Light { id, room: "hall".into(), on: true, times: 2 });
                assert!(Light::rehydrate(id, []).unwrap().is_none());
                let broken = Light::rehydrate(id, [installed(), installed()]).unwrap_err();
                assert_eq!(broken.to_string(), "a history of Light has the creating event `Installed` again at version 2");
                let broken = Light::rehydrate(id, [$on.into()]).unwrap_err();
                assert_eq!(broken.to_string(), "a history of Light begins at version 1 with `SwitchedOn`, which creates none");
            }

            #[test]
            fn events_are_stored_alike() {
                for (event, name, payload) in [
                    (installed(), "Installed", r#"{"room":"hall"}"#),
                    ($on.into(), "SwitchedOn", "{}"),
                ] {
                    assert_eq!((event.name(), event.schema_version()), (name, 1));
                    assert_eq!(event.encode().unwrap().get(), payload);
                    assert_eq!(LightEvent::decode(name, 1, payload.as_bytes()).unwrap().one(), Some(event));
                }
                let unknown = LightEvent::decode("Broken", 1, b"{}").unwrap_err();
                assert!(matches!(unknown, DecodeError::UnknownEvent { .. }));
                let future = LightEvent::decode("SwitchedOn", 2, b"{}").unwrap_err();
                assert!(matches!(future, DecodeError::FutureVersion { .. }));
            }

            #[tokio::test]
            async fn it_runs_in_an_app() {
                let app = App::connect("memory:", Domain::of::<Light>()).await.unwrap();
                let id = Id::new();
                app.send(Install { id, room: "hall".into() }).await.unwrap();
                for _ in 0..60 {
                    app.send(SwitchOn { id }).await.unwrap();
                    app.send(SwitchOff { id }).await.unwrap();
                }
                let light = app.load(id).await.unwrap();
                assert_eq!((light.times, light.version()), (60, Version::new(121)));
                app.snapshot(id).await.unwrap();
                assert_eq!(app.load(id).await.unwrap(), light);
                let kind = &app.catalogue().aggregates()[0];
                let names = |kinds: Vec<&'static str>| kinds.join(" ");
                assert_eq!(names(kind.events.iter().map(|kind| kind.name).collect()), "Installed SwitchedOn SwitchedOff");
                assert_eq!(names(kind.commands.iter().map(|kind| kind.name).collect()), "Install SwitchOn SwitchOff");
            }
        }
    )+};
}

the_same_tests! {
    macros { SwitchedOn, SwitchedOff }
    traits { SwitchedOn, SwitchedOff }
    by_hand { SwitchedOn {}, SwitchedOff {} }
}

/// All three store the same, as the test above shows. So it is enough to check the first against the lock.
#[test]
fn what_is_stored_stays_readable() {
    intent_runtime::lock::check!(intent_runtime::Domain::of::<crate::macros::Light>());
}
