//! How mistakes read. Each case is one mistake; its `.stderr` is product text, and a change of it is reviewed.

#[test]
fn mistakes_are_explained_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    for attribute in ["aggregate", "event", "value", "command", "commands"] {
        cases.compile_fail(format!("ui/{attribute}/*.rs"));
    }
}
