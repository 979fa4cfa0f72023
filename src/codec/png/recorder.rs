//! Records ancillary chunks while a decoder reads the file: it has no access to those that it
//! does not use.

use std::{io::Read, mem};

use flate2::{Crc, read::ZlibDecoder};

use crate::codec::{
    Metadata, Omission, Part,
    metadata::{PartList, text_keyword},
};

use super::chunk_rules;

/// The keyword of XMP data (XMP Specification, part 3, 1.1.5).
const XMP_KEYWORD: &[u8] = b"XML:com.adobe.xmp";

/// The keywords of profiles as ImageMagick writes them, in hexadecimal digits.
const RAW_PROFILE: &[u8] = b"Raw profile type ";

/// The most bytes of a palette: 256 colours.
const MAX_PALETTE: usize = 3 * 256;

/// Why what is told in samples is not carried over.
const OTHER_TYPE: &str = "it is in samples of another type";

/// The bytes before the first chunk.
const SIGNATURE_BYTES: usize = 8;

/// The chunks in the bytes that it was fed.
#[derive(Debug)]
pub(super) struct ChunkRecorder {
    state: State,
    /// How many bytes may still be recorded.
    room: usize,
    bits: u8,
    /// The colour type.
    color: u8,
    /// The colours of the palette, if the samples are its indices.
    palette: Option<Vec<u8>>,
    /// Whether some of the samples were seen.
    has_samples: bool,
    /// Whether nobody else reads EXIF data.
    reads_exif: bool,
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    /// The chunks that a file has once.
    seen: Vec<[u8; 4]>,
    parts: PartList,
    /// How many frames have been announced.
    frames: u64,
}

#[derive(Debug)]
enum State {
    /// This many bytes are of no interest.
    Skip(usize),
    /// Length and name of a chunk, as far as they are known.
    Head(Vec<u8>),
    /// Data and checksum of a chunk, of this many bytes.
    Body {
        name: [u8; 4],
        len: usize,
        bytes: Vec<u8>,
    },
}

impl ChunkRecorder {
    /// Records at most `limit` bytes of data.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            state: State::Skip(SIGNATURE_BYTES),
            room: limit,
            bits: 8,
            color: 0,
            palette: None,
            has_samples: false,
            reads_exif: false,
            exif: None,
            xmp: None,
            seen: Vec::new(),
            parts: PartList::new(),
            frames: 0,
        }
    }

    /// The same of the chunks that follow the samples, EXIF data among them, which the decoder has
    /// not seen.
    pub(super) fn after_samples(limit: usize) -> Self {
        Self {
            state: State::Head(Vec::new()),
            has_samples: true,
            reads_exif: true,
            ..Self::new(limit)
        }
    }

    /// The metadata that have been recorded.
    pub(super) fn metadata(&self) -> Metadata {
        Metadata {
            exif: self.exif.clone(),
            xmp: self.xmp.clone(),
            parts: self.parts.clone().into_vec(),
            ..Metadata::default()
        }
    }

    /// How many frames of an animation have been announced.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// The next bytes of the file.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Skip(left) => {
                    let count = bytes.len().min(*left);
                    *left -= count;
                    if *left == 0 {
                        self.state = State::Head(Vec::new());
                    }
                    &bytes[count..]
                }
                State::Head(head) => {
                    let count = bytes.len().min(8 - head.len());
                    head.extend(&bytes[..count]);
                    if let &[a, b, c, d, ref name @ ..] = &head[..]
                        && let Ok(name) = name.try_into()
                    {
                        self.begin(name, u32::from_be_bytes([a, b, c, d]) as usize);
                    }
                    &bytes[count..]
                }
                State::Body {
                    name,
                    len,
                    bytes: body,
                } => {
                    let count = bytes.len().min(*len - body.len());
                    body.extend(&bytes[..count]);
                    if body.len() == *len {
                        let (name, body) = (*name, mem::take(body));
                        self.end(name, &body);
                        self.state = State::Head(Vec::new());
                    }
                    &bytes[count..]
                }
            };
        }
    }

    /// A chunk begins.
    fn begin(&mut self, name: [u8; 4], data: usize) {
        // The checksum follows the data.
        let len = data.saturating_add(4);
        self.frames += u64::from(name == *b"fcTL");
        // The decoder gives profile, EXIF data and density, and applies transparency.
        let decoded = [
            b"iCCP", b"eXIf", b"pHYs", b"tRNS", b"acTL", b"fcTL", b"fdAT",
        ];
        let is_decoded = decoded.contains(&&name) && !(self.reads_exif && name == *b"eXIf");
        let is_ancillary = name[0].is_ascii_lowercase() && !is_decoded;
        self.has_samples |= name == *b"IDAT";
        let is_palette = name == *b"PLTE" && self.palette.is_some() && data <= MAX_PALETTE;
        self.state = match (is_ancillary, self.room.checked_sub(data)) {
            (false, _) if name != *b"IHDR" && !is_palette => State::Skip(len),
            (true, None) => {
                self.omit(
                    &name,
                    data,
                    Omission::Unknown("it is larger than the limit"),
                );
                State::Skip(len)
            }
            (_, room) => {
                if is_ancillary {
                    self.room = room.unwrap_or_default();
                }
                let bytes = Vec::new();
                State::Body { name, len, bytes }
            }
        };
    }

    fn omit(&mut self, name: &[u8; 4], bytes: usize, why: Omission) {
        let name = format!("chunk {}", name.escape_ascii());
        self.parts.push(Part::Other { name, bytes, why });
    }

    /// A chunk ended: its data and checksum.
    fn end(&mut self, name: [u8; 4], body: &[u8]) {
        let (data, checksum) = body.split_at(body.len() - 4);
        let mut crc = Crc::new();
        crc.update(&name);
        crc.update(data);
        if checksum != crc.sum().to_be_bytes() {
            if name[0].is_ascii_lowercase() {
                self.omit(&name, data.len(), Omission::Unknown("it is damaged"));
            }
            return;
        }
        match &name {
            b"IHDR" => {
                self.bits = data.get(8).copied().unwrap_or(8);
                self.color = data.get(9).copied().unwrap_or(0);
                self.palette = (self.color == 3).then(Vec::new);
            }
            b"PLTE" => self.palette = Some(data.to_vec()),
            b"eXIf" => self.exif = self.exif.take().or_else(|| Some(data.to_vec())),
            b"bKGD" => match self.background(data) {
                Ok(data) => self.add(name, &data),
                Err(why) => self.omit(&name, data.len(), Omission::Unknown(why)),
            },
            // In samples as they are stored.
            b"pCAL" if self.bits != 8 => {
                let why = Omission::Unknown(OTHER_TYPE);
                self.omit(&name, data.len(), why);
            }
            _ => self.add(name, data),
        }
    }

    /// The background in samples of 8 bits, of gray or RGB, as the picture is read (PNG
    /// Specification, 11.3.4.1).
    fn background(&self, data: &[u8]) -> Result<Vec<u8>, &'static str> {
        // Those behind the samples are told of as such.
        if self.has_samples {
            return Ok(data.to_vec());
        }
        match (&self.palette, self.color, data, self.bits) {
            (Some(palette), _, &[index], _) => {
                let colors = palette.as_chunks::<3>().0;
                let color = colors.get(usize::from(index)).ok_or("it is damaged")?;
                Ok(color.iter().flat_map(|sample| [0, *sample]).collect())
            }
            (None, 0 | 4, [_, _], 8) | (None, 2 | 6, [_, _, _, _, _, _], 8) => Ok(data.to_vec()),
            // Gray, scaled as its samples are.
            (None, 0, &[0, gray], bits @ (1 | 2 | 4)) if gray < 1 << bits => {
                Ok(vec![0, gray * (255 / ((1 << bits) - 1))])
            }
            (None, 0 | 4, [_, _], 16) | (None, 2 | 6, [_, _, _, _, _, _], 16) => Err(OTHER_TYPE),
            _ => Err("it is damaged"),
        }
    }

    fn add(&mut self, name: [u8; 4], data: &[u8]) {
        let is_single = chunk_rules::is_single(&name);
        let fault = match chunk_rules::fault(&name, data) {
            None if is_single && self.seen.contains(&name) => Some("it stands there twice"),
            None if self.has_samples && chunk_rules::precedes_samples(&name) => {
                Some("it follows the samples, where it has no effect")
            }
            fault => fault,
        };
        if let Some(why) = fault {
            return self.omit(&name, data.len(), Omission::Unknown(why));
        }
        if is_single {
            self.seen.push(name);
        }
        let part = Part::Chunk {
            name,
            data: data.into(),
        };
        match text_keyword(&name, data) {
            Some(XMP_KEYWORD) if name == *b"iTXt" && self.xmp.is_none() => {
                let limit = self.room.saturating_add(data.len()) as u64;
                self.xmp = international_text(data, limit);
                if self.xmp.is_none() {
                    let why = Omission::Unknown("they are damaged");
                    let (name, bytes) = ("XMP data".to_owned(), data.len());
                    self.parts.push(Part::Other { name, bytes, why });
                }
            }
            // What it says of the picture cannot be checked.
            Some(keyword) if keyword.starts_with(RAW_PROFILE) || keyword == XMP_KEYWORD => {
                let name = part.to_string();
                let why = Omission::Unknown("in a form that cannot be kept true");
                let bytes = data.len();
                self.parts.push(Part::Other { name, bytes, why });
            }
            _ => self.parts.push(part),
        }
    }
}

/// The text of an iTXt chunk, of at most `limit` bytes (PNG Specification, 11.3.3.4).
fn international_text(data: &[u8], limit: u64) -> Option<Vec<u8>> {
    let rest = data.get(data.iter().position(|byte| *byte == 0)? + 1..)?;
    let &[is_compressed, method, ref rest @ ..] = rest else {
        return None;
    };
    // The language, and the keyword in it.
    let mut fields = rest.splitn(3, |byte| *byte == 0);
    let text = fields.nth(2)?;
    match (is_compressed, method) {
        (0, _) => Some(text.to_vec()),
        (1, 0) => {
            let mut inflated = Vec::new();
            let mut decoder = ZlibDecoder::new(text).take(limit + 1);
            decoder.read_to_end(&mut inflated).ok()?;
            (inflated.len() as u64 <= limit).then_some(inflated)
        }
        _ => None,
    }
}
