use intent_runtime::prelude::*;

#[value]
pub struct Name<'a> {
    pub text: &'a str,
}

fn main() {}
