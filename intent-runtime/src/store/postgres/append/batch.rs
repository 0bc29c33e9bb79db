//! One connection that appends: opened when first needed, replaced when it breaks.

use std::{collections::VecDeque, time::Duration};

use sqlx::PgConnection;
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
                error::{self, Failure, Kind, Place},
                open::{Connector, Idle},
                within,
            },
        },
    },
};

/// How long the appends of one batch are tried; those left after that get [`StoreError::Busy`].
const LONGEST: Duration = Duration::from_secs(5);
/// How often a single append is tried again after a conflict at its keys that is no lock to wait for.
const TRIES: usize = 10;
/// How long an append that others wait behind waits for a lock, in milliseconds: enough for a transaction about to commit.
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

/// A connection of the appender's own.
pub(crate) struct Lane {
    connection: Option<PgConnection>,
    /// The connection until it is used.
    idle: Option<Idle>,
    connector: Connector,
    place: Place,
}

/// Appends that are to be written together.
struct Group {
    members: Vec<usize>,
    tries: usize,
    /// For how many milliseconds they wait for another transaction's lock.
    lock_timeout: &'static str,
    /// Whether it is the last time that they wait.
    last: bool,
}

impl Lane {
    /// A lane with a connection, if there is one already.
    pub(crate) fn new(idle: Option<Idle>, connector: Connector, place: Place) -> Self {
        Self {
            connection: None,
            idle,
            connector,
            place,
        }
    }

    /// The connection, if it is sound.
    pub(crate) fn into_idle(self) -> Option<Idle> {
        self.connection.map(Idle::new).or(self.idle)
    }

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
            let (alone, kind) = (group.members.len() == 1, failure.kind());
            if kind.fails_all() || begun.elapsed() >= LONGEST {
                let left = groups.into_iter().flat_map(|group| group.members);
                known.extend(left.map(|member| {
                    let error = if kind.fails_all() {
                        self.place.error(failure.clone())
                    } else {
                        self.place.busy(failure.clone())
                    };
                    (member, Err(error))
                }));
                let tried = group.members.into_iter();
                known.extend(tried.map(|member| {
                    let error = self.place.append_error(&appends[member], &failure);
                    (member, Err(error))
                }));
                answer(known);
                return;
            }
            let (contended, waited) = (kind == Kind::Contended, failure.waited_for_lock());
            let again = if waited {
                !group.last
            } else {
                group.tries < if alone { TRIES } else { 1 }
            };
            if contended && again {
                // What cannot be found out now is found out by the next statement.
                if let Ok(left) = self.settle(appends, &group.members, &mut known).await {
                    group.members = left;
                }
                if !waited {
                    group.tries += 1;
                    groups.push_front(group);
                } else if !alone {
                    groups.extend(singles(group.members));
                } else if may_wait {
                    group.lock_timeout = LOCK_TIMEOUT;
                    group.last = true;
                    groups.push_back(group);
                }
            } else if alone || kind == Kind::Lost {
                for member in group.members {
                    let error = self.place.append_error(&appends[member], &failure);
                    known.push((member, Err(error)));
                }
            } else {
                groups.extend(singles(group.members));
            }
            groups.retain(|group| !group.members.is_empty());
            if !known.is_empty() {
                answer(known);
            }
        }
    }

    async fn append(&mut self, appends: &[Append], group: &Group) -> Result<Vec<Answer>, Failure> {
        let mut tries = 0;
        loop {
            let appends = group.members.iter().map(|member| &appends[*member]);
            let connection = self.connection().await?;
            let answers = statement::append(connection, appends, Some(group.lock_timeout));
            let answers = within(answers).await;
            match self.keep_if_sound(answers) {
                // Nothing was done on that connection, and the next one is another.
                Err(failure) if failure.kind() == Kind::InTransaction && tries < TRIES => {
                    tries += 1;
                }
                answers => return answers,
            }
        }
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
                        let error = statement::mismatch(&appends[member], actual, found);
                        known.push((member, Err(error)));
                    }
                }
            }
            // The stream may be ahead because this very command is stored already. A conflict would make the caller decide
            // again what is done.
            Err(failure) => known.extend(members.into_iter().map(|member| {
                (
                    member,
                    Err(error::unknown_outcome(&appends[member], &failure)),
                )
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
        let asked = members.iter().map(|member| &appends[*member]);
        let connection = self.connection().await?;
        let seen = within(statement::seen(connection, asked)).await;
        let seen = self.keep_if_sound(seen)?;
        let mut left = Vec::new();
        for (&member, seen) in members.iter().zip(seen) {
            let stream = &appends[member].stream;
            match seen.map(|seen| seen.stream(stream.tenant_id)) {
                None => left.push(member),
                Some(used_for) if stream.is(&used_for) => known.push((member, Ok(Outcome::Before))),
                Some(used_for) => {
                    let error = StoreError::CommandIdReused {
                        command_id: appends[member].command_id,
                        used_for,
                    };
                    known.push((member, Err(error)));
                }
            }
        }
        Ok(left)
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        let mut kept = self.connection.take();
        if let Some(idle) = self.idle.take() {
            kept = idle.into_sound().await;
        }
        let connection = match kept {
            Some(connection) => connection,
            None => self.connector.connect_to_append().await?,
        };
        Ok(self.connection.insert(connection))
    }

    fn keep_if_sound<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, Failure> {
        let result = result.map_err(Failure::from);
        if let Err(failure) = &result
            && failure.ends_connection()
        {
            self.connection = None;
        }
        result
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
