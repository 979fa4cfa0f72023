//! Writes colours, with or without alpha, as the image crate does, and attributes.

use std::io::{Seek, Write};

use ::exr::{
    error::Error as ExrError,
    image::{Image as ExrImage, SpecificChannels, write::WritableImage as _},
    math::Vec2,
    meta::header::ImageAttributes,
};

use crate::{
    codec::{Metadata, errors},
    error::{Error, Result},
    image::{Image, SampleSlice},
};

use super::{attributes, sorted_header::SortedHeader};

/// Writes three or four channels of 32-bit floats.
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
    // The type of an image depends on its channels.
    macro_rules! save {
        ($channels:expr) => {{
            let mut file = ExrImage::from_channels((columns, rows), $channels);
            file.layer_data.attributes = own;
            file.attributes = ImageAttributes {
                display_window: file.attributes.display_window,
                ..shared
            };
            file.write().to_buffered(SortedHeader::new(out))
        }};
    }
    let written = match channels {
        3 => save!(SpecificChannels::rgb(|place: Vec2<usize>| {
            let pixel = pixel(place);
            (pixel[0], pixel[1], pixel[2])
        })),
        _ => save!(SpecificChannels::rgba(|place: Vec2<usize>| {
            let pixel = pixel(place);
            (pixel[0], pixel[1], pixel[2], pixel[3])
        })),
    };
    written.map_err(|error| match error {
        ExrError::Io(error) => errors::writing(error),
        error => encoding(error),
    })
}

fn encoding(error: impl std::fmt::Display) -> Error {
    errors::encoder_refused("exr", error, "png, tiff or npy")
}
