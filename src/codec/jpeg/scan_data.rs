//! The entropy-coded data of an image with one scan, and of ranges of its MCU rows.

use std::{borrow::Cow, ops::Range};

use crate::{
    codec::errors,
    error::{Error, Result},
    image::no_memory,
};

use super::{
    markers::{END, GUARD, Markers, RESTART_FIRST, RESTART_LAST},
    mcu_rows::{RowStart, Scan},
    strip_headers::Headers,
};

/// Twice the maximum number of MCU rows in an image, since a growing list
/// doubles its capacity.
const MAX_ROW_STARTS: usize = 2 * 8192;

/// The entropy-coded data of a scan.
pub(super) enum ScanData<'a> {
    /// Without restart markers; the starts of MCU rows are found by decoding.
    Whole(Scan, RowStarts),
    /// The file, and the byte ranges of its restart intervals.
    Restarted(Cow<'a, [u8]>, Vec<Range<usize>>),
}

/// The starts of the MCU rows found so far, and the error that stopped the search.
pub(super) struct RowStarts {
    starts: Vec<RowStart>,
    failure: Option<Error>,
}

impl<'a> ScanData<'a> {
    /// The scan data of a file with these headers. Gives the file back if the number of
    /// restart markers is wrong or there are other markers in the scan.
    pub(super) fn of(
        bytes: Cow<'a, [u8]>,
        head: &Headers,
    ) -> std::result::Result<Self, Cow<'a, [u8]>> {
        if head.interval == 0 {
            return match Scan::of(&bytes, head) {
                Some(scan) => Ok(Self::Whole(scan, RowStarts::first())),
                None => Err(bytes),
            };
        }
        match intervals(&bytes, head) {
            Some(intervals) => Ok(Self::Restarted(bytes, intervals)),
            None => Err(bytes),
        }
    }

    /// The bytes of memory that the data take.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(scan, _) => scan.len(),
            Self::Restarted(bytes, _) => bytes.len(),
        }
    }

    /// The bytes kept beside the data: the restart intervals or row starts, and the
    /// guards that are appended to each interval.
    pub(super) fn index_bytes(&self) -> usize {
        match self {
            Self::Whole(..) => MAX_ROW_STARTS * size_of::<RowStart>(),
            Self::Restarted(_, intervals) => {
                intervals.capacity() * (size_of::<Range<usize>>() + GUARD.len())
            }
        }
    }

    /// Finds the row starts that are not known yet, up to and including that of
    /// `row`, which is the end of the row before.
    pub(super) fn find_rows(&self, row: usize) -> RowStarts {
        let mut found = RowStarts {
            starts: Vec::new(),
            failure: None,
        };
        if let Self::Whole(
            scan,
            RowStarts {
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

    /// Adds the row starts that [`find_rows`](Self::find_rows) found.
    pub(super) fn add_rows(&mut self, found: RowStarts) {
        if let Self::Whole(_, rows) = self {
            rows.starts.extend(found.starts);
            rows.failure = rows.failure.take().or(found.failure);
        }
    }

    /// Ensures that the starts of all rows up to `row` are known.
    pub(super) fn need_rows(&mut self, row: usize) -> Result<()> {
        self.add_rows(self.find_rows(row));
        match self {
            Self::Whole(_, rows) if rows.starts.len() <= row => {
                Err((rows.failure.take()).unwrap_or_else(|| errors::truncated("jpeg")))
            }
            _ => Ok(()),
        }
    }

    /// Appends the scan data of a range of MCU rows and the EOI marker to `out`, which
    /// holds the headers. If there are restarts, the first row must begin at one.
    pub(super) fn append(
        &self,
        rows: Range<usize>,
        head: &Headers,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        match self {
            Self::Whole(scan, RowStarts { starts, .. }) => {
                // The data, and a stuffed zero after each 0xff.
                let bytes = (starts[rows.end].bit - starts[rows.start].bit) / 8;
                let max_bytes = bytes + bytes / 32 + (1 << 10);
                out.try_reserve(max_bytes)
                    .map_err(|_| no_memory::<u8>(max_bytes))?;
                scan.append([starts[rows.start], starts[rows.end]], out)?;
            }
            Self::Restarted(bytes, intervals) => {
                let [_, columns] = head.size();
                let first = rows.start * columns / head.interval;
                let end = (rows.end * columns).div_ceil(head.interval);
                let parts = &intervals[first..end];
                let max_bytes = parts.iter().map(|part| part.len() + GUARD.len() + 2).sum();
                out.try_reserve(max_bytes)
                    .map_err(|_| no_memory::<u8>(max_bytes))?;
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

impl RowStarts {
    fn first() -> Self {
        Self {
            starts: vec![RowStart::default()],
            failure: None,
        }
    }
}

/// The byte ranges of the restart intervals, if their number is right and there are
/// no other markers. The numbers of the restart markers are not checked: the decoder
/// does not check them either.
fn intervals(bytes: &[u8], head: &Headers) -> Option<Vec<Range<usize>>> {
    let [rows, columns] = head.size();
    let count = (rows * columns).div_ceil(head.interval);
    // At most the expected number is stored.
    let max_intervals = count.min((bytes.len() - head.data) / 2 + 1);
    let mut intervals = Vec::new();
    intervals.try_reserve_exact(max_intervals).ok()?;
    let mut start = head.data;
    for marker in Markers::starting_at(bytes, head.data) {
        match marker.code {
            0 => continue,
            RESTART_FIRST..=RESTART_LAST if intervals.len() < max_intervals => {
                intervals.push(start..marker.at);
            }
            END => {
                intervals.push(start..marker.at);
                return (intervals.len() == count).then_some(intervals);
            }
            _ => return None,
        }
        start = marker.end;
    }
    None
}
