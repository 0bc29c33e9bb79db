//! One file is two modules, and is included in a third.
#![allow(dead_code)]

#[path = "account.rs"]
mod first;
#[path = "account.rs"]
mod second;
mod third {
    include!("account.rs");
}

fn main() {}
