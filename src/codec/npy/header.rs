//! The header: its length, and a Python dictionary of three keys.

use crate::{
    axes::{Reading, Stack},
    codec::Metadata,
    error::{Error, InputError, Result, shape_text},
    image::Depth,
    warning::Warning,
};

use super::{damaged_header, errors};

const MAGIC: &[u8] = b"\x93NUMPY";

/// NumPy's own default limit.
pub(super) const MAX_HEADER_BYTES: usize = 10_000;

/// A parsed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) depth: Depth,
    pub(super) big_endian: bool,
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
}

impl Header {
    /// The header and the bytes after it.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let ends = || errors::truncated("npy");
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
            _ => {
                let version = format!("version {}.{}", version[0], version[1]);
                return Err(errors::unsupported("npy", version));
            }
        };
        if length > MAX_HEADER_BYTES {
            return Err(damaged_header(format_args!(
                "claims {length} bytes, more than {MAX_HEADER_BYTES}"
            )));
        }
        let (text, data) = rest.split_at_checked(length).ok_or_else(ends)?;
        let text = std::str::from_utf8(text).map_err(|_| damaged_header("is no text"))?;
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
                    return Err(damaged_header(format_args!(
                        "has an unknown key `{}`",
                        errors::printable(key)
                    )));
                }
            };
            if repeated {
                return Err(damaged_header(format_args!("has `{key}` twice")));
            }
            if !parser.accept(",") {
                parser.expect("}")?;
                break;
            }
        }
        if !parser.rest.trim().is_empty() {
            return Err(damaged_header("goes on after its dictionary"));
        }
        let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
            return Err(damaged_header("lacks descr, fortran_order or shape"));
        };
        let (depth, big_endian) = element(descr)?;
        Ok(Self {
            depth,
            big_endian,
            fortran,
            shape,
        })
    }

    /// The metadata of the array, whose axes are known.
    pub(super) fn metadata(&self, stack: &Stack) -> Metadata {
        Metadata {
            channel_axis: stack.is_picture() && matches!(*self.shape, [_, _, 1]),
            ..Metadata::default()
        }
    }

    /// The array with its axes, and a note on how it was read if another reading is possible.
    pub(super) fn stack(&self, reading: Reading<'_>) -> Result<(Stack, Option<Warning>)> {
        let note = match *self.shape {
            [rows, columns, channels] if reading.tells_channels(channels) => {
                Some(Warning::axes(format!(
                    "an array of shape {} was read as {rows} x {columns} pixels of {channels} channel{} (YXC)",
                    shape_text(&self.shape),
                    if channels == 1 { "" } else { "s" }
                )))
            }
            _ => None,
        };
        let axes = reading.axes(&self.shape)?;
        Ok((Stack::new(axes, &self.shape, self.fortran)?, note))
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

/// NumPy's name of the type: `uint8`, `bool`, `float32`, ...
pub(super) const fn numpy_name(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "uint8",
        Depth::U16 => "uint16",
        Depth::U32 => "uint32",
        Depth::U64 => "uint64",
        Depth::I8 => "int8",
        Depth::I16 => "int16",
        Depth::I32 => "int32",
        Depth::I64 => "int64",
        Depth::Bool => "bool",
        Depth::F16 => "float16",
        Depth::F32 => "float32",
        Depth::F64 => "float64",
    }
}

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
        let descr = errors::printable(descr);
        return Err(InputError::ArrayType { descr, convert }.into());
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

    fn unexpected(&self, wanted: &str) -> Error {
        let found: String = self.rest.chars().take(12).collect();
        damaged_header(format_args!(
            "has `{}` where {wanted} should be",
            errors::printable(&found)
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
            _ => Err(damaged_header("has a string without an end")),
        }
    }

    fn descr(&mut self) -> Result<&'a str> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('[') {
            return Err(InputError::ArrayOfRecords.into());
        }
        // A type and the shape of each element: ('<f4', (3,)).
        if self.rest.starts_with('(') {
            let end = self.rest.find("))").map_or(self.rest.len(), |end| end + 2);
            let descr = errors::printable(&self.rest[..end]);
            let convert = "numbers, with one more axis in place of these";
            return Err(InputError::ArrayType { descr, convert }.into());
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
            damaged_header(format_args!("has a length of {digits}, which is no size"))
        })?;
        // Python 2 wrote long integers with the suffix `L`.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        Ok(number)
    }
}

/// Encodes a header, padded to a multiple of 64 bytes as NumPy does.
pub(super) fn of(axes: &[usize], depth: Depth) -> Vec<u8> {
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
