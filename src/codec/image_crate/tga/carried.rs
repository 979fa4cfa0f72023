//! What a file says of its picture: the field behind its header, and the extension and developer
//! areas of TGA 2.0.

use std::sync::Arc;

use crate::codec::{
    Density, DensityUnit, Field, Omission, Part, Tag,
    image_crate::{u16_at, u32_at},
    metadata::{
        field::{self, ARTIST, DATE_TIME, SOFTWARE},
        tag::{self, kinds},
    },
};

use super::{EXTENSION, HEADER, developer, end, footer_start};

/// What is carried beside the samples.
#[derive(Debug, Default)]
pub(in crate::codec::image_crate) struct Carried {
    pub(in crate::codec::image_crate) parts: Vec<Part>,
    /// The shape of pixels.
    pub(in crate::codec::image_crate) density: Option<Density>,
    /// What the last of two or four channels is.
    pub(in crate::codec::image_crate) alpha: Alpha,
}

/// What the last of two or four channels is, by the attributes type of an extension area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::codec::image_crate) enum Alpha {
    /// Alpha; so, too, where nothing is said.
    #[default]
    Straight,
    /// Alpha, by which the colours are multiplied.
    Premultiplied,
    /// None, or undefined.
    Undefined,
}

/// What a file of this size carries beside its samples.
pub(in crate::codec::image_crate) fn carried(bytes: &[u8], [rows, columns]: [usize; 2]) -> Carried {
    let mut carried = Carried::default();
    let length = bytes.first().map_or(0, |length| usize::from(*length));
    if let Some(name) = bytes.get(HEADER..HEADER + length) {
        carried.add_identification(name);
    }
    if let Some(origin) = bytes.get(8..).and_then(|rest| rest.first_chunk()) {
        carried.add_field(Field::Origin(*origin), *origin != [0; 4]);
    }
    let footer = end(bytes, rows * columns).and_then(|end| footer_start(bytes, end));
    let Some(footer) = footer else {
        return carried;
    };
    let place = |at: usize| u32_at(bytes, at).filter(|place| *place > 0);
    if let Some(area) = place(footer).and_then(|place| bytes.get(place..place + EXTENSION))
        && u16_at(area, 0) == Some(EXTENSION)
    {
        carried.add_extension(area);
    }
    if let Some(ranges) = developer(bytes, footer) {
        let bytes = ranges.iter().map(|[start, end]| end - start).sum();
        let why = Omission::Unknown("its meaning is unknown");
        carried.add_other("developer area", bytes, why);
    }
    carried
}

impl Carried {
    /// Adds the identification: a text, maybe padded, or any bytes.
    fn add_identification(&mut self, name: &[u8]) {
        let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
        let text = text(name);
        match name[text.len()..].iter().all(is_padding) {
            true => self.add_tag(tag::DOCUMENT_NAME, text),
            false => self.add_field(Field::Identification(name.into()), true),
        }
    }

    /// Adds the name of the software, and its version: behind the name, if that can be told from it
    /// again.
    fn add_software(&mut self, name: &[u8], [low, high, letter]: [u8; 3]) {
        let version = u16::from_le_bytes([low, high]);
        let says = version > 0 || !matches!(letter, 0 | b' ');
        if !says {
            return self.add_tag(SOFTWARE, name);
        }
        let mut text = name.to_vec();
        text.extend(format!(" {}.{:02}", version / 100, version % 100).into_bytes());
        text.extend(Some(letter).filter(u8::is_ascii_lowercase));
        let tag = tag_of(SOFTWARE, &text);
        let letter = if letter == 0 { b' ' } else { letter };
        if field::software(&tag) == Some((name, version, letter)) {
            self.parts.push(Part::Tag(tag));
        } else {
            self.add_tag(SOFTWARE, name);
            self.add_field(Field::Version([low, high, letter]), true);
        }
    }

    /// Adds what an extension area says (Truevision TGA File Format Specification 2.0, C.6).
    fn add_extension(&mut self, area: &[u8]) {
        self.add_tag(ARTIST, text(&area[2..43]));
        let lines = area[43..367].chunks(81).map(text);
        let lines = Vec::from_iter(lines.filter(|line| !line.is_empty()));
        if !lines.is_empty() {
            self.parts.push(Part::Comment(lines.join(&b'\n').into()));
        }
        let number = |at: usize| u16_at(area, at).unwrap_or(0);
        let [month, day, year, hour, minute, second] = [367, 369, 371, 373, 375, 377].map(number);
        if [month, day, year] != [0, 0, 0] {
            let date = format!("{year:04}:{month:02}:{day:02} {hour:02}:{minute:02}:{second:02}");
            self.add_tag(DATE_TIME, date.as_bytes());
        }
        let mut job = [0; 47];
        job.copy_from_slice(&area[379..426]);
        // What follows the end of the name says nothing.
        let name = text(&job[..41]).len();
        job[name..41].fill(0);
        self.add_field(Field::Job(job), job != [0; 47]);
        self.add_software(text(&area[426..467]), [area[467], area[468], area[469]]);
        self.alpha = match area[494] {
            0..=2 => Alpha::Undefined,
            4 => Alpha::Premultiplied,
            _ => Alpha::Straight,
        };
        let set = |start: usize, end: usize| match area[start..end].iter().any(|byte| *byte != 0) {
            true => end - start,
            false => 0,
        };
        let key = [area[470], area[471], area[472], area[473]];
        self.add_field(Field::KeyColor(key), key != [0; 4]);
        let [width, height] = [474, 476].map(|at| number(at) as u32);
        if width > 0 && height > 0 && width != height {
            // Of wide pixels there are fewer in a row.
            self.density = Density::new([[height, 1], [width, 1]], DensityUnit::None);
        }
        let [above, below] = [478, 480].map(number);
        let gamma = [area[478], area[479], area[480], area[481]];
        self.add_field(Field::Gamma(gamma), below != 0 && above != below);
        let table = if set(482, 486) > 0 { 256 * 4 * 2 } else { 0 };
        let why = Omission::Unknown("it is not read");
        self.add_other("colour correction table", table, why);
    }

    /// Adds a field if it says something.
    fn add_field(&mut self, field: Field, says: bool) {
        self.parts.extend(says.then_some(Part::Field(field)));
    }

    fn add_tag(&mut self, code: u16, text: &[u8]) {
        if !text.is_empty() {
            self.parts.push(Part::Tag(tag_of(code, text)));
        }
    }

    /// Adds what is not carried over, if it has any bytes.
    fn add_other(&mut self, name: &str, bytes: usize, why: Omission) {
        let name = name.to_owned();
        if bytes > 0 {
            self.parts.push(Part::Other { name, bytes, why });
        }
    }
}

fn tag_of(code: u16, text: &[u8]) -> Tag {
    let data: Arc<[u8]> = [text, b"\0"].concat().into();
    Tag::new(code, kinds::ASCII, data)
}

/// A text up to its first zero, without padding.
fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    field[..end.unwrap_or(field.len())].trim_ascii_end()
}
