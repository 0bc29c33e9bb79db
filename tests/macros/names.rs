//! Events by paths, raw identifiers, several aggregates with one event, items within functions.

use intent_runtime::prelude::*;

mod events {
    use intent_runtime::prelude::*;

    #[event]
    pub struct Shipped {
        pub to: String,
    }

    #[event]
    pub struct Lost;
}

#[derive(Aggregate, Debug, PartialEq)]
#[aggregate(created_by(events::Shipped), events(events::Lost))]
struct Parcel {
    #[id]
    r#type: Id<Parcel>,
    #[on(events::Shipped = |e| e.to.clone())]
    r#in: String,
    #[on(Lost = true)]
    lost: bool,
}

#[derive(Aggregate, Debug, PartialEq)]
#[aggregate(created_by(events::Shipped))]
struct Letter {
    #[id]
    id: Id<Letter>,
}

#[test]
fn events_may_stand_in_other_modules_and_belong_to_several_aggregates() {
    let shipped = events::Shipped { to: "Rome".into() };
    let history = [shipped.clone().into(), events::Lost.into()];
    let parcel = Parcel::rehydrate(Id::from_name("1"), history)
        .unwrap()
        .unwrap();
    assert_eq!((parcel.r#in.as_str(), parcel.lost), ("Rome", true));
    let letter = Letter::rehydrate(Id::from_name("1"), [shipped.into()]).unwrap();
    assert_eq!(letter.unwrap().id, Id::from_name("1"));
}

#[test]
fn a_whole_domain_may_stand_in_a_function() {
    #[event]
    struct Began {
        r#type: u8,
    }

    #[derive(Aggregate)]
    #[aggregate(created_by(Began))]
    struct Local {
        #[id]
        id: Id<Local>,
        #[on(Began = |e| e.r#type)]
        kind: u8,
    }

    #[commands]
    impl Local {
        #[create]
        fn begin(r#type: u8) -> Began {
            Began { r#type }
        }
    }

    let begin = Begin {
        id: Id::from_name("1"),
        r#type: 3,
    };
    assert_eq!(serde_json::to_value(&begin).unwrap()["type"], 3);
    let (local, _) = Local::create(begin, &Context::new()).unwrap();
    assert_eq!((local.kind, local.id), (3, Id::from_name("1")));
}
