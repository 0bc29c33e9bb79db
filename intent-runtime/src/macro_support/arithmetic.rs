//! Checked arithmetic: what an operator in a rule does to an integer, a duration or a `#[value(arithmetic)]`.

use std::time::{Duration, Instant, SystemTime};

/// An operator of a rule.
pub trait Operator {
    /// What an event does to a field that has no room for the result.
    const FAULT: &'static str = "overflows";
}

/// `+=`
#[derive(Debug)]
pub struct Add;
/// `-=`
#[derive(Debug)]
pub struct Sub;
/// `*=`
#[derive(Debug)]
pub struct Mul;
/// `/=`
#[derive(Debug)]
pub struct Div;
/// `%=`
#[derive(Debug)]
pub struct Rem;
/// `<<=`
#[derive(Debug)]
pub struct Shl;
/// `>>=`
#[derive(Debug)]
pub struct Shr;

impl Operator for Add {}
impl Operator for Sub {}
impl Operator for Mul {}
impl Operator for Div {
    const FAULT: &'static str = "cannot divide";
}
impl Operator for Rem {
    const FAULT: &'static str = "cannot divide";
}
impl Operator for Shl {
    const FAULT: &'static str = "cannot shift";
}
impl Operator for Shr {
    const FAULT: &'static str = "cannot shift";
}

/// A field whose operator `O` is checked in every build profile, with a value of type `R` behind it.
#[diagnostic::on_unimplemented(
    message = "in a rule, a `{Self}` does not take a `{R}` behind this operator",
    label = "a `{R}` is no operand of it",
    note = "`#[value(arithmetic)]` takes `+=` and `-=` with a value of its own type, and `*=` with its integer"
)]
pub trait Checked<O, R>: Sized {
    /// The result, if there is one.
    fn checked(&self, value: R) -> Option<Self>;
}

/// A `#[value(arithmetic)]`: a struct of one integer.
pub trait Arithmetic: Sized {
    /// The integer.
    type Integer: Integer;

    /// The integer of a value.
    fn integer(&self) -> Self::Integer;

    /// The value of an integer.
    fn of(integer: Self::Integer) -> Self;
}

/// The type of the field of a `#[value(arithmetic)]`.
#[diagnostic::on_unimplemented(
    message = "a `#[value(arithmetic)]` is made of one integer, and `{Self}` is none",
    label = "not an integer",
    note = "use one of `i8` to `i128` or `u8` to `u128`, or remove `arithmetic`"
)]
pub trait Integer: Copy {
    /// The sum, if it has one.
    fn plus(self, other: Self) -> Option<Self>;
    /// The difference, if it has one.
    fn minus(self, other: Self) -> Option<Self>;
    /// The product, if it has one.
    fn times(self, other: Self) -> Option<Self>;
}

/// How far a shift goes.
pub trait Distance {
    /// The number of bits, unless it is larger than any integer is wide.
    fn bits(self) -> Option<u32>;
}

macro_rules! checked {
    ($field:ty: $($operator:ident $value:ty => $function:ident),* $(,)?) => {
        $(
            #[diagnostic::do_not_recommend]
            impl Checked<$operator, $value> for $field {
                #[inline]
                fn checked(&self, value: $value) -> Option<Self> {
                    self.$function(value)
                }
            }

            #[diagnostic::do_not_recommend]
            impl Checked<$operator, &$value> for $field {
                #[inline]
                fn checked(&self, value: &$value) -> Option<Self> {
                    self.$function(*value)
                }
            }
        )*
    };
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(
            impl Integer for $integer {
                #[inline]
                fn plus(self, other: Self) -> Option<Self> {
                    self.checked_add(other)
                }

                #[inline]
                fn minus(self, other: Self) -> Option<Self> {
                    self.checked_sub(other)
                }

                #[inline]
                fn times(self, other: Self) -> Option<Self> {
                    self.checked_mul(other)
                }
            }

            checked! {
                $integer:
                Add $integer => checked_add,
                Sub $integer => checked_sub,
                Mul $integer => checked_mul,
                Div $integer => checked_div,
                Rem $integer => checked_rem,
            }

            #[diagnostic::do_not_recommend]
            impl<R: Distance> Checked<Shl, R> for $integer {
                #[inline]
                fn checked(&self, value: R) -> Option<Self> {
                    self.checked_shl(value.bits()?)
                }
            }

            #[diagnostic::do_not_recommend]
            impl<R: Distance> Checked<Shr, R> for $integer {
                #[inline]
                fn checked(&self, value: R) -> Option<Self> {
                    self.checked_shr(value.bits()?)
                }
            }

            #[diagnostic::do_not_recommend]
            impl Distance for $integer {
                #[inline]
                fn bits(self) -> Option<u32> {
                    self.try_into().ok()
                }
            }

            #[diagnostic::do_not_recommend]
            impl Distance for &$integer {
                #[inline]
                fn bits(self) -> Option<u32> {
                    (*self).bits()
                }
            }
        )*
    };
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl<T: Arithmetic> Checked<Add, T> for T {
    #[inline]
    fn checked(&self, value: T) -> Option<Self> {
        Checked::<Add, _>::checked(self, &value)
    }
}

impl<T: Arithmetic> Checked<Add, &T> for T {
    #[inline]
    fn checked(&self, value: &T) -> Option<Self> {
        self.integer().plus(value.integer()).map(Self::of)
    }
}

impl<T: Arithmetic> Checked<Sub, T> for T {
    #[inline]
    fn checked(&self, value: T) -> Option<Self> {
        Checked::<Sub, _>::checked(self, &value)
    }
}

impl<T: Arithmetic> Checked<Sub, &T> for T {
    #[inline]
    fn checked(&self, value: &T) -> Option<Self> {
        self.integer().minus(value.integer()).map(Self::of)
    }
}

impl<T: Arithmetic> Checked<Mul, T::Integer> for T {
    #[inline]
    fn checked(&self, value: T::Integer) -> Option<Self> {
        self.integer().times(value).map(Self::of)
    }
}

// The operators of these panic where an integer's would wrap.
checked! {
    Duration:
    Add Duration => checked_add,
    Sub Duration => checked_sub,
    Mul u32 => checked_mul,
    Div u32 => checked_div,
}
checked!(SystemTime: Add Duration => checked_add, Sub Duration => checked_sub);
checked!(Instant: Add Duration => checked_add, Sub Duration => checked_sub);
