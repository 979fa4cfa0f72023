//! Writes one to four channels by their names, and attributes.

use std::io::{Seek, Write};

use ::exr::{
    error::Error as ExrError,
    image::{Image as ExrImage, SpecificChannels, write::WritableImage as _},
    math::Vec2,
    meta::{attribute::Text, header::ImageAttributes},
};

use crate::{
    codec::{Metadata, errors},
    error::{Error, Result},
    image::{Image, SampleSlice},
};

use super::{attributes, sorted_header::SortedHeader};

/// Writes channels of 32-bit floats.
pub(in crate::codec::image_crate) fn write(
    image: &Image,
    metadata: &Metadata,
    out: &mut (impl Write + Seek),
) -> Result<()> {
    let [rows, columns, channels] = image.shape();
    let SampleSlice::F32(samples) = image.samples().as_slice() else {
        return Err(encoding("its samples are no 32-bit floats"));
    };
    let pixel = |place: Vec2<usize>| &samples[(place.y() * columns + place.x()) * channels..];
    let (own, shared) = attributes::of_parts(&metadata.parts)
        .ok_or_else(|| encoding("its attributes do not fit together"))?;
    let names = metadata.exr_names(channels);
    let names = names.iter().map(Text::new_or_none);
    let names = names.collect::<Option<Vec<_>>>();
    let names = names.ok_or_else(|| encoding("the names of its channels are no text"))?;
    // The crate would panic.
    if (1..names.len()).any(|at| names[..at].contains(&names[at])) {
        return Err(encoding("two of its channels have one name"));
    }
    // The type of an image depends on its channels.
    macro_rules! save {
        ($($at:literal)*) => {{
            let channels = SpecificChannels::build();
            $(let channels = channels.with_channel(names[$at].clone());)*
            let channels = channels.with_pixel_fn(|place: Vec2<usize>| {
                let pixel = pixel(place);
                ($(pixel[$at],)*)
            });
            let mut file = ExrImage::from_channels((columns, rows), channels);
            file.layer_data.attributes = own;
            file.attributes = ImageAttributes {
                display_window: file.attributes.display_window,
                ..shared
            };
            file.write().to_buffered(SortedHeader::new(out))
        }};
    }
    let written = match channels {
        1 => save!(0),
        2 => save!(0 1),
        3 => save!(0 1 2),
        _ => save!(0 1 2 3),
    };
    written.map_err(|error| match error {
        ExrError::Io(error) => errors::writing(error),
        error => encoding(error),
    })
}

fn encoding(error: impl std::fmt::Display) -> Error {
    errors::encoder_refused("exr", error, "png, tiff or npy")
}
