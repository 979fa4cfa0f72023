//! The values of tags as numbers.

use std::io::{Read, Seek};

use ::tiff::{decoder::Decoder, tags::Tag};

use super::error::decoding;
use crate::error::Result;

/// The number that a tag holds, if there is one.
pub(super) fn unsigned(decoder: &mut Decoder<impl Read + Seek>, tag: Tag) -> Result<Option<u64>> {
    decoder.find_tag_unsigned(tag).map_err(decoding)
}

/// The numbers that a tag holds; none where there is no such tag.
pub(super) fn unsigned_list(decoder: &mut Decoder<impl Read + Seek>, tag: Tag) -> Result<Vec<u64>> {
    let list = decoder.find_tag_unsigned_vec(tag).map_err(decoding)?;
    Ok(list.unwrap_or_default())
}
