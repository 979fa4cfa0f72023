//! Which depths, channels and sizes each format supports, checked before writing.

use crate::{
    error::{Error, OutputError, Result},
    image::{Channels, Depth, Image},
};

use super::{Format, PageSet};

impl Format {
    /// Whether the format holds samples of this depth.
    const fn holds_depth(self, depth: Depth) -> bool {
        match self {
            Self::Npy => true,
            // Its bits are black and white, which are read as 0 and 255.
            Self::Tiff => !matches!(depth, Depth::Bool),
            Self::Png | Self::Pgm | Self::Ppm | Self::Pnm | Self::Pam => {
                matches!(depth, Depth::U8 | Depth::U16)
            }
            Self::Exr | Self::Hdr => matches!(depth, Depth::F32),
            Self::Jpeg | Self::Webp | Self::Bmp | Self::Qoi | Self::Tga | Self::Gif => {
                matches!(depth, Depth::U8)
            }
            Self::Pbm => false,
        }
    }

    /// Whether the format supports this many channels, possibly by repeating gray.
    const fn holds_channels(self, channels: usize) -> bool {
        match self {
            Self::Npy => channels > 0,
            Self::Tiff => matches!(channels, 1..=65_535),
            Self::Pgm => channels == 1,
            Self::Jpeg | Self::Ppm | Self::Pnm | Self::Hdr => matches!(channels, 1 | 3),
            Self::Pbm => false,
            _ => matches!(channels, 1..=4),
        }
    }

    /// The number of channels of the file when an image of `channels` is written: more if the
    /// format has no gray. GIF stores indices of a palette instead.
    pub const fn written_channels(self, channels: usize) -> usize {
        match (self, channels) {
            (Self::Webp | Self::Qoi | Self::Ppm | Self::Hdr, 1) => 3,
            (Self::Webp | Self::Qoi | Self::Bmp | Self::Tga, 2) => 4,
            _ => channels,
        }
    }

    /// Whether [`check`](Self::check) passes.
    pub const fn can_hold(self, depth: Depth, channels: usize) -> bool {
        self.holds_depth(depth) && self.holds_channels(channels)
    }

    /// Checks that the format supports this depth and this number of channels.
    ///
    /// # Errors
    ///
    /// [`Error::Output`](crate::Error::Output), which names the formats that do.
    pub fn check(self, depth: Depth, channels: usize) -> Result<()> {
        if self.can_hold(depth, channels) {
            return Ok(());
        }
        if self == Self::Pbm {
            return Err(OutputError::OneBit.into());
        }
        let others: Vec<_> = Self::ALL
            .into_iter()
            .filter(|format| format.can_hold(depth, channels))
            .map(Self::name)
            .collect();
        let others = any_of(&others);
        if self.holds_channels(channels) {
            let depths: Vec<_> = Depth::ALL
                .into_iter()
                .filter(|depth| self.holds_depth(*depth))
                .collect();
            return Err(OutputError::Depth {
                format: self.name(),
                depth,
                depths,
                others,
            }
            .into());
        }
        let lack = match (self, channels) {
            (_, 5..) => format!("pictures of {channels} channels"),
            (Self::Pgm, 3) => "colour".to_owned(),
            (Self::Pgm, 4) => "colour and no alpha".to_owned(),
            _ if Channels::of_picture(channels).has_alpha => "alpha".to_owned(),
            _ => format!("pictures of {channels} channels"),
        };
        Err(OutputError::Channels {
            format: self.name(),
            lack,
            others,
        }
        .into())
    }

    /// Whether it holds two or four channels none of which is alpha.
    const fn holds_bands(self) -> bool {
        matches!(self, Self::Tiff | Self::Exr | Self::Npy)
    }

    /// Checks that the format does not take the last of these channels for alpha, if they are
    /// [bands](super::Metadata::bands).
    pub(crate) fn check_bands(self, bands: bool, channels: usize) -> Result<()> {
        if !bands || self.holds_bands() || !Channels::of_picture(channels).has_alpha {
            return Ok(());
        }
        let others = Self::ALL.into_iter().filter(|format| format.holds_bands());
        let others = Vec::from_iter(others.map(Self::name));
        Err(OutputError::Bands {
            format: self.name(),
            channels,
            others: any_of(&others),
        }
        .into())
    }

    /// Whether a file of the format can be written with several pages.
    pub const fn holds_pages(self) -> bool {
        self.holds_frames() || matches!(self, Self::Tiff)
    }

    /// Whether the pages of a file of the format are the frames of an animation: all of one size
    /// and type, each shown for some time.
    pub const fn holds_frames(self) -> bool {
        matches!(self, Self::Png | Self::Gif)
    }

    /// Whether the pages that are read of a file of the format are frames of an animation.
    pub(crate) const fn has_frames(self) -> bool {
        self.holds_frames() || matches!(self, Self::Webp)
    }

    /// Checks that the format supports this many pages.
    ///
    /// # Errors
    ///
    /// [`Error::Output`](crate::Error::Output), which names the formats that do.
    pub fn check_pages(self, pages: u64) -> Result<()> {
        if pages == 1 || self.holds_pages() {
            return Ok(());
        }
        let others = Self::ALL.into_iter().filter(|format| format.holds_pages());
        let others = Vec::from_iter(others.map(Self::name));
        Err(OutputError::Pages {
            format: self.name(),
            pages,
            others: any_of(&others),
        }
        .into())
    }

    /// [`check_pages`](Self::check_pages), and whether these pages may be frames.
    pub(crate) fn check_page_set(self, pages: PageSet) -> Result<()> {
        self.check_pages(pages.count)?;
        match self.holds_frames() && pages.size != pages.count as f64 {
            true => Err(self.unequal_frames()),
            false => Ok(()),
        }
    }

    /// The error of pages that are no frames of one animation.
    pub(crate) fn unequal_frames(self) -> Error {
        OutputError::UnequalFrames {
            format: self.name(),
        }
        .into()
    }

    /// Checks that the format supports images of this size.
    ///
    /// # Errors
    ///
    /// [`Error::Output`](crate::Error::Output) with the format's limit.
    pub fn check_size(self, rows: usize, columns: usize) -> Result<()> {
        let side: u64 = match self {
            Self::Jpeg | Self::Gif | Self::Tga => 65_535,
            Self::Webp => 16_384,
            Self::Npy => return Ok(()),
            Self::Tiff => u64::from(u32::MAX),
            _ => i32::MAX as u64,
        };
        if rows as u64 > side || columns as u64 > side {
            return Err(OutputError::Side {
                format: self.name(),
                limit: side,
                columns,
                rows,
            }
            .into());
        }
        let pixels = rows as u64 * columns as u64;
        let max_pixels = match self {
            Self::Qoi => 400_000_000,
            // A BMP header stores the size in bytes, at most 4 per pixel, in 32 bits.
            Self::Bmp => (u64::from(u32::MAX) - 4096) / 4,
            _ => return Ok(()),
        };
        if pixels > max_pixels {
            return Err(OutputError::Pixels {
                format: self.name(),
                limit: max_pixels,
                pixels,
            }
            .into());
        }
        Ok(())
    }

    /// [`check`](Self::check) and [`check_size`](Self::check_size) of `image`.
    ///
    /// # Errors
    ///
    /// As theirs.
    pub fn check_image(self, image: &Image) -> Result<()> {
        self.check(image.depth(), image.channels())?;
        self.check_size(image.rows(), image.columns())
    }
}

/// `a`, `a or b`, `a, b or c`.
fn any_of(names: &[&str]) -> String {
    match names {
        [] => "another format".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(format: Format, depth: Depth, channels: usize) -> String {
        format.check(depth, channels).unwrap_err().to_string()
    }

    #[test]
    fn refusals_name_the_formats_that_do() {
        use Depth::{F32, U8, U16};
        for (format, depth, channels, message) in [
            (
                Format::Png,
                F32,
                3,
                "png holds no 32-bit float samples; choose tiff, exr, hdr or npy",
            ),
            (
                Format::Png,
                F32,
                4,
                "png holds no 32-bit float samples; choose tiff, exr or npy",
            ),
            (
                Format::Jpeg,
                U16,
                3,
                "jpeg holds no 16-bit samples; choose png, tiff, ppm, pnm, pam or npy",
            ),
            (
                Format::Jpeg,
                U8,
                4,
                "jpeg holds no alpha; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy",
            ),
            (
                Format::Jpeg,
                U16,
                2,
                "jpeg holds no alpha; choose png, tiff, pam or npy",
            ),
            (
                Format::Exr,
                U8,
                2,
                "exr holds no 8-bit samples; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy",
            ),
            (
                Format::Pgm,
                U16,
                3,
                "pgm holds no colour; choose png, tiff, ppm, pnm, pam or npy",
            ),
            (
                Format::Pgm,
                U16,
                4,
                "pgm holds no colour and no alpha; choose png, tiff, pam or npy",
            ),
            (
                Format::Ppm,
                U8,
                2,
                "ppm holds no alpha; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy",
            ),
            (
                Format::Exr,
                F32,
                7,
                "exr holds no pictures of 7 channels; choose tiff or npy",
            ),
            (
                Format::Png,
                Depth::I16,
                3,
                "png holds no signed 16-bit samples; choose tiff or npy",
            ),
            (
                Format::Exr,
                Depth::F64,
                1,
                "exr holds no 64-bit float samples; choose tiff or npy",
            ),
            (
                Format::Tiff,
                Depth::Bool,
                1,
                "tiff holds no boolean samples; choose npy",
            ),
            (
                Format::Pbm,
                U8,
                1,
                "pbm holds 1 bit per sample and is only read; choose pgm",
            ),
        ] {
            assert_eq!(refusal(format, depth, channels), message);
        }
    }

    #[test]
    fn sides_have_limits() {
        let refusal = |format: Format, rows, columns| {
            format.check_size(rows, columns).unwrap_err().to_string()
        };
        assert_eq!(
            refusal(Format::Jpeg, 3, 65_536),
            "jpeg holds pictures up to 65535 x 65535, this one is 65536 x 3; choose png, tiff or npy, or cut it into parts"
        );
        assert_eq!(
            refusal(Format::Qoi, 20_001, 20_000),
            "qoi holds pictures up to 400000000 pixels, this one has 400020000; choose png, tiff or npy, or cut it into parts"
        );
        assert!(Format::Webp.check_size(16_384, 16_384).is_ok());
        assert!(Format::Npy.check_size(1 << 40, 1).is_ok());
    }
}
