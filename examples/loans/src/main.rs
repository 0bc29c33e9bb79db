#![allow(dead_code, unreachable_pub)]
mod xes;
fn main() {}
