//! The parameters of generators, and the values that a spec gives them.

use std::borrow::Cow;

use super::{Generator, refuse};
use crate::{kernel::KernelError, text::printable};

/// A parameter of a [`Generator`].
///
/// What it is called, what values it takes and what it is where it is not given stand here alone:
/// specs are read by it, and lists and messages are made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    name: &'static str,
    other_names: &'static [&'static str],
    usual: &'static str,
    kind: Kind,
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A finite number.
    Number,
    /// A whole number of at least 0.
    Whole,
    /// One of these.
    Choice(&'static [&'static str]),
}

impl Parameter {
    pub(super) const fn number(name: &'static str, usual: &'static str) -> Self {
        Self::new(name, usual, Kind::Number)
    }

    pub(super) const fn whole(name: &'static str, usual: &'static str) -> Self {
        Self::new(name, usual, Kind::Whole)
    }

    pub(super) const fn choice(
        name: &'static str,
        usual: &'static str,
        choices: &'static [&'static str],
    ) -> Self {
        Self::new(name, usual, Kind::Choice(choices))
    }

    const fn new(name: &'static str, usual: &'static str, kind: Kind) -> Self {
        Self {
            name,
            other_names: &[],
            usual,
            kind,
        }
    }

    /// As others call it, too.
    pub(super) const fn or(mut self, other_names: &'static [&'static str]) -> Self {
        self.other_names = other_names;
        self
    }

    /// The name, before the equals sign.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Other names, as others call it.
    pub const fn other_names(&self) -> &'static [&'static str] {
        self.other_names
    }

    /// The default, or how it follows from other parameters; empty where it must be given.
    pub const fn usual(&self) -> &'static str {
        self.usual
    }

    /// The words that it takes; none of a number.
    pub const fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// Whether this is its name, or another of its names.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.other_names.contains(&name)
    }

    /// What a text gives.
    fn read(&self, text: &str) -> Option<Value> {
        match self.kind {
            Kind::Number => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Value::Number)
            }
            Kind::Whole => text.parse().ok().map(Value::Whole),
            Kind::Choice(choices) => {
                let choice = choices.iter().find(|&&choice| choice == text);
                choice.map(|choice| Value::Choice(choice))
            }
        }
    }

    /// What texts give a value.
    fn expected(&self) -> Cow<'static, str> {
        match self.kind {
            Kind::Number => "a finite number".into(),
            Kind::Whole => "a whole number of at least 0".into(),
            Kind::Choice([first @ .., last]) if !first.is_empty() => {
                format!("{} or {last}", first.join(", ")).into()
            }
            Kind::Choice(choices) => choices.concat().into(),
        }
    }
}

/// A value that is given.
#[derive(Debug, Clone, Copy)]
enum Value {
    Number(f64),
    Whole(u32),
    Choice(&'static str),
}

/// The values of a generator's parameters. All of them are read by the names that its table has:
/// another is never given, which tests refuse.
#[derive(Debug)]
pub(super) struct Values<'a> {
    generator: &'static Generator,
    given: Vec<(&'static Parameter, &'a str, Value)>,
}

impl<'a> Values<'a> {
    pub(super) const fn new(generator: &'static Generator) -> Self {
        Self {
            generator,
            given: Vec::new(),
        }
    }

    /// Gives a parameter the value of a text.
    pub(super) fn give(
        &mut self,
        parameter: &'static Parameter,
        text: &'a str,
    ) -> Result<(), KernelError> {
        let wrong = || {
            let (name, text) = (parameter.name, printable(text));
            refuse(self.generator.name(), name, text, parameter.expected())
        };
        let value = parameter.read(text).ok_or_else(wrong)?;
        self.given.push((parameter, text, value));
        Ok(())
    }

    /// The name of the generator.
    pub(super) const fn generator(&self) -> &'static str {
        self.generator.name()
    }

    /// The names of what is given, and the texts.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.given
            .iter()
            .map(|(given, text, _)| (given.name, *text))
    }

    /// Whether a parameter is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, ..)| given.name == name)
    }

    pub(super) const fn missing(&self, parameter: &'static str) -> KernelError {
        KernelError::ParameterMissing {
            generator: self.generator.name(),
            parameter,
        }
    }

    /// What is given, or else the default, if it is a value.
    fn value(&self, name: &str) -> Option<Value> {
        let mut given = self.given.iter();
        if let Some((_, _, value)) = given.find(|(given, ..)| given.name == name) {
            return Some(*value);
        }
        let mut all = self.generator.parameters().iter();
        let parameter = all.find(|parameter| parameter.name == name);
        debug_assert!(
            parameter.is_some(),
            "{name} is no parameter of {}",
            self.generator()
        );
        parameter?.read(parameter?.usual)
    }

    /// A number, if it is given or has a default.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(number),
            Value::Whole(number) => Some(number.into()),
            Value::Choice(_) => None,
        }
    }

    /// A number, if it is given.
    pub(super) fn given_number(&self, name: &str) -> Option<f64> {
        self.number(name).filter(|_| self.has(name))
    }

    /// A number that has a default or must be given.
    pub(super) fn needed(&self, name: &'static str) -> Result<f64, KernelError> {
        self.number(name).ok_or_else(|| self.missing(name))
    }

    /// A whole number, if it is given or has a default.
    pub(super) fn whole(&self, name: &str) -> Option<u32> {
        match self.value(name)? {
            Value::Whole(number) => Some(number),
            _ => None,
        }
    }

    /// The word that is chosen, or the default.
    pub(super) fn choice(&self, name: &str) -> &'static str {
        match self.value(name) {
            Some(Value::Choice(choice)) => choice,
            _ => "",
        }
    }
}
