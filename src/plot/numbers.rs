//! Numbers as short text.

use super::font;

/// With this many significant digits, without trailing zeros: `0.0585`, `12`, `1.5e-7`. Whole
/// numbers below 10^9 have all of their digits.
pub(super) fn short(number: f64, digits: usize) -> String {
    let magnitude = number.abs();
    if number == 0.0 || !number.is_finite() {
        return (number + 0.0).to_string();
    }
    if magnitude < 1e9 && number.fract() == 0.0 {
        return number.to_string();
    }
    let (mantissa, exponent) = mantissa_and_exponent(number, digits);
    match exponent {
        -4..=5 => {
            let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
            trimmed(&format!("{number:.decimals$}")).to_owned()
        }
        _ => format!("{}e{exponent}", trimmed(&mantissa)),
    }
}

/// The most letters of a number that is not abbreviated, without its sign.
const UNABBREVIATED: usize = 4;

/// With this many significant digits, long ones in the shorter of both notations: `1.2e8` for
/// 123456789.
pub(super) fn shortest(number: f64, digits: usize) -> String {
    let short = short(number, digits);
    if !number.is_finite() || short.trim_start_matches('-').len() <= UNABBREVIATED {
        return short;
    }
    let (mantissa, exponent) = mantissa_and_exponent(number, digits);
    let scientific = format!("{}e{exponent}", trimmed(&mantissa));
    match font::width(&scientific, 1.0) < font::width(&short, 1.0) {
        true => scientific,
        false => short,
    }
}

fn mantissa_and_exponent(number: f64, digits: usize) -> (String, i32) {
    let scientific = format!("{number:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

/// Labels of a scale with three significant digits, in the largest text in which all fit in
/// this width, and its size: [`short`], then [`shortest`], then smaller. None, if they fit in none.
pub(super) fn labels(numbers: &[f64], size: f64, room: f64) -> (Vec<String>, f64) {
    let forms = [
        (short as fn(f64, usize) -> _, 1.0),
        (shortest, 1.0),
        (shortest, 0.8),
    ];
    let mut written = forms.into_iter().map(|(form, share)| {
        let texts = numbers.iter().map(|&number| form(number, 3));
        (Vec::from_iter(texts), size * share)
    });
    let fits = |(texts, size): &(Vec<String>, f64)| {
        let mut texts = texts.iter();
        texts.all(|text| font::width(text, *size) <= room)
    };
    written.find(fits).unwrap_or_default()
}

/// Without zeros at the end of its decimals.
fn trimmed(number: &str) -> &str {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => number,
    }
}

/// The most letters of an exact number.
const EXACT: usize = 6;

/// The largest denominator that is looked for.
const DENOMINATORS: u32 = 999;

/// The number exactly, if that is short: a decimal, or a fraction that is this very number, such
/// as `1/9`.
pub(super) fn exact(number: f64) -> Option<String> {
    let decimal = Some((number + 0.0).to_string()).filter(|text| text.len() <= EXACT);
    if number.fract() == 0.0 {
        return decimal;
    }
    let fraction = (2..=DENOMINATORS).find_map(|denominator| {
        let divisor = f64::from(denominator);
        let whole = (number * divisor).round();
        (whole != 0.0 && whole / divisor == number).then(|| format!("{whole}/{denominator}"))
    });
    let fraction = fraction.filter(|text| text.len() <= EXACT);
    match (decimal, fraction) {
        (Some(decimal), Some(fraction)) if fraction.len() < decimal.len() => Some(fraction),
        (decimal, fraction) => decimal.or(fraction),
    }
}

/// A decimal coordinate, to a tenth of a unit.
pub(super) fn coordinate(number: f64) -> String {
    let text = format!("{number:.1}");
    match trimmed(&text) {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// At most five round numbers from `low` to `high`, zero among them if it is between.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    if !(span.is_finite() && span > 1e-290) {
        return Vec::new();
    }
    // Its power of ten, by its digits, which no library rounds otherwise.
    let digits = format!("{span:e}");
    let exponent = digits.split_once('e').map_or("0", |(_, exponent)| exponent);
    let power = |exponent: i32| format!("1e{exponent}").parse::<f64>().unwrap_or(1.0);
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let steps = [-1, 0].into_iter().flat_map(|more| {
        let power = power(exponent + more);
        [1.0, 2.0, 5.0].map(|factor| factor * power)
    });
    // An end that is a tick but for rounding errors is one.
    let ends = |step: f64| [(low / step - 1e-9).ceil(), (high / step + 1e-9).floor()];
    let fits = |step: &f64| ends(*step)[1] - ends(*step)[0] < 4.5;
    let Some(step) = steps.into_iter().find(fits) else {
        return Vec::new();
    };
    let [first, last] = ends(step);
    let count = (last - first).max(0.0) as usize;
    (0..=count).map(|at| (first + at as f64) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (12.0, "12"),
            (-123_456.0, "-123456"),
            (0.058_549_8, "0.0585"),
            (-0.5, "-0.5"),
            (0.1, "0.1"),
            (999.96, "1000"),
            (1.5e-7, "1.5e-7"),
            (262_140_000.0, "262140000"),
            (2e9, "2e9"),
            (f64::MAX, "1.8e308"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(short(number, 3), text);
        }
    }

    #[test]
    fn long_numbers_are_abbreviated() {
        for (number, text) in [
            (123_456_789.0, "1.2e8"),
            (-136_075_032.0, "-1.4e8"),
            (800_000_000.0, "8e8"),
            (1000.0, "1000"),
            (-9999.0, "-9999"),
            (12_345.0, "1.2e4"),
            (12.0, "12"),
            (0.05, "0.05"),
            (0.0005, "5e-4"),
            (-0.0, "0"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(shortest(number, 2), text);
        }
    }

    #[test]
    fn labels_of_a_scale_fit_in_their_room() {
        let texts = |numbers: &[f64], room| labels(numbers, 10.0, room);
        let [zero, million] = ["0", "1000000"].map(str::to_owned);
        assert_eq!(
            texts(&[0.0, 1e6], 50.0),
            (vec![zero.clone(), million], 10.0)
        );
        assert_eq!(
            texts(&[0.0, 1e6], 40.0),
            (vec![zero, "1e6".to_owned()], 10.0)
        );
        assert_eq!(
            texts(&[-2.5e-300], 40.0),
            (vec!["-2.5e-300".to_owned()], 8.0)
        );
        assert_eq!(texts(&[-2.5e-300], 30.0), (Vec::new(), 0.0));
    }

    #[test]
    fn short_fractions_are_exact() {
        for (number, text) in [
            (1.0 / 9.0, Some("1/9")),
            (-0.0625, Some("-1/16")),
            (0.5, Some("0.5")),
            (0.2, Some("0.2")),
            (0.0, Some("0")),
            (-0.0, Some("0")),
            (2.0 / 3.0, Some("2/3")),
            (1e12, None),
            (1e-9, None),
            (0.123_456_7, None),
        ] {
            assert_eq!(exact(number).as_deref(), text, "{number}");
        }
    }

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(ticks(0.0, 1.0), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(-2.0, 2.0), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(ticks(0.0, 8.0), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(-1.0, 5.0), [0.0, 2.0, 4.0]);
        assert_eq!(ticks(0.0, 0.0).len(), 0);
        for (low, high) in [
            (0.0, f64::MAX),
            (0.0, 1e-300),
            (-1e300, 1e300),
            (0.0, 3e-200),
        ] {
            assert!(ticks(low, high).len() <= 5);
        }
    }
}
