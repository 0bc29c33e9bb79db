use intent_runtime::{Hears, Projection, ProjectionError, prelude::*};

pub struct Mails;

pub struct Opened;

impl Projection for Mails {
    const NAME: &'static str = "mails";
    type Event = Recorded<Opened>;
    type Transaction = ();

    fn hears(hears: &mut Hears<Recorded<Opened>>) {
        hears.on(|opened| opened);
    }

    async fn apply(&self, _: &[Recorded<Opened>], (): &mut ()) -> Result<(), ProjectionError> {
        Ok(())
    }
}

fn main() {}
