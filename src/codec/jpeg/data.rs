//! The data of a picture's one scan, and those of some of its rows.

use std::{borrow::Cow, ops::Range};

use crate::{
    codec::message,
    error::{Error, Result},
    image::no_memory,
};

use super::{
    head::Head,
    marks::{END, GUARD, Marks, RESTART_FIRST, RESTART_LAST},
    scan::{Scan, Start},
};

/// The most rows of MCUs that a picture has, twice, since their list grows.
const MOST_ROWS: usize = 2 * 8192;

/// The data of a scan.
pub(super) enum Data<'a> {
    /// Without restarts, and where its rows of MCUs begin.
    Whole(Scan, Rows),
    /// The file, and where in it the data between restarts lie.
    Restarted(Cow<'a, [u8]>, Vec<Range<usize>>),
}

/// Where rows of MCUs begin, so far as is known, and why no more are.
pub(super) struct Rows {
    starts: Vec<Start>,
    failure: Option<Error>,
}

impl<'a> Data<'a> {
    /// The data of a file with this head; the file itself, if there are not as
    /// many restarts in them as there must be, or other marks.
    pub(super) fn of(
        bytes: Cow<'a, [u8]>,
        head: &Head,
    ) -> std::result::Result<Self, Cow<'a, [u8]>> {
        if head.interval == 0 {
            return match Scan::of(&bytes, head) {
                Some(scan) => Ok(Self::Whole(scan, Rows::first())),
                None => Err(bytes),
            };
        }
        match intervals(&bytes, head) {
            Some(intervals) => Ok(Self::Restarted(bytes, intervals)),
            None => Err(bytes),
        }
    }

    /// The bytes that it takes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(scan, _) => scan.len(),
            Self::Restarted(bytes, _) => bytes.len(),
        }
    }

    /// What it keeps beside the file: where the data between restarts lie, or
    /// rows begin; and the guards that are put behind these data.
    pub(super) fn kept(&self) -> usize {
        match self {
            Self::Whole(..) => MOST_ROWS * size_of::<Start>(),
            Self::Restarted(_, intervals) => {
                intervals.capacity() * (size_of::<Range<usize>>() + GUARD.len())
            }
        }
    }

    /// Where rows begin that are not known yet, the end of the last one before
    /// `row` included.
    pub(super) fn find_rows(&self, row: usize) -> Rows {
        let mut found = Rows {
            starts: Vec::new(),
            failure: None,
        };
        if let Self::Whole(
            scan,
            Rows {
                starts,
                failure: None,
            },
        ) = self
            && let Some(mut start) = starts.last().copied()
        {
            for _ in starts.len()..=row {
                match scan.next_row(start) {
                    Ok(next) => start = next,
                    Err(error) => {
                        found.failure = Some(error);
                        break;
                    }
                }
                found.starts.push(start);
            }
        }
        found
    }

    /// Takes note of what was found.
    pub(super) fn add_rows(&mut self, found: Rows) {
        if let Self::Whole(_, rows) = self {
            rows.starts.extend(found.starts);
            rows.failure = rows.failure.take().or(found.failure);
        }
    }

    /// Sees to it that it is known where the rows before `row` begin and end.
    pub(super) fn need_rows(&mut self, row: usize) -> Result<()> {
        self.add_rows(self.find_rows(row));
        match self {
            Self::Whole(_, rows) if rows.starts.len() <= row => {
                Err((rows.failure.take()).unwrap_or_else(|| message::truncated("jpeg")))
            }
            _ => Ok(()),
        }
    }

    /// Appends the data of some rows of MCUs to a head, and ends the picture.
    /// The first row begins at a restart, if there are any.
    pub(super) fn append(&self, rows: Range<usize>, head: &Head, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Whole(scan, Rows { starts, .. }) => {
                // As it is stored, and a zero behind some bytes.
                let bytes = (starts[rows.end].bit - starts[rows.start].bit) / 8;
                let most = bytes + bytes / 32 + (1 << 10);
                out.try_reserve(most).map_err(|_| no_memory::<u8>(most))?;
                scan.append([starts[rows.start], starts[rows.end]], out)?;
            }
            Self::Restarted(bytes, intervals) => {
                let [_, columns] = head.size();
                let first = rows.start * columns / head.interval;
                let end = (rows.end * columns).div_ceil(head.interval);
                let parts = &intervals[first..end];
                let most = parts.iter().map(|part| part.len() + GUARD.len() + 2).sum();
                out.try_reserve(most).map_err(|_| no_memory::<u8>(most))?;
                for (number, interval) in parts.iter().enumerate() {
                    if number > 0 {
                        out.extend(GUARD);
                        out.extend([0xff, RESTART_FIRST + ((number - 1) % 8) as u8]);
                    }
                    out.extend_from_slice(&bytes[interval.clone()]);
                }
            }
        }
        out.extend(GUARD);
        out.extend([0xff, END]);
        Ok(())
    }
}

impl Rows {
    fn first() -> Self {
        Self {
            starts: vec![Start::default()],
            failure: None,
        }
    }
}

/// Where the data between restarts lie, if there are as many as there must be
/// and no other marks. Their numbers are not looked at: the decoder does not
/// either.
fn intervals(bytes: &[u8], head: &Head) -> Option<Vec<Range<usize>>> {
    let [rows, columns] = head.size();
    let count = (rows * columns).div_ceil(head.interval);
    // No more than there must be are taken note of.
    let most = count.min((bytes.len() - head.data) / 2 + 1);
    let mut intervals = Vec::new();
    intervals.try_reserve_exact(most).ok()?;
    let mut start = head.data;
    for mark in Marks::behind(bytes, head.data) {
        match mark.code {
            0 => continue,
            RESTART_FIRST..=RESTART_LAST if intervals.len() < most => {
                intervals.push(start..mark.at);
            }
            END => {
                intervals.push(start..mark.at);
                return (intervals.len() == count).then_some(intervals);
            }
            _ => return None,
        }
        start = mark.end;
    }
    None
}
