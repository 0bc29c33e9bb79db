use intent_runtime::prelude::*;

#[value]
#[serde(into = "String")]
pub struct Range {
    pub from: u8,
    pub to: u8,
}

impl From<Range> for String {
    fn from(range: Range) -> Self {
        format!("{}-{}", range.from, range.to)
    }
}

fn main() {}
