//! One connection that appends: opened when first needed, replaced when it breaks.

use std::{io, time::Duration};

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    LOCK_TIMEOUT,
    error::{Failure, Kind, Place},
    statement::{self, Answer},
};
use crate::{
    StoreError,
    store::{Append, Appended},
};

/// How long the server may take to answer before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a single append is tried that meets others at its keys.
const TRIES: usize = 10;

/// What became of an append.
#[derive(Debug)]
pub(super) enum Outcome {
    Appended(Appended),
    /// The command was seen before, for the same stream.
    Before,
}

/// A connection of the appender's own.
pub(super) struct Lane {
    connection: Option<PgConnection>,
    options: PgConnectOptions,
    place: Place,
}

/// Appends that are to be written together.
struct Group {
    members: Vec<usize>,
    tries: usize,
}

impl Lane {
    /// A lane with a connection, if there is one already.
    pub(super) fn new(
        connection: Option<PgConnection>,
        options: PgConnectOptions,
        place: Place,
    ) -> Self {
        Self {
            connection,
            options,
            place,
        }
    }

    /// The connection, if it is sound.
    pub(super) fn into_connection(self) -> Option<PgConnection> {
        self.connection
    }

    /// Takes in what is left of an answer that nobody waited for.
    pub(super) async fn recover(&mut self) {
        if let Some(connection) = &mut self.connection
            && within(connection.ping()).await.is_err()
        {
            self.connection = None;
        }
    }

    /// Writes appends of different streams in as few statements as it takes. An append that fails does so alone.
    pub(super) async fn write(&mut self, appends: &[&Append]) -> Vec<Result<Outcome, StoreError>> {
        let mut outcomes: Vec<Option<Result<Outcome, StoreError>>> = Vec::new();
        outcomes.resize_with(appends.len(), || None);
        let mut unfit = Vec::new();
        let mut groups = vec![Group {
            members: (0..appends.len()).collect(),
            tries: 0,
        }];
        while let Some(group) = groups.pop() {
            let failure = match self.append(appends, &group.members).await {
                Ok(answers) => {
                    for (member, answer) in group.members.into_iter().zip(answers) {
                        match answer {
                            Answer::Stored(stored) => {
                                outcomes[member] = Some(Ok(Outcome::Appended(stored)));
                            }
                            Answer::Unfit(actual, found) => {
                                let error = statement::unfit(appends[member], actual, found);
                                outcomes[member] = Some(Err(error));
                                unfit.push(member);
                            }
                        }
                    }
                    continue;
                }
                Err(failure) => failure,
            };
            let (alone, kind) = (group.members.len() == 1, failure.kind());
            if kind == Kind::Contended && group.tries < if alone { TRIES } else { 1 } {
                let left = self.settle(appends, group.members, &mut outcomes).await;
                if !left.is_empty() {
                    groups.push(Group {
                        members: left,
                        tries: group.tries + 1,
                    });
                }
            } else if alone || kind == Kind::Lost {
                for member in group.members {
                    let error = self.place.append_error(&appends[member].stream, &failure);
                    outcomes[member] = Some(Err(error));
                }
            } else {
                groups.extend(group.members.into_iter().map(|member| Group {
                    members: vec![member],
                    tries: 0,
                }));
            }
        }
        if !unfit.is_empty() {
            self.settle(appends, unfit, &mut outcomes).await;
        }
        let missing = || Err(StoreError::Closed);
        let outcomes = outcomes.into_iter();
        outcomes
            .map(|outcome| outcome.unwrap_or_else(missing))
            .collect()
    }

    async fn append(
        &mut self,
        appends: &[&Append],
        members: &[usize],
    ) -> Result<Vec<Answer>, Failure> {
        let appends = members.iter().map(|member| appends[*member]);
        let connection = self.connection().await?;
        let answers = within(statement::append(connection, appends, Some(LOCK_TIMEOUT))).await;
        self.keep_if_sound(answers)
    }

    /// Answers those whose command was seen before, and returns the others.
    async fn settle(
        &mut self,
        appends: &[&Append],
        members: Vec<usize>,
        outcomes: &mut [Option<Result<Outcome, StoreError>>],
    ) -> Vec<usize> {
        let asked = members.iter().map(|member| appends[*member]);
        let seen = match self.connection().await {
            Ok(connection) => {
                let seen = within(statement::seen(connection, asked)).await;
                self.keep_if_sound(seen)
            }
            Err(failure) => Err(failure),
        };
        // What cannot be found out now is found out by the next statement.
        let Ok(seen) = seen else {
            return members;
        };
        let mut left = Vec::new();
        for (member, seen) in members.into_iter().zip(seen) {
            let stream = &appends[member].stream;
            match seen.map(|seen| seen.stream(stream.tenant_id)) {
                None => left.push(member),
                Some(used_for) if stream.is(&used_for) => {
                    outcomes[member] = Some(Ok(Outcome::Before));
                }
                Some(used_for) => {
                    outcomes[member] = Some(Err(StoreError::CommandIdReused {
                        command_id: appends[member].command_id,
                        used_for,
                    }));
                }
            }
        }
        left
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => within(self.options.connect())
                .await
                .map_err(Failure::unconnected)?,
        };
        Ok(self.connection.insert(connection))
    }

    fn keep_if_sound<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, Failure> {
        let result = result.map_err(Failure::from);
        if let Err(failure) = &result
            && matches!(failure.kind(), Kind::Lost | Kind::Unavailable)
        {
            self.connection = None;
        }
        result
    }
}

/// What a future comes to, unless the server takes too long.
pub(super) async fn within<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = tokio::time::timeout(PATIENCE, work).await;
    answer.unwrap_or_else(|_| {
        let seconds = PATIENCE.as_secs();
        Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the server did not answer within {seconds} seconds"),
        )))
    })
}
