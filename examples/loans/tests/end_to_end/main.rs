//! The built `loans`, run as its users run it.

mod command_line;
mod loans;
mod real_log;
