//! A type whose traits come from elsewhere in the crate is as good as any other: the macros refuse only one that lacks
//! them.

mod impls;

use intent_runtime::prelude::*;
use serde::{Deserialize, Serialize};

#[event]
struct Weighed {
    grams: Grams,
    pounds: Option<Pounds>,
    tons: Vec<Tons>,
}

/// Its impls stand in another file.
#[derive(Clone, Debug, PartialEq)]
struct Grams(u32);

#[derive(Clone, Debug, PartialEq)]
struct Pounds(u32);

impls::as_number!(Pounds);

#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
struct Tons(u32);

impl Clone for Tons {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

const _: () = {
    impl PartialEq for Tons {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
};

#[test]
fn traits_may_come_from_anywhere_in_the_crate() {
    let weighed = Weighed {
        grams: Grams(1),
        pounds: Some(Pounds(2)),
        tons: vec![Tons(3)],
    };
    let json = serde_json::to_string(&weighed).unwrap();
    assert_eq!(json, r#"{"grams":1,"pounds":2,"tons":[3]}"#);
    assert_eq!(
        serde_json::from_str::<Weighed>(&json).unwrap(),
        weighed.clone()
    );
}
