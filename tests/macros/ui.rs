//! How mistakes read. Each case is one mistake; its `.stderr` is product text, and a change of it is reviewed.

use std::fs;

#[test]
fn mistakes_are_explained_where_they_are_made() {
    let cases = trybuild::TestCases::new();
    // A folder for each attribute, one for what compiles, and one for what compiles and has several files.
    for folder in fs::read_dir("ui").unwrap() {
        let folder = folder.unwrap().path();
        let files = folder.join("*.rs");
        if folder.ends_with("pass") {
            cases.pass(files);
        } else if folder.ends_with("files") {
            cases.pass(folder.join("*/main.rs"));
        } else {
            cases.compile_fail(files);
        }
    }
}
