//! The record of commands as a property of XMP data.
//!
//! It has a description of its own, so that it is put in and taken out whole:
//!
//! ```text
//! <rdf:Description rdf:about="" xmlns:rdf="..." xmlns:stridekern="urn:stridekern:record/1.0/">
//! <stridekern:Commands><rdf:Seq><rdf:li>stridekern ...</rdf:li></rdf:Seq></stridekern:Commands>
//! </rdf:Description>
//! ```

use std::ops::Range;

use roxmltree::Node;

use super::{RDF, is_of_file, parsed, text_of};

/// The namespace of the property.
pub(super) const RECORD: &str = "urn:stridekern:record/1.0/";

/// The data with a record, whose text has a line for each command; `None` if they cannot be read,
/// or describe nothing.
pub(in crate::codec::metadata) fn with_record(xmp: Option<&[u8]>, text: &str) -> Option<Vec<u8>> {
    let Some(xmp) = xmp else {
        return Some(packet(&description("", text)).into_bytes());
    };
    let whole = text_of(xmp)?;
    let document = parsed(whole)?;
    let rdf = document
        .descendants()
        .find(|node| node.has_tag_name((RDF, "RDF")))?;
    let subject = rdf
        .children()
        .find_map(|node| node.attribute((RDF, "about")));
    let at = rdf.range().start + whole[rdf.range()].rfind("</")?;
    let description = description(subject.unwrap_or_default(), text);
    // Zeros may follow the text.
    Some([&xmp[..at], description.as_bytes(), &xmp[at..]].concat())
}

/// The text of the record, and the data without it, if there is anything else; `None` if there is no
/// record.
pub(in crate::codec::metadata) fn without_record(xmp: &[u8]) -> Option<(String, Option<Vec<u8>>)> {
    let whole = text_of(xmp).filter(|text| text.contains(RECORD))?;
    let document = parsed(whole)?;
    let mut lines = Vec::new();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for node in document.descendants() {
        let is_record = node.has_tag_name((RECORD, "Commands"));
        let Some(parent) = node
            .parent()
            .filter(|parent| is_record && is_of_file(*parent))
        else {
            continue;
        };
        if cuts.is_empty() {
            let items = node.descendants();
            let items = items.filter(|item| item.has_tag_name((RDF, "li")));
            lines.extend(items.map(|item| item.text().unwrap_or_default()));
        }
        let cut = if is_alone(node, parent) {
            parent.range()
        } else {
            node.range()
        };
        // With the end of the line.
        let end = cut.end + usize::from(whole[cut.end..].starts_with('\n'));
        if cuts.last().is_none_or(|last| last.end <= cut.start) {
            cuts.push(cut.start..end);
        }
    }
    if cuts.is_empty() {
        return None;
    }
    let (mut rest, mut from) = (Vec::with_capacity(xmp.len()), 0);
    for cut in cuts {
        rest.extend_from_slice(&xmp[from..cut.start]);
        from = cut.end;
    }
    rest.extend_from_slice(&xmp[from..]);
    let is_empty = rest == packet("").as_bytes();
    Some((lines.join("\n"), (!is_empty).then_some(rest)))
}

/// Whether a description has this property and no other.
fn is_alone(node: Node<'_, '_>, description: Node<'_, '_>) -> bool {
    let mut elements = description.children().filter(Node::is_element);
    let mut attributes = description.attributes();
    elements.all(|element| element == node)
        && attributes.all(|one| (one.namespace(), one.name()) == (Some(RDF), "about"))
}

fn description(subject: &str, text: &str) -> String {
    let items = text.lines();
    let items = items.map(|line| format!("<rdf:li>{}</rdf:li>", escaped(line)));
    let items = items.collect::<String>();
    let subject = escaped(subject);
    format!(
        "<rdf:Description rdf:about=\"{subject}\" xmlns:rdf=\"{RDF}\" xmlns:stridekern=\"{RECORD}\">\n\
         <stridekern:Commands><rdf:Seq>{items}</rdf:Seq></stridekern:Commands>\n\
         </rdf:Description>\n"
    )
}

/// Data that hold these descriptions (XMP Specification, part 1, 7.3).
fn packet(descriptions: &str) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"{RDF}\">\n\
         {descriptions}</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>"
    )
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "stridekern 'a & <b>.png' --pad edge\nstridekern c.png";

    #[test]
    fn a_record_is_taken_out_as_it_was_put_in() {
        let own = with_record(None, LINES).unwrap();
        assert_eq!(without_record(&own), Some((LINES.to_owned(), None)));
        let others = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
                      <r:Description r:about=\"uuid:1&amp;2\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
                      <dc:format>a</dc:format></r:Description> </r:RDF></x:xmpmeta>\n   \0";
        assert_eq!(without_record(others.as_bytes()), None);
        let both = with_record(Some(others.as_bytes()), LINES).unwrap();
        let text = str::from_utf8(&both).unwrap();
        assert!(
            text.contains("<rdf:Description rdf:about=\"uuid:1&amp;2\""),
            "{text}"
        );
        let (found, rest) = without_record(&both).unwrap();
        assert_eq!(
            (found.as_str(), rest.as_deref()),
            (LINES, Some(others.as_bytes()))
        );
        // Put in twice by others, it is taken out whole.
        let twice = with_record(Some(&both), "stridekern d.png").unwrap();
        assert_eq!(
            without_record(&twice).unwrap().1.as_deref(),
            Some(others.as_bytes())
        );
    }

    #[test]
    fn a_record_in_the_midst_of_other_properties_leaves_them() {
        let data = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description xmlns:a=\"a/\" \
                    xmlns:s=\"urn:stridekern:record/1.0/\" a:b=\"1\"><a:c>2</a:c><s:Commands><rdf:Seq><rdf:li>x</rdf:li>\
                    </rdf:Seq></s:Commands></rdf:Description></rdf:RDF>";
        let (text, rest) = without_record(data.as_bytes()).unwrap();
        let expected = data.replace(
            "<s:Commands><rdf:Seq><rdf:li>x</rdf:li></rdf:Seq></s:Commands>",
            "",
        );
        assert_eq!(
            (text.as_str(), rest.as_deref()),
            ("x", Some(expected.as_bytes()))
        );
    }

    #[test]
    fn data_without_a_place_get_none() {
        for data in [
            "",
            "<a/>",
            "<a",
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>",
        ] {
            assert_eq!(with_record(Some(data.as_bytes()), LINES), None, "{data}");
        }
        assert_eq!(with_record(Some(b"\xff\xfe"), LINES), None);
    }
}
