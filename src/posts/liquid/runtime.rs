//! Variables as Ruby's Liquid looks them up: what is not there is nil, never an error.
//! In: a lookup. Out: a value, whose size is taken from the work that is left.

use std::collections::BTreeSet;

use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow, ValueCow, try_find};
use liquid_core::runtime::{PartialStore, Registers};
use liquid_core::{Object, Result, Runtime, Value, ValueView};

use super::work::{NIL, charge, charge_value};

/// The outermost variables: `site`, `page`, and what was assigned.
pub(super) struct Lenient<'r>(pub &'r dyn Runtime);

/// The variables of one turn of a loop.
pub(super) struct Turn<'r> {
    pub parent: &'r dyn Runtime,
    pub variables: Object,
}

impl Lenient<'_> {
    fn paid<'v>(&'v self, found: Option<ValueCow<'v>>) -> Option<ValueCow<'v>> {
        let found = found?;
        charge_value(self.0, found.as_view()).ok().map(|()| found)
    }
}

macro_rules! passed_on {
    ($parent:ident) => {
        fn partials(&self) -> &dyn PartialStore {
            self.$parent().partials()
        }
        fn name(&self) -> Option<KStringRef<'_>> {
            self.$parent().name()
        }
        fn roots(&self) -> BTreeSet<KStringCow<'_>> {
            self.$parent().roots()
        }
        fn set_global(&self, name: KString, value: Value) -> Option<Value> {
            self.$parent().set_global(name, value)
        }
        fn set_index(&self, name: KString, value: Value) -> Option<Value> {
            self.$parent().set_index(name, value)
        }
        fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
            self.$parent().get_index(name)
        }
        fn registers(&self) -> &Registers {
            self.$parent().registers()
        }
        fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
            charge(self, 0)?;
            let found = self.try_get(path);
            Ok(found.unwrap_or(ValueCow::Owned(NIL)))
        }
    };
}

impl Lenient<'_> {
    fn inner(&self) -> &dyn Runtime {
        self.0
    }
}

impl Runtime for Lenient<'_> {
    passed_on!(inner);

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.paid(self.0.try_get(path))
    }
}

impl Turn<'_> {
    fn inner(&self) -> &dyn Runtime {
        self.parent
    }
}

impl Runtime for Turn<'_> {
    passed_on!(inner);

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let first = path.first()?;
        if self.variables.contains_key(first.to_kstr().as_str()) {
            try_find(&self.variables, path)
        } else {
            self.parent.try_get(path)
        }
    }
}
