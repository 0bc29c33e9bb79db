use intent_runtime::prelude::*;

#[value]
#[serde(try_from = "String")]
pub struct Range {
    pub from: u8,
    pub to: u8,
}

impl TryFrom<String> for Range {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (from, to) = (text.parse()?, text.parse()?);
        Ok(Self { from, to })
    }
}

fn main() {}
