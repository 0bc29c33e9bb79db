//! Many aggregates, which processes record in one lock.

use intent_runtime::catalogue::Catalogue;

/// How many there are.
pub const MANY: usize = 8;

/// The catalogue of one of them.
pub fn numbered(index: usize) -> Catalogue {
    macro_rules! catalogues {
        ($($name:tt)+) => {
            [$({
                use intent_runtime::prelude::*;

                #[derive(Aggregate)]
                #[aggregate(name = $name, created_by(Began))]
                struct Numbered {
                    #[id]
                    id: Id<Numbered>,
                }

                #[event(name = $name)]
                struct Began;

                || Domain::of::<Numbered>().catalogue().clone()
            } as fn() -> Catalogue),+]
        };
    }
    let catalogues: [fn() -> Catalogue; MANY] = catalogues!("A" "B" "C" "D" "E" "F" "G" "H");
    catalogues[index]()
}
