//! Where a record is in files.

use super::{Record, RecordedCommand};
use crate::{
    codec::{
        Format, Metadata, Omission, Part,
        metadata::{
            part::{plain_text, text_keyword},
            tag::{DESCRIPTION, text_chunk},
            xmp,
        },
    },
    warning::Warning,
};

/// The keyword of a PNG's text.
const KEYWORD: &str = "stridekern";

/// What it is called in messages.
pub(in crate::codec) const NAME: &str = "record";
/// Why a result does not have that of its input.
pub(crate) const OUTDATED: &str = "it tells how the input was made";

/// The bytes of XMP data in a JPEG: a segment holds 65533, 29 of them a name.
pub(in crate::codec) const MAX_JPEG_XMP: usize = 65_504;

impl Format {
    /// Whether a file of the format has a place for a [`Record`].
    pub const fn holds_record(self) -> bool {
        self.is_netpbm()
            || matches!(
                self,
                Self::Png | Self::Jpeg | Self::Tiff | Self::Webp | Self::Gif | Self::Hdr
            )
    }
}

/// What a part says about the making of the picture.
enum Content {
    /// Nothing.
    Other,
    Commands(Vec<RecordedCommand>),
    /// It has the place of a record, but cannot be read.
    Unreadable,
}

impl Metadata {
    /// Takes the record out of the texts and XMP data where a file has it.
    pub(in crate::codec) fn take_record(&mut self) {
        let mut commands = Vec::new();
        self.parts.retain_mut(|part| match content(part) {
            Content::Other => true,
            Content::Commands(some) => {
                commands.extend(some);
                false
            }
            Content::Unreadable => {
                *part = Part::Other {
                    name: part.to_string(),
                    bytes: part.bytes(),
                    why: Omission::Outdated(OUTDATED),
                };
                true
            }
        });
        if let Some((text, rest)) = self.xmp.as_deref().and_then(xmp::without_record) {
            self.xmp = rest;
            if let (Some(record), true) = (Record::parse(&text), commands.is_empty()) {
                commands = record.commands;
            }
        }
        self.record = Record::of(commands);
    }

    /// Puts the record where a file of `format` has it. A warning if it has no place there.
    pub(in crate::codec) fn place_record(&mut self, format: Format) -> Option<Warning> {
        let record = self.record.take()?;
        let text = record.to_string();
        match format {
            Format::Png => self.parts.push(text_chunk(KEYWORD, text.as_bytes())),
            Format::Hdr => {
                let lines = text.lines();
                let lines = lines.map(|line| Part::HeaderLine(line.as_bytes().into()));
                self.parts.extend(lines);
            }
            Format::Jpeg | Format::Tiff | Format::Webp => {
                let with_record = xmp::with_record(self.xmp.as_deref(), &text);
                let Some(xmp) = with_record else {
                    return Some(Warning::record("the XMP data have no place for it"));
                };
                if format == Format::Jpeg && xmp.len() > MAX_JPEG_XMP {
                    return Some(Warning::record("jpeg holds 65504 bytes of XMP data"));
                }
                self.xmp = Some(xmp);
            }
            _ if format.holds_record() => self.parts.push(Part::Comment(text.as_bytes().into())),
            _ => {}
        }
        None
    }
}

fn content(part: &Part) -> Content {
    let (text, is_own) = match part {
        Part::Comment(text) | Part::HeaderLine(text) => (Some(&text[..]), false),
        Part::Chunk { name, data } => {
            let keyword = text_keyword(name, data);
            let text = plain_text(name, data).map(|(_, text)| text);
            (text, keyword == Some(KEYWORD.as_bytes()))
        }
        Part::Tag(tag) if tag.code == DESCRIPTION => (tag.text(), false),
        _ => (None, false),
    };
    let text = text.filter(|text| text.starts_with(super::PROGRAM.as_bytes()));
    let text = text.and_then(|text| str::from_utf8(text).ok());
    match text.and_then(Record::parse) {
        Some(record) => Content::Commands(record.commands),
        None if is_own => Content::Unreadable,
        None => Content::Other,
    }
}
