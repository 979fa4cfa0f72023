//! EXIF data, patched where they contradict the result.
//!
//! They are patched in place, so that every offset stays valid: those of maker notes count
//! from the header or from a place that only their maker knows.
//!
//! - The thumbnail is the picture before filtering: its directory (and all that follow the
//!   first) and its samples become zeros, and are cut off where they are the end of the block.
//!   So do the pictures of SubIFDs, and strips, tiles and JPEG streams of the other directories.
//! - Previews in maker notes: any JPEG file inside the data becomes zeros of the same length.
//!   Previews of other formats are not recognised; no maker is known to store them.
//! - Sizes, the orientation and the numbers of samples are set to those of the result. An
//!   orientation that has no entry yet is added by a copy of the first directory at the end of the
//!   block.
//! - Tags that say how a TIFF file stored its samples, and Photoshop's resources and layers, an
//!   ICC profile, and XMP or IPTC data that contradict the result are dropped; EXIF data copied
//!   out of a TIFF file have them.
//! - The place of the subject is dropped where it is another in the result, and the density of the sensor
//!   where pixels are others.
//! - All else is kept byte for byte: GPS data, maker notes, comments. ColorSpace too: filtering
//!   changes neither colours nor, where they become gray, the tone curve.
//!
//! Where directories are damaged, or samples to be removed overlap what is kept, the block is
//! [`Unreadable`](Revised::Unreadable).

mod action;
mod directories;
mod embedded;
mod ranges;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, ops::Range};

use action::{Action, Of, action, is_private};
use directories::{Block, Directory, ENTRY};
use embedded::next_jpeg;
use ranges::Ranges;

use super::revision::{ResultFacts, Revised, note};
use crate::codec::tiff::NumberFormat;

/// What some programs put before the TIFF header.
const PREFIX: &[u8] = b"Exif\0\0";

const HEADER: Range<usize> = 0..8;

/// More pictures inside other data than this are no previews.
const MAX_PREVIEWS: usize = 64;

const THUMBNAIL: &str = "thumbnail dropped";
const PREVIEW: &str = "preview dropped";
const ORIENTATION_TAG: u16 = 0x112;
const EXIF_POINTER: u16 = 0x8769;
const GPS_POINTER: u16 = 0x8825;
const INTEROPERABILITY_POINTER: u16 = 0xa005;
const SUB_DIRECTORIES: u16 = 0x14a;

/// Tags of the offsets and the sizes of strips, tiles, and a JPEG stream.
const PICTURES: [[u16; 2]; 3] = [[0x111, 0x117], [0x144, 0x145], [0x201, 0x202]];

/// The data, beginning with a TIFF header, as they are true of the result.
pub(crate) fn revised(exif: &[u8], facts: &ResultFacts) -> Revised {
    let (prefix, data) = match exif.strip_prefix(PREFIX) {
        Some(data) => (PREFIX, data),
        None => (&[][..], exif),
    };
    match Revision::of(data, facts).and_then(|revision| revision.apply(data, facts)) {
        None => Revised::Unreadable,
        Some((_, what)) if what.is_empty() => Revised::Unchanged,
        Some((bytes, what)) => Revised::Changed {
            bytes: [prefix, &bytes].concat(),
            what,
        },
    }
}

/// What is to change.
struct Revision {
    block: Block,
    /// The directories that stay, the first one first, with an action for each entry.
    kept: Vec<(Directory, Vec<Action>)>,
    /// What becomes zeros. If it overlaps what is kept, the block is damaged.
    removed: Vec<Range<usize>>,
    /// The starts of removed samples whose size is not told.
    endless: Vec<usize>,
    /// What becomes zeros unless it overlaps what is kept: small values may be shared.
    unused: Vec<Range<usize>>,
    what: Vec<&'static str>,
}

impl Revision {
    fn of(exif: &[u8], facts: &ResultFacts) -> Option<Self> {
        let mut block = Block::of(exif)?;
        let (first, next) = block.first()?;
        let exif_directories = sub_directories(&mut block, &first, EXIF_POINTER)?;
        let gps = sub_directories(&mut block, &first, GPS_POINTER)?;
        let mut interoperability = Vec::new();
        for directory in &exif_directories {
            let found = sub_directories(&mut block, directory, INTEROPERABILITY_POINTER)?;
            interoperability.extend(found);
        }
        let kept = [(Of::Picture, first)].into_iter();
        let kept = kept.chain(exif_directories.into_iter().map(|one| (Of::Exif, one)));
        let kept = kept.chain(gps.into_iter().map(|one| (Of::Gps, one)));
        let kept = kept.chain(
            interoperability
                .into_iter()
                .map(|one| (Of::Interoperability, one)),
        );
        let mut revision = Self {
            block,
            kept: Vec::new(),
            removed: Vec::new(),
            endless: Vec::new(),
            unused: Vec::new(),
            what: Vec::new(),
        };
        revision.remove_thumbnails(next)?;
        for (of, directory) in kept {
            revision.classify(of, directory, exif, facts)?;
        }
        Some(revision)
    }

    /// Decides about every entry of a directory that stays.
    fn classify(
        &mut self,
        of: Of,
        directory: Directory,
        exif: &[u8],
        facts: &ResultFacts,
    ) -> Option<()> {
        if matches!(of, Of::Picture | Of::Exif) {
            for start in self.block.lists(&directory, SUB_DIRECTORIES)? {
                self.remove_directories(start, PREVIEW)?;
            }
            self.remove_pictures(&directory, PREVIEW)?;
        }
        let mut actions = Vec::new();
        for field in &directory.fields {
            let (action, word) = action(of, field, exif, facts);
            actions.push(action);
            if action == Action::Keep {
                continue;
            }
            note(&mut self.what, word);
            match is_private(field.tag) {
                true => self.removed.push(field.data_elsewhere()),
                false => self.unused.push(field.data_elsewhere()),
            }
        }
        self.kept.push((directory, actions));
        Some(())
    }

    /// Removes the directories after the first.
    fn remove_thumbnails(&mut self, next: u64) -> Option<()> {
        if next != 0 {
            note(&mut self.what, THUMBNAIL);
            self.remove_directories(next, THUMBNAIL)?;
        }
        Some(())
    }

    /// Removes a directory, those after it and inside it, and their pictures.
    fn remove_directories(&mut self, start: u64, word: &'static str) -> Option<()> {
        let (mut seen, mut starts) = (BTreeSet::new(), vec![start]);
        while let Some(start) = starts.pop() {
            // Nothing is there.
            if start == 0 || start >= self.block.len() as u64 {
                continue;
            }
            if !seen.insert(start) {
                return None;
            }
            let (directory, next) = self.block.directory(start)?;
            note(&mut self.what, word);
            self.removed.push(self.with_next(directory.range()));
            for field in &directory.fields {
                self.unused.push(field.data_elsewhere());
            }
            self.remove_pictures(&directory, word)?;
            starts.push(next);
            starts.extend(self.block.lists(&directory, SUB_DIRECTORIES)?);
        }
        Some(())
    }

    /// Removes the samples of a directory's picture.
    fn remove_pictures(&mut self, directory: &Directory, word: &'static str) -> Option<()> {
        for [places, sizes] in PICTURES {
            let places = self.block.lists(directory, places)?;
            let sizes = self.block.lists(directory, sizes)?;
            let sizes = sizes
                .into_iter()
                .map(Some)
                .chain([None].into_iter().cycle());
            for (start, size) in places.into_iter().zip(sizes) {
                let len = self.block.len();
                let inside = |at: u64| usize::try_from(at).map_or(len, |at| at.min(len));
                if start == 0 || inside(start) == len {
                    continue;
                }
                note(&mut self.what, word);
                match size {
                    Some(size) => {
                        let end = inside(start.saturating_add(size));
                        self.removed.push(inside(start)..end);
                    }
                    None => self.endless.push(inside(start)),
                }
            }
        }
        Some(())
    }

    /// A directory's range with the offset of the next one.
    fn with_next(&self, range: Range<usize>) -> Range<usize> {
        range.start..(range.end + 4).min(self.block.len())
    }

    /// The block with all changes, and what they are. `None` if something to be removed
    /// overlaps what is kept.
    fn apply(mut self, exif: &[u8], facts: &ResultFacts) -> Option<(Vec<u8>, Vec<&'static str>)> {
        let mut structure = vec![HEADER];
        let mut values = Vec::new();
        for (at, (directory, actions)) in self.kept.iter().enumerate() {
            structure.push(match at {
                0 => self.with_next(directory.range()),
                _ => directory.range(),
            });
            for (field, action) in directory.fields.iter().zip(actions) {
                if *action == Action::Keep {
                    values.push(field.data_elsewhere());
                }
            }
        }
        let bytes: usize = structure.iter().map(Range::len).sum();
        let structure = Ranges::union_of(structure);
        let values = Ranges::union_of(values);
        let apart = structure.iter().map(Range::len).sum::<usize>() == bytes;
        if !apart || structure.overlap_any(&values) {
            return None;
        }
        for start in std::mem::take(&mut self.endless) {
            let gap = values.around(start, exif.len());
            let end = structure.around(start, exif.len()).end.min(gap.end);
            self.removed.push(start..end);
        }
        let removed = Ranges::union_of(std::mem::take(&mut self.removed));
        if structure.overlap_any(&removed) || values.overlap_any(&removed) {
            return None;
        }
        let unused = std::mem::take(&mut self.unused).into_iter();
        let unused = unused.filter(|range| !structure.overlap(range) && !values.overlap(range));
        let zeros = Ranges::union_of(removed.iter().cloned().chain(unused));

        let mut bytes = exif.to_vec();
        for range in zeros.iter() {
            bytes[range.clone()].fill(0);
        }
        self.blank_previews(exif, &zeros, &mut bytes, [&structure, &values])?;
        self.write_directories(&mut bytes);
        let first = self.kept[0].0.range();
        let next = first.end..self.with_next(first).end;
        bytes[next].fill(0);
        let kept_end = structure.end().max(values.end());
        bytes.truncate(end_without(&bytes, &zeros).max(kept_end));
        self.add_orientation(&mut bytes, facts)?;
        Some((bytes, self.what))
    }

    /// Turns JPEG files inside other data into zeros. Those inside of `removed` have become zeros
    /// already; one may have lost its beginning only.
    fn blank_previews(
        &mut self,
        exif: &[u8],
        removed: &Ranges,
        bytes: &mut [u8],
        [structure, values]: [&Ranges; 2],
    ) -> Option<()> {
        let (mut from, mut found) = (0, 0);
        while let Some(jpeg) = next_jpeg(exif, from) {
            let around = values.around(jpeg.start, exif.len());
            let gap = structure.around(jpeg.start, exif.len());
            let range = jpeg.range(around.end.min(gap.end));
            from = range.end;
            if removed.cover(&range) {
                continue;
            }
            found += 1;
            let passes = values.overlap(&(around.end.min(range.end)..range.end));
            if found > MAX_PREVIEWS || passes || structure.overlap(&range) {
                return None;
            }
            bytes[range].fill(0);
            note(&mut self.what, PREVIEW);
        }
        Some(())
    }

    /// Writes the entries that stay, changed or not, without gaps.
    fn write_directories(&self, bytes: &mut [u8]) {
        let numbers = self.block.numbers;
        for (directory, actions) in &self.kept {
            if actions.iter().all(|action| *action == Action::Keep) {
                continue;
            }
            let mut entries = Vec::new();
            for (field, action) in directory.fields.iter().zip(actions) {
                let mut entry = [0; ENTRY];
                entry.copy_from_slice(&bytes[field.at..field.at + ENTRY]);
                match action {
                    Action::Keep => {}
                    Action::Drop => continue,
                    Action::Inline(value) => entry[8..].copy_from_slice(value),
                    Action::Set(value) => {
                        const SHORT: u16 = 3;
                        let short = field.kind == SHORT && u16::try_from(*value).is_ok();
                        entry = number_entry(numbers, field.tag, *value, short);
                    }
                }
                entries.extend(entry);
            }
            let range = directory.range();
            let count = (entries.len() / ENTRY) as u64;
            numbers.put(&mut bytes[range.start..range.start + 2], count);
            let end = range.start + 2 + entries.len();
            bytes[range.start + 2..end].copy_from_slice(&entries);
            // After fewer entries follows the offset of the next directory, which is 0.
            bytes[end..range.end].fill(0);
        }
    }

    /// Adds an orientation that is not there, and not 1, which is meant without any. `None` if
    /// something points to where it would be.
    fn add_orientation(&mut self, bytes: &mut Vec<u8>, facts: &ResultFacts) -> Option<()> {
        let (directory, actions) = &self.kept[0];
        let fields = directory.fields.iter();
        let is_there = fields.clone().any(|field| field.tag == ORIENTATION_TAG);
        let Some(orientation) = facts.orientation.filter(|value| *value != 1 && !is_there) else {
            return Some(());
        };
        if self.block.dangles {
            return None;
        }
        let numbers = self.block.numbers;
        let kept = fields
            .zip(actions)
            .filter(|(_, action)| **action != Action::Drop);
        let tags: Vec<_> = kept.map(|(field, _)| field.tag).collect();
        // Entries are in the order of their tags.
        let place = tags
            .iter()
            .take_while(|tag| **tag < ORIENTATION_TAG)
            .count();
        let start = directory.start + 2;
        let mut entries = bytes[start..start + ENTRY * tags.len()].to_vec();
        let entry = number_entry(numbers, ORIENTATION_TAG, orientation.into(), true);
        entries.splice(ENTRY * place..ENTRY * place, entry);
        bytes[directory.range()].fill(0);
        // Offsets of directories are even.
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        let moved = bytes.len() as u64;
        numbers.put(&mut bytes[4..8], moved);
        let mut count = [0; 2];
        numbers.put(&mut count, tags.len() as u64 + 1);
        bytes.extend(count);
        bytes.extend(entries);
        bytes.extend([0; 4]);
        note(&mut self.what, "orientation");
        Some(())
    }
}

/// The directories that the entries with this tag point to. A place outside the block has
/// none.
fn sub_directories(block: &mut Block, directory: &Directory, tag: u16) -> Option<Vec<Directory>> {
    let mut found = Vec::new();
    for start in block.lists(directory, tag)? {
        if start >= block.len() as u64 {
            block.dangles = true;
        } else if start != 0 {
            found.push(block.directory(start)?.0);
        }
    }
    Some(found)
}

/// An entry with a single number, a SHORT or a LONG.
fn number_entry(numbers: NumberFormat, tag: u16, value: u64, short: bool) -> [u8; ENTRY] {
    let (kind, width) = if short { (3, 2) } else { (4, 4) };
    let mut entry = [0; ENTRY];
    numbers.put(&mut entry[..2], tag.into());
    numbers.put(&mut entry[2..4], kind);
    numbers.put(&mut entry[4..8], 1);
    numbers.put(&mut entry[8..8 + width], value);
    entry
}

/// Where the bytes end without the removed ranges that are last, and zeros among these.
fn end_without(bytes: &[u8], removed: &Ranges) -> usize {
    let mut end = bytes.len();
    for range in removed.iter().rev() {
        if bytes[range.end..end].iter().any(|byte| *byte != 0) {
            break;
        }
        end = range.start;
    }
    end
}
