//! What a file has beside its first picture, by its directories.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::{
    Unread,
    directory::{Entry, Layout, MOST_ENTRIES},
};
use crate::codec::unread::{MOST_PAGES, data_between};

/// `NewSubfileType`, whose lowest bit is that of a smaller copy.
const KIND: u16 = 254;
/// `ImageDescription`.
const DESCRIPTION: u16 = 270;
/// `SubIFDs`.
const SUB_DIRECTORIES: u16 = 330;
/// `ImageSourceData`, where Photoshop keeps layers.
const PHOTOSHOP_LAYERS: u16 = 37724;

/// Where parts of a picture begin, and their lengths: strips, tiles, a JPEG, and
/// what is free.
const PARTS: [[u16; 2]; 4] = [[273, 279], [324, 325], [513, 514], [288, 289]];

/// Where directories of fax, EXIF and GPS data begin.
const POINTERS: [u16; 4] = [400, 34665, 34853, 40965];

/// What the file of this `length` has beside its first picture. The input is left
/// at its beginning. The chain of directories ends where it is damaged, or comes
/// back to one of them.
pub(super) fn unread(input: &mut (impl Read + Seek), length: u64) -> IoResult<Vec<Unread>> {
    let mut chain = Chain::default();
    let followed = sound(chain.follow(input))?;
    let pages = 1 + chain.pages.max(chain.planes);
    let pages = (pages > 1).then_some(Unread::Pages(pages.min(MOST_PAGES)));
    let copies = (chain.copies > 0).then_some(Unread::Copies(Some(chain.copies)));
    let layers = chain.layers.then_some(Unread::Layers(None));
    let cut = followed.is_none().then_some(Unread::Cut);
    let mut unread: Vec<_> = [pages, copies, layers, cut].into_iter().flatten().collect();
    if unread.is_empty() {
        unread.extend(rest(input, length)?);
    }
    input.rewind()?;
    Ok(unread)
}

/// Nothing where the file ends too early.
fn sound<T>(result: IoResult<T>) -> IoResult<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        result => result.map(Some),
    }
}

/// What a file of one picture has that its directories tell nothing of.
fn rest(input: &mut (impl Read + Seek), length: u64) -> IoResult<Option<Unread>> {
    /// Tiles may have some bytes around them.
    const SMALL: u64 = 64;
    /// What programs leave behind that change a directory and no more.
    const STALE: u64 = 1 << 10;
    input.rewind()?;
    let Some(extent) = sound(Extent::default().of(input, length))?.flatten() else {
        return Ok(Some(Unread::Cut));
    };
    let (mut parts, mut end) = (extent.parts, 0);
    parts.sort_unstable();
    for [start, stop] in parts {
        let gap = start.saturating_sub(end);
        if gap > SMALL {
            // As large as the picture, it may be one.
            match data_between(input, end, start)? {
                Some(Unread::Data(bytes)) if bytes > STALE.max(extent.samples / 2) => {
                    return Ok(Some(Unread::Hole(bytes)));
                }
                Some(Unread::Data(_)) | None => {}
                found => return Ok(found),
            }
        }
        end = end.max(stop);
    }
    data_between(input, end, length)
}

/// What is beside the first picture.
#[derive(Default)]
struct Chain {
    pages: u64,
    /// The planes of a stack that ImageJ has put behind the first, which have no
    /// directories.
    planes: u64,
    copies: u64,
    layers: bool,
}

impl Chain {
    fn follow(&mut self, input: &mut (impl Read + Seek)) -> IoResult<()> {
        let Some((layout, first)) = Layout::of(input)? else {
            return Ok(());
        };
        let mut description = None;
        let mut next = layout.directory(input, first, MOST_ENTRIES, |entry| match entry.tag {
            SUB_DIRECTORIES => self.copies = self.copies.saturating_add(entry.count),
            PHOTOSHOP_LAYERS => self.layers |= entry.count > 0,
            DESCRIPTION => description = Some(entry),
            _ => {}
        })?;
        if let Some(entry) = description {
            self.planes = planes(&entry, input)?;
        }
        let mut seen = BTreeSet::from([first]);
        while next != 0 && seen.insert(next) && (seen.len() as u64) < MOST_PAGES + 1 {
            let mut reduced = false;
            next = layout.directory(input, next, MOST_ENTRIES, |entry| {
                reduced |= entry.tag == KIND && entry.value & 1 == 1;
            })?;
            match reduced {
                true => self.copies = self.copies.saturating_add(1),
                false => self.pages += 1,
            }
        }
        Ok(())
    }
}

/// The planes behind the first that the description of a picture tells of, if
/// ImageJ wrote it.
fn planes(description: &Entry, input: &mut (impl Read + Seek)) -> IoResult<u64> {
    const MOST: u64 = 1 << 12;
    let mut text = Vec::new();
    input.seek(SeekFrom::Start(description.place))?;
    let len = description.count.min(MOST);
    input.take(len).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let count = match text.starts_with("ImageJ=") {
        true => text.lines().find_map(|line| line.strip_prefix("images=")),
        false => None,
    };
    let count = count.and_then(|count| count.trim().parse::<u64>().ok());
    Ok(count.unwrap_or(1).saturating_sub(1))
}

/// How far the directory of a picture reaches, and those that belong to it.
#[derive(Default)]
struct Extent {
    /// All that they tell of: where it begins and ends.
    parts: Vec<[u64; 2]>,
    /// The bytes of the samples as they are stored.
    samples: u64,
    /// The values that were read of lists: if there are more than bytes in the
    /// file, they are the same ones again.
    values: u64,
}

impl Extent {
    /// That of the only picture of a file of this `length`, if all that directories
    /// hold lies in the file.
    fn of(mut self, input: &mut (impl Read + Seek), length: u64) -> IoResult<Option<Self>> {
        let Some((layout, first)) = Layout::of(input)? else {
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
            layout.directory(input, start, MOST_ENTRIES, |entry| {
                self.note(entry.place, entry.size());
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
                values.insert(entry.tag, layout.values(input, &entry)?);
            }
            for tag in POINTERS {
                starts.extend(values.remove(&tag).unwrap_or_default());
            }
            for tags in PARTS {
                let [places, sizes] = tags.map(|tag| values.remove(&tag).unwrap_or_default());
                // The size of the only part is left out by some programs, or 0.
                if places.len() != sizes.len() {
                    return Ok(None);
                }
                for (place, size) in places.into_iter().zip(sizes) {
                    if place > 0 && size == 0 {
                        return Ok(None);
                    }
                    self.samples = self.samples.saturating_add(size);
                    // That some are missing is found when they are read.
                    let place = place.min(length);
                    self.note(place, size.min(length - place));
                }
            }
        }
        Ok((self.parts.iter().all(|[_, end]| *end <= length)).then_some(self))
    }

    /// Something of this `size` is here.
    fn note(&mut self, place: u64, size: u64) {
        self.parts.push([place, place.saturating_add(size)]);
    }
}
