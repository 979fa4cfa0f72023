//! What is wrong with a spec as a whole.

use super::{generators, refuse};
use crate::{
    kernel::{KernelError, nearest::nearest},
    text::printable,
};

/// Parameters that say the same in two ways.
const ALTERNATIVES: [([&str; 2], &str); 3] = [
    (["radius", "truncate"], "radius or truncate, not both"),
    (["ratio", "sigma2"], "ratio or sigma2, not both"),
    (["radius", "size"], "radius or size, not both"),
];

/// What others call a generator.
const OTHERS: [(&str, &str); 7] = [
    ("lens", "disk"),
    ("pillbox", "disk"),
    ("circle", "disk"),
    ("blur", "gaussian"),
    ("gauss", "gaussian"),
    ("mean", "box"),
    ("average", "box"),
];

/// Refuses two parameters of which one gives the other.
pub(super) fn alternatives(
    generator: &'static str,
    given: &[(&'static str, &str)],
) -> Result<(), KernelError> {
    let value = |key: &str| given.iter().find(|(name, _)| *name == key);
    for ([first, second], expected) in ALTERNATIVES {
        if let (Some((name, value)), Some(_)) = (value(first), value(second)) {
            return Err(refuse(generator, name, printable(value), expected));
        }
    }
    Ok(())
}

/// The error of a generator, told of its spec.
pub(super) fn of_spec(
    error: KernelError,
    spec: &str,
    given: &[(&'static str, &str)],
) -> KernelError {
    let has = |key: &str| given.iter().any(|(name, _)| *name == key);
    match error {
        KernelError::Weight { value, .. } => KernelError::GeneratedWeight {
            spec: printable(spec),
            value,
        },
        KernelError::ParameterMissing {
            generator,
            parameter: "sigma",
        } if has("sigma_x") != has("sigma_y") => KernelError::ParameterMissing {
            generator,
            parameter: if has("sigma_x") { "sigma_y" } else { "sigma_x" },
        },
        other => other,
    }
}

/// The generators that may be meant by an unknown name.
pub(super) fn meant(name: &str) -> Vec<&'static str> {
    let other = OTHERS.iter().find(|(other, _)| *other == name);
    match other {
        Some((_, generator)) => vec![generator],
        None => nearest(name, generators().iter().map(|generator| generator.name())),
    }
}
