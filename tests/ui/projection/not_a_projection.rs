use intent_runtime::prelude::*;

pub struct Mails;

fn main() {
    let _ = App::connect("memory:", Domain::new()).projection(Mails);
}
