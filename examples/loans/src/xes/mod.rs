//! Reads event logs in XES (IEEE 1849) one trace at a time, so that a log of any length needs the memory of its
//! longest trace.

mod error;
mod source;
#[cfg(test)]
mod tests;

pub use error::{Fault, LogError};
pub use source::{Meter, Place};

use std::{fs::File, io::Read, path::Path};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event as Xml},
};

use self::source::Source;

/// One `<trace>`: in this log, all that happened to one application.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    pub place: Place,
    pub attributes: Attributes,
    pub events: Vec<Event>,
}

/// One `<event>` of a trace.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    pub place: Place,
    pub attributes: Attributes,
}

/// The attributes of a trace or an event. What is nested in an attribute is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<Attribute>);

/// One attribute, such as `<string key="concept:name" value="A_SUBMITTED"/>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    pub place: Place,
    pub key: String,
    pub value: String,
}

/// A log that is being read: an iterator over its traces, which ends after the first error.
pub struct Log {
    name: String,
    xml: Reader<Source>,
    buffer: Vec<u8>,
    level: Level,
    /// Where the piece of XML that is being read begins.
    place: Place,
    /// How many elements are open that mean nothing to us. They are nested, so a number is enough.
    skipping: usize,
    seen_log: bool,
    failed: bool,
}

/// How deep in the document the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Document,
    Log,
    Trace,
    Event,
}

impl Attributes {
    pub fn get(&self, key: &str) -> Option<&Attribute> {
        self.0.iter().find(|attribute| attribute.key == key)
    }
}

impl Log {
    /// Opens a file, plain or compressed with gzip. Its first bytes show which.
    pub fn open(path: &Path, meter: &Meter) -> Result<Self, LogError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::read(name, file, meter),
            Err(source) => Err(LogError::Open { file: name, source }),
        }
    }

    /// Reads what `bytes` yields; `name` is for errors.
    pub fn read(
        name: String,
        bytes: impl Read + Send + 'static,
        meter: &Meter,
    ) -> Result<Self, LogError> {
        let source = match Source::new(bytes, meter) {
            Ok(source) => source,
            Err(source) => return Err(LogError::Open { file: name, source }),
        };
        let mut xml = Reader::from_reader(source);
        xml.config_mut().expand_empty_elements = true;
        Ok(Self {
            name,
            xml,
            buffer: Vec::new(),
            level: Level::Document,
            place: Place::START,
            skipping: 0,
            seen_log: false,
            failed: false,
        })
    }

    /// An error of this log at a place in it.
    pub fn error(&self, place: Place, fault: Fault) -> LogError {
        LogError::At {
            file: self.name.clone(),
            place,
            source: fault,
        }
    }

    fn next_trace(&mut self) -> Result<Option<Trace>, Fault> {
        let mut trace = None;
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            buffer.clear();
            self.place = self.xml.get_ref().place();
            match self.xml.read_event_into(&mut buffer)? {
                Xml::Start(element) => self.enter(&element, &mut trace)?,
                Xml::End(_) if self.skipping > 0 => self.skipping -= 1,
                Xml::End(_) => match self.level {
                    Level::Event => self.level = Level::Trace,
                    Level::Trace => {
                        self.level = Level::Log;
                        self.buffer = buffer;
                        return Ok(trace);
                    }
                    Level::Log | Level::Document => self.level = Level::Document,
                },
                Xml::Text(text) if self.skipping == 0 && !text.trim_ascii().is_empty() => {
                    return Err(Fault::text(&text));
                }
                Xml::Eof => return self.end().map(|()| None),
                _ => {}
            }
        }
    }

    fn enter(&mut self, element: &BytesStart<'_>, trace: &mut Option<Trace>) -> Result<(), Fault> {
        if self.skipping > 0 {
            self.skipping += 1;
            return Ok(());
        }
        let name = element.name();
        let attributes = match (self.level, name.as_ref(), trace) {
            (Level::Document, "log", _) if !self.seen_log => {
                self.seen_log = true;
                self.level = Level::Log;
                return Ok(());
            }
            (Level::Document, found, _) => {
                return Err(Fault::NotALog {
                    found: found.to_owned(),
                });
            }
            (Level::Log, "trace", trace) => {
                self.level = Level::Trace;
                *trace = Some(Trace {
                    place: self.place,
                    attributes: Attributes::default(),
                    events: Vec::new(),
                });
                return Ok(());
            }
            (Level::Trace, "event", Some(trace)) => {
                self.level = Level::Event;
                trace.events.push(Event {
                    place: self.place,
                    attributes: Attributes::default(),
                });
                return Ok(());
            }
            (Level::Trace, _, Some(trace)) => Some(&mut trace.attributes),
            (Level::Event, _, Some(trace)) => {
                trace.events.last_mut().map(|event| &mut event.attributes)
            }
            // The log's own attributes, extensions and classifiers; no trace is without the three arms above.
            (Level::Log | Level::Trace | Level::Event, ..) => None,
        };
        self.skipping = 1;
        match attributes {
            Some(attributes) => attributes.add(element, self.place),
            None => Ok(()),
        }
    }

    fn end(&self) -> Result<(), Fault> {
        match self.level {
            Level::Document if self.seen_log => Ok(()),
            Level::Document => Err(Fault::Empty),
            Level::Log => Err(Fault::EndsInside { element: "log" }),
            Level::Trace => Err(Fault::EndsInside { element: "trace" }),
            Level::Event => Err(Fault::EndsInside { element: "event" }),
        }
    }
}

impl Attributes {
    fn add(&mut self, element: &BytesStart<'_>, place: Place) -> Result<(), Fault> {
        let mut key = None;
        let mut value = None;
        for attribute in element.attributes() {
            let attribute = attribute.map_err(quick_xml::Error::from)?;
            let text = match attribute.key.as_ref() {
                "key" => &mut key,
                "value" => &mut value,
                _ => continue,
            };
            *text = Some(
                attribute
                    .normalized_value(XmlVersion::Implicit1_0)?
                    .into_owned(),
            );
        }
        let without = |attribute| Fault::Incomplete {
            element: element.name().as_ref().to_owned(),
            attribute,
        };
        let key = key.ok_or_else(|| without("key"))?;
        // Lists and containers have none, and hold what they have in nested attributes.
        if let Some(value) = value {
            self.0.push(Attribute { place, key, value });
        }
        Ok(())
    }
}

impl Iterator for Log {
    type Item = Result<Trace, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.next_trace() {
            Ok(trace) => trace.map(Ok),
            Err(fault) => {
                self.failed = true;
                Some(Err(self.error(self.place, fault)))
            }
        }
    }
}
