//! IPTC data (IIM), without what is of the picture before filtering.

use super::revision::Revised;

/// The data without previews and without the records of pictures: their sizes and samples.
pub(crate) fn revised(iptc: &[u8]) -> Revised {
    let (mut rest, mut kept) = (iptc, Vec::new());
    let (mut preview, mut records) = (false, false);
    while let Some((set, after)) = split_set(rest) {
        match set.name {
            // ObjectPreviewFileFormat, its version, ObjectPreviewData.
            [2, 200..=202] => preview = true,
            // NewsPhoto parameters; pre-object, object and post-object descriptors.
            [3 | 7..=9, _] => records = true,
            _ => kept.extend(&rest[..rest.len() - after.len()]),
        }
        rest = after;
    }
    // Padding.
    if rest.iter().any(|byte| *byte != 0) {
        return Revised::Unreadable;
    }
    let words = [
        (preview, "IPTC preview dropped"),
        (records, "IPTC picture records dropped"),
    ];
    let what: Vec<_> = (words.into_iter())
        .filter_map(|(is, word)| is.then_some(word))
        .collect();
    if what.is_empty() {
        return Revised::Unchanged;
    }
    kept.extend(rest);
    Revised::Changed { bytes: kept, what }
}

/// A data set: a record and a number in it.
struct Set {
    name: [u8; 2],
}

/// The first data set and what follows it.
fn split_set(bytes: &[u8]) -> Option<(Set, &[u8])> {
    let ([0x1c, record, number, high, low], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let short = u16::from_be_bytes([*high, *low]);
    let (length, rest) = match short & 0x8000 {
        0 => (usize::from(short), rest),
        // The length of the length.
        _ => {
            let (length, rest) = rest.split_at_checked(usize::from(short & 0x7fff))?;
            let join = |sum: usize, byte: &u8| {
                (sum <= usize::MAX >> 8).then_some(sum << 8 | usize::from(*byte))
            };
            (length.iter().try_fold(0, join)?, rest)
        }
    };
    let (_, after) = rest.split_at_checked(length)?;
    let name = [*record, *number];
    Some((Set { name }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(record: u8, number: u8, data: &[u8]) -> Vec<u8> {
        let [high, low] = (data.len() as u16).to_be_bytes();
        [&[0x1c, record, number, high, low], data].concat()
    }

    #[test]
    fn previews_are_dropped() {
        let (caption, byline) = (set(2, 120, b"a caption"), set(2, 80, b"someone"));
        let preview = set(2, 202, b"\xff\xd8\xff an old face");
        let long = [&[0x1c, 2, 202, 0x80, 4, 0, 1, 0, 0], &vec![7; 1 << 16][..]].concat();
        let size = set(3, 20, &[4, 0]);
        let plain = [&caption[..], &byline, &[0, 0]].concat();
        assert_eq!(revised(&plain), Revised::Unchanged);
        assert_eq!(revised(b""), Revised::Unchanged);
        assert_eq!(
            revised(&[&caption[..], &preview, &long, &size, &byline, &[0, 0]].concat()),
            Revised::Changed {
                bytes: plain,
                what: vec!["IPTC preview dropped", "IPTC picture records dropped"],
            }
        );
    }

    #[test]
    fn damaged_data_are_unreadable() {
        let whole = [set(1, 90, b"\x1b%G"), set(2, 80, b"someone")].concat();
        for len in 1..whole.len() {
            let is_between = len == set(1, 90, b"\x1b%G").len();
            let cut = revised(&whole[..len]);
            assert_eq!(cut == Revised::Unchanged, is_between, "{len}");
            assert_eq!(cut == Revised::Unreadable, !is_between, "{len}");
        }
        assert_eq!(revised(b"\x1c\x02\x50\xff\xff"), Revised::Unreadable);
    }
}
