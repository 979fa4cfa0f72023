//! Netpbm's formats: read through the image crate a band at a time, written here.

use std::io::{BufRead, Read, Write};

use ::image::{
    ImageDecoder, ImageError,
    codecs::pnm::{
        ArbitraryHeader, BitmapHeader, GraymapHeader, PixmapHeader, PnmDecoder, PnmHeader,
    },
};

use crate::{
    error::Result,
    image::{SampleSlice, SampleSliceMut},
};

use super::{
    Format, Limits, Metadata, message, raster,
    rows::{Destination, Header, RowReader, Shape, Sink, Source, Trailer, write_samples},
};

/// Opens any of the formats, in binary or in digits.
pub(super) fn open<'a>(
    input: impl BufRead + Send + 'a,
    format: Format,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let decoder = PnmDecoder::new(input).map_err(|error| raster::decoding(format, error))?;
    let (columns, rows) = decoder.dimensions();
    let (depth, channels) = raster::layout(decoder.color_type())
        .ok_or_else(|| message::unsupported(format.name(), "this kind of samples"))?;
    limits.check(rows.into(), columns.into(), channels as u64, depth)?;
    let (input, written) = decoder.into_inner();
    let header = Header::new(format, [rows as usize, columns as usize, channels], depth);
    let row_len = header.shape.row_len();
    let bands = Bands {
        input,
        written,
        format,
        row_len,
    };
    Ok(RowReader::new(header, bands))
}

struct Bands<R> {
    /// Behind the header.
    input: R,
    written: PnmHeader,
    format: Format,
    row_len: usize,
}

impl<R: Read + Send> Source for Bands<R> {
    /// A band is a picture of its own, with a header that is made for it: so
    /// the decoder of whole pictures does for bands.
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        let rows = (out.len() / self.row_len) as u32;
        let failed = |error: ImageError| raster::decoding(self.format, error);
        let mut start = Vec::new();
        with_height(&self.written, rows)
            .write(&mut start)
            .map_err(|error| failed(ImageError::IoError(error)))?;
        let decoder = PnmDecoder::new(start.chain(&mut self.input)).map_err(failed)?;
        decoder.read_image(out.into_bytes()).map_err(failed)
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        // Other pictures may follow.
        Ok(Trailer::default())
    }
}

fn with_height(header: &PnmHeader, height: u32) -> PnmHeader {
    if let Some(header) = header.as_bitmap() {
        BitmapHeader { height, ..*header }.into()
    } else if let Some(header) = header.as_graymap() {
        GraymapHeader { height, ..*header }.into()
    } else if let Some(header) = header.as_pixmap() {
        PixmapHeader { height, ..*header }.into()
    } else {
        // Of the four kinds, the one that is left.
        let header = header.as_arbitrary().cloned();
        let header = header.unwrap_or(ArbitraryHeader {
            height,
            width: 0,
            depth: 1,
            maxval: 1,
            tupltype: None,
        });
        ArbitraryHeader { height, ..header }.into()
    }
}

/// Writes P5, P6 or P7: samples in binary, 16 bits with the high byte first.
pub(super) struct Writer<'a>(Destination<'a>);

impl<'a> Writer<'a> {
    pub(super) fn new(shape: Shape, format: Format, mut out: Destination<'a>) -> Result<Self> {
        let Shape {
            rows,
            columns,
            channels,
            depth,
        } = shape;
        let most = depth.full_scale() as u32;
        let header = match (format, channels) {
            (Format::Pam, _) => {
                let kind =
                    ["GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"][(channels - 1).min(3)];
                format!(
                    "P7\nWIDTH {columns}\nHEIGHT {rows}\nDEPTH {channels}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
                )
            }
            (_, 1) => format!("P5\n{columns} {rows}\n{most}\n"),
            _ => format!("P6\n{columns} {rows}\n{most}\n"),
        };
        out.write_all(header.as_bytes()).map_err(message::writing)?;
        Ok(Self(out))
    }
}

impl Sink for Writer<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        write_samples(rows, true, &mut self.0).map_err(message::writing)
    }

    fn finish(self: Box<Self>, _: &Metadata) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
