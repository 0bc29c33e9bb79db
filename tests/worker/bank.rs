//! A bank that knows what the rows of its read models must be: every payment is counted once, whatever was stopped or killed.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use intent_runtime::{WorkerOptions, prelude::*, store::StoreErrorKind};

use super::domain::*;

/// A lease that others soon take over.
pub const SHORT: WorkerOptions = WorkerOptions::new().lease(Duration::from_millis(60));

pub fn soaks() -> bool {
    std::env::var_os("INTENT_SOAK").is_some()
}

pub struct Bank {
    pub app: App,
    accounts: Vec<Id<Account>>,
    /// The sum of an account's payments, and how many they are.
    sums: HashMap<Id<Account>, (i64, i64)>,
    /// The amount of the last payment.
    pub paid: i64,
}

impl Bank {
    pub async fn of(app: App, accounts: usize) -> Self {
        let mut bank = Self {
            app,
            accounts: Vec::new(),
            sums: HashMap::new(),
            paid: 0,
        };
        for _ in 0..accounts {
            bank.accounts.push(opened(&bank.app, "north").await);
        }
        bank
    }

    /// Pays once to each account, however often the database has to be asked.
    pub async fn pays(&mut self) {
        for id in &self.accounts {
            self.paid += 1;
            let (amount, command_id) = (self.paid, CommandId::new());
            let pay = || {
                let options = SendOptions::new().command_id(command_id);
                self.app.send_with(Pay { id: *id, amount }, options)
            };
            while let Err(error) = pay().await {
                let is_transient = matches!(
                    &error,
                    SendError::Store(error) if error.kind() == StoreErrorKind::Transient
                );
                assert!(is_transient, "{error:?}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let sum = self.sums.entry(*id).or_default();
            *sum = (sum.0 + amount, sum.1 + 1);
        }
    }

    pub async fn rebuilds(&self) {
        while let Err(error) = self.app.rebuild::<Balance>().await {
            println!("a rebuild is asked for again: {error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until everything is in the rows, however often the database has to be asked, and compares all of them.
    pub async fn is_counted(&self) {
        while let Err(error) = self.app.settled(LONG).await {
            let is_transient = matches!(
                &error,
                WaitError::Store(error) if error.kind() == StoreErrorKind::Transient
            );
            assert!(is_transient, "{error:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let rows = self.app.read::<Balance>().query("", ()).await.unwrap();
        let rows = rows.into_iter().map(|row| {
            assert_eq!(row.all.iter().sum::<i64>(), row.cents);
            (row.account, (row.cents, row.payments))
        });
        assert_eq!(rows.collect::<HashMap<_, _>>(), self.sums);
        let branches = self.app.read::<Branch>();
        let north = branches.get("north".to_owned()).await;
        let north = north.unwrap().unwrap();
        assert_eq!(north.accounts, self.accounts.len() as i64);
        let received = self.app.read::<Received>().get("north".to_owned()).await;
        let received = received.unwrap().map_or(0, |row| row.cents);
        assert_eq!(
            received,
            self.sums.values().map(|(cents, _)| cents).sum::<i64>()
        );
    }

    /// Says what came out, for the reader of a long run.
    pub fn tells(&self, what: &str) {
        let (cents, payments) = self
            .sums
            .values()
            .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        println!("{what}: {payments} payments, each counted once, {cents} cents in all");
    }
}

/// A process that does work: what, and where.
pub fn child(what: [&str; 2]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_child"))
        .args(what)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "started");
    child
}
