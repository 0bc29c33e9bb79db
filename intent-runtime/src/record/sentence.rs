//! The `Debug` of errors for people: a sentence, then its causes.

use std::{error::Error, fmt};

/// Writes an error and each of its causes after a colon. It leaves out a cause that the text already contains, since some
/// crates repeat their causes.
pub(crate) fn write(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = error.to_string();
    for cause in causes(error) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    f.write_str(&text)
}

/// The causes of an error, each as its sentence, the nearest first.
pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes
}

/// Gives errors the `Debug` that a program shows when `main` returns one: the sentence with its causes.
macro_rules! debug {
    ($($error:ty),+ $(,)?) => {$(
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::sentence::write(self, f)
            }
        }
    )+};
}
pub(crate) use debug;
