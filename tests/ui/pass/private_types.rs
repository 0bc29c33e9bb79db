//! Private types in nested modules, and a domain that is spread over several.
#![deny(warnings, missing_docs, unused)]

mod outer {
    mod events {
        use intent_runtime::prelude::*;

        #[event]
        pub(super) struct Opened {
            pub(super) size: Size,
        }

        #[event]
        pub(super) struct Grown(pub(super) u32);

        #[value]
        #[derive(Copy, Default)]
        pub(super) struct Size(pub(super) u32);
    }

    mod state {
        use super::events;
        use intent_runtime::prelude::*;

        #[derive(Aggregate, Debug)]
        #[aggregate(created_by(events::Opened), events(events::Grown, Shrunk))]
        struct Garden {
            #[id]
            id: Id<Self>,
            #[on(Opened = |e| e.size, events::Grown => |size, e| size.0 += e.0, Shrunk = events::Size(0))]
            size: events::Size,
        }

        #[event]
        struct Shrunk;

        #[commands]
        impl Garden {
            #[create]
            fn open(size: events::Size, parent: Option<Id<Self>>) -> events::Opened {
                let _ = parent;
                events::Opened { size }
            }

            #[handle]
            fn grow(&self, by: u32) -> (events::Grown, Option<Shrunk>) {
                (events::Grown(by), (self.size.0 > 100).then_some(Shrunk))
            }
        }

        pub(super) fn used() -> Result<u32, Box<dyn std::error::Error>> {
            let open = Open { id: Id::new(), size: events::Size(1), parent: None };
            let (mut garden, _) = Garden::create(open, &Context::new())?;
            let grow = Grow { id: garden.id, by: 2 };
            garden.apply(&events::Grown(grow.by).into())?;
            Ok(garden.size.0)
        }
    }

    pub(crate) fn used() -> u32 {
        state::used().unwrap()
    }
}

fn main() {
    assert_eq!(outer::used(), 3);
}
