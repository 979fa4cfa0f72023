//! XMP data, edited where they contradict the result.
//!
//! They are parsed to find what is false, and only those bytes are cut out or replaced; all
//! others stay as they are, with the padding that programs leave for later edits.
//!
//! - Sizes, the orientation and the numbers of samples, as properties of TIFF and EXIF, are set
//!   to those of the result; not those inside other properties, which are of other pictures.
//! - Thumbnails are dropped wherever they are, with what is of parts of the file that the result
//!   does not have: gain maps, depth maps, the original picture, a video, extended XMP data.
//! - What names places in the picture is dropped where these are others in the result: regions, the
//!   subject, a crop and masks; so is the density where pixels are others.
//! - Other raw settings, histories and all else are kept.
//!
//! Data in other encodings than UTF-8, with a document type, or not well-formed are
//! [`Unreadable`](Revised::Unreadable), and so are data that would take far more memory parsed
//! than as bytes.

mod places;
mod record;
mod rules;
#[cfg(test)]
mod tests;

use std::ops::Range;

use roxmltree::{Document, Node, ParsingOptions};

use super::revision::{ResultFacts, Revised, note};
use rules::{Verdict, verdict};

pub(super) use record::{with_record, without_record};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// The data as they are true of the result.
pub(crate) fn revised(xmp: &[u8], facts: &ResultFacts) -> Revised {
    let Some(edits) = edits(xmp, facts) else {
        return Revised::Unreadable;
    };
    if edits.is_empty() {
        return Revised::Unchanged;
    }
    let (mut bytes, mut what, mut from) = (Vec::with_capacity(xmp.len()), Vec::new(), 0);
    for edit in edits {
        bytes.extend_from_slice(&xmp[from..edit.range.start]);
        bytes.extend_from_slice(edit.text.as_bytes());
        from = edit.range.end;
        note(&mut what, edit.what);
    }
    bytes.extend_from_slice(&xmp[from..]);
    Revised::Changed { bytes, what }
}

/// Other text in the place of some.
struct Edit {
    range: Range<usize>,
    text: String,
    what: &'static str,
}

/// The edits in the order of their ranges, which do not overlap. `None` if the data cannot be
/// read.
fn edits(xmp: &[u8], facts: &ResultFacts) -> Option<Vec<Edit>> {
    let text = text_of(xmp)?;
    let document = parsed(text)?;
    let mut editor = Editor {
        text,
        facts,
        keeps_panorama: !facts.is_moved && keeps_panorama(&document, facts),
        edits: Vec::new(),
    };
    let mut dropped_to = 0;
    for node in document.descendants().filter(Node::is_element) {
        if node.range().start >= dropped_to {
            dropped_to = editor.visit(node);
        }
    }
    if dropped_to == document.root_element().range().end {
        return None;
    }
    editor.edits.sort_unstable_by_key(|edit| edit.range.start);
    Some(editor.edits)
}

/// The text of the data.
fn text_of(xmp: &[u8]) -> Option<&str> {
    // Some programs end the data by a zero.
    let end = xmp.iter().rposition(|byte| *byte != 0)? + 1;
    str::from_utf8(&xmp[..end]).ok()
}

fn parsed(text: &str) -> Option<Document<'_>> {
    if !is_bounded(text) {
        return None;
    }
    let options = ParsingOptions {
        nodes_limit: u32::try_from(items(text)).ok()?,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).ok()
}

/// The elements and texts, or the attributes, that a text of this length may have: more of them
/// would take more memory than 20 times the text.
const fn items(text: &str) -> usize {
    1000 + text.len() / 6
}

/// Whether the parser will take bounded memory and time: it compares the attributes of an
/// element with each other, and namespaces with those around them.
fn is_bounded(text: &str) -> bool {
    const MAX_ATTRIBUTES: usize = 1024;
    const MAX_NAMESPACES: usize = 512;
    const MAX_STEPS: usize = 1 << 26;
    let count = |text: &str| text.bytes().filter(|byte| *byte == b'=').count();
    let namespaces = text.matches("xmlns").count();
    namespaces <= MAX_NAMESPACES
        && count(text) <= items(text)
        && (count(text) + items(text)).saturating_mul(namespaces) <= MAX_STEPS
        && text.split('<').all(|tag| count(tag) <= MAX_ATTRIBUTES)
}

/// Whether what is said of a panorama is true, or nothing is said: its size must be the
/// result's.
fn keeps_panorama(document: &Document<'_>, facts: &ResultFacts) -> bool {
    let is_true = |namespace, name, value: Option<&str>| {
        let size = (namespace == Some(rules::PANORAMA))
            .then(|| rules::panorama_size(name, facts))
            .flatten();
        size.is_none_or(|size| value.and_then(number) == Some(size))
    };
    document.descendants().filter(Node::is_element).all(|node| {
        let name = node.tag_name();
        is_true(name.namespace(), name.name(), node.text())
            && (node.attributes())
                .all(|one| is_true(one.namespace(), one.name(), Some(one.value())))
    })
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

struct Editor<'a> {
    text: &'a str,
    facts: &'a ResultFacts,
    keeps_panorama: bool,
    edits: Vec<Edit>,
}

impl Editor<'_> {
    /// Looks at an element and its attributes; returns the end of the element if it is
    /// dropped, else 0.
    fn visit(&mut self, node: Node<'_, '_>) -> usize {
        let is_own = (node.parent()).is_some_and(|parent| is_of_file(parent));
        let verdict = self.verdict(node.tag_name().namespace(), node.tag_name().name(), is_own);
        let other = match verdict {
            Verdict::Keep => None,
            Verdict::Drop(word) => Some((None, word)),
            Verdict::Number(wanted, word) => {
                let text = only_text(node);
                let is_true = text.and_then(|text| number(text.text()?)) == Some(wanted);
                let replaced = text.map(|text| (text.range(), wanted.to_string()));
                (!is_true).then_some((replaced, word))
            }
            Verdict::List(len, wanted, word) => {
                let items = node
                    .descendants()
                    .filter(|one| one.has_tag_name((RDF, "li")));
                let items: Vec<_> = items.map(|one| number(one.text()?)).collect();
                (items != vec![Some(wanted); len]).then_some((None, word))
            }
        };
        match other {
            Some((None, word)) => {
                self.edit(node.range(), String::new(), word);
                return node.range().end;
            }
            Some((Some((range, text)), word)) => self.edit(range, text, word),
            None => {}
        }
        for attribute in node.attributes() {
            let verdict = self.verdict(attribute.namespace(), attribute.name(), is_of_file(node));
            let range = attribute.range();
            let (wanted, word) = match verdict {
                Verdict::Keep => continue,
                Verdict::Drop(word) => (None, word),
                Verdict::Number(wanted, word) => (Some(wanted), word),
                Verdict::List(len, wanted, word) => ((len == 1).then_some(wanted), word),
            };
            match wanted {
                Some(wanted) if number(attribute.value()) == Some(wanted) => {}
                Some(wanted) => {
                    // Inside the quotes, of which the last byte is one.
                    let quote = &self.text[range.end - 1..range.end];
                    let value = self.text[range.clone()].find(quote);
                    let start = range.start + value.unwrap_or_default() + 1;
                    self.edit(start..range.end - 1, wanted.to_string(), word);
                }
                None => {
                    let before = self.text[..range.start].trim_ascii_end().len();
                    self.edit(before..range.end, String::new(), word);
                }
            }
        }
        0
    }

    fn edit(&mut self, range: Range<usize>, text: String, what: &'static str) {
        self.edits.push(Edit { range, text, what });
    }

    /// What becomes of a property of the file itself, or of another.
    fn verdict(&self, namespace: Option<&str>, name: &str, is_own: bool) -> Verdict {
        let namespace = namespace.unwrap_or_default();
        match verdict(namespace, name, self.facts) {
            Verdict::Keep if namespace == rules::PANORAMA && !self.keeps_panorama => {
                Verdict::Drop("panorama dropped")
            }
            verdict @ (Verdict::Keep | Verdict::Drop(_)) => verdict,
            verdict if is_own => verdict,
            _ => Verdict::Keep,
        }
    }
}

/// Whether an element lists properties of the file itself.
fn is_of_file(node: Node<'_, '_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.has_tag_name((RDF, "RDF")))
}

/// The text of an element that has nothing else inside.
fn only_text<'a, 'input>(node: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let child = node.first_child()?;
    let is_only = child.is_text() && child.next_sibling().is_none();
    // Texts and CDATA are joined.
    (is_only && !node.document().input_text()[child.range()].contains('<')).then_some(child)
}
