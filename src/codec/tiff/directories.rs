//! Which directory of a file holds its picture, and what the others hold.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read, Result as IoResult, Seek, SeekFrom},
};

use super::{
    IgnoredContent,
    ifd::{Entry, NumberFormat},
};
use crate::codec::ignored_content::MAX_PAGES;

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
    /// The pictures in the chain, the one that is read included.
    pages: u64,
    /// The planes of an `ImageJ` stack after the first, which have no directories.
    planes: u64,
    reduced: u64,
    masks: u64,
    /// Further pictures that others refer to.
    related: u64,
    layers: bool,
    is_cut: bool,
}

impl Directories {
    /// Walks the directories; the chain ends where it is damaged or forms a cycle. `None` if the
    /// header is not that of a TIFF file. Rewinds the input.
    pub(super) fn of(input: &mut (impl Read + Seek)) -> IoResult<Option<Self>> {
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
                pages: 0,
                planes: 0,
                reduced: 0,
                masks: 0,
                related: 0,
                layers: false,
                is_cut: false,
            },
            seen: BTreeSet::new(),
            entries: MAX_WALKED_ENTRIES,
        };
        let followed = ignore_truncation(walk.follow(input, first))?;
        walk.directories.is_cut = followed.is_none();
        input.rewind()?;
        Ok(Some(walk.directories))
    }

    /// What the directories hold beside the picture.
    pub(super) fn ignored(&self) -> Vec<IgnoredContent> {
        let found = |count, content: fn(u64) -> IgnoredContent| (count > 0).then(|| content(count));
        let others = self.pages.saturating_sub(1).max(self.planes);
        // Without any picture, one of the others is read in its place.
        let read = u64::from(self.lacks_picture);
        let (reduced, masks) = match self.reduced {
            0 => (0, self.masks.saturating_sub(read)),
            reduced => (reduced - read, self.masks),
        };
        [
            found(others, |others| {
                IgnoredContent::Pages((1 + others).min(MAX_PAGES))
            }),
            found(reduced, |count| IgnoredContent::ReducedImages(Some(count))),
            found(self.related, IgnoredContent::RelatedImages),
            found(masks, IgnoredContent::Masks),
            self.layers.then_some(IgnoredContent::Layers(None)),
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
    subdirectories: Option<Entry>,
    description: Option<Entry>,
    layers: bool,
    orientation: Option<u64>,
    next: u64,
}

struct Walk {
    directories: Directories,
    seen: BTreeSet<u64>,
    /// How many entries may still be read.
    entries: u64,
}

impl Walk {
    fn follow(&mut self, input: &mut (impl Read + Seek), first: u64) -> IoResult<()> {
        let mut at = first;
        let mut chained = 0;
        while at != 0 && chained < MAX_PAGES && self.seen.insert(at) {
            chained += 1;
            let found = self.read(input, at)?;
            if at == first {
                self.directories.layers = found.layers;
                self.directories.orientation = found.orientation;
            }
            let is_chosen = self.directories.add(at, found.role, true);
            if let Some(entry) = found.description.filter(|_| is_chosen) {
                self.directories.planes = planes(&entry, input)?;
            }
            if let Some(entry) = found.subdirectories {
                self.follow_subdirectories(input, entry)?;
            }
            at = found.next;
        }
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
        let mut found = Found {
            role: Role::Picture,
            subdirectories: None,
            description: None,
            layers: false,
            orientation: None,
            next: 0,
        };
        let mut read = 0;
        let numbers = self.directories.numbers;
        found.next = numbers.directory(input, at, self.entries, |entry| {
            read += 1;
            match entry.tag {
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
        self.entries -= read;
        Ok(found)
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
