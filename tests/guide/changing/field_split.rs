//! A name becomes a first and a last name.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct HolderNamed {
        pub name: String,
    }
    // ANCHOR_END: before

    account!(HolderNamed);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 2, upcast(1 => in_two))]
    pub struct HolderNamed {
        pub first_name: String,
        pub last_name: String,
    }

    /// What stands behind the last space is the last name; a name of one word is one.
    fn in_two(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        let name: String = v1.take("name")?;
        let (first, last) = name.rsplit_once(' ').unwrap_or(("", &name));
        v1.set("first_name", first)?;
        v1.set("last_name", last)?;
        Ok(v1)
    }
    // ANCHOR_END: after

    account!(HolderNamed);
}

mod forgotten {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct HolderNamed {
        pub first_name: String,
        pub last_name: String,
    }

    account!(HolderNamed);
}

#[tokio::test]
async fn what_is_stored_is_taken_apart() {
    let name = "Ada King Lovelace".into();
    let old = before::HolderNamed { name };
    let (first_name, last_name) = ("Grace".into(), "Hopper".into());
    let new = after::HolderNamed {
        first_name,
        last_name,
    };
    let new = Some(new.into());
    told::<before::Account, after::Account, forgotten::Account>("field_split", old.into(), new)
        .await;
}
