use intent_runtime::{Hears, Projection, ProjectionError, prelude::*};

pub struct Mails;

impl Projection for Mails {
    const NAME: &'static str = "mails";
    type Event = ();
    type Transaction = String;

    fn hears(_: &mut Hears<()>) {}

    async fn apply(&self, _: &[()], _: &mut String) -> Result<(), ProjectionError> {
        Ok(())
    }
}

fn main() {
    let _ = App::connect("memory:", Domain::new()).projection(Mails);
}
