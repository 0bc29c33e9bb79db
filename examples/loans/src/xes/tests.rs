use std::{
    error::Error,
    io::{Cursor, Write},
};

use flate2::{Compression, write::GzEncoder};

use super::{Attributes, Log, LogError, Meter, Trace};

/// A log of one trace, whose `<event>` stands in lines 4 to 7.
const ONE: &str = r#"<log xmlns="http://www.xes-standard.org/">
  <trace>
    <string key="concept:name" value="7"/>
    <event>
      <string key="concept:name" value="A_SUBMITTED"/>
      <string key="org:resource" value="112"/>
    </event>
  </trace>
</log>
"#;

fn log(bytes: impl Into<Vec<u8>>) -> Log {
    let bytes = Cursor::new(bytes.into());
    Log::read("test.xes".into(), bytes, &Meter::default()).unwrap()
}

fn read(bytes: impl Into<Vec<u8>>) -> Result<Vec<Trace>, LogError> {
    log(bytes).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// The error of a log in one line, as a user sees it.
#[track_caller]
fn error_of(bytes: impl Into<Vec<u8>>) -> String {
    let error = read(bytes).unwrap_err();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn value<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.get(key).map(|found| found.value.as_str())
}

#[test]
fn a_trace_has_its_attributes_and_events() {
    let traces = read(ONE).unwrap();
    assert_eq!(traces.len(), 1);
    assert_eq!(value(&traces[0].attributes, "concept:name"), Some("7"));
    assert_eq!(traces[0].events.len(), 1);
    let event = &traces[0].events[0];
    assert_eq!(
        value(&event.attributes, "concept:name"),
        Some("A_SUBMITTED")
    );
    assert_eq!(value(&event.attributes, "org:resource"), Some("112"));
    assert_eq!(value(&event.attributes, "time:timestamp"), None);
    assert_eq!(event.place.to_string(), "line 4, column 5");
}

#[test]
fn gzip_is_told_by_its_first_bytes() {
    assert_eq!(read(gzip(ONE)).unwrap(), read(ONE).unwrap());
}

#[test]
fn a_gzip_file_of_several_members_is_one_log() {
    let (first, second) = ONE.split_at(100);
    let members = [gzip(first), gzip(second)].concat();
    assert_eq!(read(members).unwrap(), read(ONE).unwrap());
}

#[test]
fn the_meter_counts_the_bytes_of_the_file() {
    let meter = Meter::default();
    let file = gzip(ONE);
    let length = u64::try_from(file.len()).unwrap();
    let log = Log::read("test.xes".into(), Cursor::new(file), &meter).unwrap();
    assert_eq!(log.count(), 1);
    assert_eq!(meter.bytes(), length);
}

#[test]
fn entities_and_character_references_are_resolved() {
    let text = ONE.replace(
        "112",
        "O&apos;Hara &amp; S&#246;hne &lt;1&gt; &quot;x&quot;",
    );
    let traces = read(text).unwrap();
    let event = &traces[0].events[0];
    assert_eq!(
        value(&event.attributes, "org:resource"),
        Some("O'Hara & Söhne <1> \"x\"")
    );
}

#[test]
fn nested_attributes_and_the_logs_own_are_passed_over() {
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<log>
  <extension name="Concept" prefix="concept" uri="http://example.org"/>
  <global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
  <float key="average" value="2.5"><float key="112" value="0.7"/></float>
  <trace>
    <string key="concept:name" value="7"><string key="concept:name" value="inner"/></string>
    <list key="things"><values><event/><trace/></values></list>
    <event/>
  </trace>
</log>"#;
    let traces = read(text).unwrap();
    assert_eq!(traces.len(), 1);
    assert_eq!(value(&traces[0].attributes, "concept:name"), Some("7"));
    assert_eq!(value(&traces[0].attributes, "things"), None);
    assert_eq!(traces[0].events.len(), 1);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{}", ONE.replace('\n', "\r\n"));
    let traces = read(text).unwrap();
    assert_eq!(traces[0].events[0].place.to_string(), "line 4, column 5");
}

#[test]
fn traces_before_an_error_are_read_and_none_after_it() {
    let trace = "<trace><string key=\"concept:name\" value=\"7\"/></trace>";
    let text = format!("<log>\n{trace}\n<trace><string value=\"8\"/></trace>\n{trace}\n</log>");
    let mut log = log(text);
    assert!(log.next().unwrap().is_ok());
    assert!(log.next().unwrap().is_err());
    assert!(log.next().is_none());
}

#[test]
fn every_malformed_line_is_named() {
    let cases = [
        (
            ONE.replace("</event>", "</evt>"),
            "test.xes, line 7, column 5: this is not well-formed XML: ",
        ),
        (
            ONE.replace("value=\"112\"", "value=\"112"),
            "test.xes, line 6, column 7: this is not well-formed XML: ",
        ),
        (
            ONE.replace("value=\"112\"", "value=112"),
            "test.xes, line 6, column 7: this is not well-formed XML: ",
        ),
        (
            ONE.replace("112", "&bogus;"),
            "test.xes, line 6, column 7: this is not well-formed XML: ",
        ),
        (
            ONE.replace("key=\"org:resource\" ", ""),
            "test.xes, line 6, column 7: the <string> has no `key`",
        ),
        (
            ONE.replace("<event>", "<event>112"),
            "test.xes, line 4, column 12: there is text where only elements belong: `112`",
        ),
    ];
    for (text, expected) in cases {
        let error = error_of(text);
        assert!(error.starts_with(expected), "{error}\nnot\n{expected}");
        let told: Vec<&str> = error.split(": ").collect();
        let once: std::collections::BTreeSet<_> = told.iter().collect();
        assert_eq!(told.len(), once.len(), "nothing is said twice: {error}");
    }
}

#[test]
fn a_file_that_ends_early_says_where() {
    for (end, expected) in [
        (
            "<event>",
            "line 4, column 12: the file ends inside a <event>",
        ),
        (
            "<trace>",
            "line 2, column 10: the file ends inside a <trace>",
        ),
        (
            "</trace>",
            "line 8, column 11: the file ends inside a <log>",
        ),
    ] {
        let to = ONE.find(end).unwrap() + end.len();
        assert_eq!(error_of(&ONE[..to]), format!("test.xes, {expected}"));
    }
}

#[test]
fn what_is_no_log_is_refused() {
    assert_eq!(
        error_of(""),
        "test.xes, line 1, column 1: there is no <log>, the file is empty"
    );
    assert_eq!(
        error_of("<html></html>"),
        "test.xes, line 1, column 1: there is a <html> where an XES file has its one <log>"
    );
    assert_eq!(
        error_of("<log/><log/>"),
        "test.xes, line 1, column 7: there is a <log> where an XES file has its one <log>"
    );
    let error = error_of([0xff, 0xfe, b'<', 0x80]);
    assert!(error.starts_with("test.xes, line 1, column 1: "), "{error}");
}

#[test]
fn damaged_gzip_is_an_error() {
    let whole = gzip(ONE);
    let cut = error_of(&whole[..whole.len() / 2]);
    assert!(cut.contains("the file cannot be read: "), "{cut}");
    let mut flipped = whole;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let flipped = error_of(flipped);
    assert!(flipped.starts_with("test.xes, line "), "{flipped}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Log::open("no/such.xes".as_ref(), &Meter::default()).err();
    assert_eq!(error.unwrap().to_string(), "no/such.xes cannot be opened");
}
