//! [`Timestamp`]: one instant, in microseconds, UTC.

use std::{
    borrow::Cow,
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One instant, to the microsecond, in UTC; years 0000 to 9999, as RFC 3339 has them.
///
/// As text and in JSON it is always written with six decimals and `Z`, so that text order is time order.
///
/// ```
/// use intent_runtime::Timestamp;
/// let time: Timestamp = "2011-10-01T00:38:44.546+02:00".parse()?;
/// assert_eq!(time.to_string(), "2011-09-30T22:38:44.546000Z");
/// assert_eq!(time.as_micros(), 1_317_422_324_546_000);
/// # Ok::<(), intent_runtime::TimestampError>(())
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
    /// 9999-12-30T22:00:00Z. Later instants have a year of five digits at some offset, and jiff counts no microseconds
    /// beyond it.
    pub const MAX: Self = Self(253_402_207_200_000_000);

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

    /// The instant this long after, or [`Timestamp::MAX`] if it lies beyond.
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

    /// The instant this long before, or [`Timestamp::MIN`] if it lies beyond.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(Self::MIN.0))
    }

    /// How long after `earlier` this is; zero if it is not after it.
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

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{time:.6}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads an RFC 3339 time, which says `Z` or an offset; at most nine decimals, and those beyond the sixth are cut off.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let read = is_rfc_3339(text.as_bytes())
            .then(|| text.parse::<jiff::Timestamp>().ok())
            .flatten();
        let time = read.ok_or_else(|| TimestampError::Text {
            text: text.to_owned(),
        })?;
        // jiff cuts off towards 1970, so that a time before it would become a later one.
        let later = time.subsec_nanosecond() % 1_000 < 0;
        Self::from_micros(time.as_microsecond() - i64::from(later))
    }
}

/// Whether a text has the form of RFC 3339, section 5.6. jiff reads more (ISO 8601, and the zones of RFC 9557), which
/// the schema's `date-time` forbids and other programs refuse; its part is to judge the numbers and the calendar.
fn is_rfc_3339(text: &[u8]) -> bool {
    const SECONDS: &[u8] = b"0000-00-00T00:00:00";
    let Some((seconds, rest)) = text.split_at_checked(SECONDS.len()) else {
        return false;
    };
    let offset = match rest {
        [b'.', b'0'..=b'9', rest @ ..] => {
            let more = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            &rest[more..]
        }
        rest => rest,
    };
    has_form(seconds, SECONDS) && is_offset(offset)
}

fn is_offset(text: &[u8]) -> bool {
    match text {
        [b'+' | b'-', time @ ..] => has_form(time, b"00:00") && time < b"24".as_slice(),
        zulu => has_form(zulu, b"Z"),
    }
}

/// Whether a text is digits where the form has `0`, and the form's own characters, in either case, elsewhere.
fn has_form(text: &[u8], form: &[u8]) -> bool {
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte.eq_ignore_ascii_case(form),
    };
    text.len() == form.len() && text.iter().zip(form).all(fits)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}
