//! Reads the record of a file, and no more of the file than that takes.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek},
    path::Path,
};

use super::{Format, Limits, Metadata, Part, Record, open_rows};
use crate::{
    error::{Error, IoAction, Result},
    file::{open_file, special},
};

/// The bytes of a file's start that its format is told by.
const START: usize = 64;
/// The most bytes of what may be a record.
const MAX_BYTES: usize = 1 << 20;
/// The most pieces of a file that are passed over: segments, chunks, blocks and lines.
const MAX_PIECES: usize = 10_000;
/// What XMP data of a JPEG begin with.
const XMP_SEGMENT: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The buffer: what is passed over is not read if it is larger.
const BUFFER: usize = 1 << 12;

/// The record of how the picture of a file was made, if the file holds one before its samples, or
/// as WebP does behind them. Samples are not read.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, or as [`open_rows`].
pub fn read_record(path: &Path, limits: &Limits) -> Result<Option<Record>> {
    record_of_file(path, limits).map(|(_, record)| record)
}

/// [`read_record`], with the format by the content, or else by the name.
pub(crate) fn record_of_file(
    path: &Path,
    limits: &Limits,
) -> Result<(Option<Format>, Option<Record>)> {
    // Reading would consume its data.
    if special(path).is_some() {
        return Ok((None, None));
    }
    let failed = |error| Error::io(IoAction::Read, error);
    let mut file = BufReader::with_capacity(BUFFER, open_file(path)?);
    let mut start = Vec::new();
    let mut first = file.by_ref().take(START as u64);
    first.read_to_end(&mut start).map_err(failed)?;
    let Some(format) = Format::from_content(&start).or_else(|| Format::from_path(path)) else {
        return Ok((None, None));
    };
    file.rewind().map_err(failed)?;
    let metadata = match format {
        Format::Jpeg => of_jpeg(&mut file),
        Format::Webp => of_webp(&mut file),
        Format::Gif => of_gif(&mut file),
        Format::Hdr => of_hdr(&mut file),
        _ if format.holds_record() => {
            let record = open_rows(path, limits)?.header().metadata.record.clone();
            return Ok((Some(format), record));
        }
        _ => return Ok((Some(format), None)),
    };
    let mut metadata = match metadata {
        Ok(metadata) => metadata,
        // It ends where more should follow.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Metadata::default(),
        Err(error) => return Err(failed(error)),
    };
    metadata.take_record();
    Ok((Some(format), metadata.record))
}

type Reader = BufReader<File>;

fn skip(file: &mut Reader, bytes: usize) -> io::Result<()> {
    file.seek_relative(bytes as i64)
}

fn array<const N: usize>(file: &mut Reader) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The next bytes, of which more are not read than may be a record.
fn block(file: &mut Reader, bytes: usize) -> io::Result<Option<Vec<u8>>> {
    if bytes > MAX_BYTES {
        skip(file, bytes)?;
        return Ok(None);
    }
    let mut block = vec![0; bytes];
    file.read_exact(&mut block)?;
    Ok(Some(block))
}

fn comment(text: &[u8]) -> Part {
    Part::Comment(text.into())
}

/// The XMP data and comments of the segments before the first scan.
fn of_jpeg(file: &mut Reader) -> io::Result<Metadata> {
    let mut metadata = Metadata::default();
    skip(file, 2)?;
    for _ in 0..MAX_PIECES {
        let [mark, mut code] = array(file)?;
        // A marker may have any number of fill bytes.
        for _ in 0..MAX_PIECES {
            match code {
                0xff => [code] = array(file)?,
                _ => break,
            }
        }
        match code {
            // Start of scan and end of the image.
            _ if mark != 0xff => break,
            0xda | 0xd9 => break,
            // Without a length.
            0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let bytes = usize::from(u16::from_be_bytes(array(file)?)).saturating_sub(2);
        match code {
            0xe1 => {
                let segment = block(file, bytes)?.unwrap_or_default();
                if let (Some(xmp), None) = (segment.strip_prefix(XMP_SEGMENT), &metadata.xmp) {
                    metadata.xmp = Some(xmp.to_vec());
                }
            }
            0xfe => metadata
                .parts
                .extend(block(file, bytes)?.as_deref().map(comment)),
            _ => skip(file, bytes)?,
        }
    }
    Ok(metadata)
}

/// The XMP data of the chunks.
fn of_webp(file: &mut Reader) -> io::Result<Metadata> {
    let mut metadata = Metadata::default();
    skip(file, 12)?;
    for _ in 0..MAX_PIECES {
        let name: [u8; 4] = array(file)?;
        let bytes = u32::from_le_bytes(array(file)?) as usize;
        if name == *b"XMP " {
            metadata.xmp = block(file, bytes)?;
            break;
        }
        skip(file, bytes.next_multiple_of(2))?;
    }
    Ok(metadata)
}

/// The comments of the blocks before the first frame.
fn of_gif(file: &mut Reader) -> io::Result<Metadata> {
    let mut metadata = Metadata::default();
    let header: [u8; 13] = array(file)?;
    let palette = match header[10] & 0x80 {
        0 => 0,
        _ => 3 << ((header[10] & 7) + 1),
    };
    skip(file, palette)?;
    let mut pieces = 0;
    // An extension.
    while let [0x21] = array(file)? {
        let [label] = array(file)?;
        let mut text = Vec::new();
        loop {
            pieces += 1;
            let [bytes] = array(file)?;
            if bytes == 0 || pieces > MAX_PIECES {
                break;
            }
            let part = block(file, bytes.into())?;
            if label == 0xfe && text.len() < MAX_BYTES {
                text.extend(part.unwrap_or_default());
            }
        }
        if label == 0xfe {
            metadata.parts.push(comment(&text));
        }
        if pieces > MAX_PIECES {
            break;
        }
    }
    Ok(metadata)
}

/// The lines before the empty one.
fn of_hdr(file: &mut Reader) -> io::Result<Metadata> {
    let mut metadata = Metadata::default();
    let mut header = file.take(MAX_BYTES as u64);
    for _ in 0..MAX_PIECES {
        let mut line = Vec::new();
        header.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\n") {
            None | Some([]) => break,
            Some(line) => metadata.parts.push(Part::HeaderLine(line.into())),
        }
    }
    Ok(metadata)
}
