//! Aggregates that a macro writes, of one name in two modules.
#![allow(dead_code)]

macro_rules! aggregate {
    ($module:ident, $name:ident) => {
        mod $module {
            use intent_runtime::prelude::*;

            #[derive(Aggregate)]
            #[aggregate(created_by(Opened), events(Received => ()))]
            pub struct $name {
                #[id]
                id: Id<$name>,
            }

            #[event]
            pub struct Opened;

            #[event]
            pub struct Received;

            #[commands]
            impl $name {
                #[create]
                pub fn open() -> Opened {
                    Opened
                }

                #[handle]
                pub fn take(&self) -> Received {
                    Received
                }
            }
        }
    };
}

aggregate!(one, Till);
aggregate!(two, Till);
aggregate!(three, Drawer);

fn main() {}
