//! Checked arithmetic: what an operator in a rule does to an integer, a duration or a `#[value(arithmetic)]`.

use std::time::{Duration, Instant, SystemTime};

/// An operator of a rule.
pub trait Operator {
    /// What an error says that the event does to a field when there is no result.
    const FAULT: &'static str;
}

macro_rules! operators {
    ($($operator:ident $written:literal $fault:literal)*) => {
        $(
            #[doc = $written]
            #[derive(Debug)]
            pub struct $operator;

            impl Operator for $operator {
                const FAULT: &'static str = $fault;
            }
        )*
    };
}

operators! {
    Add "`+=`" "overflows"
    Sub "`-=`" "overflows"
    Mul "`*=`" "overflows"
    Div "`/=`" "cannot divide"
    Rem "`%=`" "cannot divide"
    Shl "`<<=`" "cannot shift"
    Shr "`>>=`" "cannot shift"
}

/// A field type whose operator `O`, with a value of type `R` on its right, is checked in every build profile.
#[diagnostic::on_unimplemented(
    message = "in a rule, a `{Self}` does not take a `{R}` behind this operator",
    label = "a `{R}` is no operand of it",
    note = "`#[value(arithmetic)]` takes `+=` and `-=` with a value of its own type, and `*=` with its integer"
)]
pub trait Checked<O, R>: Sized {
    /// The result; `None` if the field cannot hold it.
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
    /// The sum, if it fits.
    fn plus(self, other: Self) -> Option<Self>;
    /// The difference, if it fits.
    fn minus(self, other: Self) -> Option<Self>;
    /// The product, if it fits.
    fn times(self, other: Self) -> Option<Self>;
}

/// The right side of a shift.
pub trait Distance {
    /// The number of bits; `None` if no integer is that wide.
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
            // Methods of its own: with `Checked` as a supertrait, a wrong type would be four errors.
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

macro_rules! arithmetic {
    ($($operator:ident $function:ident)*) => {
        $(
            impl<T: Arithmetic> Checked<$operator, T> for T {
                #[inline]
                fn checked(&self, value: T) -> Option<Self> {
                    Checked::<$operator, _>::checked(self, &value)
                }
            }

            impl<T: Arithmetic> Checked<$operator, &T> for T {
                #[inline]
                fn checked(&self, value: &T) -> Option<Self> {
                    self.integer().$function(value.integer()).map(Self::of)
                }
            }
        )*
    };
}

arithmetic!(Add plus Sub minus);

impl<T: Arithmetic> Checked<Mul, T::Integer> for T {
    #[inline]
    fn checked(&self, value: T::Integer) -> Option<Self> {
        self.integer().times(value).map(Self::of)
    }
}

// The operators of these types panic in every build profile.
checked! {
    Duration:
    Add Duration => checked_add,
    Sub Duration => checked_sub,
    Mul u32 => checked_mul,
    Div u32 => checked_div,
}
checked!(SystemTime: Add Duration => checked_add, Sub Duration => checked_sub);
checked!(Instant: Add Duration => checked_add, Sub Duration => checked_sub);
