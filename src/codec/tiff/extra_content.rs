//! Finds content beside the picture that is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Result as IoResult, Seek},
};

use super::{
    IgnoredContent,
    directories::{Directories, MAX_WALKED_ENTRIES, ignore_truncation},
    ifd::NumberFormat,
};
use crate::codec::ignored_content::{MAX_PAGES, data_between};

/// Pairs of offset and length tags: strips, tiles, an embedded JPEG, and free space.
const PARTS: [[u16; 2]; 4] = [[273, 279], [324, 325], [513, 514], [288, 289]];

/// The offsets of further directories: of pictures (SubIFDs), fax, EXIF, GPS and
/// interoperability.
const POINTERS: [u16; 5] = [330, 400, 34665, 34853, 40965];

/// The content beside the picture that is read of a file of `length` bytes, whose directories
/// are these. Rewinds the input.
pub(super) fn ignored(
    input: &mut (impl Read + Seek),
    length: u64,
    directories: &Directories,
    read: u64,
    asked: bool,
) -> IoResult<Vec<IgnoredContent>> {
    let mut ignored = directories.ignored(read, asked);
    // Other pictures tell enough of a file; the data of planes have no directory, and noting
    // where those of many pages lie would take memory by their number.
    let is_known = !directories.has_planes() && directories.pages() < MAX_PAGES;
    if is_known && ignored.iter().all(|found| found.is_derived()) {
        ignored.extend(rest(input, length, directories.pages() > 1)?);
    }
    input.rewind()?;
    Ok(ignored)
}

/// Data that no directory refers to.
fn rest(
    input: &mut (impl Read + Seek),
    length: u64,
    has_pages: bool,
) -> IoResult<Option<IgnoredContent>> {
    /// Gaps up to this size between tiles are padding. So are as many bytes at the end of a file
    /// of several pages, where tifffile repeats the values that all of them share.
    const SMALL: u64 = 64;
    /// Gaps up to this size are stale directories of programs that edited the metadata.
    const STALE: u64 = 1 << 10;
    input.rewind()?;
    let Some(ranges) = ignore_truncation(ReferencedRanges::default().of(input, length))?.flatten()
    else {
        return Ok(Some(IgnoredContent::TruncatedDirectory));
    };
    let (mut parts, mut end) = (ranges.parts, 0);
    parts.sort_unstable();
    for [start, stop] in parts {
        let gap = start.saturating_sub(end);
        if gap > SMALL {
            // A gap as large as the image may be an image.
            match data_between(input, end, start)? {
                Some(IgnoredContent::TrailingData(bytes))
                    if bytes > STALE.max(ranges.samples / 2) =>
                {
                    return Ok(Some(IgnoredContent::DataBetween(bytes)));
                }
                Some(IgnoredContent::TrailingData(_)) | None => {}
                found => return Ok(found),
            }
        }
        end = end.max(stop);
    }
    match has_pages && length.saturating_sub(end) <= SMALL {
        true => Ok(None),
        false => data_between(input, end, length),
    }
}

/// The byte ranges that all directories refer to.
#[derive(Default)]
struct ReferencedRanges {
    /// The start and end of each range.
    parts: Vec<[u64; 2]>,
    /// The stored bytes of the samples.
    samples: u64,
    /// The number of list values read so far: more than the bytes of the file means
    /// that lists overlap.
    values: u64,
    /// The number of entries read so far.
    entries: u64,
}

impl ReferencedRanges {
    /// The ranges in a file of `length` bytes, if all lie in the file.
    fn of(mut self, input: &mut (impl Read + Seek), length: u64) -> IoResult<Option<Self>> {
        let Some((numbers, first)) = NumberFormat::of(input)? else {
            return Ok(None);
        };
        self.parts.push([0, input.stream_position()?]);
        let mut seen = BTreeSet::new();
        let mut starts = vec![first];
        while let Some(start) = starts.pop() {
            if start == 0 || !seen.insert(start) {
                continue;
            }
            let mut lists = Vec::new();
            let left = MAX_WALKED_ENTRIES - self.entries;
            let next = numbers.directory(input, start, left, |entry| {
                self.entries += 1;
                self.note(entry.offset, entry.size());
                if PARTS.as_flattened().contains(&entry.tag) || POINTERS.contains(&entry.tag) {
                    lists.push(entry);
                }
            })?;
            self.parts.push([start, input.stream_position()?]);
            starts.push(next);
            let mut values = BTreeMap::new();
            for entry in lists {
                self.values = self.values.saturating_add(entry.count);
                if self.values > length {
                    return Ok(None);
                }
                values.insert(entry.tag, numbers.values(input, &entry)?);
            }
            for tag in POINTERS {
                starts.extend(values.remove(&tag).unwrap_or_default());
            }
            for tags in PARTS {
                let [places, sizes] = tags.map(|tag| values.remove(&tag).unwrap_or_default());
                // Some programs omit the length of a single strip, or write 0.
                if places.len() != sizes.len() {
                    return Ok(None);
                }
                for (offset, size) in places.into_iter().zip(sizes) {
                    if offset > 0 && size == 0 {
                        return Ok(None);
                    }
                    self.samples = self.samples.saturating_add(size);
                    // Missing lengths are reported by the decoder.
                    let offset = offset.min(length);
                    self.note(offset, size.min(length - offset));
                }
            }
        }
        Ok((self.parts.iter().all(|[_, end]| *end <= length)).then_some(self))
    }

    /// Adds a range.
    fn note(&mut self, offset: u64, size: u64) {
        self.parts.push([offset, offset.saturating_add(size)]);
    }
}
