//! What a file has beside its first picture, by its directories.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::{
    Unread,
    directory::{Entry, Layout, MOST_ENTRIES},
};
use crate::codec::unread::{MOST_PAGES, data_behind};

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
    fn sound<T>(result: IoResult<Option<T>>) -> IoResult<Option<T>> {
        match result {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            result => result,
        }
    }
    let mut chain = Chain::default();
    sound(chain.follow(input).map(Some))?;
    let pages = 1 + chain.pages.max(chain.planes);
    let pages = (pages > 1).then_some(Unread::Pages(pages.min(MOST_PAGES)));
    let copies = (chain.copies > 0).then_some(Unread::Copies(Some(chain.copies)));
    let layers = chain.layers.then_some(Unread::Layers(None));
    let mut unread: Vec<_> = [pages, copies, layers].into_iter().flatten().collect();
    if unread.is_empty() {
        input.rewind()?;
        let end = sound(Extent::default().of(input, length))?;
        let behind = end.map(|end| data_behind(input, end, length)).transpose()?;
        unread.extend(behind.flatten());
    }
    input.rewind()?;
    Ok(unread)
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
    /// Behind the last byte of all that they tell of.
    end: u64,
    /// The values that were read of lists: if there are more than bytes in the
    /// file, they are the same ones again.
    values: u64,
}

impl Extent {
    /// Where the only picture of a file of this `length` ends, if its directories
    /// tell.
    fn of(mut self, input: &mut (impl Read + Seek), length: u64) -> IoResult<Option<u64>> {
        let Some((layout, first)) = Layout::of(input)? else {
            return Ok(None);
        };
        let mut seen = BTreeSet::new();
        let mut starts = vec![first];
        while let Some(start) = starts.pop() {
            if start == 0 || !seen.insert(start) {
                continue;
            }
            let mut lists = Vec::new();
            layout.directory(input, start, MOST_ENTRIES, |entry| {
                self.note(entry.place.saturating_add(entry.size()), length);
                if PARTS.as_flattened().contains(&entry.tag) || POINTERS.contains(&entry.tag) {
                    lists.push(entry);
                }
            })?;
            self.note(input.stream_position()?, length);
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
                    self.note(place.saturating_add(size), length);
                }
            }
        }
        Ok(Some(self.end))
    }

    /// Something ends here, in a file of this `length`.
    fn note(&mut self, end: u64, length: u64) {
        self.end = self.end.max(end.min(length));
    }
}
