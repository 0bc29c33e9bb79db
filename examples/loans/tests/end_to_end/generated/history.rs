//! Writes a plan out as the steps of one application, in an order that the domain allows.

use super::plan::{Ending, Piece, Plan, Reached, TASKS, Work};

/// A name and a transition, as the log has them.
pub type Step = (&'static str, &'static str);

const COMPLETE: &str = "COMPLETE";

/// All steps of an application.
pub fn steps(plan: &Plan) -> Vec<Step> {
    let mut history = History {
        plan,
        steps: Vec::new(),
    };
    history.happens(&["A_SUBMITTED", "A_PARTLYSUBMITTED"]);
    history.works(Work::Leads);
    if plan.reached >= Reached::PreAccepted {
        history.is_completed();
    }
    history.works(Work::Fraud);
    if plan.reached >= Reached::Accepted {
        history.happens(&["A_ACCEPTED"]);
    }
    if plan.reached >= Reached::Finalized {
        history.gets_offers();
    }
    history.ends();
    history.is_cleared();
    history.steps
}

struct History<'a> {
    plan: &'a Plan,
    steps: Vec<Step>,
}

impl History<'_> {
    fn happens(&mut self, names: &[&'static str]) {
        self.steps
            .extend(names.iter().map(|name| (*name, COMPLETE)));
    }

    /// One order or the other: the real log has both.
    fn happen_in_either_order(&mut self, one: &'static str, other: &'static str) {
        if self.plan.variant.is_multiple_of(2) {
            self.happens(&[one, other]);
        } else {
            self.happens(&[other, one]);
        }
    }

    fn works(&mut self, work: Work) {
        for piece in &self.plan.work[work as usize] {
            self.works_on(work, *piece);
        }
    }

    fn works_on(&mut self, work: Work, piece: Piece) {
        let name = TASKS[work as usize].name;
        self.steps.push((name, "SCHEDULE"));
        for _ in 0..piece.sessions {
            self.steps.extend([(name, "START"), (name, COMPLETE)]);
        }
    }

    /// The application is completed before or after it is found to look good.
    fn is_completed(&mut self) {
        let before = self.plan.variant.is_multiple_of(3);
        if before {
            self.works(Work::Completion);
        }
        self.happens(&["A_PREACCEPTED"]);
        if !before {
            self.works(Work::Completion);
        }
    }

    fn gets_offers(&mut self) {
        self.happen_in_either_order("O_SELECTED", "A_FINALIZED");
        let mut calls = self.plan.work[Work::Calls as usize].iter();
        for offer in 0..self.plan.offers {
            if offer > 0 {
                self.happen_in_either_order("O_CANCELLED", "O_SELECTED");
            }
            self.happens(&["O_CREATED", "O_SENT"]);
            if let Some(call) = calls.next() {
                self.works_on(Work::Calls, *call);
            }
        }
        if self.plan.sent_back {
            self.happens(&["O_SENT_BACK"]);
            self.works(Work::Validation);
            self.works(Work::MissingFiles);
        }
        self.works(Work::Contract);
    }

    fn ends(&mut self) {
        let offered = self.plan.reached == Reached::Finalized;
        match self.plan.ending {
            Ending::Declined if offered => self.happen_in_either_order("O_DECLINED", "A_DECLINED"),
            Ending::Declined => self.happens(&["A_DECLINED"]),
            Ending::Cancelled if offered => {
                self.happen_in_either_order("O_CANCELLED", "A_CANCELLED");
            }
            Ending::Cancelled => self.happens(&["A_CANCELLED"]),
            Ending::Approved => self.is_approved(),
            Ending::Undecided => {}
        }
    }

    /// Approval, registration, activation and the accepted offer come in every order.
    fn is_approved(&mut self) {
        let mut left = vec!["A_APPROVED", "A_REGISTERED", "A_ACTIVATED"];
        if self.plan.accepted {
            left.push("O_ACCEPTED");
        }
        let mut order = self.plan.variant;
        while !left.is_empty() {
            let next = left.remove(order % left.len());
            self.happens(&[next]);
            order /= 4;
        }
    }

    /// The institute's systems complete work that nobody is at.
    fn is_cleared(&mut self) {
        for (work, task) in self.plan.work.iter().zip(&TASKS) {
            for _ in 0..work.iter().map(|piece| piece.strays).sum() {
                self.steps.push((task.name, COMPLETE));
            }
        }
    }
}
