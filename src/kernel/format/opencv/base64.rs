//! Matrices that `cv::FileStorage::BASE64` wrote: their numbers as bytes in Base64, behind a header
//! with their type.

use base64::{Engine, engine::general_purpose::STANDARD};
use half::f16;

/// The bytes of the header: the type, such as `1d`, and blanks.
const HEADER: usize = 24;

/// The bytes that a text stands for, in which white space means nothing.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.bytes().filter(|c| !c.is_ascii_whitespace());
    STANDARD.decode(Vec::from_iter(text)).ok()
}

/// The numbers of a matrix of one channel of this type, or what is wrong.
pub(super) fn numbers(text: &str, kind: &str) -> Result<Vec<f64>, &'static str> {
    let bytes = decode(text).ok_or("its data are no Base64")?;
    let Some((header, bytes)) = bytes.split_at_checked(HEADER) else {
        return Err("its data end within their header");
    };
    let header = str::from_utf8(header).unwrap_or_default().trim_end();
    if header.trim_start_matches('1') != kind {
        return Err("its data are of another type than its dt");
    }
    match kind {
        "u" => of(bytes, |[byte]| byte.into()),
        "c" => of(bytes, |bytes| i8::from_le_bytes(bytes).into()),
        "w" => of(bytes, |bytes| u16::from_le_bytes(bytes).into()),
        "s" => of(bytes, |bytes| i16::from_le_bytes(bytes).into()),
        "i" => of(bytes, |bytes| i32::from_le_bytes(bytes).into()),
        "h" => of(bytes, |bytes| f16::from_le_bytes(bytes).into()),
        "f" => of(bytes, |bytes| f32::from_le_bytes(bytes).into()),
        _ => of(bytes, f64::from_le_bytes),
    }
}

fn of<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Result<Vec<f64>, &'static str> {
    match bytes.as_chunks() {
        (all, []) => Ok(all.iter().map(|&bytes| number(bytes)).collect()),
        _ => Err("its data end within a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_written() {
        let read = |text: &str| decode(text).map(|bytes| String::from_utf8(bytes).ok());
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm 9v\nYg==", "foob"),
        ] {
            assert_eq!(read(text), Some(Some(bytes.to_owned())), "{text}");
        }
        for wrong in ["Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9-", "====", "Zm=v"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
