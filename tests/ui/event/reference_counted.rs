use std::rc::Rc;

use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub channel: Rc<String>,
}

fn main() {}
