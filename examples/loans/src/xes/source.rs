//! Where the bytes of a log come from: decompressed where needed, with lines counted and progress metered.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

/// The first two bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 64 * 1024;

/// A place in a text, both counted from 1; columns are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl Place {
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// How many bytes of a file were read, compressed as they are: the part of the log that is done.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The text of a log, with the place up to which it was consumed.
pub(super) struct Source {
    text: BufReader<Box<dyn Read + Send>>,
    place: Place,
}

struct Metered<R> {
    bytes: R,
    meter: Meter,
}

impl Source {
    pub(super) fn new(bytes: impl Read + Send + 'static, meter: &Meter) -> io::Result<Self> {
        let bytes = Metered {
            bytes,
            meter: meter.clone(),
        };
        let mut bytes = BufReader::with_capacity(BUFFER, bytes);
        let text: Box<dyn Read + Send> = if bytes.fill_buf()?.starts_with(&GZIP) {
            // A gzip file may consist of several members, one after the other.
            Box::new(MultiGzDecoder::new(bytes))
        } else {
            Box::new(bytes)
        };
        Ok(Self {
            text: BufReader::with_capacity(BUFFER, text),
            place: Place::START,
        })
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        let more = u64::try_from(read).unwrap_or(0);
        self.meter.0.fetch_add(more, Ordering::Relaxed);
        Ok(read)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let consumed = self.text.buffer().get(..amount).unwrap_or_default();
        let after_last_line = match consumed.iter().rposition(|byte| *byte == b'\n') {
            None => amount,
            Some(last) => {
                let lines = consumed.iter().filter(|byte| **byte == b'\n').count();
                self.place.line += u64::try_from(lines).unwrap_or(0);
                self.place.column = 1;
                amount - last - 1
            }
        };
        self.place.column += u64::try_from(after_last_line).unwrap_or(0);
        self.text.consume(amount);
    }
}
