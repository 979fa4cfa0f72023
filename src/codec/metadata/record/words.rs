//! The words of a command, quoted as POSIX shells read them.

use std::borrow::Cow;

use super::{MAX_NAME, MAX_WORD};
use crate::text::printable;

/// A word, as it was before it was quoted.
pub(super) struct Word {
    pub(super) text: String,
    is_quoted: bool,
}

impl Word {
    /// The name, if it is that of an option: two hyphens, then letters and hyphens.
    pub(super) fn option_name(&self) -> Option<&str> {
        let name = self.text.strip_prefix("--")?;
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= MAX_NAME
            && (name.bytes()).all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        (is_name && !self.is_quoted).then_some(name)
    }
}

/// A text as it can be a word: what does not show as itself is escaped, and no option is
/// taken from a name that looks like one.
pub(super) fn writable(text: &str) -> String {
    const MAX_CHARS: usize = 255;
    // XML has no place for these two.
    let known = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    let short: String = known.chars().take(MAX_CHARS).collect();
    let text = printable(&short);
    match text.starts_with("--") {
        true => format!("./{text}"),
        false => text,
    }
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || !c.is_ascii()
        || matches!(c, '.' | '_' | '-' | '/' | ':' | '=' | ',' | '@' | '%' | '+')
}

/// The word as a shell reads it back.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    // Other white space than that of ASCII separates no words in a shell, but to the eye.
    let is_bare = !word.is_empty() && word.chars().all(|c| is_plain(c) && !c.is_whitespace());
    match is_bare {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")).into(),
    }
}

/// The words of a text up to a `#`, and the text after that; `None` if it is not made of such, or
/// has characters that do not show as themselves.
pub(super) fn split(text: &str) -> Option<(Vec<Word>, &str)> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest.strip_prefix("# ") {
            Some(comment) => return Some((words, comment)),
            None => {
                let (word, after) = first_word(rest)?;
                words.push(word);
                after
            }
        };
    }
}

/// The first word, and what follows the space after it.
fn first_word(text: &str) -> Option<(Word, &str)> {
    let (mut word, mut rest, mut is_quoted) = (String::new(), text, false);
    loop {
        if let Some(inner) = rest.strip_prefix('\'') {
            let (inner, after) = inner.split_once('\'')?;
            word.push_str(inner);
            (rest, is_quoted) = (after, true);
        } else if let Some(after) = rest.strip_prefix(r"\'") {
            word.push('\'');
            (rest, is_quoted) = (after, true);
        } else {
            let end = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
            word.push_str(&rest[..end]);
            rest = &rest[end..];
            if let Some(after) = rest.strip_prefix(' ') {
                let is_text = word.len() <= MAX_WORD && printable(&word) == word;
                let is_word = is_text && (is_quoted || !word.is_empty());
                return is_word.then_some((
                    Word {
                        text: word,
                        is_quoted,
                    },
                    after,
                ));
            }
            if !rest.starts_with('\'') && !rest.starts_with(r"\'") {
                return None;
            }
        }
    }
}
