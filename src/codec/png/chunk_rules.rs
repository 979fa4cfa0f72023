//! What the specification asks of ancillary chunks (W3C, PNG Specification, third edition, 11.3, and
//! the Extensions): those that break it would be false in a result, or make it refused.

/// Whether a file has one such chunk at most.
pub(super) const fn is_single(name: &[u8; 4]) -> bool {
    matches!(
        name,
        b"gAMA"
            | b"cHRM"
            | b"sRGB"
            | b"cICP"
            | b"mDCV"
            | b"cLLI"
            | b"sBIT"
            | b"bKGD"
            | b"hIST"
            | b"tIME"
            | b"oFFs"
            | b"pCAL"
            | b"sCAL"
            | b"sTER"
    )
}

/// Whether it has no effect after the samples.
pub(super) const fn precedes_samples(name: &[u8; 4]) -> bool {
    matches!(
        name,
        b"gAMA"
            | b"cHRM"
            | b"sRGB"
            | b"cICP"
            | b"mDCV"
            | b"bKGD"
            | b"oFFs"
            | b"pCAL"
            | b"sCAL"
            | b"sTER"
    )
}

/// What is wrong with such a chunk, if anything.
pub(super) fn fault(name: &[u8; 4], data: &[u8]) -> Option<&'static str> {
    if name[2].is_ascii_lowercase() {
        return Some("its name is reserved");
    }
    let is_sound = match name {
        b"gAMA" | b"cICP" => data.len() == 4,
        b"cHRM" => data.len() == 32,
        b"mDCV" => data.len() == 24,
        b"oFFs" => data.len() == 9,
        // A rendering intent; how the halves of a stereo pair are placed.
        b"sRGB" => matches!(data, [0..=3]),
        b"sTER" => matches!(data, [0 | 1]),
        b"bKGD" => matches!(data.len(), 1 | 2 | 6),
        b"pCAL" => keyword(data).is_some(),
        // A unit, and two numbers.
        b"sCAL" => {
            matches!(data, [1 | 2, rest @ ..] if rest.split(|byte| *byte == 0).filter(|number| !number.is_empty()).count() == 2)
        }
        b"tEXt" => keyword(data).is_some(),
        b"zTXt" => keyword(data).is_some_and(|rest| rest.starts_with(&[0])),
        b"iTXt" => keyword(data).is_some_and(is_international),
        _ => true,
    };
    (!is_sound).then_some("it is damaged")
}

/// What follows the keyword: 1 to 79 printable letters of Latin-1, and zero.
fn keyword(data: &[u8]) -> Option<&[u8]> {
    let len = data.iter().position(|byte| *byte == 0)?;
    let is_printable = |byte: &u8| matches!(byte, 32..=126 | 161..=255);
    let is_keyword = (1..=79).contains(&len) && data[..len].iter().all(is_printable);
    is_keyword.then(|| &data[len + 1..])
}

/// Whether these are a flag of compression, its method, the language, the keyword in it, and a text
/// that is UTF-8 unless it is compressed.
fn is_international(rest: &[u8]) -> bool {
    let [flag @ (0 | 1), 0, rest @ ..] = rest else {
        return false;
    };
    let text = rest.splitn(3, |byte| *byte == 0).nth(2);
    text.is_some_and(|text| *flag == 1 || str::from_utf8(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_break_the_rules_are_found() {
        for (name, sound, damaged) in [
            (
                b"gAMA",
                &[&[0, 0, 1, 0][..]][..],
                &[&[][..], &[0; 3], &[0; 5]][..],
            ),
            (b"sRGB", &[&[0], &[3]], &[&[], &[4], &[0, 0]]),
            (b"sTER", &[&[0], &[1]], &[&[2], &[]]),
            (b"cHRM", &[&[1; 32]], &[&[1; 31]]),
            (b"bKGD", &[&[1], &[0; 2], &[0; 6]], &[&[], &[0; 3]]),
            (
                b"sCAL",
                &[b"\x011\x002"],
                &[b"\x031\x002", b"\x011", b"\x01\x002", b""],
            ),
            (
                b"tEXt",
                &[b"Title\0", b"\xc9t\xe9\0text"],
                &[b"Title", b"\0text", b"T\n\0", &[b'a'; 90]],
            ),
            (
                b"zTXt",
                &[b"Title\0\0data"],
                &[b"Title\0", b"Title\0\x01data"],
            ),
            (
                b"iTXt",
                &[b"T\0\0\0\0\0\xc3\xa9", b"T\0\x01\0en\0T\0\xff"],
                &[
                    b"T\0\0\0\0\0\xff",
                    b"T\0\x02\0\0\0",
                    b"T\0\0\x01\0\0",
                    b"T\0\0\0\0",
                ],
            ),
            (b"prVt", &[b"", b"anything"], &[]),
            (b"prvt", &[], &[b""]),
        ] {
            for data in sound {
                assert_eq!(fault(name, data), None, "{name:?} {data:?}");
            }
            for data in damaged {
                assert!(fault(name, data).is_some(), "{name:?} {data:?}");
            }
        }
    }
}
