//! What the dashboard shows.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fmt::{self, Write},
};

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;
use intent_runtime::{App, ReadError, Timestamp};

use crate::domain::{
    Stage,
    read_models::{Application, OfferWeek, OpenWork, StageCount},
};

/// How many characters the longest bar has.
const BAR: u64 = 14;
const IN_ALL: &str = "in all";
const TITLE: Style = Style::new().bold();
const COLOUR: Style = AnsiColor::Cyan.on_default();

/// The rows on the dashboard, as they were read at one moment.
pub(super) struct Board {
    stages: Vec<StageCount>,
    weeks: Vec<OfferWeek>,
    work: Vec<OpenWork>,
    /// Those that wait longest for a decision.
    undecided: Vec<Application>,
}

impl Board {
    pub(super) async fn read(app: &App) -> Result<Self, ReadError> {
        Ok(Self {
            stages: app.read::<StageCount>().query("", ()).await?,
            weeks: app.read::<OfferWeek>().query("order by week", ()).await?,
            work: app.read::<OpenWork>().query("", ()).await?,
            undecided: app
                .read::<Application>()
                .query("where outcome is null order by since, number limit 5", ())
                .await?,
        })
    }

    /// The rows as text, with at most so many lines for weeks and for people.
    pub(super) fn draw(&self, most: usize) -> Result<String, fmt::Error> {
        let mut text = String::new();
        self.draw_stages(&mut text)?;
        self.draw_weeks(&mut text, most)?;
        self.draw_work(&mut text, most)?;
        self.draw_undecided(&mut text)?;
        Ok(text)
    }

    fn draw_stages(&self, to: &mut String) -> fmt::Result {
        let columns = ["reached", "undecided", "approved", "declined", "cancelled"];
        title(to, "applications", &columns)?;
        let mut total = [0; 4];
        for stage in Stage::ALL {
            let reached = |stage| self.stage(stage).map_or(0, |row| row.reached);
            let row = self.stage(stage);
            let decided = row.map_or([0; 3], |row| [row.approved, row.declined, row.cancelled]);
            let left = stage.next().map_or(0, reached) + decided.iter().sum::<u64>();
            let [approved, declined, cancelled] = decided;
            let here = reached(stage).saturating_sub(left);
            let counts = [here, approved, declined, cancelled];
            add(&mut total, counts);
            line(to, &stage.to_string(), &[reached(stage)])?;
            figures(to, &counts)?;
            writeln!(to)?;
        }
        write!(to, "{IN_ALL:<28}")?;
        figures(to, &total)?;
        writeln!(to)
    }

    /// The row of a stage; `None` if no application reached it yet.
    fn stage(&self, stage: Stage) -> Option<&StageCount> {
        self.stages.iter().find(|row| row.stage == stage)
    }

    fn draw_weeks(&self, to: &mut String, most: usize) -> fmt::Result {
        title(to, "offers", &["made", "sent", "sent back", "accepted"])?;
        let longest = self.weeks.iter().map(|week| week.made).max();
        let mut total = [0; 4];
        let hidden = self.weeks.len().saturating_sub(most);
        for (index, week) in self.weeks.iter().enumerate() {
            let counts = [week.made, week.sent, week.sent_back, week.accepted];
            add(&mut total, counts);
            if index >= hidden {
                line(to, &date(week.week), &counts)?;
                let length = week.made * BAR / longest.unwrap_or(1).max(1);
                let bar = "█".repeat(usize::try_from(length).unwrap_or(0));
                writeln!(to, "  {COLOUR}{bar}{COLOUR:#}")?;
            }
        }
        line(to, IN_ALL, &total)?;
        writeln!(to)
    }

    fn draw_work(&self, to: &mut String, most: usize) -> fmt::Result {
        title(to, "work", &["on the list", "in hand", "longest"])?;
        let mut people: BTreeMap<&str, Queue> = BTreeMap::new();
        let mut all = Queue::default();
        for work in &self.work {
            let person = work.person.as_deref().unwrap_or("nobody");
            people.entry(person).or_default().add(work);
            all.add(work);
        }
        let mut people: Vec<_> = people.into_iter().collect();
        people.sort_by_key(|(_, queue)| Reverse(queue.listed + queue.in_hand));
        let shown = people.into_iter().take(most);
        for (person, queue) in shown.chain([(IN_ALL, all)]) {
            line(to, person, &[queue.listed, queue.in_hand])?;
            writeln!(to, "{:>12}", queue.since.map(date).unwrap_or_default())?;
        }
        Ok(())
    }

    fn draw_undecided(&self, to: &mut String) -> fmt::Result {
        title(to, "waits longest", &["since"])?;
        for application in &self.undecided {
            let (number, since) = (&application.number, date(application.since));
            writeln!(to, "{number:<16}{since:>12}  {}", application.stage)?;
        }
        Ok(())
    }
}

/// What waits for one person.
#[derive(Default)]
struct Queue {
    listed: u64,
    in_hand: u64,
    /// Since when the oldest piece waits.
    since: Option<Timestamp>,
}

impl Queue {
    fn add(&mut self, work: &OpenWork) {
        match work.begun {
            true => self.in_hand += 1,
            false => self.listed += 1,
        }
        self.since = self.since.into_iter().chain([work.since]).min();
    }
}

fn add<const N: usize>(total: &mut [u64; N], counts: [u64; N]) {
    for (sum, count) in total.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// The day of a time, in UTC.
fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn title(to: &mut String, name: &str, columns: &[&str]) -> fmt::Result {
    write!(to, "\n{TITLE}{name:<16}")?;
    for column in columns {
        write!(to, "{column:>12}")?;
    }
    writeln!(to, "{TITLE:#}")
}

fn line(to: &mut String, name: &str, counts: &[u64]) -> fmt::Result {
    write!(to, "{name:<16}")?;
    figures(to, counts)
}

fn figures(to: &mut String, counts: &[u64]) -> fmt::Result {
    for count in counts {
        write!(to, "{:>12}", HumanCount(*count).to_string())?;
    }
    Ok(())
}
