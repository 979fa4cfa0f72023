//! The directory of a TIFF: its tags, in the order of their numbers.

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const UNDEFINED: u16 = 7;
const LONG8: u16 = 16;

/// Tags, low byte first, as they are added: in the order of their numbers.
pub(super) struct Directory {
    big: bool,
    tags: Vec<Tag>,
}

struct Tag {
    number: u16,
    kind: u16,
    count: u64,
    value: Vec<u8>,
    /// Whether the offsets it holds fit into what they are written in.
    fits: bool,
}

impl Directory {
    /// An empty directory, of a BigTIFF if `big`.
    pub(super) const fn new(big: bool) -> Self {
        Self {
            big,
            tags: Vec::new(),
        }
    }

    fn add(&mut self, number: u16, kind: u16, count: usize, value: Vec<u8>) {
        self.tags.push(Tag {
            number,
            kind,
            count: count as u64,
            value,
            fits: true,
        });
    }

    pub(super) fn shorts(&mut self, number: u16, values: &[u16]) {
        let value = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.add(number, SHORT, values.len(), value);
    }

    pub(super) fn long(&mut self, number: u16, value: u32) {
        self.add(number, LONG, 1, value.to_le_bytes().to_vec());
    }

    pub(super) fn ratio(&mut self, number: u16, parts: [u32; 2]) {
        let value = parts.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.add(number, RATIONAL, 1, value);
    }

    pub(super) fn undefined(&mut self, number: u16, bytes: &[u8]) {
        self.add(number, UNDEFINED, bytes.len(), bytes.to_vec());
    }

    /// Offsets or lengths, of the size that the file's have.
    pub(super) fn offsets(&mut self, number: u16, values: &[u64]) {
        let bytes = if self.big { 8 } else { 4 };
        let value = values
            .iter()
            .flat_map(|v| v.to_le_bytes()[..bytes].to_vec());
        let kind = if self.big { LONG8 } else { LONG };
        self.add(number, kind, values.len(), value.collect());
        let fits = self.big || values.iter().all(|v| u32::try_from(*v).is_ok());
        if let Some(tag) = self.tags.last_mut() {
            tag.fits = fits;
        }
    }

    /// The values that have no place in the directory, to be written at the
    /// even byte `start`, and behind them the directory itself, with the byte at
    /// which it begins; nothing if that is beyond the offsets' reach.
    pub(super) fn bytes(self, start: u64) -> Option<(Vec<u8>, u64)> {
        let big = self.big;
        let number = |value: u64, bytes: usize| value.to_le_bytes()[..bytes].to_vec();
        // The bytes of the number of tags, and of what a tag holds.
        let (count, held) = if big { (8, 8) } else { (2, 4) };
        let mut values = Vec::new();
        let mut directory = number(self.tags.len() as u64, count);
        let mut fits = true;
        for tag in self.tags {
            fits &= tag.fits;
            directory.extend(tag.number.to_le_bytes());
            directory.extend(tag.kind.to_le_bytes());
            directory.extend(number(tag.count, held));
            if tag.value.len() <= held {
                directory.extend(&tag.value);
                directory.extend(vec![0; held - tag.value.len()]);
            } else {
                directory.extend(number(start + values.len() as u64, held));
                values.extend(&tag.value);
                if !values.len().is_multiple_of(2) {
                    values.push(0);
                }
            }
        }
        // No other directory follows: the end of the file, which cannot be cut
        // off unnoticed.
        directory.extend(vec![0; held]);
        let begins = start + values.len() as u64;
        values.extend(directory);
        let end = start + values.len() as u64;
        (fits && (big || u32::try_from(end).is_ok())).then_some((values, begins))
    }
}
