//! The names of banks that have neither a file nor a name of their own.

use super::{
    format::is_imagemagick_word,
    generate::{Parameter, generators},
};

/// Whether it is the name of a bank that was generated, such as `gaussian-sigma2`, that has its
/// weights in line, `kernel3x3`, or that is a kernel of ImageMagick with arguments, `disk-2`.
pub(crate) fn is_made_name(name: &str) -> bool {
    is_size(name) || is_generated(name) || is_imagemagick(name)
}

fn is_size(name: &str) -> bool {
    let is_side = |side: &str| !side.is_empty() && side.bytes().all(|c| c.is_ascii_digit());
    let sides = name
        .strip_prefix("kernel")
        .and_then(|size| size.split_once('x'));
    sides.is_some_and(|(rows, columns)| is_side(rows) && is_side(columns))
}

fn is_generated(name: &str) -> bool {
    generators().iter().any(|generator| {
        let values = name.strip_prefix(generator.name());
        let Some(values) = values.and_then(|rest| rest.strip_prefix('-')) else {
            return false;
        };
        let names = generator.parameters().iter().map(Parameter::name);
        // After a parameter whose value is negative, and after an exponent that is.
        let mut is_open = false;
        let mut pieces = values.split('-').enumerate();
        let all = pieces.all(|(at, piece)| {
            if at > 0 && is_open {
                is_open = piece.ends_with('e');
                return is_number(piece);
            }
            let values = names.clone().filter_map(|name| piece.strip_prefix(name));
            let mut values = values.filter(|value| {
                value.is_empty()
                    || is_number(value)
                    || value.bytes().all(|c| c.is_ascii_lowercase())
            });
            let Some(value) = values.next() else {
                return false;
            };
            is_open = value.is_empty() || value.ends_with('e') && is_number(value);
            true
        });
        all && !is_open
    })
}

/// Whether it is a number without a sign, or one up to its exponent.
fn is_number(text: &str) -> bool {
    let text = text.strip_suffix('e').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok()
}

fn is_imagemagick(name: &str) -> bool {
    let mut words = name.split('-');
    let is_argument = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word
                .bytes()
                .all(|c| c.is_ascii_digit() || c == b'x' || c == b'.')
    };
    let first = words.next().is_some_and(is_imagemagick_word);
    let mut arguments = 0;
    let all = words.all(|word| {
        arguments += usize::from(is_argument(word));
        is_argument(word) || is_imagemagick_word(word)
    });
    first && all && arguments > 0
}
