//! Banks written in the formats of other programs.

use super::{KernelError, KernelFormat, imagemagick, numpy, opencv, photoshop, table, vips};
use crate::kernel::{Kernel, KernelBank};

impl KernelBank {
    /// A file of this format that describes this bank: [`from_bytes`](Self::from_bytes) makes
    /// of it what filters alike. Only TOML holds descriptions and labels, too.
    ///
    /// # Errors
    ///
    /// [`KernelError::Unwritable`] if the format has no place for the map, the rule that
    /// combines kernels, a divisor, bias, offset or anchor: nothing is left out. A divisor is
    /// taken into the weights where that is exact, which is by a power of two.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::kernel::{KernelBank, KernelFormat};
    ///
    /// let blur = KernelBank::builtin("gaussian3")?;
    /// assert_eq!(blur.to_bytes(KernelFormat::Vips)?, b"3 3 16\n1 2 1\n2 4 2\n1 2 1\n");
    /// let mean = KernelBank::builtin("box3")?;
    /// let error = mean.to_bytes(KernelFormat::Npy).unwrap_err();
    /// assert_eq!(error.to_string(), "a .npy array cannot hold the divisor 9; TOML can");
    /// # Ok::<(), stridekern::kernel::KernelError>(())
    /// ```
    pub fn to_bytes(&self, format: KernelFormat) -> Result<Vec<u8>, KernelError> {
        let writer = Writer { format };
        if format == KernelFormat::Toml {
            return Ok(self.to_toml().into_bytes());
        }
        if let Some(map) = self.map() {
            return writer.refuse(format!("the map {map}"));
        }
        match format {
            KernelFormat::Toml => unreachable!("it is written above"),
            KernelFormat::Table => table::write(&writer, writer.one(self)?),
            KernelFormat::Vips => vips::write(&writer, writer.one(self)?),
            KernelFormat::ImageMagick => imagemagick::write(&writer, self),
            KernelFormat::Photoshop => photoshop::write(&writer, writer.one(self)?),
            KernelFormat::OpenCv => opencv::write(&writer, self),
            KernelFormat::Npy => numpy::write(&writer, self),
        }
    }
}

/// What a format can hold.
pub(super) struct Writer {
    format: KernelFormat,
}

impl Writer {
    /// The error of what the format has no place for.
    pub(super) fn refuse<T>(&self, what: impl Into<String>) -> Result<T, KernelError> {
        Err(KernelError::Unwritable {
            format: match self.format {
                KernelFormat::Toml => "TOML",
                KernelFormat::Table => "a table",
                KernelFormat::Vips => "a matrix of libvips",
                KernelFormat::ImageMagick => "a string of ImageMagick",
                KernelFormat::Photoshop => "an .acf file",
                KernelFormat::OpenCv => "OpenCV's FileStorage",
                KernelFormat::Npy => "a .npy array",
            },
            what: what.into(),
        })
    }

    /// The only kernel.
    fn one<'b>(&self, bank: &'b KernelBank) -> Result<&'b Kernel, KernelError> {
        match bank.kernels() {
            [kernel] => Ok(kernel),
            kernels => self.refuse(format!("{} kernels", kernels.len())),
        }
    }

    /// Refuses a rule by which kernels are combined.
    pub(super) fn rule<T>(&self, bank: &KernelBank) -> Result<T, KernelError> {
        let rule = bank.combine().map_or("", |combine| combine.name());
        self.refuse(format!(
            "{} kernels combined by {rule}",
            bank.kernels().len()
        ))
    }

    pub(super) fn no_bias(&self, kernel: &Kernel) -> Result<(), KernelError> {
        match kernel.bias() == 0.0 {
            true => Ok(()),
            false => self.refuse(format!("the bias {}", kernel.bias())),
        }
    }

    pub(super) fn no_offset(&self, kernel: &Kernel) -> Result<(), KernelError> {
        match kernel.offset() == 0.0 {
            true => Ok(()),
            false => self.refuse(format!("the offset {}", kernel.offset())),
        }
    }

    /// Refuses an anchor that is not in the middle.
    pub(super) fn centred(&self, kernel: &Kernel) -> Result<(), KernelError> {
        match kernel.anchor() == [kernel.rows() / 2, kernel.columns() / 2] {
            true => Ok(()),
            false => self.refuse(format!("the anchor {:?}", kernel.anchor())),
        }
    }

    /// The weights over the divisor, if that is exact.
    pub(super) fn divided(&self, kernel: &Kernel) -> Result<Vec<f64>, KernelError> {
        const MANTISSA: u64 = (1 << 52) - 1;
        let divisor = kernel.divisor();
        let is_power = divisor.is_normal() && divisor.to_bits() & MANTISSA == 0;
        let weights = Vec::from_iter(kernel.as_slice().iter().map(|weight| weight / divisor));
        let mut pairs = weights.iter().zip(kernel.as_slice());
        let is_exact = is_power && pairs.all(|(made, weight)| made * divisor == *weight);
        match is_exact && weights.iter().all(|weight| weight.is_finite()) {
            true => Ok(weights),
            false => self.refuse(format!("the divisor {divisor}")),
        }
    }

    /// The weights of a kernel that has nothing but them.
    pub(super) fn weights_alone(&self, kernel: &Kernel) -> Result<Vec<f64>, KernelError> {
        self.no_bias(kernel)?;
        self.no_offset(kernel)?;
        self.centred(kernel)?;
        self.divided(kernel)
    }
}

/// Rows of numbers as text.
pub(super) fn rows(weights: &[f64], columns: usize, between: &str) -> Vec<String> {
    let rows = weights.chunks(columns).map(|row| {
        let numbers = Vec::from_iter(row.iter().map(|&weight| super::toml::number(weight)));
        numbers.join(between)
    });
    rows.collect()
}
