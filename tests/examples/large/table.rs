//! Figures of two logs beside each other, held against their limits.

use super::log::{Cost, Log};

/// How often each log is measured.
const ROUNDS: usize = 7;

/// What the large log may cost.
#[derive(Clone, Copy)]
pub enum Limit {
    /// So many times what the small log costs.
    Times(f64),
    /// So many milliseconds.
    Milliseconds(f64),
}

/// Measures the same on both logs.
pub struct Table<'a> {
    small: &'a Log,
    large: &'a Log,
}

impl<'a> Table<'a> {
    pub fn begin(small: &'a Log, large: &'a Log) -> Self {
        println!(
            "| µs each | {} events | {} events | ratio | lowest, highest | limit | | server's CPU | | ratio |",
            small.events, large.events,
        );
        println!("|---|--:|--:|--:|--:|--:|---|--:|--:|--:|");
        Self { small, large }
    }

    pub fn logs(&self) -> [&'a Log; 2] {
        [self.small, self.large]
    }

    /// Has the logs take turns after one that does not count, and prints the median of each and of the ratios of
    /// neighbours: what slows one turn slows the next one too.
    pub async fn line(&self, what: &str, limit: Limit, measure: impl AsyncFn(&'a Log) -> Cost) {
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let pair = (measure(self.small).await, measure(self.large).await);
            if round > 0 || pair.1.wall.is_infinite() {
                small.push(pair.0);
                large.push(pair.1);
            }
            // It would not end in another round either.
            if pair.1.wall.is_infinite() {
                break;
            }
        }
        let wall = Compared::new(&small, &large, |cost| cost.wall);
        let cpu = Compared::new(&small, &large, |cost| cost.server_cpu);
        let verdict = |kept: bool| if kept { "kept" } else { "**broken**" };
        let (allowed, kept) = match limit {
            Limit::Times(times) => (format!("{times} times"), verdict(wall.ratio <= times)),
            Limit::Milliseconds(most) => (format!("{most} ms"), verdict(wall.large <= most * 1e3)),
        };
        println!(
            "| {what} | {:.1} | {:.1} | {:.2} | {:.2}, {:.2} | {allowed} | {} | {:.1} | {:.1} | {:.2} |",
            wall.small,
            wall.large,
            wall.ratio,
            wall.lowest,
            wall.highest,
            kept,
            cpu.small,
            cpu.large,
            cpu.ratio,
        );
    }
}

/// Medians of two sides and of their ratios, with the extremes of these.
pub struct Compared {
    pub small: f64,
    pub large: f64,
    pub ratio: f64,
    pub lowest: f64,
    pub highest: f64,
}

impl Compared {
    pub fn new(small: &[Cost], large: &[Cost], figure: impl Fn(&Cost) -> f64) -> Self {
        let pairs = small.iter().zip(large);
        let mut ratios: Vec<f64> = pairs
            .map(|(small, large)| figure(large) / figure(small))
            .collect();
        ratios.sort_by(f64::total_cmp);
        Self {
            small: median(small.iter().map(&figure).collect()),
            large: median(large.iter().map(&figure).collect()),
            ratio: ratios[ratios.len() / 2],
            lowest: ratios[0],
            highest: ratios[ratios.len() - 1],
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
