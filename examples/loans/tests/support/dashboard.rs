//! What the dashboard has to print, folded from the log's own text: this knows neither commands nor events.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead, BufReader, Read},
};

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};

use crate::support::loans::Loans;

const STAGES: [(&str, &str); 5] = [
    ("A_SUBMITTED", "submitted"),
    ("A_PARTLYSUBMITTED", "partly submitted"),
    ("A_PREACCEPTED", "pre-accepted"),
    ("A_ACCEPTED", "accepted"),
    ("A_FINALIZED", "finalized"),
];
const OUTCOMES: [&str; 3] = ["A_APPROVED", "A_DECLINED", "A_CANCELLED"];
const OFFERS: [&str; 4] = ["O_CREATED", "O_SENT", "O_SENT_BACK", "O_ACCEPTED"];

/// The lines of the dashboard by title and name, such as "offers, 2012-01-02", each with its columns.
type Lines = BTreeMap<String, Vec<String>>;

/// Compares what the dashboard prints with what is in the log.
#[track_caller]
pub fn dashboard_equals(loans: &Loans, log: impl Read) {
    let printed = loans.succeed(&["dashboard"]);
    assert!(
        printed.starts_with("up to date with the log\n"),
        "{printed}"
    );
    let (printed, folded) = (lines(&printed), Fold::of(log).lines());
    let names: BTreeSet<&String> = printed.keys().chain(folded.keys()).collect();
    let lines = names
        .iter()
        .map(|name| (name, printed.get(*name), folded.get(*name)));
    let different: Vec<_> = lines
        .filter(|(_, printed, folded)| printed != folded)
        .collect();
    assert!(
        different.is_empty(),
        "(line, printed, in the log): {different:?}"
    );
}

/// Columns are two spaces apart at least. Bars are left out.
fn lines(text: &str) -> Lines {
    let mut lines = Lines::new();
    for section in text.split("\n\n").skip(1) {
        let mut section = section.lines().map(|line| {
            let columns = line
                .split("  ")
                .map(|column| column.trim().replace(',', ""));
            columns.filter(|column| !column.is_empty() && !column.contains('█'))
        });
        let title = section
            .next()
            .and_then(|mut columns| columns.next())
            .unwrap();
        for mut line in section {
            let name = format!("{title}, {}", line.next().unwrap());
            assert!(lines.insert(name, line.collect()).is_none());
        }
    }
    lines
}

/// What has happened up to some place of the log.
#[derive(Default)]
struct Fold {
    counts: BTreeMap<String, Vec<u64>>,
    people: BTreeMap<String, Queue>,
    undecided: Vec<(Timestamp, String, &'static str)>,
    application: Application,
}

/// The application whose events are being read.
#[derive(Default)]
struct Application {
    number: String,
    stage: &'static str,
    since: Timestamp,
    decided: bool,
    work: HashMap<String, Work>,
}

struct Work {
    person: String,
    begun: bool,
    since: Timestamp,
}

#[derive(Default)]
struct Queue {
    listed: u64,
    in_hand: u64,
    since: Option<Timestamp>,
}

impl Fold {
    fn of(log: impl Read) -> Self {
        let mut fold = Self::default();
        let mut event: Option<HashMap<String, String>> = None;
        for line in BufReader::new(log).lines() {
            let line = line.unwrap();
            let attribute = attribute(&line, "key").zip(attribute(&line, "value"));
            match (line.trim(), attribute, &mut event) {
                ("<trace>", ..) => fold.application = Application::default(),
                ("</trace>", ..) => fold.end_application(),
                ("<event>", ..) => event = Some(HashMap::new()),
                ("</event>", ..) => fold.event(&event.take().unwrap()),
                (_, Some((key, value)), Some(event)) => {
                    event.insert(key.to_owned(), value.to_owned());
                }
                (_, Some(("concept:name", value)), None) => {
                    fold.application.number = value.to_owned();
                }
                _ => {}
            }
        }
        fold
    }

    fn event(&mut self, event: &HashMap<String, String>) {
        let name = event["concept:name"].as_str();
        let time: Timestamp = event["time:timestamp"].parse().unwrap();
        let application = &mut self.application;
        if let Some((_, stage)) = STAGES.iter().find(|(it, _)| *it == name) {
            (application.stage, application.since) = (stage, time);
            self.count("applications", stage, 5, 0);
        } else if let Some(index) = OUTCOMES.iter().position(|it| *it == name) {
            application.decided = true;
            let stage = application.stage;
            self.count("applications", stage, 5, 2 + index);
        } else if let Some(index) = OFFERS.iter().position(|it| *it == name) {
            self.count("offers", &monday(time), 4, index);
        } else if name.starts_with("W_") {
            let transition = event["lifecycle:transition"].as_str();
            let person = event.get("org:resource").map_or("nobody", String::as_str);
            if transition == "COMPLETE" {
                application.work.remove(name);
            } else {
                let work = Work {
                    person: person.to_owned(),
                    begun: transition == "START",
                    since: time,
                };
                application.work.insert(name.to_owned(), work);
            }
        }
    }

    fn end_application(&mut self) {
        let application = std::mem::take(&mut self.application);
        if !application.decided {
            self.count("applications", application.stage, 5, 1);
            let undecided = (application.since, application.number, application.stage);
            self.undecided.push(undecided);
        }
        for work in application.work.into_values() {
            let person = self.people.entry(work.person.clone()).or_default();
            person.add(&work);
            self.people
                .entry("in all".to_owned())
                .or_default()
                .add(&work);
        }
    }

    fn count(&mut self, title: &str, name: &str, columns: usize, column: usize) {
        let line = self.counts.entry(format!("{title}, {name}"));
        line.or_insert_with(|| vec![0; columns])[column] += 1;
    }

    /// What the dashboard has to print.
    fn lines(mut self) -> Lines {
        for title in ["applications", "offers"] {
            let of_title = |(name, _): &(&String, &Vec<u64>)| name.starts_with(title);
            let total =
                self.counts
                    .iter()
                    .filter(of_title)
                    .fold(vec![0; 5], |mut total, (_, line)| {
                        total
                            .iter_mut()
                            .zip(line)
                            .for_each(|(sum, count)| *sum += count);
                        total
                    });
            // Who reached a stage reached those before it too, so that column has no total.
            let total = match title {
                "applications" => total[1..].to_vec(),
                _ => total[..4].to_vec(),
            };
            self.counts.insert(format!("{title}, in all"), total);
        }
        let mut lines: Lines = self
            .counts
            .into_iter()
            .map(|(name, counts)| (name, counts.iter().map(u64::to_string).collect()))
            .collect();
        for (person, queue) in self.people {
            let line = [
                queue.listed.to_string(),
                queue.in_hand.to_string(),
                day(queue.since.unwrap()),
            ];
            lines.insert(format!("work, {person}"), line.into());
        }
        self.undecided.sort();
        for (since, number, stage) in self.undecided.into_iter().take(5) {
            lines.insert(
                format!("waits longest, {number}"),
                vec![day(since), stage.to_owned()],
            );
        }
        lines
    }
}

impl Queue {
    fn add(&mut self, work: &Work) {
        self.listed += u64::from(!work.begun);
        self.in_hand += u64::from(work.begun);
        self.since = Some(self.since.map_or(work.since, |since| since.min(work.since)));
    }
}

/// `value` of `name="value"`.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

fn day(time: Timestamp) -> String {
    TimeZone::UTC.to_datetime(time).date().to_string()
}

fn monday(time: Timestamp) -> String {
    let date = TimeZone::UTC.to_datetime(time).date();
    match date.weekday() {
        Weekday::Monday => date.to_string(),
        _ => date.nth_weekday(-1, Weekday::Monday).unwrap().to_string(),
    }
}
