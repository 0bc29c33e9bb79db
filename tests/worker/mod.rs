//! Workers, and the rows of read models that they keep, on every store.

#![allow(clippy::print_stdout, reason = "a long test prints its figures")]

mod access;
mod bank;
mod by_hand;
mod check;
mod columns;
mod deploy;
mod domain;
mod domain_mistakes;
mod drift;
mod feed;
mod fixture;
mod frozen;
mod heard;
mod held_back;
mod inline;
mod kill;
mod lease;
mod links;
mod list;
mod live;
mod long_texts;
mod lost_write;
mod models;
mod newcomer;
mod operate;
mod poison;
mod policies;
mod projection;
mod promises;
mod rebuild;
mod restored;
mod rights;
mod steps;
mod values;
mod versions;
mod views;
