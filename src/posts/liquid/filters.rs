//! The filters of Liquid and of Jekyll, each a plain function.
//! In: the value before the bar, the arguments, the site's facts. Out: a value, or an error when it
//! would be too large. Each call is taken from the work that is left.

use std::fmt;
use std::sync::Arc;

use comrak::Options;
use liquid_core::model::{Value, ValueView};
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Expression, Filter, FilterReflection, Language, ParseFilter, Result, Runtime};

use super::super::settings::NaiveDates;
use super::scope::origin_and_base;
use super::work::{charge, charge_value};
use super::{lists, times, words};
use crate::model::Zone;

/// What filters know of the site.
pub(in super::super) struct Env {
    /// `https://host/base`
    pub url: String,
    pub zone: Zone,
    pub naive: NaiveDates,
    pub markdown: Options<'static>,
}

impl Env {
    pub fn origin(&self) -> &str {
        origin_and_base(&self.url).0
    }
    pub fn base(&self) -> &str {
        origin_and_base(&self.url).1
    }
}

/// A filter: input, arguments, site.
pub(super) type Apply = fn(Value, &[Value], &Env) -> Result<Value>;

/// Makes all filters known.
pub(super) fn register(language: &mut Language, env: &Arc<Env>) {
    let tables = [
        words::FILTERS,
        words::JEKYLL,
        lists::FILTERS,
        times::FILTERS,
    ];
    for (name, apply) in tables.into_iter().flatten() {
        let known = Known {
            name,
            apply: *apply,
            env: Arc::clone(env),
        };
        language
            .filters
            .register((*name).to_owned(), Box::new(known));
    }
}

#[derive(Clone)]
struct Known {
    name: &'static str,
    apply: Apply,
    env: Arc<Env>,
}

impl FilterReflection for Known {
    fn name(&self) -> &str {
        self.name
    }
    fn description(&self) -> &str {
        ""
    }
    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Known {
    fn parse(&self, arguments: FilterArguments) -> Result<Box<dyn Filter>> {
        let arguments = arguments.positional.collect();
        Ok(Box::new(Called {
            known: self.clone(),
            arguments,
        }))
    }
    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

struct Called {
    known: Known,
    arguments: Vec<Expression>,
}

impl fmt::Debug for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.known.name)
    }
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.known.name)
    }
}

impl Filter for Called {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        charge_value(runtime, input)?;
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(argument.evaluate(runtime)?.into_owned());
        }
        let out = (self.known.apply)(input.to_value(), &arguments, &self.known.env);
        let out = out.inspect_err(|_| {
            // The only error of a filter is a text or list that is too large.
            runtime.registers().get_mut::<super::work::State>().spent = true;
        })?;
        charge_value(runtime, &out)?;
        charge(runtime, 0)?;
        Ok(out)
    }
}
