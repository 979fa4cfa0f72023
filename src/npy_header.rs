//! The header of NumPy's `.npy`: its length, and a Python dictionary of three keys.
//!
//! Source: `numpy.lib.format`, versions 1.0, 2.0 and 3.0.

use std::fmt::Display;

use crate::{depth::Depth, text::printable};

/// The first bytes of a file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// NumPy's own default limit.
pub(crate) const MAX_HEADER_BYTES: usize = 10_000;

/// Why a header is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file ends before its header does.
    Truncated,
    /// A version that is not known.
    Version(u8, u8),
    /// What the header does, such as `has no keys`.
    Damaged(String),
    /// Elements that are no numbers.
    Type {
        /// NumPy's description of the type.
        descr: String,
        /// Python code that converts it.
        convert: &'static str,
    },
    /// Records of several fields.
    Records,
}

type Result<T> = std::result::Result<T, Fault>;

fn damaged(what: impl Display) -> Fault {
    Fault::Damaged(what.to_string())
}

/// A parsed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) depth: Depth,
    pub(crate) big_endian: bool,
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<usize>,
}

impl Header {
    /// The header and the bytes after it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let ends = || Fault::Truncated;
        let rest = bytes.get(MAGIC.len()..).ok_or_else(ends)?;
        let (version, rest) = rest.split_at_checked(2).ok_or_else(ends)?;
        // The length has 2 bytes in version 1, 4 in the later ones.
        let (length, rest) = match version {
            [1, 0] => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(ends)?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            [2 | 3, 0] => {
                let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(ends)?;
                let length = u32::from_le_bytes(*length);
                (usize::try_from(length).unwrap_or(usize::MAX), rest)
            }
            _ => return Err(Fault::Version(version[0], version[1])),
        };
        if length > MAX_HEADER_BYTES {
            return Err(damaged(format_args!(
                "claims {length} bytes, more than {MAX_HEADER_BYTES}"
            )));
        }
        let (text, data) = rest.split_at_checked(length).ok_or_else(ends)?;
        let text = std::str::from_utf8(text).map_err(|_| damaged("is no text"))?;
        Ok((Self::from_dictionary(text)?, data))
    }

    fn from_dictionary(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        parser.expect("{")?;
        while !parser.accept("}") {
            let key = parser.string()?;
            parser.expect(":")?;
            let repeated = match key {
                "descr" => descr.replace(parser.descr()?).is_some(),
                "fortran_order" => fortran.replace(parser.boolean()?).is_some(),
                "shape" => shape.replace(parser.tuple()?).is_some(),
                _ => {
                    return Err(damaged(format_args!(
                        "has an unknown key `{}`",
                        printable(key)
                    )));
                }
            };
            if repeated {
                return Err(damaged(format_args!("has `{key}` twice")));
            }
            if !parser.accept(",") {
                parser.expect("}")?;
                break;
            }
        }
        if !parser.rest.trim().is_empty() {
            return Err(damaged("goes on after its dictionary"));
        }
        let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
            return Err(damaged("lacks descr, fortran_order or shape"));
        };
        let (depth, big_endian) = element(descr)?;
        Ok(Self {
            depth,
            big_endian,
            fortran,
            shape,
        })
    }
}

/// The types of elements, by their names in a `descr`.
const DESCRS: [(&str, Depth); 12] = [
    ("u1", Depth::U8),
    ("u2", Depth::U16),
    ("u4", Depth::U32),
    ("u8", Depth::U64),
    ("i1", Depth::I8),
    ("i2", Depth::I16),
    ("i4", Depth::I32),
    ("i8", Depth::I64),
    ("b1", Depth::Bool),
    ("f2", Depth::F16),
    ("f4", Depth::F32),
    ("f8", Depth::F64),
];

/// The type and byte order of a `descr`, such as `<u2`.
fn element(descr: &str) -> Result<(Depth, bool)> {
    let (order, name) = match descr.as_bytes() {
        [b'<' | b'>' | b'|' | b'=', ..] => descr.split_at(1),
        _ => ("=", descr),
    };
    let name = match name {
        "B" => "u1",
        "?" => "b1",
        _ => name,
    };
    let Some((_, depth)) = DESCRS.into_iter().find(|(known, _)| *known == name) else {
        let convert = match name.as_bytes() {
            [b'f' | b'g', ..] => "a.astype(np.float64)",
            [b'c', ..] => "np.abs(a), a.real or a.imag",
            _ => "numbers, such as one field of it",
        };
        let descr = printable(descr);
        return Err(Fault::Type { descr, convert });
    };
    match order {
        ">" => Ok((depth, true)),
        "<" | "|" => Ok((depth, false)),
        _ => Ok((depth, cfg!(target_endian = "big"))),
    }
}

/// A parser of the header's dictionary; white space between tokens is skipped.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn accept(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        match self.accept(token) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{token}`"))),
        }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found: String = self.rest.chars().take(12).collect();
        damaged(format_args!(
            "has `{}` where {wanted} should be",
            printable(&found)
        ))
    }

    fn string(&mut self) -> Result<&'a str> {
        let quote = match () {
            () if self.accept("'") => '\'',
            () if self.accept("\"") => '"',
            () => return Err(self.unexpected("a string")),
        };
        match self.rest.split_once(quote) {
            Some((text, rest)) if !text.contains('\\') => {
                self.rest = rest;
                Ok(text)
            }
            _ => Err(damaged("has a string without an end")),
        }
    }

    fn descr(&mut self) -> Result<&'a str> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('[') {
            return Err(Fault::Records);
        }
        // A type and the shape of each element: ('<f4', (3,)).
        if self.rest.starts_with('(') {
            let end = self.rest.find("))").map_or(self.rest.len(), |end| end + 2);
            let descr = printable(&self.rest[..end]);
            let convert = "numbers, with one more axis in place of these";
            return Err(Fault::Type { descr, convert });
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool> {
        match () {
            () if self.accept("True") => Ok(true),
            () if self.accept("False") => Ok(false),
            () => Err(self.unexpected("True or False")),
        }
    }

    fn tuple(&mut self) -> Result<Vec<usize>> {
        let mut numbers = Vec::new();
        self.expect("(")?;
        while !self.accept(")") {
            numbers.push(self.number()?);
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(numbers)
    }

    fn number(&mut self) -> Result<usize> {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        if digits.is_empty() {
            return Err(self.unexpected("a number of elements"));
        }
        let number = digits.parse().map_err(|_| {
            damaged(format_args!(
                "has a length of {digits:.24}, which is no size"
            ))
        })?;
        // Python 2 wrote long integers with the suffix `L`.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        Ok(number)
    }
}

/// Encodes a header, padded to a multiple of 64 bytes as NumPy does.
pub(crate) fn of(axes: &[usize], depth: Depth) -> Vec<u8> {
    let known = DESCRS.into_iter().find(|(_, known)| *known == depth);
    let (name, _) = known.expect("every type has a name");
    let order = if depth.bytes() == 1 { '|' } else { '<' };
    let axes = Vec::from_iter(axes.iter().map(usize::to_string)).join(", ");
    let mut text =
        format!("{{'descr': '{order}{name}', 'fortran_order': False, 'shape': ({axes}), }}")
            .into_bytes();
    // Magic, version, length and newline are 11 bytes.
    let total = (text.len() + 11).next_multiple_of(64);
    text.resize(total - 11, b' ');
    text.push(b'\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text);
    bytes
}
