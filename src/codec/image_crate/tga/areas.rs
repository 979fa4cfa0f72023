//! Writes what a file says of its picture: the identification behind its header, and where there is
//! more to say, the extension area and the footer of TGA 2.0.

use std::io::{self, Seek, Write};

use ::image::{ExtendedColorType, ImageEncoder, codecs::tga::TgaEncoder};

use crate::{
    codec::{
        Field, Format, Metadata, Part, errors,
        image_crate::encoding,
        metadata::{
            field::{self, ARTIST, DATE_TIME, SOFTWARE},
            tag,
        },
    },
    error::Result,
};

use super::{EXTENSION, HEADER, SIGNATURE};

/// What the alpha of a picture with one is: useful, or multiplied into the colours.
const USEFUL_ALPHA: u8 = 3;
const PREMULTIPLIED_ALPHA: u8 = 4;

/// Writes a picture of this size and colour.
pub(in crate::codec::image_crate) fn write(
    samples: &[u8],
    [rows, columns]: [u32; 2],
    color: ExtendedColorType,
    metadata: &Metadata,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let identification = metadata.parts.iter().find_map(|part| match part {
        Part::Tag(tag) if tag.code == tag::DOCUMENT_NAME => field::identification(tag),
        Part::Field(Field::Identification(data)) => Some(&**data).filter(|data| data.len() < 256),
        _ => None,
    });
    let origin = metadata.parts.iter().find_map(|part| match part {
        Part::Field(Field::Origin(origin)) => Some(*origin),
        _ => None,
    });
    let with_id = WithIdentification {
        out: &mut *out,
        identification: identification.unwrap_or_default(),
        origin: origin.unwrap_or_default(),
        at: 0,
    };
    // Its runs cross the ends of rows, which TGA 2.0 forbids and Pillow refuses.
    let encoder = TgaEncoder::new(with_id).disable_rle();
    let written = encoder.write_image(samples, columns, rows, color);
    written.map_err(|error| encoding(Format::Tga, error))?;
    let Some(mut area) = extension(metadata) else {
        return Ok(());
    };
    if color.channel_count() == 4 {
        area[494] = match metadata.premultiplied {
            true => PREMULTIPLIED_ALPHA,
            false => USEFUL_ALPHA,
        };
    }
    let place = out.stream_position().map_err(errors::writing)?;
    let place = u32::try_from(place).map_err(|_| {
        let what = "its texts would lie beyond 4 GiB";
        errors::encoder_refused("tga", what, "png, tiff or npy")
    })?;
    let mut end = area.to_vec();
    end.extend(place.to_le_bytes());
    // There is no developer area.
    end.extend([0; 4]);
    end.extend(SIGNATURE);
    out.write_all(&end).map_err(errors::writing)
}

/// The extension area, if it says anything.
fn extension(metadata: &Metadata) -> Option<[u8; EXTENSION]> {
    let mut area = [0; EXTENSION];
    let mut put = |at: usize, data: &[u8]| area[at..at + data.len()].copy_from_slice(data);
    let mut says = false;
    for part in &metadata.parts {
        match part {
            Part::Tag(tag) if tag.code == ARTIST => {
                let Some(author) = field::author(tag) else {
                    continue;
                };
                put(2, author);
            }
            Part::Tag(tag) if tag.code == DATE_TIME => {
                let Some(date) = field::date(tag) else {
                    continue;
                };
                put(367, date.map(u16::to_le_bytes).as_flattened());
            }
            Part::Tag(tag) if tag.code == SOFTWARE => {
                let Some((program, version, letter)) = field::software(tag) else {
                    continue;
                };
                put(426, program);
                put(467, &version.to_le_bytes());
                put(469, &[letter]);
            }
            Part::Comment(text) => {
                for (line, text) in field::comment_lines(text).into_iter().flatten().enumerate() {
                    put(43 + 81 * line, text);
                }
            }
            Part::Field(field) => match field.place() {
                Some(place) => put(place, field.data()),
                None => continue,
            },
            _ => continue,
        }
        says = true;
    }
    says |= metadata.premultiplied;
    if let Some(shape) = metadata.density.and_then(field::pixel_shape) {
        put(474, shape.map(u16::to_le_bytes).as_flattened());
        says = true;
    }
    put(0, &(EXTENSION as u16).to_le_bytes());
    says.then_some(area)
}

/// Puts the origin into the header that is written to `out`, and the identification behind it.
struct WithIdentification<'a, W> {
    out: W,
    /// At most 255 bytes.
    identification: &'a [u8],
    origin: [u8; 4],
    /// The bytes of the header that were written.
    at: usize,
}

impl<W: Write> Write for WithIdentification<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(HEADER - self.at);
        if count == 0 {
            return self.out.write(bytes);
        }
        for byte in &bytes[..count] {
            let byte = match self.at {
                0 => self.identification.len() as u8,
                at @ 8..12 => self.origin[at - 8],
                _ => *byte,
            };
            self.out.write_all(&[byte])?;
            self.at += 1;
        }
        if self.at == HEADER {
            self.out.write_all(self.identification)?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
