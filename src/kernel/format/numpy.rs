//! NumPy's `.npy`: an array of two axes is a kernel, of three a bank. It is correlated, with the
//! anchor in the middle.

use half::f16;

use super::{KernelError, MAX_WEIGHTS, write::Writer};
use crate::{
    combine::Combine,
    depth::Depth,
    kernel::{EXACT, Kernel, KernelBank, source_text::shorten},
    npy_header::{self, Fault, Header},
};

/// More than any bank in use has.
const MAX_KERNELS: usize = 1024;

pub(super) fn parse(name: &str, origin: &str, bytes: &[u8]) -> Result<KernelBank, KernelError> {
    let refuse = |message: String, help: &str| KernelError::File {
        file: origin.to_owned(),
        line: 1,
        column: 1,
        message,
        text: String::new(),
        help: help.to_owned(),
    };
    if !bytes.starts_with(npy_header::MAGIC) {
        let message = "it does not begin as a .npy file does".into();
        return Err(refuse(message, "save the array by numpy.save"));
    }
    let (header, data) = Header::parse(bytes).map_err(|fault| match fault {
        Fault::Truncated => refuse("the file ends in its header".into(), "save the array again"),
        Fault::Version(major, minor) => {
            let message = format!("version {major}.{minor} of .npy is not known");
            refuse(message, "save the array again")
        }
        Fault::Damaged(what) => {
            let what = String::from_iter(what.chars().take(100));
            refuse(format!("its header {what}"), "save the array again")
        }
        Fault::Type { descr, convert } => {
            let message = format!("an array of `{}` is no kernel", shorten(&descr));
            refuse(message, &format!("save {convert}"))
        }
        Fault::Records => {
            let message = "an array of records is no kernel".into();
            refuse(message, "save one field, a['name']")
        }
    })?;
    let [kernels, rows, columns] = match *header.shape {
        [rows, columns] => [1, rows, columns],
        [kernels, rows, columns] => [kernels, rows, columns],
        _ => {
            let axes = header.shape.len();
            let message = format!("a kernel has two axes and a bank three, this array has {axes}");
            return Err(refuse(
                message,
                "save it as a[None, :], or one of its planes",
            ));
        }
    };
    let count = header
        .shape
        .iter()
        .try_fold(1_usize, |n, &m| n.checked_mul(m));
    let count = match count {
        Some(0) => {
            return Err(refuse(
                "the array has no weights".into(),
                "save one that has",
            ));
        }
        Some(count) if count <= MAX_WEIGHTS && kernels <= MAX_KERNELS => count,
        _ => {
            let message =
                format!("there are more than {MAX_KERNELS} kernels or {MAX_WEIGHTS} weights");
            return Err(refuse(message, "use a smaller kernel, or fewer"));
        }
    };
    let size = header.depth.bytes();
    if data.len() != count * size {
        let message = format!(
            "its array needs {} bytes, there are {}",
            count * size,
            data.len()
        );
        return Err(refuse(message, "save the array again"));
    }
    // In Fortran order the first axis is the one whose neighbours are next to each other.
    let strides = match header.fortran {
        false => [rows * columns, columns, 1],
        true if header.shape.len() == 2 => [0, 1, rows],
        true => [1, kernels, kernels * rows],
    };
    let bank = (0..kernels).map(|kernel| {
        let places =
            (0..rows).flat_map(|row| (0..columns).map(move |column| [kernel, row, column]));
        let weights = places.map(|place| {
            let at: usize = place
                .iter()
                .zip(strides)
                .map(|(at, stride)| at * stride)
                .sum();
            let bytes = &data[at * size..(at + 1) * size];
            number(&header, bytes).map_err(|why| {
                let place = match header.shape.len() {
                    2 => format!("{:?}", &place[1..]),
                    _ => format!("{place:?}"),
                };
                refuse(
                    format!("the weight at {place} {why}"),
                    "mend it in the array",
                )
            })
        });
        Kernel::new(rows, columns, weights.collect::<Result<_, _>>()?)
    });
    let bank = bank.collect::<Result<Vec<_>, _>>()?;
    KernelBank::new(name, bank, (kernels > 1).then_some(Combine::Max))
}

/// The number of these bytes, or why it is no weight.
fn number(header: &Header, bytes: &[u8]) -> Result<f64, &'static str> {
    let mut all = [0; 8];
    let used = &mut all[..bytes.len()];
    used.copy_from_slice(bytes);
    if header.big_endian {
        used.reverse();
    }
    let bits = u64::from_le_bytes(all);
    // An integer of fewer bits keeps its sign.
    let unused = 64 - 8 * bytes.len() as u32;
    let signed = (bits << unused) as i64 >> unused;
    let number = match header.depth {
        Depth::Bool if bits > 1 => return Err("is a boolean of neither 0 nor 1"),
        Depth::Bool | Depth::U8 | Depth::U16 | Depth::U32 | Depth::U64 => bits as f64,
        Depth::I8 | Depth::I16 | Depth::I32 | Depth::I64 => signed as f64,
        Depth::F16 => f16::from_bits(bits as u16).to_f64(),
        Depth::F32 => f64::from(f32::from_bits(bits as u32)),
        Depth::F64 => f64::from_bits(bits),
    };
    match () {
        () if !number.is_finite() => Err("is not a finite number"),
        () if !header.depth.is_float() && number.abs() > EXACT => {
            Err("is an integer beyond 2^53, which would be rounded")
        }
        () => Ok(number),
    }
}

/// An array of 64-bit floats, of three axes if there are several kernels.
pub(super) fn write(writer: &Writer, bank: &KernelBank) -> Result<Vec<u8>, KernelError> {
    let kernels = bank.kernels();
    if !matches!(bank.combine(), None | Some(Combine::Max)) {
        return writer.rule(bank);
    }
    let [rows, columns] = bank.size();
    let same = |kernel: &Kernel| [kernel.rows(), kernel.columns()] == [rows, columns];
    if !kernels.iter().all(same) {
        return writer.refuse("kernels of several sizes");
    }
    let shape = [kernels.len(), rows, columns];
    let axes = if kernels.len() == 1 {
        &shape[1..]
    } else {
        &shape
    };
    let mut bytes = npy_header::of(axes, Depth::F64);
    for kernel in kernels {
        let weights = writer.weights_alone(kernel)?;
        bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
