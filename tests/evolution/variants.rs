//! Payloads with enums: which changes of a value older builds can read, and which they cannot.

use intent_runtime::{DecodeError, LoadError, prelude::*};
use intent_tests::on;

use super::stored::{append, on_every_store};

/// The value as each build knows it, in an event of the same version.
macro_rules! build {
    ($build:ident: $($variants:tt)*) => {
        mod $build {
            use intent_runtime::prelude::*;

            #[derive(Aggregate, Clone, Debug, PartialEq)]
            #[aggregate(created_by(Paid))]
            pub struct Payment {
                #[id]
                pub id: Id<Payment>,
                #[on(Paid = |e| Some(e.by.clone()))]
                pub by: Option<Means>,
            }

            #[event]
            pub struct Paid {
                pub by: Means,
            }

            #[value]
            pub enum Means {
                $($variants)*
            }
        }
    };
}

build!(older: Cash, Card);
build!(newer: Cash, Card, Cheque);
build!(detailed: Cash, Card, Transfer { #[serde(default)] from: String });
build!(lenient: Cash, Card, #[serde(other)] Other);

#[tokio::test]
async fn a_new_variant_is_read_by_those_who_know_it() {
    on_every_store(async |app| {
        let older = on::<older::Payment>(&app).await;
        let newer = on::<newer::Payment>(&app).await;
        let lenient = on::<lenient::Payment>(&app).await;

        let before = Id::<newer::Payment>::new();
        append(&app, before, &[("Paid", 1, r#"{"by":"Card"}"#)]).await;
        let known = newer.load(before).await.unwrap();
        assert_eq!(known.by, Some(newer::Means::Card), "the old stays readable");

        let since = Id::<older::Payment>::new();
        append(&app, since, &[("Paid", 1, r#"{"by":"Cheque"}"#)]).await;
        let error = older.load(since).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`Paid` in schema version 1, event 1 of Payment {since}, cannot be read")
        );
        let LoadError::Decode { source, .. } = error else {
            panic!("{error:?}")
        };
        let DecodeError::Payload(source) = *source else {
            panic!("{source:?}")
        };
        assert!(
            source.to_string().starts_with("unknown variant `Cheque`"),
            "an older build stops: {source}"
        );
        let other = lenient
            .load(Id::<lenient::Payment>::from_uuid(since.as_uuid()))
            .await
            .unwrap();
        assert_eq!(other.by, Some(lenient::Means::Other), "unless it said so");
    })
    .await;
}

#[test]
fn a_variant_with_a_new_field_needs_a_default() {
    let read = detailed::Paid::decode(1, br#"{"by":{"Transfer":{}}}"#).unwrap();
    let from = String::new();
    assert_eq!(read.by, detailed::Means::Transfer { from });
}

#[test]
fn a_variant_that_is_renamed_keeps_its_old_name_as_an_alias() {
    #[value]
    enum Means {
        #[serde(alias = "Cheque")]
        Check,
    }
    #[event(version = 2, unchanged(2))]
    struct Paid {
        by: Means,
    }
    let read = Paid::decode(1, br#"{"by":"Cheque"}"#).unwrap();
    assert_eq!(read.by, Means::Check);
    assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"by":"Check"}"#);
}

#[test]
fn a_variant_that_is_gone_goes_in_a_step() {
    fn no_cheques(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        if v1.get::<String>("by")? == "Cheque" {
            v1.set("by", older::Means::Cash)?;
        }
        Ok(v1)
    }
    #[event(version = 2, upcast(1 => no_cheques))]
    struct Paid {
        by: older::Means,
    }
    let read = |payload: &str| Paid::decode(1, payload.as_bytes()).unwrap().by;
    assert_eq!(read(r#"{"by":"Cheque"}"#), older::Means::Cash);
    assert_eq!(read(r#"{"by":"Card"}"#), older::Means::Card);
}
