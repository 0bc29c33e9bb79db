//! Workers, and the rows of read models that they keep, on every store.

mod access;
mod columns;
mod domain;
mod domain_mistakes;
mod drift;
mod feed;
mod fixture;
mod heard;
mod held_back;
mod inline;
mod kill;
mod lease;
mod list;
mod live;
mod lost_write;
mod operate;
mod policies;
mod rebuild;
mod rights;
mod values;
mod versions;
mod views;
