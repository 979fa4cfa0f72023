//! Finds content beside the first image, by walking the directories.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::{
    IgnoredContent,
    ifd::{Entry, MAX_ENTRIES, NumberFormat},
};
use crate::codec::ignored_content::{MAX_PAGES, data_between};

/// `NewSubfileType`; bit 0 means a reduced-resolution copy.
const NEW_SUBFILE_TYPE: u16 = 254;
/// `ImageDescription`.
const DESCRIPTION: u16 = 270;
/// `SubIFDs`.
const SUB_DIRECTORIES: u16 = 330;
/// `ImageSourceData`, which holds Photoshop's layers.
const PHOTOSHOP_LAYERS: u16 = 37724;

/// Pairs of offset and length tags: strips, tiles, an embedded JPEG, and free space.
const PARTS: [[u16; 2]; 4] = [[273, 279], [324, 325], [513, 514], [288, 289]];

/// The offsets of fax, EXIF, GPS and interoperability directories.
const POINTERS: [u16; 4] = [400, 34665, 34853, 40965];

/// The content beside the first image of a file of `length` bytes. Rewinds the input.
/// The chain of directories ends where it is damaged or forms a cycle.
pub(super) fn ignored(
    input: &mut (impl Read + Seek),
    length: u64,
) -> IoResult<Vec<IgnoredContent>> {
    let mut chain = Chain::default();
    let followed = ignore_truncation(chain.follow(input))?;
    let pages = 1 + chain.pages.max(chain.planes);
    let pages = (pages > 1).then_some(IgnoredContent::Pages(pages.min(MAX_PAGES)));
    let copies = (chain.copies > 0).then_some(IgnoredContent::ReducedImages(Some(chain.copies)));
    let layers = chain.layers.then_some(IgnoredContent::Layers(None));
    let cut = followed
        .is_none()
        .then_some(IgnoredContent::TruncatedDirectory);
    let mut ignored: Vec<_> = [pages, copies, layers, cut].into_iter().flatten().collect();
    if ignored.is_empty() {
        ignored.extend(rest(input, length)?);
    }
    input.rewind()?;
    Ok(ignored)
}

/// Turns an early end of file into `None`.
fn ignore_truncation<T>(result: IoResult<T>) -> IoResult<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        result => result.map(Some),
    }
}

/// Data in a file of one image that no directory refers to.
fn rest(input: &mut (impl Read + Seek), length: u64) -> IoResult<Option<IgnoredContent>> {
    /// Gaps up to this size between tiles are padding.
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
    data_between(input, end, length)
}

/// Content beside the first image, found along the chain of directories.
#[derive(Default)]
struct Chain {
    pages: u64,
    /// The planes of an ImageJ stack after the first, which have no directories.
    planes: u64,
    copies: u64,
    layers: bool,
}

impl Chain {
    fn follow(&mut self, input: &mut (impl Read + Seek)) -> IoResult<()> {
        let Some((numbers, first)) = NumberFormat::of(input)? else {
            return Ok(());
        };
        let mut description = None;
        let mut next = numbers.directory(input, first, MAX_ENTRIES, |entry| match entry.tag {
            SUB_DIRECTORIES => self.copies = self.copies.saturating_add(entry.count),
            PHOTOSHOP_LAYERS => self.layers |= entry.count > 0,
            DESCRIPTION => description = Some(entry),
            _ => {}
        })?;
        if let Some(entry) = description {
            self.planes = planes(&entry, input)?;
        }
        let mut seen = BTreeSet::from([first]);
        while next != 0 && seen.insert(next) && (seen.len() as u64) < MAX_PAGES + 1 {
            let mut reduced = false;
            next = numbers.directory(input, next, MAX_ENTRIES, |entry| {
                reduced |= entry.tag == NEW_SUBFILE_TYPE && entry.value & 1 == 1;
            })?;
            match reduced {
                true => self.copies = self.copies.saturating_add(1),
                false => self.pages += 1,
            }
        }
        Ok(())
    }
}

/// The number of planes after the first, from ImageJ's image description.
fn planes(description: &Entry, input: &mut (impl Read + Seek)) -> IoResult<u64> {
    const MAX_DESCRIPTION_BYTES: u64 = 1 << 12;
    let mut text = Vec::new();
    input.seek(SeekFrom::Start(description.offset))?;
    let len = description.count.min(MAX_DESCRIPTION_BYTES);
    input.take(len).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let count = match text.starts_with("ImageJ=") {
        true => text.lines().find_map(|line| line.strip_prefix("images=")),
        false => None,
    };
    let count = count.and_then(|count| count.trim().parse::<u64>().ok());
    Ok(count.unwrap_or(1).saturating_sub(1))
}

/// The byte ranges that an image's directory and its subdirectories refer to.
#[derive(Default)]
struct ReferencedRanges {
    /// The start and end of each range.
    parts: Vec<[u64; 2]>,
    /// The stored bytes of the samples.
    samples: u64,
    /// The number of list values read so far: more than the bytes of the file means
    /// that lists overlap.
    values: u64,
}

impl ReferencedRanges {
    /// The ranges of the only image in a file of `length` bytes, if all lie in the file.
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
            numbers.directory(input, start, MAX_ENTRIES, |entry| {
                self.note(entry.offset, entry.size());
                if PARTS.as_flattened().contains(&entry.tag) || POINTERS.contains(&entry.tag) {
                    lists.push(entry);
                }
            })?;
            self.parts.push([start, input.stream_position()?]);
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
