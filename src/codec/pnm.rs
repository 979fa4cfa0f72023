//! Writing Netpbm's formats; they are read by the image crate.

use std::io::Write;

use crate::{
    error::Result,
    image::{Depth, Image, Samples},
};

use super::{Format, message};

/// Writes P5, P6 or P7: samples in binary, 16 bits with the high byte first.
pub(super) fn write(image: &Image, format: Format, out: &mut impl Write) -> Result<()> {
    let [rows, columns, channels] = image.shape();
    let most = image.depth().full_scale() as u32;
    let header = match (format, channels) {
        (Format::Pam, _) => {
            let kind = ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"][(channels - 1).min(3)];
            format!(
                "P7\nWIDTH {columns}\nHEIGHT {rows}\nDEPTH {channels}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
            )
        }
        (_, 1) => format!("P5\n{columns} {rows}\n{most}\n"),
        _ => format!("P6\n{columns} {rows}\n{most}\n"),
    };
    out.write_all(header.as_bytes()).map_err(message::writing)?;
    match image.samples() {
        Samples::U8(samples) => out.write_all(samples).map_err(message::writing),
        Samples::U16(samples) => {
            // Swapped a stretch at a time, so that the copy stays small.
            let mut stretch = Vec::with_capacity(1 << 16);
            for part in samples.chunks(1 << 15) {
                stretch.clear();
                stretch.extend(part.iter().flat_map(|sample| sample.to_be_bytes()));
                out.write_all(&stretch).map_err(message::writing)?;
            }
            Ok(())
        }
        Samples::F32(_) => format.check(Depth::F32, channels),
    }
}
