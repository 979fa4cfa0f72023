//! Photoshop's image resources, without those that are false of the result.

use std::sync::Arc;

use super::{
    exif, iptc,
    revision::{ResultFacts, Revised, note},
    xmp,
};

const IPTC: u16 = 1028;
const SLICES: u16 = 1050;
const EXIF: u16 = 1058;
const XMP: u16 = 1060;
const CAPTION_DIGEST: u16 = 1061;

/// The resources, as JPEG's APP13 segments and the TIFF tag 34377 have them, that are true of
/// the result.
///
/// Thumbnails are dropped; the ICC profile, which is stored apart; names of alpha channels where
/// the result has none; slices of another size; guides and paths where places are others, and the
/// density where pixels are. EXIF, XMP and IPTC data inside are
/// revised, or dropped where they cannot be read.
pub(crate) fn revised(resources: &[u8], facts: &ResultFacts) -> Revised {
    let Some((resources, padding)) = split(resources) else {
        return Revised::Unreadable;
    };
    let other_caption = (resources.iter())
        .any(|one| one.id == IPTC && iptc::revised(one.data) != Revised::Unchanged);
    let (mut kept, mut what) = (Vec::new(), Vec::new());
    for resource in &resources {
        let (revised, word) = match resource.id {
            CAPTION_DIGEST if other_caption => (Revised::Unreadable, "IPTC digest dropped"),
            _ => outcome(resource, facts),
        };
        match revised {
            Revised::Unchanged => kept.extend_from_slice(resource.bytes),
            Revised::Changed { bytes, what: words } => {
                words.into_iter().for_each(|word| note(&mut what, word));
                resource.write_with(&bytes, &mut kept);
            }
            Revised::Unreadable => note(&mut what, word),
        }
    }
    if what.is_empty() {
        return Revised::Unchanged;
    }
    kept.extend_from_slice(padding);
    Revised::Changed { bytes: kept, what }
}

/// IPTC data as a resource.
pub(super) fn of_iptc(data: &[u8]) -> Arc<[u8]> {
    let len = (data.len() as u32).to_be_bytes();
    let padding = vec![0; data.len() % 2];
    [
        b"8BIM",
        &IPTC.to_be_bytes()[..],
        &[0, 0],
        &len,
        data,
        &padding,
    ]
    .concat()
    .into()
}

/// The IPTC data among the resources.
pub(in crate::codec) fn iptc(resources: &[u8]) -> Option<&[u8]> {
    let (resources, _) = split(resources)?;
    let found = resources.iter().find(|resource| resource.id == IPTC);
    found.map(|resource| resource.data)
}

/// What becomes of a resource: [`Revised::Unreadable`] means that it is dropped, with a
/// word.
fn outcome(resource: &Resource<'_>, facts: &ResultFacts) -> (Revised, &'static str) {
    let dropped = |word| (Revised::Unreadable, word);
    match resource.id {
        1033 | 1036 => dropped("thumbnail dropped"),
        1039 => dropped("ICC profile in Photoshop resources dropped"),
        // Names, identifiers and colours of alpha channels.
        1006 | 1007 | 1045 | 1053 | 1067 | 1077 if !facts.has_alpha() => {
            dropped("names of alpha channels dropped")
        }
        SLICES if facts.is_moved || !has_size(resource.data, facts) => dropped("slices dropped"),
        // Guides and a grid, marks that are counted, paths.
        1032 | 1080 | 2000..=2997 if facts.is_moved => dropped("guides and paths dropped"),
        // Pixels per inch.
        1005 if facts.is_rescaled => dropped("density in Photoshop resources dropped"),
        IPTC => (iptc::revised(resource.data), "IPTC dropped"),
        EXIF => (
            exif::revised(resource.data, facts),
            "EXIF in Photoshop resources dropped",
        ),
        // More of them, in a format that is described nowhere.
        1059 => dropped("EXIF in Photoshop resources dropped"),
        XMP => (
            xmp::revised(resource.data, facts),
            "XMP in Photoshop resources dropped",
        ),
        _ => (Revised::Unchanged, ""),
    }
}

/// Whether slices are those of an image of this size: version 6, top, left, bottom, right.
/// Later versions are lists that Photoshop makes anew.
fn has_size(slices: &[u8], facts: &ResultFacts) -> bool {
    let words = [6, 0, 0, facts.rows as u64, facts.columns as u64];
    let found = slices.chunks_exact(4).take(words.len());
    let number = |word: &[u8]| word.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    found.map(number).eq(words)
}

/// An image resource.
struct Resource<'a> {
    id: u16,
    data: &'a [u8],
    /// The signature, the number and the name.
    head: &'a [u8],
    /// All of it, padding included.
    bytes: &'a [u8],
}

impl<'a> Resource<'a> {
    /// The first resource.
    fn first(bytes: &'a [u8]) -> Option<Self> {
        const SIGNATURES: [&[u8; 4]; 5] = [b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"];
        let (signature, rest) = bytes.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        // A length, the text, and a byte of padding where both are odd.
        let name = (1 + usize::from(*rest.first()?)).next_multiple_of(2);
        let (size, rest) = rest.get(name..)?.split_first_chunk()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        let (data, _) = rest.split_at_checked(size)?;
        // The last may lack its padding.
        let end = bytes.len() - rest.len() + size;
        let end = end.checked_next_multiple_of(2)?.min(bytes.len());
        SIGNATURES.contains(&signature).then(|| Self {
            id: u16::from_be_bytes(*id),
            data,
            head: &bytes[..6 + name],
            bytes: &bytes[..end],
        })
    }

    /// Appends the resource with other data, which are no longer than 4 GiB.
    fn write_with(&self, data: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.head);
        out.extend((data.len() as u32).to_be_bytes());
        out.extend_from_slice(data);
        out.extend(&[0][..data.len() % 2]);
    }
}

/// All resources, and zeros after them. `None` if they are damaged.
fn split(mut bytes: &[u8]) -> Option<(Vec<Resource<'_>>, &[u8])> {
    let mut all = Vec::new();
    while bytes.iter().any(|byte| *byte != 0) {
        let resource = Resource::first(bytes)?;
        bytes = &bytes[resource.bytes.len()..];
        all.push(resource);
    }
    Some((all, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Depth;

    const FACTS: ResultFacts = ResultFacts {
        rows: 300,
        columns: 400,
        channels: 3,
        depth: Depth::U8,
        orientation: Some(1),
        is_moved: false,
        is_rescaled: false,
    };

    fn resource(id: u16, name: &[u8], data: &[u8]) -> Vec<u8> {
        let mut all = [b"8BIM", &id.to_be_bytes()[..], &[name.len() as u8], name].concat();
        all.resize(all.len().next_multiple_of(2), 0);
        all.extend((data.len() as u32).to_be_bytes());
        all.extend(data);
        all.resize(all.len().next_multiple_of(2), 0);
        all
    }

    fn slices(rows: u32, columns: u32) -> Vec<u8> {
        let words = [6, 0, 0, rows, columns].map(u32::to_be_bytes);
        [words.as_flattened(), b"the rest"].concat()
    }

    /// An IPTC caption.
    const CAPTION: &[u8] = b"\x1c\x02\x78\0\x03abc";
    /// An IPTC preview.
    const PREVIEW: &[u8] = b"\x1c\x02\xca\0\x08OLD FACE";

    #[test]
    fn what_is_false_is_dropped_and_all_else_stays() {
        let alpha = ResultFacts {
            channels: 4,
            ..FACTS
        };
        let moved = ResultFacts {
            is_moved: true,
            ..FACTS
        };
        let thinned = ResultFacts {
            is_rescaled: true,
            ..moved
        };
        let face = b"<a xmlns:x='http://ns.adobe.com/xap/1.0/' x:Thumbnails='OLD FACE'/>";
        let faceless = b"<a xmlns:x='http://ns.adobe.com/xap/1.0/'/>";
        let turned = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let mut upright = *turned;
        upright[18] = 1;
        for (id, data, facts, wanted) in [
            (1005, &b"resolution"[..], FACTS, Some(&b"resolution"[..])),
            (1033, b"OLD FACE", FACTS, None),
            (1036, b"OLD FACE", FACTS, None),
            (1039, b"a profile", FACTS, None),
            (1006, b"\x05alpha", FACTS, None),
            (1045, b"alpha", alpha, Some(b"alpha")),
            (1050, &slices(300, 400), FACTS, Some(&slices(300, 400))),
            (1050, &slices(304, 404), FACTS, None),
            (1050, b"\0\0\0\x08", FACTS, None),
            (1028, CAPTION, FACTS, Some(CAPTION)),
            (1028, &[CAPTION, PREVIEW].concat(), FACTS, Some(CAPTION)),
            (1028, b"no IPTC", FACTS, None),
            (1058, turned, FACTS, Some(&upright)),
            (1058, b"no EXIF", FACTS, None),
            (1059, turned, FACTS, None),
            (1060, face, FACTS, Some(faceless)),
            (1060, b"no XMP", FACTS, None),
            (1061, b"a digest of IPTC", FACTS, Some(b"a digest of IPTC")),
            (1064, b"aspect ratio", FACTS, Some(b"aspect ratio")),
            (2000, b"a path", FACTS, Some(b"a path")),
            (2000, b"a path", moved, None),
            (1032, b"guides", moved, None),
            (1050, &slices(300, 400), moved, None),
            (1005, b"resolution", moved, Some(b"resolution")),
            (1005, b"resolution", thinned, None),
            (10_000, b"print flags", FACTS, Some(b"print flags")),
        ] {
            for name in [&b""[..], b"name", b"names"] {
                let before = resource(1000, b"before", b"odd");
                let behind = resource(3000, b"", b"behind");
                let with = |part: &[u8]| [&before, part, &behind, &[0, 0]].concat();
                let bytes = with(&resource(id, name, data));
                let wanted = wanted.map(|data| resource(id, name, data));
                let wanted = with(&wanted.unwrap_or_default());
                match revised(&bytes, &facts) {
                    Revised::Unchanged => assert_eq!(bytes, wanted, "{id}"),
                    Revised::Changed { bytes, what } => {
                        assert_eq!(bytes, wanted, "{id}");
                        assert_eq!(what.len(), 1);
                        assert_eq!(revised(&bytes, &facts), Revised::Unchanged);
                    }
                    Revised::Unreadable => panic!("{id}"),
                }
            }
        }
    }

    #[test]
    fn the_digest_goes_with_the_caption_that_it_is_of() {
        let [digest, iptc] = [
            resource(1061, b"", b"a digest of IPTC"),
            resource(1028, b"", &[CAPTION, PREVIEW].concat()),
        ];
        assert_eq!(
            revised(&[&digest[..], &iptc].concat(), &FACTS),
            Revised::Changed {
                bytes: resource(1028, b"", CAPTION),
                what: vec!["IPTC digest dropped", "IPTC preview dropped"],
            }
        );
        assert_eq!(
            super::iptc(&[&digest[..], &iptc].concat()),
            Some(&[CAPTION, PREVIEW].concat()[..])
        );
        assert_eq!(super::iptc(&digest), None);
    }

    #[test]
    fn damaged_resources_are_unreadable() {
        let parts = [
            resource(1005, b"a", b"resolution"),
            resource(1061, b"", b"odd"),
        ];
        let whole = parts.concat();
        for len in 1..whole.len() {
            // Between resources, or without the last byte, which is padding.
            let is_whole = len == parts[0].len() || len == whole.len() - 1;
            let outcome = revised(&whole[..len], &FACTS);
            assert_eq!(outcome == Revised::Unchanged, is_whole, "{len}");
            assert_eq!(outcome == Revised::Unreadable, !is_whole, "{len}");
        }
        assert_eq!(revised(b"", &FACTS), Revised::Unchanged);
        assert_eq!(
            revised(b"8BIM\x03\xed\0\0\xff\xff\xff\xff", &FACTS),
            Revised::Unreadable
        );
        assert_eq!(
            revised(b"9BIM\x03\xed\0\0\0\0\0\0", &FACTS),
            Revised::Unreadable
        );
    }
}
