//! Which directory of a file holds its picture, and what the others hold.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::{
    IgnoredContent, Pages,
    ifd::{Entry, MAX_ENTRIES, NumberFormat},
};
use crate::codec::ignored_content::MAX_PAGES;

/// `ImageWidth`, `ImageLength` and `SamplesPerPixel`.
const COLUMNS: u16 = 256;
const ROWS: u16 = 257;
const SAMPLES: u16 = 277;
/// `NewSubfileType`: bit 0 means a reduced copy of another picture, bit 2 a transparency mask.
const NEW_SUBFILE_TYPE: u16 = 254;
/// `SubfileType`, which is older: 2 means a reduced copy.
const SUBFILE_TYPE: u16 = 255;
/// `ImageDescription`.
const DESCRIPTION: u16 = 270;
/// `Orientation`.
const ORIENTATION: u16 = 274;
/// `SubIFDs`.
const SUB_DIRECTORIES: u16 = 330;
/// `ImageSourceData`, which holds Photoshop's layers.
const PHOTOSHOP_LAYERS: u16 = 37724;

/// The entries that are read of all directories together: in a file whose directories overlap
/// they would take forever.
pub(super) const MAX_WALKED_ENTRIES: u64 = 1 << 20;

/// The bytes of an entry, of which a BigTIFF has more.
const MIN_ENTRY_BYTES: u64 = 12;

/// What a directory describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Picture,
    /// A copy of a picture in fewer pixels: a thumbnail, or an overview of a pyramid.
    Reduced,
    Mask,
}

/// Turns an early end of file into `None`.
pub(super) fn ignore_truncation<T>(result: IoResult<T>) -> IoResult<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        result => result.map(Some),
    }
}

/// The directories of a file: a chain of them, of which each may refer to others (SubIFDs).
pub(super) struct Directories {
    pub(super) numbers: NumberFormat,
    /// The offset of the first directory.
    pub(super) first: u64,
    /// The offset of the directory that is read: the first of a picture that is neither a
    /// reduced copy nor a mask, else the first of all.
    pub(super) picture: u64,
    /// Whether all are reduced copies or masks.
    pub(super) lacks_picture: bool,
    /// The orientation in the first directory, for a picture whose own has none.
    pub(super) orientation: Option<u64>,
    /// The offset of the directory that follows the picture in the chain.
    pub(super) after: u64,
    /// The stored samples of all pages that are to be read.
    pub(super) samples: u64,
    /// The directories in the chain.
    chained: u64,
    /// The pictures in the chain, the one that is read included.
    pages: u64,
    /// The planes of an `ImageJ` stack after the first, which have no directories.
    pub(super) planes: u64,
    reduced: u64,
    masks: u64,
    /// Whether the chain leads back to a directory before.
    is_circle: bool,
    /// Further pictures that others refer to.
    related: u64,
    layers: bool,
    is_cut: bool,
}

impl Directories {
    /// Walks the directories; the chain ends where it is damaged or forms a cycle. `None` if the
    /// header is not that of a TIFF file. Rewinds the input.
    ///
    /// `pages` are those that are to be read.
    pub(super) fn of(
        input: &mut (impl Read + Seek),
        length: u64,
        pages: Pages,
    ) -> IoResult<Option<Self>> {
        input.rewind()?;
        let header = ignore_truncation(NumberFormat::of(input))?.flatten();
        let Some((numbers, first)) = header else {
            input.rewind()?;
            return Ok(None);
        };
        let mut walk = Walk {
            directories: Self {
                numbers,
                first,
                picture: first,
                lacks_picture: true,
                orientation: None,
                after: 0,
                samples: 0,
                chained: 0,
                pages: 0,
                planes: 0,
                reduced: 0,
                masks: 0,
                related: 0,
                layers: false,
                is_circle: false,
                is_cut: false,
            },
            seen: BTreeSet::new(),
            pages,
            // More than the file has room for overlap.
            entries: MAX_WALKED_ENTRIES.max(length / MIN_ENTRY_BYTES),
        };
        let followed = ignore_truncation(walk.follow(input, first))?;
        walk.directories.is_cut |= followed.is_none();
        input.rewind()?;
        Ok(Some(walk.directories))
    }

    /// The pages of the file: its planes, if it has no directories for them.
    pub(super) fn pages(&self) -> u64 {
        match self.has_planes() {
            true => self.planes.saturating_add(1),
            false => self.pages.max(1),
        }
    }

    /// Whether the pages are planes without directories.
    pub(super) fn has_planes(&self) -> bool {
        self.planes > 0 && self.pages <= 1
    }

    /// Goes on to the next picture in the chain, which was counted before.
    pub(super) fn advance(&mut self, input: &mut (impl Read + Seek)) -> IoResult<()> {
        let numbers = self.numbers;
        while self.after != 0 && self.chained > 0 {
            self.chained -= 1;
            let mut entries = MAX_ENTRIES;
            let at = self.after;
            let found = Found::read(input, numbers, at, &mut entries)?;
            self.after = found.next;
            if found.role == Role::Picture {
                self.picture = at;
                // What stands in the first directory belongs to the first picture.
                self.first = at;
                self.orientation = None;
                return Ok(());
            }
        }
        Err(ErrorKind::UnexpectedEof.into())
    }

    /// What the directories hold beside the pictures that are read, of which there are `read`;
    /// `asked` is whether somebody asked for no more.
    pub(super) fn ignored(&self, read: u64, asked: bool) -> Vec<IgnoredContent> {
        let found = |count, content: fn(u64) -> IgnoredContent| (count > 0).then(|| content(count));
        let others = self.pages().saturating_sub(read);
        let pages = match asked {
            true => IgnoredContent::OtherPages(others),
            false => IgnoredContent::Pages(self.pages().min(MAX_PAGES)),
        };
        // Without any picture, one of the others is read in its place.
        let read = u64::from(self.lacks_picture);
        let (reduced, masks) = match self.reduced {
            0 => (0, self.masks.saturating_sub(read)),
            reduced => (reduced - read, self.masks),
        };
        [
            (others > 0).then_some(pages),
            found(reduced, |count| IgnoredContent::ReducedImages(Some(count))),
            found(self.related, IgnoredContent::RelatedImages),
            found(masks, IgnoredContent::Masks),
            self.layers.then_some(IgnoredContent::Layers(None)),
            self.is_circle
                .then(|| IgnoredContent::Circle(self.pages.max(1))),
            self.is_cut.then_some(IgnoredContent::TruncatedDirectory),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Counts a directory; returns whether it is the one to read.
    fn add(&mut self, at: u64, role: Role, is_chained: bool) -> bool {
        let is_chosen = self.lacks_picture && role == Role::Picture;
        if is_chosen {
            self.picture = at;
            self.lacks_picture = false;
        }
        *match role {
            Role::Picture if is_chained || is_chosen => &mut self.pages,
            Role::Picture => &mut self.related,
            Role::Reduced => &mut self.reduced,
            Role::Mask => &mut self.masks,
        } += 1;
        is_chosen
    }
}

/// What is noted of a directory.
struct Found {
    role: Role,
    /// Columns, rows, and samples of a pixel.
    size: [u64; 3],
    subdirectories: Option<Entry>,
    description: Option<Entry>,
    layers: bool,
    orientation: Option<u64>,
    next: u64,
}

impl Found {
    /// Reads the directory at an offset; `entries` may still be read.
    fn read(
        input: &mut (impl Read + Seek),
        numbers: NumberFormat,
        at: u64,
        entries: &mut u64,
    ) -> IoResult<Self> {
        let mut found = Self {
            role: Role::Picture,
            size: [0, 0, 1],
            subdirectories: None,
            description: None,
            layers: false,
            orientation: None,
            next: 0,
        };
        let mut read = 0;
        found.next = numbers.directory(input, at, *entries, |entry| {
            read += 1;
            match entry.tag {
                COLUMNS => found.size[0] = entry.value,
                ROWS => found.size[1] = entry.value,
                SAMPLES => found.size[2] = entry.value,
                NEW_SUBFILE_TYPE if entry.value & 4 != 0 => found.role = Role::Mask,
                NEW_SUBFILE_TYPE if entry.value & 1 != 0 => found.role = Role::Reduced,
                SUBFILE_TYPE if entry.value == 2 => found.role = Role::Reduced,
                SUB_DIRECTORIES if entry.count > 0 => found.subdirectories = Some(entry),
                PHOTOSHOP_LAYERS => found.layers |= entry.count > 0,
                DESCRIPTION => found.description = Some(entry),
                ORIENTATION => found.orientation = Some(entry.value),
                _ => {}
            }
        })?;
        *entries = entries.saturating_sub(read);
        Ok(found)
    }

    /// Its stored samples.
    fn samples(&self) -> u64 {
        self.size.into_iter().fold(1, u64::saturating_mul)
    }
}

struct Walk {
    directories: Directories,
    /// Some directories; a chain of more is searched for a cycle without them.
    seen: BTreeSet<u64>,
    /// Those to be read.
    pages: Pages,
    /// How many entries may still be read.
    entries: u64,
}

impl Walk {
    fn follow(&mut self, input: &mut (impl Read + Seek), first: u64) -> IoResult<()> {
        let mut at = first;
        // Brent's algorithm: a cycle comes back to the mark.
        let (mut mark, mut distance, mut limit) = (0, 0_u64, MAX_PAGES);
        while at != 0 && at != mark {
            if self.directories.chained < MAX_PAGES && !self.seen.insert(at) {
                break;
            }
            distance += 1;
            if distance == limit {
                (mark, distance, limit) = (at, 0, limit.saturating_mul(2));
            }
            let found = self.read(input, at)?;
            self.directories.chained += 1;
            if at == first {
                self.directories.layers = found.layers;
                self.directories.orientation = found.orientation;
            }
            let is_chosen = self.directories.add(at, found.role, true);
            if let Some(entry) = found.description.filter(|_| is_chosen) {
                self.directories.planes = planes(&entry, input)?;
            }
            let lacked_picture = self.directories.lacks_picture;
            if let Some(entry) = found.subdirectories {
                self.follow_subdirectories(input, entry)?;
            }
            if is_chosen || lacked_picture {
                self.directories.after = found.next;
            }
            let is_read = found.role == Role::Picture && self.pages.has(self.directories.pages);
            if is_read || is_chosen {
                let samples = &mut self.directories.samples;
                *samples = samples.saturating_add(found.samples());
            }
            at = found.next;
        }
        self.directories.is_circle = at != 0;
        Ok(())
    }

    fn follow_subdirectories(
        &mut self,
        input: &mut (impl Read + Seek),
        entry: Entry,
    ) -> IoResult<()> {
        let count = entry.count.min(MAX_PAGES);
        // What is not looked at may be anything.
        self.directories.related += entry.count - count;
        let numbers = self.directories.numbers;
        for at in numbers.values(input, &Entry { count, ..entry })? {
            if at != 0 && self.seen.insert(at) {
                let role = self.read(input, at)?.role;
                self.directories.add(at, role, false);
            }
        }
        Ok(())
    }

    fn read(&mut self, input: &mut (impl Read + Seek), at: u64) -> IoResult<Found> {
        Found::read(input, self.directories.numbers, at, &mut self.entries)
    }
}

/// The number of planes after the first, from `ImageJ`'s image description.
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
