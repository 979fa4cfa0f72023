//! Directories of tags, as TIFF files and EXIF data have them, and damage to them.

use crate::{
    choice::{EDGES, some},
    common::Random,
};

use super::{garbage, one_in};

/// How numbers are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) big_endian: bool,
    /// Whether offsets have 64 bits, as in BigTIFF.
    pub(super) is_big: bool,
}

impl Order {
    pub(super) fn number(self, number: u64, width: usize) -> Vec<u8> {
        let mut bytes = number.to_le_bytes()[..width].to_vec();
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    fn width(self) -> usize {
        if self.is_big { 8 } else { 4 }
    }
}

/// The types of values.
pub(super) mod kinds {
    pub(in crate::hostile) const BYTE: u16 = 1;
    pub(in crate::hostile) const ASCII: u16 = 2;
    pub(in crate::hostile) const SHORT: u16 = 3;
    pub(in crate::hostile) const LONG: u16 = 4;
    pub(in crate::hostile) const RATIONAL: u16 = 5;
    pub(in crate::hostile) const UNDEFINED: u16 = 7;
    pub(in crate::hostile) const DOUBLE: u16 = 12;
}
use kinds::{ASCII, LONG, RATIONAL, SHORT};

/// What a tag holds.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Values, as they are stored.
    Bytes(Vec<u8>),
    /// The offset of some bytes.
    Blob(Vec<u8>),
    /// The offsets of directories.
    Directories(Vec<Vec<Value>>),
}

/// A tag with its values.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) tag: u16,
    kind: u16,
    data: Data,
    /// Whether the picture cannot be read without it.
    pub(super) is_layout: bool,
}

impl Value {
    pub(super) fn new(tag: u16, kind: u16, data: Data) -> Self {
        Self {
            tag,
            kind,
            data,
            is_layout: false,
        }
    }

    pub(super) fn bytes(tag: u16, kind: u16, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(tag, kind, Data::Bytes(bytes.into()))
    }

    pub(super) fn text(tag: u16, text: &str) -> Self {
        Self::bytes(tag, ASCII, [text.as_bytes(), b"\0"].concat())
    }

    pub(super) fn shorts(tag: u16, order: Order, numbers: &[u16]) -> Self {
        let numbers = numbers.iter().map(|number| u64::from(*number));
        let bytes = numbers.flat_map(|number| order.number(number, 2));
        Self::bytes(tag, SHORT, bytes.collect::<Vec<_>>())
    }

    pub(super) fn long(tag: u16, order: Order, number: u32) -> Self {
        Self::bytes(tag, LONG, order.number(number.into(), 4))
    }

    pub(super) fn rationals(tag: u16, order: Order, numbers: &[[u32; 2]]) -> Self {
        let numbers = numbers
            .as_flattened()
            .iter()
            .map(|number| u64::from(*number));
        let bytes = numbers.flat_map(|number| order.number(number, 4));
        Self::bytes(tag, RATIONAL, bytes.collect::<Vec<_>>())
    }

    pub(super) fn directories(tag: u16, directories: Vec<Vec<Self>>) -> Self {
        Self::new(tag, LONG, Data::Directories(directories))
    }
}

/// Directories, and where their parts are.
pub(super) struct Built {
    pub(super) bytes: Vec<u8>,
    order: Order,
    directories: Vec<usize>,
    /// Entries, and whether the picture depends on them.
    entries: Vec<(usize, bool)>,
    /// Where the offsets of next directories are.
    nexts: Vec<usize>,
    /// Where values are that are not in their entries.
    values: Vec<std::ops::Range<usize>>,
}

impl Built {
    /// A file of a chain of directories.
    pub(super) fn new(order: Order, chain: &[Vec<Value>]) -> Self {
        let mut built = Self {
            bytes: if order.big_endian { b"MM" } else { b"II" }.to_vec(),
            order,
            directories: Vec::new(),
            entries: Vec::new(),
            nexts: Vec::new(),
            values: Vec::new(),
        };
        match order.is_big {
            false => built.bytes.extend(order.number(42, 2)),
            true => {
                let numbers = [43, 8, 0].map(|number| order.number(number, 2));
                built.bytes.extend(numbers.concat());
            }
        }
        let mut link = built.bytes.len();
        built.bytes.extend(order.number(0, order.width()));
        for directory in chain {
            let (place, next) = built.write(directory);
            built.put(link, place as u64);
            link = next;
        }
        built
    }

    fn put(&mut self, at: usize, number: u64) {
        let bytes = self.order.number(number, self.order.width());
        self.replace(at, &bytes);
    }

    /// Other bytes at a place, unless it was cut off.
    fn replace(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn append(&mut self, data: &[u8]) -> usize {
        let place = self.bytes.len();
        self.bytes.extend(data);
        self.bytes.extend(&[0][..data.len() % 2]);
        place
    }

    /// Appends a directory after all that it refers to; returns its offset, and where the offset of
    /// the next one is.
    fn write(&mut self, values: &[Value]) -> (usize, usize) {
        let (order, width) = (self.order, self.order.width());
        let mut fields = Vec::new();
        for value in values {
            let data = match &value.data {
                Data::Bytes(bytes) => bytes.clone(),
                Data::Blob(blob) => order.number(self.append(blob) as u64, 4),
                Data::Directories(all) => {
                    let places = all.iter().map(|one| self.write(one).0 as u64);
                    let places = Vec::from_iter(places);
                    places.iter().flat_map(|at| order.number(*at, 4)).collect()
                }
            };
            let size = [1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8][usize::from(value.kind)];
            let mut field = order.number((data.len() / size) as u64, width);
            match data.len() > width {
                true => {
                    let place = self.append(&data);
                    self.values.push(place..place + data.len());
                    field.extend(order.number(place as u64, width));
                }
                false => {
                    field.extend(&data);
                    field.extend(&[0; 8][..width - data.len()]);
                }
            }
            fields.push(field);
        }
        let place = self.bytes.len();
        self.directories.push(place);
        let count = order.number(values.len() as u64, if order.is_big { 8 } else { 2 });
        self.bytes.extend(count);
        for (value, field) in values.iter().zip(fields) {
            self.entries.push((self.bytes.len(), value.is_layout));
            self.bytes.extend(order.number(value.tag.into(), 2));
            self.bytes.extend(order.number(value.kind.into(), 2));
            self.bytes.extend(field);
        }
        let next = self.bytes.len();
        self.nexts.push(next);
        self.bytes.extend(order.number(0, width));
        (place, next)
    }

    /// Damages it, mostly what the picture does not depend on.
    pub(super) fn damage(&mut self, random: &mut Random) {
        loop {
            self.damage_once(random);
            if one_in(random, 2) {
                break;
            }
        }
    }

    /// An entry.
    fn entry(&self, random: &mut Random) -> usize {
        let spares_layout = !one_in(random, 40);
        let wanted = self.entries.iter();
        let wanted = wanted.filter(|(_, is_layout)| !(*is_layout && spares_layout));
        some(random, &Vec::from_iter(wanted)).0
    }

    /// A place that an offset should not have: that of something else, or none.
    fn place(&self, random: &mut Random) -> u64 {
        match random.below(6) {
            0 => *some(random, &self.directories) as u64,
            1 => some(random, &self.entries).0 as u64,
            2 => *some(random, &EDGES),
            3 => random.below(12),
            4 if !self.values.is_empty() => {
                some(random, &self.values).start as u64 + random.below(3)
            }
            _ => (self.bytes.len() as u64 + 4).saturating_sub(random.below(16)),
        }
    }

    fn damage_once(&mut self, random: &mut Random) {
        let order = self.order;
        // The bytes of a count or an offset, and where they are in an entry.
        let width = order.width();
        let at = self.entry(random);
        match random.below(12) {
            0 => {
                let edges: Vec<u64> = EDGES.into_iter().chain([3, 5, 1 << 20, 1 << 30]).collect();
                let count = *some(random, &edges);
                self.put(at + 4, count);
            }
            1 => {
                let kind = *some(
                    random,
                    &[
                        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 129, 0xffff,
                    ],
                );
                let kind = order.number(kind, 2);
                self.replace(at + 2, &kind);
            }
            2 | 3 => {
                let place = self.place(random);
                self.put(at + 4 + width, place);
            }
            4 => {
                let next = *some(random, &self.nexts);
                let place = self.place(random);
                self.put(next, place);
            }
            5 => {
                // Another entry twice.
                let other = self.entry(random);
                let copy = self.bytes.get(other..other + 4 + 2 * width);
                let copy = copy.unwrap_or_default().to_vec();
                self.replace(at, &copy);
            }
            6 => {
                let tag = *some(random, &TAGS);
                let tag = order.number(tag.into(), 2);
                self.replace(at, &tag);
            }
            7 => {
                let directory = match one_in(random, 8) {
                    true => *some(random, &self.directories),
                    // Mostly not the first, which is the last that was written.
                    false => self.directories[random.below(self.directories.len() as u64) as usize],
                };
                let count = *some(random, &EDGES);
                let bytes = order.number(count, if order.is_big { 8 } else { 2 });
                self.replace(directory, &bytes);
            }
            8 if one_in(random, 4) => {
                let len = self.bytes.len() as u64;
                let most = *some(random, &[8, 100, len]);
                let cut = random.below(most);
                self.bytes.truncate((len - cut) as usize);
            }
            9 if !self.values.is_empty() => {
                // Texts without an end, numbers that are none.
                let range = some(random, &self.values).clone();
                if range.end <= self.bytes.len() && range.len() < 64 {
                    self.bytes[range].fill_with(|| random.next() as u8);
                }
            }
            10 => {
                let more = garbage(random, 64);
                self.bytes.extend(more);
            }
            _ => {
                // A value of no size, or one that ends where the data do.
                let end = self.bytes.len() as u64;
                let len = random.below(16);
                self.put(at + 4, len);
                self.put(at + 4 + width, end - len.min(end));
            }
        }
    }
}

/// Tags that mean something: pointers, sizes, previews, other metadata.
const TAGS: [u16; 26] = [
    0xfe, 0x100, 0x101, 0x106, 0x10e, 0x111, 0x112, 0x117, 0x11a, 0x128, 0x13b, 0x14a, 0x201,
    0x202, 0x2bc, 0x83bb, 0x8649, 0x8769, 0x8825, 0x87b1, 0x927c, 0x9286, 0xa002, 0xa003, 0xa005,
    0x935c,
];
