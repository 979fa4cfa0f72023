//! Specs of generated kernels: `gaussian:sigma=2`.

use std::iter;

use super::{checks, generators, parameters::Values, refuse};
use crate::{
    kernel::{KernelBank, KernelError, KernelSource, nearest::nearest, source_text::shorten},
    text::printable,
};

/// The longest spec: the name of the result holds it.
const MAX_LENGTH: usize = 120;

impl KernelBank {
    /// The bank that a spec describes: a generator's name, a colon, and parameters, such as
    /// `gaussian:sigma=2` or `motion:length=25,angle=30`. See
    /// [`generators`].
    ///
    /// # Errors
    ///
    /// [`KernelError::UnknownGenerator`] and [`KernelError::UnknownParameter`] with those there
    /// are, [`KernelError::Parameter`] of a value that cannot be, [`KernelError::Generated`] of
    /// a kernel with too many weights.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::KernelBank;
    ///
    /// let bank = KernelBank::from_spec("gaussian:sigma=2")?;
    /// assert_eq!((bank.name(), bank.size()), ("gaussian-sigma2", [17, 17]));
    /// assert_eq!(
    ///     KernelBank::from_spec("gaussian:sigma=0").unwrap_err().to_string(),
    ///     "gaussian: sigma is `0`; give a number above 0"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn from_spec(spec: &str) -> Result<Self, KernelError> {
        let (name, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let Some(generator) = generators().iter().find(|g| g.name() == name) else {
            let names = || generators().iter().map(|generator| generator.name());
            return Err(KernelError::UnknownGenerator {
                name: shorten(name),
                known: names().collect(),
                suggestions: checks::meant(name),
            });
        };
        if spec.len() > MAX_LENGTH {
            return Err(KernelError::SpecTooLong {
                generator: generator.name(),
                limit: MAX_LENGTH,
            });
        }
        let mut values = Values::new(generator);
        for part in rest.split(',').filter(|_| !rest.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let mut all = generator.parameters().iter();
            let Some(parameter) = all.find(|parameter| parameter.is_named(key)) else {
                let known = || {
                    let all = generator.parameters().iter();
                    all.flat_map(|p| iter::once(p.name()).chain(p.other_names().iter().copied()))
                };
                return Err(KernelError::UnknownParameter {
                    generator: generator.name(),
                    parameter: printable(key),
                    known: known().collect(),
                    suggestions: nearest(key, known()),
                });
            };
            if values.has(parameter.name()) {
                return Err(refuse(
                    generator.name(),
                    parameter.name(),
                    printable(value),
                    "it once",
                ));
            }
            values.give(parameter, value)?;
        }
        let given = Vec::from_iter(values.given());
        checks::alternatives(generator.name(), &given)?;
        let of_spec = |error| checks::of_spec(error, spec, &given);
        let bank = generator.make(&values).map_err(of_spec)?;
        let parts = given.iter().map(|(key, value)| format!("-{key}{value}"));
        let name = format!("{name}{}", parts.collect::<String>());
        let description = format!("{} ({spec})", generator.description());
        Ok(bank
            .with_name(name)
            .with_description(description)
            .with_source(KernelSource::Generated(spec.to_owned())))
    }
}

/// Whether a user's argument is a spec: a generator's name or something like it before a colon.
pub(in crate::kernel) fn is_spec(argument: &str) -> bool {
    argument.split_once(':').is_some_and(|(name, rest)| {
        let mut names = generators().iter().map(|generator| generator.name());
        let plain = name.len() > 1 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        names.any(|known| known == name) || (plain && rest.contains('='))
    })
}
