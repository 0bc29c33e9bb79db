//! The code of an operator in a rule. `#[derive(Aggregate)]` does not know types, so it leaves the choice to the compiler.
//!
//! `Deposited += |e| e.amount` becomes
//!
//! ```text
//! Rule::<Add, _, _, _>::new(field, value(event), |mut field, value| *field.place() += value)
//!     .apply(|fault| overflow::<Account, Deposited>("balance", fault))
//! ```
//!
//! `place` and `apply` are each an inherent method for some types and a trait's method for all types. The compiler takes the
//! inherent one where its bounds hold.
//!
//! | field | `place` is | `apply` is |
//! |---|---|---|
//! | an integer, with a value that is checked | the field | checked |
//! | a `#[value(arithmetic)]`, which has no operators | a stand-in that has `+=`, `-=` and `*=` | checked |
//! | anything else | the field | the operator, as its author wrote it |
//!
//! The other operators take `own`, which is always the field.
//!
//! The operator stays in the code even where it does not run. It gives a number such as `1` its type, and a wrong type gives
//! the compiler's usual error at the usual place.

use std::marker::PhantomData;

use crate::{
    macro_support::arithmetic::{Add, Arithmetic, Checked, Mul, Operator, Sub},
    model::{aggregate::Aggregate, event::EventOf, overflow::Overflow, read_model::ReadModel},
};

/// The error of a rule of an aggregate: what the operator cannot do, and to which field.
#[cold]
pub fn overflow<A: Aggregate, E: EventOf<A>>(field: &'static str, fault: &'static str) -> Overflow {
    Overflow::that(A::TYPE, E::NAME, fault, field)
}

/// The same for a rule of a read model, with the event's stored name.
#[cold]
pub fn row_overflow<M: ReadModel>(
    event: &'static str,
    field: &'static str,
    fault: &'static str,
) -> Overflow {
    Overflow::that(M::TABLE, event, fault, field)
}

/// A field, the value behind the operator, and the operator.
#[derive(Debug)]
pub struct Rule<'a, O, F, R, C> {
    field: &'a mut F,
    value: R,
    operate: C,
    operator: PhantomData<O>,
}

impl<'a, O, F, R, C: FnOnce(Field<'_, F>, R)> Rule<'a, O, F, R, C> {
    /// A rule. `operate` runs where the operator is not checked.
    #[inline]
    pub fn new(field: &'a mut F, value: R, operate: C) -> Self {
        Self {
            field,
            value,
            operate,
            operator: PhantomData,
        }
    }
}

impl<O: Operator, F: Checked<O, R>, R, C> Rule<'_, O, F, R, C> {
    /// Changes the field, if it can hold the result.
    ///
    /// # Errors
    /// What `overflow` makes of the operator's fault, if the field cannot hold the result. The field then keeps its value.
    #[inline]
    pub fn apply(self, overflow: impl FnOnce(&'static str) -> Overflow) -> Result<(), Overflow> {
        match self.field.checked(self.value) {
            Some(result) => {
                *self.field = result;
                Ok(())
            }
            None => Err(overflow(O::FAULT)),
        }
    }
}

/// A rule whose operator is not checked.
pub trait Unchecked {
    /// Runs the operator.
    ///
    /// # Errors
    /// None.
    fn apply(self, overflow: impl FnOnce(&'static str) -> Overflow) -> Result<(), Overflow>;
}

impl<O, F, R, C: FnOnce(Field<'_, F>, R)> Unchecked for Rule<'_, O, F, R, C> {
    #[inline]
    fn apply(self, _: impl FnOnce(&'static str) -> Overflow) -> Result<(), Overflow> {
        let field = Field {
            field: self.field,
            stand_in: StandIn(PhantomData),
        };
        (self.operate)(field, self.value);
        Ok(())
    }
}

/// The field, for the operator.
#[derive(Debug)]
pub struct Field<'a, F> {
    field: &'a mut F,
    stand_in: StandIn<F>,
}

impl<F> Field<'_, F> {
    /// The field.
    #[inline]
    pub fn own(&mut self) -> &mut F {
        self.field
    }
}

impl<F: Arithmetic> Field<'_, F> {
    /// The stand-in that takes the operators instead of the field.
    pub fn place(&mut self) -> &mut StandIn<F> {
        &mut self.stand_in
    }
}

/// A field whose operators are its type's own.
pub trait Plain<F> {
    /// The field.
    fn place(&mut self) -> &mut F;
}

impl<F> Plain<F> for Field<'_, F> {
    #[inline]
    fn place(&mut self) -> &mut F {
        self.field
    }
}

/// Gives an [`Arithmetic`] operators for the compiler's check of types. They never run: where the types fit, the rule is
/// checked instead.
#[derive(Debug)]
pub struct StandIn<F>(PhantomData<F>);

macro_rules! stand_in {
    ($($operator:ident $assign:ident $function:ident),* $(,)?) => {
        $(
            impl<F: Checked<$operator, R>, R> std::ops::$assign<R> for StandIn<F> {
                fn $function(&mut self, _: R) {}
            }
        )*
    };
}

stand_in! {
    Add AddAssign add_assign,
    Sub SubAssign sub_assign,
    Mul MulAssign mul_assign,
}

/// What a function in a list of events returns: `T`, or `Result<T, Overflow>`.
#[diagnostic::on_unimplemented(
    message = "a function in a list of events returns `{T}` or `Result<{T}, Overflow>`, not `{Self}`",
    label = "returns `{Self}`"
)]
pub trait Applied<T> {
    /// The result.
    ///
    /// # Errors
    /// [`Overflow`] if the function says so.
    fn applied(self) -> Result<T, Overflow>;
}

#[diagnostic::do_not_recommend]
impl<T> Applied<T> for T {
    #[inline]
    fn applied(self) -> Result<T, Overflow> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T> Applied<T> for Result<T, Overflow> {
    #[inline]
    fn applied(self) -> Result<T, Overflow> {
        self
    }
}
