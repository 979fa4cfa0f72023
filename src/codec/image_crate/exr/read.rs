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
        Format, Limits, errors,
        image_crate::is_early_end,
        rows::{Header as RowsHeader, RowReader, Trailer, WholeSource},
    },
    error::{Error, Result},
    image::{Depth, Image, ImageSpec, SampleSliceMut, f16},
};

use super::{decoder_bytes, ignored};

/// Opens a file: its colour if it has one, else up to four channels in its order.
pub(in crate::codec::image_crate) fn open<'a>(
    bytes: Cow<'a, [u8]>,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let decoder_bytes = decoder_bytes(&bytes, limits)?;
    let meta = MetaData::read_from_buffered(&*bytes, false).map_err(decode_error)?;
    let chosen = Chosen::of(&meta)?;
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
    rows_header.names_channels = chosen.kind != Kind::Any;
    let rows_header = rows_header.with_ignored(ignored(&bytes, &meta, &chosen));
    // The file, the samples, and what is decoded at a time.
    let memory = (bytes.len().saturating_add(spec.bytes())).saturating_add(decoder_bytes);
    drop(meta);
    Ok(WholeSource::reader(rows_header, memory, move || {
        let image = decode(bytes, spec, &chosen)?;
        Ok((image, Trailer::default()))
    }))
}

/// The part and its channels that are read.
pub(super) struct Chosen {
    pub(super) part: usize,
    /// Their places in the part's list, in the order of the result.
    pub(super) channels: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// R, G and B, or Y; with A if that is there.
    Picture,
    /// The same of a layer, by names such as `diffuse.R`.
    Layer,
    /// Channels that are no colours by their names.
    Any,
}

/// Finds channels to read among these names: what they are, and their places.
type Find = fn(&[String]) -> Option<(Kind, Vec<usize>)>;

impl Chosen {
    /// The colours of the first part that has some, else the channels of the first part.
    fn of(meta: &MetaData) -> Result<Self> {
        let flat = || (meta.headers.iter().enumerate()).filter(|(_, header)| !header.deep);
        let named =
            |find: Find| flat().find_map(|(part, header)| Some((part, find(&names(header))?)));
        let (part, (kind, channels)) = named(|names| Some((Kind::Picture, rgb(names, "")?)))
            .or_else(|| named(|names| Some((Kind::Picture, gray(names, "")?))))
            .or_else(|| named(layer))
            .or_else(|| named(|names| Some((Kind::Any, (0..names.len()).collect()))))
            .ok_or_else(|| errors::unsupported("exr", "deep data"))?;
        let header = &meta.headers[part];
        let names = names(header);
        // The exr crate takes the blocks of these for larger than they are.
        let is_subsampled = header
            .channels
            .list
            .iter()
            .any(|channel| channel.sampling != Vec2(1, 1));
        if is_subsampled {
            let what = "a picture with channels of fewer samples (chroma subsampling)";
            return Err(errors::unsupported("exr", what));
        }
        if kind == Kind::Any && channels.len() > 4 {
            let what = format!(
                "a picture without colours in {} channels ({})",
                names.len(),
                listed(&names)
            );
            let remedy = "write up to four of them to a file of their own";
            return Err(errors::unsupported_until("exr", what, remedy));
        }
        Ok(Self {
            part,
            names: channels.iter().map(|at| names[*at].clone()).collect(),
            channels,
            kind,
        })
    }

    /// Whether the result would have other names for these channels.
    pub(super) fn loses_names(&self) -> bool {
        self.kind != Kind::Picture
    }

    fn warning(&self) -> Option<String> {
        let names = listed(&self.names);
        Some(match (self.kind, &self.names[..]) {
            (Kind::Picture, _) => return None,
            (Kind::Any, [_]) => {
                format!("the exr file has no colours: its channel {names} was read as gray")
            }
            (Kind::Any, _) => {
                format!("the exr file has no colours: its channels {names} were read in this order")
            }
            (Kind::Layer, _) => {
                format!("the exr file has its colours in layers: the channels {names} were read")
            }
        })
    }
}

/// Names on one line: decoders quote bytes of the file.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let mut text = errors::one_line(names[..names.len().min(MOST)].join(", "));
    if names.len() > MOST {
        text.push_str(", ...");
    }
    text
}

fn names(header: &Header) -> Vec<String> {
    let names = header.channels.list.iter();
    names.map(|channel| channel.name.to_string()).collect()
}

/// The places of the channels with this prefix and these names, and of A if it is there.
fn places(names: &[String], prefix: &str, wanted: &[&str]) -> Option<Vec<usize>> {
    let place =
        |name: &&str| (names.iter()).position(|known| known.strip_prefix(prefix) == Some(*name));
    let mut places = wanted.iter().map(place).collect::<Option<Vec<_>>>()?;
    places.extend(place(&"A"));
    Some(places)
}

fn rgb(names: &[String], prefix: &str) -> Option<Vec<usize>> {
    places(names, prefix, &["R", "G", "B"])
}

/// Luminance; together with RY and BY it stands for colours.
fn gray(names: &[String], prefix: &str) -> Option<Vec<usize>> {
    let has_chroma = places(names, prefix, &["RY", "BY"]).is_some();
    places(names, prefix, &["Y"]).filter(|_| !has_chroma)
}

/// The colours, or the luminance, of the first layer that has some.
fn layer(names: &[String]) -> Option<(Kind, Vec<usize>)> {
    let prefixes = || {
        let ends = names
            .iter()
            .filter_map(|name| Some((name, name.rfind('.')?)));
        ends.map(|(name, end)| &name[..=end])
    };
    let found = prefixes().find_map(|prefix| rgb(names, prefix));
    // Of X, Y and Z, Y is no luminance.
    let luminance = |prefix: &str| {
        let mut rest = names.iter().filter_map(|name| name.strip_prefix(prefix));
        let is_alone = rest.all(|name| matches!(name, "Y" | "A"));
        gray(names, prefix).filter(|_| is_alone)
    };
    let found = found.or_else(|| prefixes().find_map(luminance));
    Some((Kind::Layer, found?))
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
