//! The values of tags as numbers.

use std::io::{Read, Seek};

use ::tiff::{decoder::Decoder, tags::Tag};

use super::error::decode_error;
use crate::error::Result;

/// The numeric value of a tag, if the tag is present.
pub(super) fn unsigned(decoder: &mut Decoder<impl Read + Seek>, tag: Tag) -> Result<Option<u64>> {
    decoder.find_tag_unsigned(tag).map_err(decode_error)
}

/// The numeric values of a tag; empty if the tag is absent.
pub(super) fn unsigned_list(decoder: &mut Decoder<impl Read + Seek>, tag: Tag) -> Result<Vec<u64>> {
    let list = decoder.find_tag_unsigned_vec(tag).map_err(decode_error)?;
    Ok(list.unwrap_or_default())
}
