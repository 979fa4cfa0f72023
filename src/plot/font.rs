//! Outlines of letters, and how wide texts are.

use std::{collections::BTreeMap, sync::OnceLock};

/// The outlines, made by `testdata/make_glyphs.py`.
const GLYPHS: &str = include_str!("font/glyphs.txt");

/// What stands for a letter without an outline.
const UNKNOWN: char = '\u{25a1}';

/// An outline in thousandths of the size of the text, from the beginning of the baseline, y
/// downwards.
#[derive(Debug, Default)]
pub(super) struct Glyph {
    advance: f64,
    /// Closed.
    pub(super) contours: Vec<Vec<[f64; 2]>>,
}

/// Lines that stand for a curve.
const FLATTENED: usize = 5;

impl Glyph {
    fn parse(words: &mut std::str::SplitAsciiWhitespace<'_>) -> Self {
        let number = |words: &mut std::str::SplitAsciiWhitespace<'_>| {
            words
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(0.0)
        };
        let mut glyph = Self {
            advance: number(words),
            contours: Vec::new(),
        };
        while let Some(command) = words.next() {
            let first = [number(words), number(words)];
            match (command, glyph.contours.last_mut()) {
                ("L", Some(contour)) => contour.push(first),
                ("Q", Some(contour)) => {
                    let last = [number(words), number(words)];
                    let begin = contour.last().copied().unwrap_or(first);
                    contour.extend((1..=FLATTENED).map(|step| {
                        let share = step as f64 / FLATTENED as f64;
                        [0, 1].map(|axis| {
                            let rest = 1.0 - share;
                            rest * rest * begin[axis]
                                + 2.0 * rest * share * first[axis]
                                + share * share * last[axis]
                        })
                    }));
                }
                _ => glyph.contours.push(vec![first]),
            }
        }
        glyph
    }
}

fn glyphs() -> &'static BTreeMap<char, Glyph> {
    static PARSED: OnceLock<BTreeMap<char, Glyph>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = GLYPHS.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let letter = words.next()?.parse().ok().and_then(char::from_u32)?;
            Some((letter, Glyph::parse(&mut words)))
        });
        lines.collect()
    })
}

/// The outlines of a text, each with where it begins in thousandths of its size.
pub(super) fn outlines(text: &str) -> impl Iterator<Item = (f64, &'static Glyph)> {
    let mut at = 0.0;
    text.chars().filter_map(move |letter| {
        let glyph = glyphs().get(&letter).or_else(|| glyphs().get(&UNKNOWN))?;
        let begin = at;
        at += advance(letter);
        Some((begin, glyph))
    })
}

/// Letters that are not known may be as wide as they are high.
fn advance(letter: char) -> f64 {
    glyphs().get(&letter).map_or(1000.0, |glyph| glyph.advance)
}

/// The width of a text of this size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size / 1000.0
}

/// The text in lines that are no wider than this. Words that are wider are broken.
pub(super) fn wrapped(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        let longer = format!("{line}{}{word}", if line.is_empty() { "" } else { " " });
        if width(&longer, size) <= limit {
            *line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let line = lines.last_mut().expect("there is a line");
            let next = letter.to_string();
            if !line.is_empty() && width(line, size) + width(&next, size) > limit {
                lines.push(next);
            } else {
                line.push(letter);
            }
        }
    }
    lines
}

/// The text, or as much of it as fits in this width, with an ellipsis.
pub(super) fn shortened(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut wide = width("…", size);
    for letter in text.chars() {
        wide += width(letter.encode_utf8(&mut [0; 4]), size);
        if wide > limit {
            break;
        }
        short.push(letter);
    }
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_line_is_a_glyph() {
        assert_eq!(glyphs().len(), GLYPHS.lines().count());
        for letter in ' '..='~' {
            let glyph = &glyphs()[&letter];
            assert!(glyph.advance > 200.0, "{letter}");
            assert_eq!(glyph.contours.is_empty(), letter == ' ', "{letter}");
            for [x, y] in glyph.contours.iter().flatten() {
                assert!((-200.0..1100.0).contains(x), "{letter}: {x}");
                assert!((-1000.0..400.0).contains(y), "{letter}: {y}");
            }
        }
    }

    #[test]
    fn lines_are_wrapped_and_shortened_to_a_width() {
        let text = "some words and averyveryverylongwordindeedthatfitsinnoline ok";
        let lines = wrapped(text, 10.0, 100.0);
        assert!(lines.len() > 3 && lines.iter().all(|line| width(line, 10.0) <= 100.0));
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        let short = shortened(text, 10.0, 100.0);
        assert!(
            short.ends_with('…') && width(&short, 10.0) <= 100.0,
            "{short}"
        );
        assert_eq!(shortened("some", 10.0, 100.0), "some");
    }
}
