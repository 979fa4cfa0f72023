//! Escapes untrusted text (file names, text from files) for display; numbers as text.

/// A number without the many digits of a very large or small one: `-9999`, `3.4e38`.
pub(crate) fn number(value: f64) -> String {
    match value == 0.0 || !value.is_finite() || (1e-4..1e15).contains(&value.abs()) {
        true => value.to_string().to_lowercase(),
        false => format!("{value:e}"),
    }
}

/// `text` with every character escaped that would not display as itself: line breaks,
/// terminal control codes, invisible characters and bidirectional overrides. For example,
/// the override U+202E would show `gnp.exe` as `exe.png`.
///
/// ```
/// use stridekern::text::printable;
///
/// assert_eq!(printable("é a\n\u{202e}b"), "é a\\n\\u{202e}b");
/// ```
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_printable(&mut out, c);
    }
    out
}

/// Appends `c`, escaped if necessary.
pub(crate) fn push_printable(out: &mut String, c: char) {
    if c.is_control() || is_format(c) {
        out.extend(c.escape_default());
    } else {
        out.push(c);
    }
}

/// Whether `c` is of the general category Cf, Zl or Zp of Unicode 16.0
/// (<https://www.unicode.org/Public/16.0.0/ucd/extracted/DerivedGeneralCategory.txt>);
/// Cc is [`char::is_control`].
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_do_not_display_as_themselves_are_escaped() {
        let all = (0..=0x10_ffff).filter_map(char::from_u32);
        let escaped = all.filter(|c| printable(&c.to_string()) != c.to_string());
        let mut counts = [0; 2];
        for c in escaped {
            counts[usize::from(!c.is_control())] += 1;
        }
        // The counts of Unicode 16.0: 65 of Cc; 170 of Cf, 1 of Zl, 1 of Zp.
        assert_eq!(counts, [65, 172]);
        for (text, shown) in [
            ("a\tb\r\n", "a\\tb\\r\\n"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            // C1: the introducer of sequences in one character.
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{202e}gnp.exe\u{202c}", "\\u{202e}gnp.exe\\u{202c}"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c"),
            ("a\u{200b}\u{feff}\u{ad}", "a\\u{200b}\\u{feff}\\u{ad}"),
            ("\u{e0041}", "\\u{e0041}"),
            (
                "é 東京 עברית 🎨 'a' \"b\" \\",
                "é 東京 עברית 🎨 'a' \"b\" \\",
            ),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
