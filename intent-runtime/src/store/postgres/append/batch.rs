//! One connection that appends: opened when first needed, replaced when it breaks.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::{
    record::version::Version,
    store::{
        append::{Append, Appended},
        error::StoreError,
        postgres::{
            LOCK_TIMEOUT,
            append::statement::{self, Answer},
            connection::{
                error::{Failure, Kind},
                run::Dedicated,
            },
        },
    },
};

/// How long the appends of one batch are tried. Those left then get [`StoreError::Busy`].
const LONGEST: Duration = Duration::from_secs(5);
/// How often a single append is tried again after another transaction took its key.
const TRIES: usize = 10;
/// How long an append waits for a lock while others wait behind it, in milliseconds: enough for a transaction about to commit.
const BRIEF: &str = "10";

/// What became of an append.
#[derive(Debug)]
pub(crate) enum Outcome {
    Appended(Appended),
    /// The command was seen before, for the same stream.
    Before,
}

/// Outcomes, each with the index of its append.
pub(crate) type Outcomes = Vec<(usize, Result<Outcome, StoreError>)>;

/// Appends that are to be written together.
struct Group {
    members: Vec<usize>,
    tries: usize,
    /// For how many milliseconds they wait for another transaction's lock.
    lock_timeout: &'static str,
    /// Whether it is the last time that they wait.
    last: bool,
}

/// What follows a statement that failed: the second table of [`append`](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Again,
    Split,
    WaitLonger,
    HandBack,
    Fail,
    FailAll,
    GiveUp,
}

impl Step {
    /// Whether the appends of the statement are answered with its failure.
    fn ends(self) -> bool {
        matches!(self, Self::Fail | Self::FailAll | Self::GiveUp)
    }
}

impl Group {
    /// What follows a failure of a kind. `waited`: a wait for a lock timed out. `may_wait`: this lane may wait for locks for as
    /// long as an append may. `late`: the time for the batch is over.
    fn after(&self, kind: Kind, waited: bool, may_wait: bool, late: bool) -> Step {
        let alone = self.members.len() == 1;
        let tries = if alone { TRIES } else { 1 };
        match kind {
            _ if kind.fails_all() => Step::FailAll,
            _ if late => Step::GiveUp,
            Kind::Contended if waited && !alone => Step::Split,
            Kind::Contended if waited && self.last => Step::Fail,
            Kind::Contended if waited && may_wait => Step::WaitLonger,
            Kind::Contended if waited => Step::HandBack,
            Kind::Contended if self.tries < tries => Step::Again,
            Kind::Lost => Step::Fail,
            _ if alone => Step::Fail,
            _ => Step::Split,
        }
    }
}

impl Dedicated {
    /// Writes appends of different streams in as few statements as it takes. An append that fails does so alone; a failure
    /// unrelated to one append fails the batch. Each outcome is handed over as soon as it is known, so appends that meet no
    /// lock are answered before those that do. Where `may_wait` is false, an append that meets a lock gets no outcome.
    pub(crate) async fn write(
        &mut self,
        appends: &[Append],
        may_wait: bool,
        mut answer: impl FnMut(Outcomes),
    ) {
        let begun = Instant::now();
        let mut groups = VecDeque::from([Group {
            members: (0..appends.len()).collect(),
            tries: 0,
            lock_timeout: if may_wait { LOCK_TIMEOUT } else { BRIEF },
            last: false,
        }]);
        while let Some(mut group) = groups.pop_front() {
            let mut known = Vec::new();
            let failure = match self.append(appends, &group).await {
                Ok(answers) => {
                    known.reserve(group.members.len());
                    let mut mismatched = Vec::new();
                    for (member, found) in group.members.into_iter().zip(answers) {
                        match found {
                            Answer::Stored(stored) => {
                                known.push((member, Ok(Outcome::Appended(stored))));
                            }
                            Answer::Mismatch(actual, found) => {
                                mismatched.push((member, actual, found));
                            }
                        }
                    }
                    if !known.is_empty() {
                        answer(known);
                    }
                    if !mismatched.is_empty() {
                        answer(self.refuse(appends, mismatched).await);
                    }
                    continue;
                }
                Err(failure) => failure,
            };
            let (kind, waited) = (failure.kind(), failure.waited_for_lock());
            let step = group.after(kind, waited, may_wait, begun.elapsed() >= LONGEST);
            // A key that is taken may be this command's own. What cannot be found out now is found out by the next statement.
            if kind == Kind::Contended
                && !step.ends()
                && let Ok(left) = self.settle(appends, &group.members, &mut known).await
            {
                group.members = left;
            }
            match step {
                Step::Again => {
                    group.tries += 1;
                    groups.push_front(group);
                }
                Step::Split => groups.extend(singles(group.members)),
                Step::WaitLonger => {
                    group.lock_timeout = LOCK_TIMEOUT;
                    group.last = true;
                    groups.push_back(group);
                }
                Step::HandBack => {}
                Step::Fail | Step::FailAll | Step::GiveUp => {
                    let place = self.place();
                    let error = |member| place.append_error(&appends[member], &failure);
                    let tried = group.members.into_iter();
                    known.extend(tried.map(|member| (member, Err(error(member)))));
                    let error = || match step {
                        Step::FailAll => place.error(failure.clone()),
                        _ => place.busy(failure.clone()),
                    };
                    if step != Step::Fail {
                        let left = groups.drain(..).flat_map(|group| group.members);
                        known.extend(left.map(|member| (member, Err(error()))));
                    }
                }
            }
            groups.retain(|group| !group.members.is_empty());
            if !known.is_empty() {
                answer(known);
            }
        }
    }

    async fn append(&mut self, appends: &[Append], group: &Group) -> Result<Vec<Answer>, Failure> {
        let appending = self.run((appends, group), |with, connection| {
            let (
                appends,
                Group {
                    members,
                    lock_timeout,
                    ..
                },
            ) = *with;
            let members = members.iter().map(|member| &appends[*member]);
            Box::pin(statement::append(connection, members, Some(lock_timeout)))
        });
        appending.await
    }

    /// The outcomes of appends whose streams are not as they expect.
    async fn refuse(
        &mut self,
        appends: &[Append],
        mismatched: Vec<(usize, Version, Option<String>)>,
    ) -> Outcomes {
        let members: Vec<usize> = mismatched.iter().map(|(member, ..)| *member).collect();
        let mut known = Vec::with_capacity(members.len());
        match self.settle(appends, &members, &mut known).await {
            Ok(left) => {
                let mut left = left.into_iter().peekable();
                for (member, actual, found) in mismatched {
                    if left.next_if_eq(&member).is_some() {
                        let error = statement::mismatch(&appends[member], actual, found.as_deref());
                        known.push((member, Err(error)));
                    }
                }
            }
            // The stream may be ahead because this very command is stored already. A conflict would make the caller decide
            // again what is done.
            Err(failure) => known.extend(members.into_iter().map(|member| {
                let unknown = appends[member].unknown_outcome(failure.clone());
                (member, Err(unknown))
            })),
        }
        known
    }

    /// Answers appends whose command was stored before, and returns the others. Fails if the lookup fails.
    async fn settle(
        &mut self,
        appends: &[Append],
        members: &[usize],
        known: &mut Outcomes,
    ) -> Result<Vec<usize>, Failure> {
        let asking = self.run((appends, members), |with, connection| {
            let (appends, members) = *with;
            let asked = members.iter().map(|member| &appends[*member]);
            Box::pin(statement::seen(connection, asked))
        });
        let seen = asking.await?;
        let mut left = Vec::new();
        for (&member, seen) in members.iter().zip(seen) {
            match seen {
                None => left.push(member),
                Some((id, of_type)) => {
                    let before = appends[member].check_seen(id, of_type);
                    known.push((member, before.map(|()| Outcome::Before)));
                }
            }
        }
        Ok(left)
    }
}

/// One group for each append. One that meets a lock again is tried after all that do not.
fn singles(members: Vec<usize>) -> impl Iterator<Item = Group> {
    members.into_iter().map(|member| Group {
        members: vec![member],
        tries: 0,
        lock_timeout: BRIEF,
        last: false,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{BRIEF, Group, Kind, Step, TRIES};

    /// What a failure leads to, on a connection that may wait for locks.
    fn after(appends: usize, tries: usize, kind: Kind, waited: bool) -> Step {
        group(appends, tries, false).after(kind, waited, true, false)
    }

    fn group(appends: usize, tries: usize, last: bool) -> Group {
        Group {
            members: (0..appends).collect(),
            tries,
            lock_timeout: BRIEF,
            last,
        }
    }

    #[test]
    fn a_failed_statement_leads_where_the_table_says() {
        assert_eq!(after(3, 0, Kind::Contended, false), Step::Again);
        assert_eq!(after(3, 1, Kind::Contended, false), Step::Split);
        assert_eq!(after(1, TRIES - 1, Kind::Contended, false), Step::Again);
        assert_eq!(after(1, TRIES, Kind::Contended, false), Step::Fail);
        assert_eq!(after(3, 0, Kind::Contended, true), Step::Split);
        assert_eq!(after(1, 0, Kind::Contended, true), Step::WaitLonger);
        let last = group(1, 0, true);
        assert_eq!(last.after(Kind::Contended, true, true, false), Step::Fail);
        let brief = group(1, 0, false);
        let met_there = brief.after(Kind::Contended, true, false, false);
        assert_eq!(met_there, Step::HandBack);
        assert_eq!(after(3, 0, Kind::Other, false), Step::Split);
        assert_eq!(after(1, 0, Kind::Other, false), Step::Fail);
        assert_eq!(after(3, 0, Kind::Lost, false), Step::Fail);
        assert_eq!(after(3, 0, Kind::Full, false), Step::FailAll);
        for waited in [false, true] {
            let late = brief.after(Kind::Contended, waited, true, true);
            assert_eq!(late, Step::GiveUp);
        }
    }

    #[test]
    fn the_table_names_each_step_and_no_other() {
        let (_, step) = include_str!("batch.rs")
            .split_once("enum Step {\n")
            .unwrap();
        let (step, _) = step.split_once('}').unwrap();
        let steps: BTreeSet<&str> = step.split([',', ' ', '\n']).collect();
        let rows = include_str!("mod.rs").lines();
        let rows = rows.filter_map(|row| row.strip_prefix("//! | `"));
        let mut named: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        named.insert("");
        assert_eq!(named, steps);
    }
}
