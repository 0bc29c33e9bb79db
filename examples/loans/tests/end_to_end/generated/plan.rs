//! Decides what happens to each application, so that the figures of the whole log are those published for the real one.

use super::{
    history,
    quota::{deal, skewed},
};

/// How far an application comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    PartlySubmitted,
    PreAccepted,
    Accepted,
    Finalized,
}

/// How an application ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Declined,
    Cancelled,
    Approved,
    Undecided,
}

/// A kind of work; also the index into [`TASKS`] and [`Plan::work`].
#[derive(Clone, Copy)]
pub enum Work {
    Leads,
    Completion,
    Calls,
    Validation,
    MissingFiles,
    Fraud,
    Contract,
}

pub struct Task {
    pub name: &'static str,
    /// How many pieces of it are scheduled in the whole log.
    pub pieces: u64,
    /// How often somebody starts it, and completes it later.
    pub sessions: u64,
    /// How often it is completed although nobody is at it.
    pub strays: u64,
}

const fn task(name: &'static str, pieces: u64, sessions: u64, strays: u64) -> Task {
    Task {
        name,
        pieces,
        sessions,
        strays,
    }
}

/// Counted in the real log.
pub const TASKS: [Task; 7] = [
    task("W_Afhandelen leads", 4_771, 5_897, 1),
    task("W_Completeren aanvraag", 7_371, 23_512, 455),
    task("W_Nabellen offertes", 6_634, 22_406, 570),
    task("W_Valideren aanvraag", 5_023, 7_891, 4),
    task("W_Nabellen incomplete dossiers", 2_383, 11_400, 7),
    task("W_Beoordelen fraude", 124, 270, 0),
    task("W_Wijzigen contractgegevens", 12, 0, 0),
];

/// How many applications come how far and end how. The sums are the published figures; which of the declined had come
/// how far is not published, and this is one way in which all of them add up.
const GROUPS: [(usize, Reached, Ending); 11] = [
    (5_720, Reached::PartlySubmitted, Ending::Declined),
    (1_053, Reached::PreAccepted, Ending::Declined),
    (1_137, Reached::PreAccepted, Ending::Cancelled),
    (64, Reached::PreAccepted, Ending::Undecided),
    (60, Reached::Accepted, Ending::Declined),
    (30, Reached::Accepted, Ending::Cancelled),
    (8, Reached::Accepted, Ending::Undecided),
    (802, Reached::Finalized, Ending::Declined),
    (1_640, Reached::Finalized, Ending::Cancelled),
    (2_246, Reached::Finalized, Ending::Approved),
    (327, Reached::Finalized, Ending::Undecided),
];
/// So many applications are declined with three events in all.
const DECLINED_AT_ONCE: usize = 3_429;
const OFFERS: u64 = 7_030;
/// Offers that come back to the institute. All that are approved or declined have; so have some of the others.
const SENT_BACK: u64 = 3_454;
/// Approved applications whose offer is never accepted.
const NOT_ACCEPTED: u64 = 3;
const REQUESTED: u64 = 177_634_511;
/// The most events that one application has.
const LONGEST: u64 = 175;

/// One piece of work that was scheduled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece {
    /// How often somebody starts it and completes it.
    pub sessions: u64,
    /// How often it is completed after the application's end, although nobody is at it.
    pub strays: u64,
}

/// What happens to one application.
#[derive(Debug)]
pub struct Plan {
    pub reached: Reached,
    pub ending: Ending,
    pub amount: u64,
    /// Each but the last is cancelled for the next.
    pub offers: u64,
    pub sent_back: bool,
    pub accepted: bool,
    /// The pieces of each kind of work.
    pub work: [Vec<Piece>; 7],
    /// Chooses among the orders in which the log has the same events.
    pub variant: usize,
}

impl Plan {
    fn offered(&self) -> bool {
        self.reached == Reached::Finalized
    }
}

/// All applications, in random order.
pub fn plans(random: &mut fastrand::Rng) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for (count, reached, ending) in GROUPS {
        plans.extend((0..count).map(|variant| Plan {
            reached,
            ending,
            amount: 0,
            offers: 0,
            sent_back: false,
            accepted: false,
            work: Default::default(),
            variant,
        }));
    }
    let amounts = deal(REQUESTED, &skewed(random, plans.len()));
    for (plan, amount) in plans.iter_mut().zip(amounts) {
        plan.amount = amount;
    }
    offers(&mut plans, random);
    schedule(&mut plans);
    work(&mut plans, random);
    random.shuffle(&mut plans);
    plans
}

/// Deals out `total` evenly to the applications that are chosen, and nothing to the others.
fn deal_to(total: u64, plans: &[Plan], chosen: impl Fn(&Plan) -> bool) -> Vec<u64> {
    let weights: Vec<u64> = plans.iter().map(|plan| u64::from(chosen(plan))).collect();
    deal(total, &weights)
}

fn offers(plans: &mut [Plan], random: &mut fastrand::Rng) {
    let mut weights = skewed(random, plans.len());
    for (plan, weight) in plans.iter_mut().zip(&mut weights) {
        plan.offers = u64::from(plan.offered());
        *weight *= plan.offers;
    }
    let first: u64 = plans.iter().map(|plan| plan.offers).sum();
    for (plan, more) in plans.iter_mut().zip(deal(OFFERS - first, &weights)) {
        plan.offers += more;
    }

    let settled =
        |plan: &Plan| plan.offered() && matches!(plan.ending, Ending::Approved | Ending::Declined);
    let certain = plans.iter().filter(|plan| settled(plan)).count() as u64;
    let others = deal_to(SENT_BACK - certain, plans, |plan| {
        plan.offered() && !settled(plan)
    });
    let left_open = deal_to(NOT_ACCEPTED, plans, |plan| plan.ending == Ending::Approved);
    for ((plan, sent_back), left_open) in plans.iter_mut().zip(others).zip(left_open) {
        plan.sent_back = settled(plan) || sent_back > 0;
        plan.accepted = plan.ending == Ending::Approved && left_open == 0;
    }
}

/// Schedules work for applications that the domain lets have it.
fn schedule(plans: &mut [Plan]) {
    let pieces = |work: Work| TASKS[work as usize].pieces;
    let at_once: Vec<bool> = (0..plans.len())
        .map(|index| index < DECLINED_AT_ONCE)
        .collect();
    let pre_accepted = |plan: &Plan| plan.reached >= Reached::PreAccepted;

    // Everybody who is declined early, but not at once, was called about the application before.
    let mut leads: Vec<u64> = plans
        .iter()
        .zip(&at_once)
        .map(|(plan, at_once)| u64::from(!pre_accepted(plan) && !at_once))
        .collect();
    let other_leads = pieces(Work::Leads) - leads.iter().sum::<u64>();
    let other_leads = deal_to(other_leads, plans, pre_accepted);
    for (lead, other) in leads.iter_mut().zip(other_leads) {
        *lead += other;
    }

    // The customer is called about each first offer, and about some of the later ones.
    let mut calls: Vec<u64> = plans.iter().map(|plan| plan.offers.min(1)).collect();
    let later: Vec<u64> = plans
        .iter()
        .map(|plan| plan.offers.saturating_sub(1))
        .collect();
    let other_calls = pieces(Work::Calls) - calls.iter().sum::<u64>();
    for (call, other) in calls.iter_mut().zip(deal(other_calls, &later)) {
        *call += other;
    }

    let not_at_once: Vec<u64> = at_once.iter().map(|at_once| u64::from(!at_once)).collect();
    let sent_back = |plan: &Plan| plan.sent_back;
    let scheduled = [
        leads,
        deal_to(pieces(Work::Completion), plans, pre_accepted),
        calls,
        deal_to(pieces(Work::Validation), plans, sent_back),
        deal_to(pieces(Work::MissingFiles), plans, sent_back),
        deal(pieces(Work::Fraud), &not_at_once),
        deal_to(pieces(Work::Contract), plans, Plan::offered),
    ];
    for (work, scheduled) in scheduled.iter().enumerate() {
        for (plan, pieces) in plans.iter_mut().zip(scheduled) {
            plan.work[work] = (0..*pieces).map(|_| Piece::default()).collect();
        }
    }
}

/// Deals out the sessions of each kind of work to its pieces. One application has the most events that any has.
fn work(plans: &mut [Plan], random: &mut fastrand::Rng) {
    for (index, task) in TASKS.iter().enumerate() {
        if index != Work::Calls as usize {
            let pieces = plans.iter_mut().flat_map(|plan| &mut plan.work[index]);
            deal_sessions(pieces.collect(), task.sessions, task.strays, random);
        }
    }
    let calls = Work::Calls as usize;
    let mut plans: Vec<&mut Plan> = plans.iter_mut().collect();
    let longest = plans
        .iter()
        .position(|plan| plan.ending == Ending::Approved && !plan.work[calls].is_empty());
    let longest = plans.swap_remove(longest.expect("an approved application"));
    let missing = LONGEST - history::steps(longest).len() as u64;
    let piece = Piece {
        sessions: missing / 2,
        strays: missing % 2,
    };
    longest.work[calls][0] = piece;
    let pieces = plans.into_iter().flat_map(|plan| &mut plan.work[calls]);
    let Task {
        sessions, strays, ..
    } = TASKS[calls];
    deal_sessions(
        pieces.collect(),
        sessions - piece.sessions,
        strays - piece.strays,
        random,
    );
}

fn deal_sessions(
    mut pieces: Vec<&mut Piece>,
    sessions: u64,
    strays: u64,
    random: &mut fastrand::Rng,
) {
    let sessions = deal(sessions, &skewed(random, pieces.len()));
    let strays = deal(strays, &vec![1; pieces.len()]);
    for ((piece, sessions), strays) in pieces.iter_mut().zip(sessions).zip(strays) {
        **piece = Piece { sessions, strays };
    }
}
