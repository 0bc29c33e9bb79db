//! [`Timestamp`]: one instant, in microseconds, UTC.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::{SignedDuration, civil::DateTime};

use crate::record::text_form::{schema_of_text, serde_as_text};

/// One instant, to the microsecond, in UTC; years 0000 to 9999, as RFC 3339 has them.
///
/// As text and in JSON it is always written with six decimals and `Z`, so that text order is time order.
///
/// ```
/// use intent_runtime::Timestamp;
/// let time: Timestamp = "2011-10-01T00:38:44.546+02:00".parse()?;
/// assert_eq!(time.to_string(), "2011-09-30T22:38:44.546000Z");
/// assert_eq!(time.as_micros(), 1_317_422_324_546_000);
/// # Ok::<(), intent_runtime::error::TimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text is not a time, or a number lies outside the years 0000 to 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text is not an RFC 3339 time. Handling: correct the text, such as `2011-10-01T00:38:44.546+02:00`.
    #[error("`{text}` is not an RFC 3339 time such as 2011-10-01T00:38:44+02:00")]
    Text {
        /// What was given.
        text: String,
    },
    /// The instant lies outside the years 0000 to 9999. Handling: find out which unit the number is in.
    #[error("{micros} microseconds since 1970 lie outside the years 0000 to 9999")]
    Range {
        /// What was given.
        micros: i64,
    },
}

impl Timestamp {
    /// The first instant of the year 0000.
    pub const MIN: Self = Self(-62_167_219_200_000_000);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The present, by the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z (before it, when negative).
    ///
    /// # Errors
    /// [`TimestampError::Range`] outside the years 0000 to 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 {
            return Err(TimestampError::Range { micros });
        }
        Ok(Self(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant `duration` later, at most [`Timestamp::MAX`].
    ///
    /// ```
    /// use intent_runtime::Timestamp;
    /// use std::time::Duration;
    /// let due = Timestamp::now().saturating_add(Duration::from_secs(14 * 24 * 60 * 60));
    /// assert!(due > Timestamp::now());
    /// ```
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(Self::MAX.0))
    }

    /// The instant `duration` earlier, at least [`Timestamp::MIN`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(Self::MIN.0))
    }

    /// The time since `earlier`; zero if `earlier` is not before this.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

/// Times outside the years 0000 to 9999 become the nearest one inside.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let clamp = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let micros = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => clamp(after),
            Err(before) => -clamp(before.duration()),
        };
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }
}

/// For other crates of time: chrono makes its `DateTime<Utc>` from a [`SystemTime`]. On Windows a time before the year 1601 becomes the
/// beginning of that year.
impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_micros(time.0.unsigned_abs());
        let there = match time.0 < 0 {
            true => UNIX_EPOCH.checked_sub(distance),
            false => UNIX_EPOCH.checked_add(distance),
        };
        let beginning = || UNIX_EPOCH.checked_sub(Duration::from_secs(11_644_473_600));
        there.or_else(beginning).unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = EPOCH.checked_add(SignedDuration::from_micros(self.0));
        write!(f, "{:.6}Z", time.map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads an RFC 3339 time with `Z` or an offset, and at most nine decimals. Those after the sixth are cut off.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let micros = micros(text).ok_or_else(|| TimestampError::Text {
            text: text.to_owned(),
        })?;
        Self::from_micros(micros)
    }
}

/// The start of the count of microseconds. jiff's own count ends a day before the end of the year 9999.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The microseconds since 1970 of a text in the form of RFC 3339, section 5.6. jiff would read more (ISO 8601 and the zones of
/// RFC 9557), which the schema's `date-time` forbids, so it only checks the calendar.
fn micros(text: &str) -> Option<i64> {
    const SECONDS: &str = "0000-00-00T00:00:00";
    let (seconds, rest) = text.split_at_checked(SECONDS.len())?;
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let decimals = match rest.as_bytes() {
        [b'.', decimals @ ..] => 1 + decimals.iter().take_while(|byte| is_digit(byte)).count(),
        _ => 0,
    };
    // A point without decimals.
    if decimals == 1 || !has_form(seconds.as_bytes(), SECONDS.as_bytes()) {
        return None;
    }
    let (local, offset) = text.split_at_checked(SECONDS.len() + decimals)?;
    let local: DateTime = local.parse().ok()?;
    // Rounds towards the past, also before 1970.
    let micros = local.duration_since(EPOCH).as_nanos().div_euclid(1_000);
    let micros = i64::try_from(micros).ok()?;
    Some(micros - offset_minutes(offset.as_bytes())? * 60_000_000)
}

/// The minutes that a local time is ahead of UTC.
fn offset_minutes(text: &[u8]) -> Option<i64> {
    let (sign, time) = match text {
        [b'+', time @ ..] => (1, time),
        [b'-', time @ ..] => (-1, time),
        zulu => return has_form(zulu, b"Z").then_some(0),
    };
    let &[h, hh, b':', m, mm] = time else {
        return None;
    };
    let number = |tens: u8, ones: u8| {
        let digit = |byte: u8| char::from(byte).to_digit(10).map(i64::from);
        Some(digit(tens)? * 10 + digit(ones)?)
    };
    let (hours, minutes) = (number(h, hh)?, number(m, mm)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Whether a text has digits where the form has `0`, and elsewhere the form's own characters, in upper or lower case.
fn has_form(text: &[u8], form: &[u8]) -> bool {
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte.eq_ignore_ascii_case(form),
    };
    text.len() == form.len() && text.iter().zip(form).all(fits)
}

serde_as_text!(Timestamp);
schema_of_text!(Timestamp, { "type": "string", "format": "date-time" });
