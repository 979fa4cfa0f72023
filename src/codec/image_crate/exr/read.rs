//! Reads the channels of a part, whatever their names, by the exr crate's blocks.

use std::{borrow::Cow, io::Cursor};

use ::exr::{
    block::{self, UncompressedBlock, lines::LineIndex, reader::ChunksReader},
    error::Error as ExrError,
    math::Vec2,
    meta::{MetaData, attribute::SampleType, header::Header},
};

use crate::{
    codec::{
        Coding, Format, IgnoredContent, Limits, errors,
        image_crate::is_early_end,
        rows::{Header as RowsHeader, RowReader, Trailer, WholeSource},
    },
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, SampleSliceMut, f16},
};

use super::{
    attributes,
    chosen::{Chosen, Wanted},
    decoder_bytes, ignored,
    windows::Windows,
};

/// Opens a file: the layer or channels of this name, else its colour if it has one, else up to four
/// channels in its order.
pub(in crate::codec::image_crate) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    limits: &Limits,
    wanted: Wanted<'_>,
) -> Result<RowReader<'a>> {
    let decoder_bytes = decoder_bytes(&bytes, limits)?;
    let meta = MetaData::read_from_buffered(&*bytes, false).map_err(decode_error)?;
    let chosen = match wanted {
        Wanted::Colours => Chosen::of(&meta)?,
        Wanted::Layer(layer) => Chosen::named(&meta, layer)?,
        Wanted::Channels(names) => Chosen::exactly(&meta, names)?,
    };
    let header = &meta.headers[chosen.part];
    let shown = header.shared_attributes.display_window;
    let [columns, rows] = [shown.size.x(), shown.size.y()];
    let channels = chosen.channels.len();
    limits.check(rows as u64, columns as u64, channels as u64, Depth::F32)?;
    let spec = ImageSpec::new([rows, columns, channels], Depth::F32);
    let mut rows_header = RowsHeader::new(Format::Exr, spec);
    rows_header
        .warnings
        .extend(chosen.warning().map(Into::into));
    // Of channels that are no colours, none is alpha.
    rows_header.names_channels = chosen.has_colours();
    rows_header.metadata.bands = !chosen.has_colours() && channels > 1;
    rows_header.metadata.channel_names = chosen.names_of_others();
    let mut chosen_channels = chosen.channels.iter();
    let is_half = |at: &usize| header.channels.list[*at].sample_type == SampleType::F16;
    rows_header.coding = chosen_channels.any(is_half).then_some(Coding::HalfFloats);
    let ignored = ignored(&bytes, &meta, &chosen);
    // Told of by their names.
    let is_named = |part: &IgnoredContent| {
        matches!(
            part,
            IgnoredContent::Channels { .. } | IgnoredContent::Layers(_)
        )
    };
    let (named, others): (Vec<_>, Vec<_>) = ignored.into_iter().partition(is_named);
    rows_header.warnings.extend(chosen.other_parts(&meta));
    rows_header.warnings.extend(chosen.left_out(header));
    rows_header.ignored.extend(named);
    rows_header.warnings.extend(Windows::of(header).warning());
    let mut rows_header = rows_header.with_ignored(others);
    rows_header.metadata.parts = attributes::parts(&bytes, &meta, chosen.part, limits);
    let metadata = rows_header.metadata.clone();
    // The file, the samples, and what is decoded at a time.
    let memory = (bytes.len().saturating_add(spec.bytes()))
        .saturating_add(decoder_bytes)
        .saturating_add(metadata.bytes());
    drop(meta);
    Ok(WholeSource::reader(rows_header, memory, move || {
        let image = decode(bytes, spec, &chosen)?;
        let warnings = Vec::new();
        Ok((image, Trailer { metadata, warnings }))
    }))
}

/// Decodes the blocks of the largest level of the chosen part. Pixels outside of the display
/// window are dropped, those inside of it that are not stored are 0.
fn decode(bytes: Cow<'_, [u8]>, spec: ImageSpec, chosen: &Chosen) -> Result<Image> {
    let mut image = Image::zeroed(spec.rows, spec.columns, spec.channels, spec.depth)?;
    let SampleSliceMut::F32(samples) = image.samples_mut() else {
        return Ok(image);
    };
    let reader = block::read(Cursor::new(bytes), false).map_err(decode_error)?;
    let header = &reader.headers()[chosen.part];
    let slots = slots(header, chosen);
    let first =
        header.own_attributes.layer_position - header.shared_attributes.display_window.position;
    let chunks = reader
        .filter_chunks(false, |_, _, block| {
            block.layer == chosen.part && block.level == Vec2(0, 0)
        })
        .map_err(decode_error)?;
    let mut place = |meta: &MetaData, block: UncompressedBlock| {
        let channels = &meta.headers[chosen.part].channels;
        for (range, line) in LineIndex::lines_in_block(block.index, channels) {
            let Some((slot, kind)) = slots[line.channel] else {
                continue;
            };
            let Some(stored) = block.data.get(range) else {
                return Err(ExrError::Invalid("a block is too short".into()));
            };
            let [left, top] = [
                i64::from(first.x()) + line.position.x() as i64,
                i64::from(first.y()) + line.position.y() as i64,
            ];
            let Some(row) = usize::try_from(top).ok().filter(|row| *row < spec.rows) else {
                continue;
            };
            let row = &mut samples[row * spec.row_len()..][..spec.row_len()];
            let cut = usize::try_from(-left).unwrap_or(0);
            let start = usize::try_from(left).unwrap_or(0).min(spec.columns);
            let out = row[start * spec.channels..]
                .iter_mut()
                .skip(slot)
                .step_by(spec.channels);
            match kind {
                SampleType::F16 => {
                    let values = stored.as_chunks().0.iter().skip(cut);
                    out.zip(values)
                        .for_each(|(out, value)| *out = f16::from_ne_bytes(*value).to_f32());
                }
                SampleType::F32 => {
                    let values = stored.as_chunks().0.iter().skip(cut);
                    out.zip(values)
                        .for_each(|(out, value)| *out = f32::from_ne_bytes(*value));
                }
                SampleType::U32 => {
                    let values = stored.as_chunks().0.iter().skip(cut);
                    out.zip(values)
                        .for_each(|(out, value)| *out = u32::from_ne_bytes(*value) as f32);
                }
            }
        }
        Ok(())
    };
    chunks
        .decompress_parallel(false, &mut place)
        .map_err(decode_error)?;
    Ok(image)
}

/// For each channel of a part, its channel in the result and the type of its samples.
fn slots(header: &Header, chosen: &Chosen) -> Vec<Option<(usize, SampleType)>> {
    let list = header.channels.list.iter().enumerate();
    list.map(|(at, channel)| {
        let slot = chosen.channels.iter().position(|chosen| *chosen == at)?;
        Some((slot, channel.sample_type))
    })
    .collect()
}

/// Converts the decoder's error.
fn decode_error(error: ExrError) -> Error {
    match error {
        ExrError::Io(error) => errors::read_error("exr", &error),
        ExrError::NotSupported(what) => errors::unsupported_kind("exr", what),
        ExrError::Invalid(what) if is_early_end(&what) => errors::truncated("exr"),
        error => errors::damaged("exr", error),
    }
}
