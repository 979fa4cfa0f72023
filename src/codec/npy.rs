//! NumPy's `.npy`: one array, its header a Python dictionary.
//!
//! Source: `numpy.lib.format`, versions 1.0, 2.0 and 3.0.

use std::io::Write;

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples},
};

use super::{Decoded, Format, Limits, Metadata, message};

mod file;
mod header;

pub use file::{NpyElement, NpyFile};

use header::{Header, Kind};

/// Reads an array of 2 axes (rows, columns) or 3 (rows, columns, channels).
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    let (header, data) = Header::parse(bytes)?;
    let shape = header.image_shape()?;
    let depth = match header.kind {
        Kind::U8 => Depth::U8,
        Kind::U16 => Depth::U16,
        Kind::F32 | Kind::F64 => Depth::F32,
    };
    let [rows, columns, channels] = shape.map(|n| n as u64);
    limits.check(rows, columns, channels, depth)?;
    let [rows, columns, channels] = shape;
    let count = rows * columns * channels;
    // Below 2^64: the limits bound the count by a size in memory.
    let wanted = count as u128 * header.kind.bytes() as u128;
    match (data.len() as u128).cmp(&wanted) {
        std::cmp::Ordering::Less => return Err(message::truncated("npy")),
        std::cmp::Ordering::Greater => {
            return Err(message::damaged(
                "npy",
                format_args!(
                    "{} bytes follow its array, which has {wanted}",
                    data.len() as u128 - wanted
                ),
            ));
        }
        std::cmp::Ordering::Equal => {}
    }

    let mut warnings: Vec<_> = order_warning(shape).into_iter().collect();
    let mut samples = limits.allocate(rows, columns, channels, depth)?;
    let order = Order {
        shape,
        fortran: header.fortran,
    };
    let big = header.big_endian;
    match (&mut samples, header.kind) {
        (Samples::U8(out), _) => order.fill(out, data, |[byte]: [u8; 1]| byte),
        (Samples::U16(out), _) if big => order.fill(out, data, u16::from_be_bytes),
        (Samples::U16(out), _) => order.fill(out, data, u16::from_le_bytes),
        (Samples::F32(out), Kind::F64) => {
            let mut exact = true;
            order.fill(out, data, |bytes| {
                let value = if big {
                    f64::from_be_bytes(bytes)
                } else {
                    f64::from_le_bytes(bytes)
                };
                let sample = value as f32;
                exact &= f64::from(sample) == value || value.is_nan();
                sample
            });
            if !exact {
                warnings.push(
                    "the array's 64-bit floats were rounded to 32 bits: not all of them fit"
                        .to_owned(),
                );
            }
        }
        (Samples::F32(out), _) if big => order.fill(out, data, f32::from_be_bytes),
        (Samples::F32(out), _) => order.fill(out, data, f32::from_le_bytes),
    }
    Ok(Decoded {
        image: Image::new(rows, columns, channels, samples)?,
        format: Format::Npy,
        metadata: Metadata::default(),
        warnings,
    })
}

/// What the user should know of an array that looks as if its channels came first.
pub(super) fn order_warning([rows, columns, channels]: [usize; 3]) -> Option<String> {
    (channels > 16 && rows <= 4).then(|| format!(
        "the array was read as {rows} rows, {columns} columns and {channels} channels: if its channels come first, save np.moveaxis(a, 0, -1)"
    ))
}

/// Where the elements of the file go in an interleaved image.
struct Order {
    shape: [usize; 3],
    fortran: bool,
}

impl Order {
    fn fill<T, const N: usize>(
        &self,
        out: &mut [T],
        data: &[u8],
        mut value: impl FnMut([u8; N]) -> T,
    ) {
        let elements = data.as_chunks::<N>().0;
        if !self.fortran {
            for (sample, element) in out.iter_mut().zip(elements) {
                *sample = value(*element);
            }
            return;
        }
        // The first axis runs fastest in the file; the writes go in order.
        let [rows, columns, channels] = self.shape;
        let mut samples = out.iter_mut();
        for row in 0..rows {
            for column in 0..columns {
                for channel in 0..channels {
                    if let Some(sample) = samples.next() {
                        *sample = value(elements[row + rows * (column + columns * channel)]);
                    }
                }
            }
        }
    }
}

/// Writes C order, low byte first: 2 axes for one channel, else 3.
pub(super) fn write(image: &Image, out: &mut impl Write) -> Result<()> {
    let header = header::of(image.shape(), image.depth());
    out.write_all(&header).map_err(message::writing)?;
    match image.samples() {
        Samples::U8(samples) => out.write_all(samples).map_err(message::writing),
        Samples::U16(samples) => write_each(samples, |s| s.to_le_bytes(), out),
        Samples::F32(samples) => write_each(samples, |s| s.to_le_bytes(), out),
    }
}

/// Writes samples a stretch at a time, so that the copy stays small.
fn write_each<T: Copy, const N: usize>(
    samples: &[T],
    bytes: impl Fn(T) -> [u8; N],
    out: &mut impl Write,
) -> Result<()> {
    let mut stretch = Vec::with_capacity(N << 14);
    for part in samples.chunks(1 << 14) {
        stretch.clear();
        stretch.extend(part.iter().flat_map(|sample| bytes(*sample)));
        out.write_all(&stretch).map_err(message::writing)?;
    }
    Ok(())
}

fn damaged_header(what: impl std::fmt::Display) -> Error {
    message::damaged("npy", format_args!("its header {what}"))
}

#[cfg(test)]
mod tests;
