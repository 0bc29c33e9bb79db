//! One aggregate three times, from most help to none. All three do the same, and the same tests check them.
//!
//! | module | what is written by hand |
//! |---|---|
//! | [`macros`] | what the domain is |
//! | [`traits`] | how events change the state and how commands are decided; the macros still make events and commands |
//! | [`by_hand`] | everything: this is all there is behind the macros |

pub mod by_hand;
pub mod macros;
pub mod traits;

#[cfg(test)]
mod tests;
