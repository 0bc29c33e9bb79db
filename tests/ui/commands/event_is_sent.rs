use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Lent), events())]
pub struct Book {
    #[id]
    id: Id<Book>,
    #[on(Lent = |e| e.to.clone())]
    to: String,
}

#[event]
pub struct Lent {
    pub to: String,
}

#[commands]
impl Book {
    #[create]
    pub fn lend(to: String) -> Lent {
        Lent { to }
    }
}

fn send<C: Command>(_: C) {}

fn main() {
    send(Lent { to: "Ada".into() });
}
