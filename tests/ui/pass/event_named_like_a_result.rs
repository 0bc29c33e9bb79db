//! An event is called like a result, and is returned as it is.
#![allow(dead_code)]

use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Enrolled), events(ExamResult))]
pub struct Student {
    #[id]
    id: Id<Student>,
    #[on(ExamResult = |e| e.points)]
    points: u32,
}

#[event]
pub struct Enrolled;

#[event]
pub struct ExamResult {
    pub points: u32,
}

#[commands]
impl Student {
    #[create]
    pub fn enrol() -> Enrolled {
        Enrolled
    }

    #[handle]
    pub fn grade(&self, points: u32) -> ExamResult {
        ExamResult { points }
    }
}

fn main() {}
