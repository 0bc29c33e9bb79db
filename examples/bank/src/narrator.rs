//! What the demonstration prints: numbered steps, aligned lines, calm colours on a terminal and none elsewhere.

use std::fmt::Display;

use anstream::println;
use anstyle::{AnsiColor, Style};

const TITLE: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const FIGURE: Style = AnsiColor::Cyan.on_default();

/// Prints the steps, and counts them.
#[derive(Default)]
pub struct Narrator {
    step: usize,
}

impl Narrator {
    pub fn title(&self, text: &str, below: &str) {
        println!("{TITLE}{text}{TITLE:#}");
        println!("{FAINT}{below}{FAINT:#}");
    }

    /// Begins a step.
    pub fn step(&mut self, text: &str) {
        self.step += 1;
        println!();
        println!("{FAINT}{:>2}{FAINT:#}  {TITLE}{text}{TITLE:#}", self.step);
    }

    /// One line of a step: what was done, and the result.
    pub fn line(&self, what: &str, came: impl Display) {
        println!("    {FAINT}{what:<18}{FAINT:#} {came}");
    }

    /// A line with the result that the step is about.
    pub fn proof(&self, what: &str, came: impl Display) {
        println!("    {FAINT}{what:<18}{FAINT:#} {GOOD}{came}{GOOD:#}");
    }

    /// A line with a measured figure.
    pub fn figure(&self, what: &str, figure: impl Display, rest: impl Display) {
        println!("    {FAINT}{what:<18}{FAINT:#} {FIGURE}{figure}{FIGURE:#} {rest}");
    }

    pub fn end(&self, text: &str) {
        println!();
        println!("{FAINT}{text}{FAINT:#}");
    }
}
