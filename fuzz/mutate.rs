//! Changes to bytes: what breaks files, and what breaks parsers.

use crate::{
    choice::{EDGES, some},
    common::Random,
    headers,
};

/// [`EDGES`] in digits.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "3",
    "255",
    "256",
    "65535",
    "65536",
    "2147483648",
    "4294967295",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e-320",
    "-0.0",
    "nan",
];

/// What is added to files at most.
const LONGEST: usize = 1 << 17;

pub(crate) struct Mutator<'a> {
    pub(crate) others: &'a [Vec<u8>],
    pub(crate) words: &'a [Vec<u8>],
}

/// A part of so many bytes: mostly short, and mostly near the beginning.
pub(crate) fn part(random: &mut Random, len: usize) -> std::ops::Range<usize> {
    let mut below = |n: usize| random.below(n as u64 + 1) as usize;
    let most = if below(3) > 0 { len.min(64) } else { len };
    let start = below(most);
    let room = len - start;
    let most = if below(3) > 0 { room.min(8) } else { room };
    start..start + below(most)
}

impl Mutator<'_> {
    pub(crate) fn mutate(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let mut known = random.below(2) == 0 && headers::mutate(bytes, random);
        loop {
            match known && random.below(2) == 0 {
                true => known = headers::mutate(bytes, random),
                false => self.once(bytes, random),
            }
            if random.below(3) == 0 {
                break;
            }
        }
        bytes.truncate(LONGEST);
    }

    fn once(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let range = part(random, bytes.len());
        let at = range.start;
        match random.below(12) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            // A field of 1, 2, 4 or 8 bytes, in either order: an edge, or a step.
            2 | 3 => {
                let size = 1 << random.below(4);
                let Some(field) = bytes.get_mut(at..at + size) else {
                    return;
                };
                let big = random.below(2) == 0;
                let old = (0..size).fold(0_u64, |number, i| {
                    let byte = field[if big { i } else { size - 1 - i }];
                    number << 8 | u64::from(byte)
                });
                let new = match random.below(2) {
                    0 => *some(random, &EDGES),
                    _ => old.wrapping_add_signed(random.between(-9, 9)),
                };
                for i in 0..size {
                    let byte = (new >> (8 * i)) as u8;
                    field[if big { size - 1 - i } else { i }] = byte;
                }
            }
            4 => drop(bytes.drain(range)),
            5 => {
                let copy = bytes[range].to_vec();
                for _ in 0..=random.below(3) {
                    bytes.splice(at..at, copy.iter().copied());
                }
            }
            6 => {
                if random.below(4) == 0 {
                    bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
                }
            }
            7 if !self.others.is_empty() => {
                let other = some(random, self.others);
                let theirs = part(random, other.len());
                bytes.splice(range, other[theirs].iter().copied());
            }
            8 if !self.words.is_empty() => {
                let word = some(random, self.words);
                let end = match random.below(2) {
                    0 => at,
                    _ => (at + word.len()).min(bytes.len()),
                };
                bytes.splice(at..end, word.iter().copied());
            }
            9 => bytes[range].fill_with(|| random.next() as u8),
            // A number in digits.
            10 => {
                let digits = |byte: &u8| byte.is_ascii_digit();
                let Some(start) = bytes[at..].iter().position(digits) else {
                    return;
                };
                let start = at + start;
                let len = bytes[start..].iter().take_while(|b| digits(b)).count();
                let number = some(random, &NUMBERS);
                bytes.splice(start..start + len, number.bytes());
            }
            _ => {
                let other = part(random, bytes.len());
                let copy = bytes[other].to_vec();
                bytes.splice(range, copy);
            }
        }
    }
}

/// Numbers out of bytes, zeros after their end.
pub(crate) struct Numbers<'a>(pub(crate) &'a [u8]);

impl Numbers<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number below this one, of two bytes.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % n
    }

    pub(crate) fn between(&mut self, low: isize, high: isize) -> isize {
        low + self.below((high - low + 1) as usize) as isize
    }

    /// Any number, most of them small.
    pub(crate) fn any(&mut self) -> i64 {
        match self.below(8) {
            0 => i64::from_le_bytes([(); 8].map(|()| self.byte())),
            1 => EDGES[self.below(EDGES.len())] as i64,
            _ => self.between(-4, 12) as i64,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
