//! Detects a file's format by its magic bytes, or describes what else it looks like.

use crate::error::{InputError, Result};

use super::{Format, errors};

/// Offset, magic bytes and description of well-known other file types.
const SIGNATURES: [(usize, &[u8], &str); 17] = [
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"\0\0\x01\0", "a Windows icon"),
    (0, b"DDS ", "a DirectDraw surface"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"farbfeld", "a farbfeld picture"),
    (0, b"gimp xcf", "a GIMP picture"),
    (0, b"SIMPLE  =", "a FITS picture"),
    (0, b"\x89HDF", "an HDF5 file"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftyp", "a video"),
];

/// The format of a file that begins with `bytes`: by its content, else the `hint` if that has
/// no magic number.
///
/// # Errors
///
/// [`InputError`], which says what the content looks like.
pub(super) fn format_of(bytes: &[u8], hint: Option<Format>) -> Result<Format> {
    if bytes.is_empty() {
        return Err(InputError::Empty.into());
    }
    if let Some(format) = Format::from_content(bytes) {
        return Ok(format);
    }
    let supported = Format::readable().to_string();
    if let Some(kind) = looks_like(bytes) {
        return Err(InputError::Foreign { kind, supported }.into());
    }
    match hint {
        Some(Format::Tga) => Ok(Format::Tga),
        // A file truncated within its first bytes.
        Some(format) if bytes.len() < 12 => Err(errors::truncated(format.name())),
        Some(format) => {
            let format = format.name();
            Err(InputError::Misnamed { format, supported }.into())
        }
        None => Err(InputError::Unknown { supported }.into()),
    }
}

/// What the first bytes look like: `"text"`, `"a PDF document"`.
fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    for (offset, magic, name) in SIGNATURES {
        if bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
        {
            return Some(name);
        }
    }
    let head = &bytes[..bytes.len().min(1024)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be incomplete.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.is_empty() || text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let lower = text.trim_start().to_ascii_lowercase();
    Some(
        if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
            "a web page"
        } else if lower.starts_with("<svg") || lower.contains("<svg ") {
            "an SVG drawing"
        } else if lower.starts_with("version https://git-lfs") {
            "a Git LFS pointer"
        } else {
            "text"
        },
    )
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn common_mistakes_are_named() {
        for (bytes, name) in [
            (&b"hello, world\n"[..], Some("text")),
            ("é".repeat(600).as_bytes(), Some("text")),
            (b"  <!DOCTYPE html><p>", Some("a web page")),
            (
                b"<?xml version='1.0'?>\n<svg width='3'>",
                Some("an SVG drawing"),
            ),
            (b"%PDF-1.7", Some("a PDF document")),
            (b"\0\0\0\x1cftypheic", Some("a HEIC picture")),
            (b"\0\0\0\x1cftypisom", Some("a video")),
            (b"\x00\x01\x02\x03", None),
            (b"a\x01b", None),
            (b"", None),
        ] {
            assert_eq!(looks_like(bytes), name, "{bytes:?}");
        }
    }
}
