//! Each rule at work: what it allows, and what it refuses.

use intent_runtime::prelude::*;

use super::*;

const NUMBER: &str = "700101";

fn id() -> Id<LoanApplication> {
    Id::from_name(NUMBER)
}

fn submitted() -> Submitted {
    Submitted {
        number: NUMBER.into(),
        amount: Euros(12_000),
        entered_at: "2024-03-04T09:12:05+01:00".parse().unwrap(),
    }
}

/// An application after the events given, which follow its submission.
#[track_caller]
fn after(events: impl IntoIterator<Item = LoanApplicationEvent>) -> Scenario<LoanApplication> {
    Scenario::given(id(), std::iter::once(submitted().into()).chain(events))
}

fn finalized() -> Vec<LoanApplicationEvent> {
    vec![
        PartlySubmitted.into(),
        PreAccepted.into(),
        Accepted.into(),
        Finalized.into(),
    ]
}

fn declined(stage: Stage) -> Declined {
    Declined { stage }
}

fn cancelled(stage: Stage) -> Cancelled {
    Cancelled { stage }
}

/// A finalized application whose customer has an offer.
fn offered() -> Vec<LoanApplicationEvent> {
    let mut events = finalized();
    events.extend([OfferSelected.into(), OfferCreated.into(), OfferSent.into()]);
    events
}

fn offered_then<E: Into<LoanApplicationEvent>>(
    more: impl IntoIterator<Item = E>,
) -> Vec<LoanApplicationEvent> {
    let mut events = offered();
    events.extend(more.into_iter().map(Into::into));
    events
}

#[test]
fn what_is_stored_stays_readable() {
    intent_runtime::lock::check!(loans());
}

/// The README shows the domain as a diagram.
#[test]
fn its_diagram_in_the_readme_is_that_of_the_code() {
    let diagram = diagram::mermaid(loans().catalogue());
    let page = include_str!("../../README.md");
    assert!(
        page.contains(&format!("```mermaid\n{diagram}```")),
        "examples/loans/README.md shows another diagram than this one:\n\n{diagram}"
    );
}

#[test]
fn an_application_begins_with_its_submission() {
    Scenario::<LoanApplication>::given(id(), [])
        .when(Submit {
            id: id(),
            number: NUMBER.into(),
            amount: Euros(12_000),
            entered_at: submitted().entered_at,
        })
        .then_emits([submitted().into()])
        .then_state(|a| a.requested == Euros(12_000) && a.stage == Stage::Submitted);
    Scenario::<LoanApplication>::given(id(), [])
        .when(PartlySubmit { id: id() })
        .then_not_found();
}

#[test]
fn stages_follow_one_another() {
    after([PartlySubmitted.into()])
        .when(PreAccept { id: id() })
        .then_emits([PreAccepted.into()]);
    after([PartlySubmitted.into()])
        .when(Accept { id: id() })
        .then_rejects(|refused| {
            *refused
                == Refused::OutOfTurn {
                    stage: Stage::PartlySubmitted,
                    to: Stage::Accepted,
                }
        });
    after(finalized())
        .when(Finalize { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::OutOfTurn { .. }));
}

#[test]
fn an_application_is_decided_once() {
    let outcome = Outcome::Declined;
    after([
        PartlySubmitted.into(),
        declined(Stage::PartlySubmitted).into(),
    ])
    .when(Cancel { id: id() })
    .then_rejects(|refused| *refused == Refused::Decided { outcome });
    after([
        PartlySubmitted.into(),
        declined(Stage::PartlySubmitted).into(),
    ])
    .when(PreAccept { id: id() })
    .then_rejects(|refused| *refused == Refused::Decided { outcome });
    let outcome = Outcome::Approved;
    after(offered_then([Approved]))
        .when(Decline { id: id() })
        .then_rejects(|refused| *refused == Refused::Decided { outcome });
}

#[test]
fn an_approval_rests_on_an_offer() {
    after([PartlySubmitted.into(), PreAccepted.into()])
        .when(Approve { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::TooEarly { .. }));
    after(finalized())
        .when(Approve { id: id() })
        .then_rejects(|refused| *refused == Refused::NoOffer);
    after(offered())
        .when(Approve { id: id() })
        .then_emits([Approved.into()]);
    after(offered_then([OfferAccepted]))
        .when(Approve { id: id() })
        .then_emits([Approved.into()]);
    after(offered_then([OfferCancelled]))
        .when(Approve { id: id() })
        .then_rejects(|refused| *refused == Refused::NoOffer);
    after(offered_then([OfferSelected]))
        .when(Approve { id: id() })
        .then_rejects(|refused| *refused == Refused::OfferInPreparation);
}

#[test]
fn approval_registration_and_activation_come_in_any_order_but_once() {
    after(offered_then([Activated]))
        .when(Register { id: id() })
        .then_emits([Registered.into()])
        .then_state(|a| a.registered && a.activated && a.outcome.is_none());
    after(offered_then([Registered]))
        .when(Register { id: id() })
        .then_rejects(|refused| *refused == Refused::Twice { what: "registered" });
    after(offered_then([Activated]))
        .when(Activate { id: id() })
        .then_rejects(|refused| *refused == Refused::Twice { what: "activated" });
    after(offered_then([declined(Stage::Finalized)]))
        .when(Activate { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::Decided { .. }));
}

#[test]
fn a_loan_in_the_books_is_not_turned_down() {
    after(offered_then([Registered]))
        .when(Cancel { id: id() })
        .then_rejects(|refused| *refused == Refused::Booked);
    after(offered_then([OfferAccepted]))
        .when(Decline { id: id() })
        .then_rejects(|refused| *refused == Refused::OfferSettled);
    after([])
        .when(Decline { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::TooEarly { .. }));
    after(finalized())
        .when(Decline { id: id() })
        .then_emits([declined(Stage::Finalized).into()])
        .then_state(|a| a.stage == Stage::Finalized && a.outcome == Some(Outcome::Declined));
}

#[test]
fn an_offer_is_selected_created_sent() {
    after([PartlySubmitted.into()])
        .when(SelectOffer { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::TooEarly { .. }));
    after(finalized())
        .when(CreateOffer { id: id() })
        .then_rejects(|refused| *refused == Refused::NoOfferSelected);
    let mut selected = finalized();
    selected.push(OfferSelected.into());
    after(selected.clone())
        .when(SendOffer { id: id() })
        .then_rejects(|refused| *refused == Refused::NoOfferCreated);
    after(selected.clone())
        .when(SelectOffer { id: id() })
        .then_rejects(|refused| *refused == Refused::OfferInPreparation);
    selected.push(OfferCreated.into());
    after(selected)
        .when(SendOffer { id: id() })
        .then_emits([OfferSent.into()])
        .then_state(|a| a.offers.sent == 1);
}

#[test]
fn the_next_offer_is_created_when_the_last_is_withdrawn() {
    after(offered_then([OfferSelected]))
        .when(CreateOffer { id: id() })
        .then_rejects(|refused| *refused == Refused::OfferOut);
    after(offered_then([OfferSelected]))
        .when(CancelOffer { id: id() })
        .then_emits([OfferCancelled.into()]);
    let events: [LoanApplicationEvent; 2] = [OfferSelected.into(), OfferCancelled.into()];
    after(offered_then(events))
        .when(CreateOffer { id: id() })
        .then_emits([OfferCreated.into()]);
}

#[test]
fn an_offer_comes_back_once() {
    after(finalized())
        .when(ReceiveOfferBack { id: id() })
        .then_rejects(|refused| *refused == Refused::NoOffer);
    after(offered())
        .when(ReceiveOfferBack { id: id() })
        .then_emits([OfferSentBack.into()]);
    after(offered_then([OfferSentBack]))
        .when(ReceiveOfferBack { id: id() })
        .then_rejects(|refused| *refused == Refused::SentBackAlready);
}

#[test]
fn an_offer_ends_as_its_application_does() {
    after(offered_then([cancelled(Stage::Finalized)]))
        .when(CancelOffer { id: id() })
        .then_emits([OfferCancelled.into()]);
    after(offered_then([cancelled(Stage::Finalized)]))
        .when(DeclineOffer { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::Decided { .. }));
    after(offered_then([declined(Stage::Finalized)]))
        .when(AcceptOffer { id: id() })
        .then_rejects(|refused| matches!(refused, Refused::Decided { .. }));
    after(offered_then([Approved]))
        .when(AcceptOffer { id: id() })
        .then_emits([OfferAccepted.into()]);
    after(offered_then([OfferAccepted]))
        .when(SelectOffer { id: id() })
        .then_rejects(|refused| *refused == Refused::OfferSettled);
}

#[test]
fn work_begins_on_the_list() {
    let task = Task::HandleLeads;
    after([PartlySubmitted.into()])
        .when(StartWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NotScheduled { task });
    after([PartlySubmitted.into()])
        .when(CompleteWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NotScheduled { task });
    after([PartlySubmitted.into(), WorkScheduled { task }.into()])
        .when(StartWork { id: id(), task })
        .then_emits([WorkStarted { task }.into()]);
    // The institute's systems clear the list when an application ends.
    after([
        PartlySubmitted.into(),
        WorkScheduled { task }.into(),
        declined(Stage::PartlySubmitted).into(),
    ])
    .when(CompleteWork { id: id(), task })
    .then_emits([WorkCompleted { task }.into()]);
}

#[test]
fn nobody_completes_an_assessment_of_fraud_without_being_at_it() {
    let task = Task::AssessFraud;
    let scheduled = [PartlySubmitted.into(), WorkScheduled { task }.into()];
    after(scheduled.clone())
        .when(CompleteWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NotStarted { task });
    after(scheduled.into_iter().chain([WorkStarted { task }.into()]))
        .when(CompleteWork { id: id(), task })
        .then_emits([WorkCompleted { task }.into()]);
}

#[test]
fn work_is_scheduled_when_there_is_a_point_in_it() {
    let task = Task::HandleLeads;
    after(finalized())
        .when(ScheduleWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NoSuchWorkNow { task });
    let task = Task::ValidateApplication;
    after(offered())
        .when(ScheduleWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NotSentBack);
    after(offered_then([OfferSentBack]))
        .when(ScheduleWork { id: id(), task })
        .then_emits([WorkScheduled { task }.into()]);
    let task = Task::CallAboutOffer;
    after(finalized())
        .when(ScheduleWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NoSuchWorkNow { task });
    let task = Task::CallAboutMissingFiles;
    after(offered())
        .when(ScheduleWork { id: id(), task })
        .then_rejects(|refused| *refused == Refused::NoSuchWorkNow { task });
    let task = Task::ChangeContract;
    after(offered_then([cancelled(Stage::Finalized)]))
        .when(ScheduleWork { id: id(), task })
        .then_rejects(|refused| matches!(refused, Refused::Decided { .. }));
}
