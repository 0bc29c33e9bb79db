//! Projections written by hand: with a transaction each event takes effect once, without one at least once, and in order.

mod inside;
mod kill;
mod ledger;
mod mistakes;
mod outside;

use super::domain;
