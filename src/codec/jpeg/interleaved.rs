//! Sequential pictures of several scans, rewritten as pictures of one: the decoder loses blocks of
//! such scans, and takes tables that stand between them for those of all.
//!
//! No coefficient is decoded: the codes of each block are copied, but for its DC difference, which
//! depends on the block before it.

use std::ops::Range;

use crate::{codec::errors, error::Result, image::no_memory};

use super::{
    NAME,
    huffman::{AcTable, Codes, Table, dc_codes},
    markers::{END, Markers, RESTART_FIRST, RESTART_LAST, segment},
    mcu_rows::{Bits, PADDING, StuffedWriter},
};

const SOF0: u8 = 0xc0;
const SOF1: u8 = 0xc1;
const DHT: u8 = 0xc4;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const DRI: u8 = 0xdd;
/// Adobe's colour transform.
const APP14: u8 = 0xee;

/// Whether the first scan of a sequential picture lacks some of its components.
pub(super) fn has_several_scans(bytes: &[u8]) -> bool {
    let mut components = None;
    for marker in Markers::of(bytes) {
        let content = segment(bytes, &marker);
        match marker.code {
            SOF0 | SOF1 => components = content.get(5).copied(),
            SOS => return components > content.first().copied(),
            _ => {}
        }
    }
    false
}

/// The bytes that [`interleaved`] takes at most, and those of its result among them.
pub(super) fn memory(bytes: &[u8]) -> [usize; 2] {
    let frame = Markers::of(bytes).find(|marker| matches!(marker.code, SOF0 | SOF1));
    let frame = frame.and_then(|marker| Frame::of(segment(bytes, &marker)));
    let Some(frame) = frame else { return [0; 2] };
    let (mut blocks, mut most_repeated) = (0, 1);
    for component in &frame.components {
        let [own, all] = [frame.grid(component, false), frame.grid(component, true)]
            .map(|[rows, columns]| rows * columns);
        blocks += all;
        most_repeated = most_repeated.max(all.div_ceil(own.max(1)));
    }
    // Each DC difference may take 4 + 11 bits, and bytes of ones are stuffed.
    let result = 2 * (most_repeated * bytes.len() + 2 * blocks) + HEADERS;
    // A vector that grows is copied.
    [
        bytes.len() + blocks * size_of::<Block>() + 2 * result,
        result,
    ]
}

/// More than all headers of the result take.
const HEADERS: usize = 4096;

/// A block of coefficients in the data.
#[derive(Clone, Copy, Default)]
struct Block {
    dc: i32,
    /// The codes of the other coefficients: the first bit and their number.
    at: usize,
    bits: u32,
}

struct Component {
    id: u8,
    /// Blocks in an MCU of several components, across and down.
    factors: [usize; 2],
    /// The selector of its quantisation table, and the table.
    selector: u8,
    quantisation: Option<Quantisation>,
    ac: Option<Table>,
    /// Rows and columns of blocks that were read; none before its scan.
    size: [usize; 2],
    blocks: Vec<Block>,
}

/// A quantisation table: whether its numbers have 16 bits, and these.
#[derive(Clone)]
struct Quantisation {
    precision: u8,
    numbers: Vec<u8>,
}

struct Frame {
    header: Vec<u8>,
    /// Rows and columns of pixels.
    size: [usize; 2],
    components: Vec<Component>,
    /// The largest factors, across and down.
    most: [usize; 2],
}

impl Frame {
    fn of(content: &[u8]) -> Option<Self> {
        let ([8, high, low, left, right, _], parts) = content.split_first_chunk()? else {
            return None;
        };
        let size = [[*high, *low], [*left, *right]].map(|n| usize::from(u16::from_be_bytes(n)));
        let parts = parts.as_chunks::<3>().0.iter();
        let components = Vec::from_iter(parts.map(|&[id, factors, selector]| Component {
            id,
            factors: [factors >> 4, factors & 15].map(usize::from),
            selector,
            quantisation: None,
            ac: None,
            size: [0; 2],
            blocks: Vec::new(),
        }));
        let all = || components.iter().map(|component| component.factors);
        let is_sound = matches!(components.len(), 1..=4)
            && all().flatten().all(|factor| matches!(factor, 1..=4));
        let most = [0, 1].map(|axis| all().map(|factors| factors[axis]).max().unwrap_or(1));
        is_sound.then(|| Self {
            header: content.to_vec(),
            size,
            components,
            most,
        })
    }

    /// Rows and columns of MCUs of several components.
    fn mcus(&self) -> [usize; 2] {
        let [across, down] = self.most;
        let [rows, columns] = self.size;
        [rows.div_ceil(8 * down), columns.div_ceil(8 * across)]
    }

    /// Rows and columns of blocks of a component (T.81, A.1.1 and A.2): in whole MCUs, or in a
    /// scan of its own.
    fn grid(&self, component: &Component, whole: bool) -> [usize; 2] {
        let [across, down] = component.factors;
        if whole {
            let [rows, columns] = self.mcus();
            return [rows * down, columns * across];
        }
        let [rows, columns] = self.size;
        [(rows, down, self.most[1]), (columns, across, self.most[0])]
            .map(|(side, factor, most)| (side * factor).div_ceil(most).div_ceil(8))
    }
}

fn damaged(what: &str) -> crate::error::Error {
    errors::damaged(NAME, what)
}

/// The tables that are in force, by their selectors.
#[derive(Default)]
struct Tables {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    quantisation: [Option<Quantisation>; 4],
    /// The restart interval in MCUs; 0 if there is none.
    interval: usize,
}

impl Tables {
    fn add_huffman(&mut self, mut content: &[u8]) -> Option<()> {
        while !content.is_empty() {
            let (place, table) = Table::split_from(&mut content)?;
            let tables = match place >> 4 {
                0 => &mut self.dc,
                _ => &mut self.ac,
            };
            *tables.get_mut(usize::from(place & 15))? = Some(table);
        }
        Some(())
    }

    fn add_quantisation(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((place, rest)) = content.split_first() {
            let precision = place >> 4;
            let len = match precision {
                0 => 64,
                _ => 128,
            };
            let (numbers, rest) = rest.split_at_checked(len)?;
            *self.quantisation.get_mut(usize::from(place & 15))? = Some(Quantisation {
                precision,
                numbers: numbers.to_vec(),
            });
            content = rest;
        }
        Some(())
    }
}

/// The same picture in one scan that holds all components. Where a component has fewer blocks
/// than its MCUs, its last ones are repeated, outside of the picture.
pub(super) fn interleaved(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = vec![0xff, 0xd8];
    let (mut tables, mut frame) = (Tables::default(), None);
    // Codes of all scans, without stuffed zeros.
    let mut data = Vec::new();
    (data.try_reserve_exact(bytes.len() + PADDING)).map_err(|_| no_memory::<u8>(bytes.len()))?;
    for marker in Markers::of(bytes) {
        let content = segment(bytes, &marker);
        match marker.code {
            SOF0 | SOF1 if frame.is_none() => {
                let found = Frame::of(content).ok_or_else(|| damaged("its frame header"))?;
                frame = Some(found);
            }
            DHT => {
                let added = tables.add_huffman(content);
                added.ok_or_else(|| damaged("its Huffman tables"))?;
            }
            DQT => {
                let added = tables.add_quantisation(content);
                added.ok_or_else(|| damaged("its quantisation tables"))?;
            }
            DRI => {
                let interval = content.first_chunk();
                let interval = interval.ok_or_else(|| damaged("its restart interval"))?;
                tables.interval = usize::from(u16::from_be_bytes(*interval));
            }
            APP14 => push_segment(&mut out, APP14, content),
            SOS => {
                let frame = frame.as_mut();
                let frame = frame.ok_or_else(|| damaged("a scan before its frame header"))?;
                let start = marker.end + 2 + content.len();
                Scan::of(content, frame, &tables)?.read(bytes, start, frame, &mut data)?;
            }
            END => break,
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| damaged("no frame header"))?;
    data.extend([0xff; PADDING]);
    write(&frame, &data, out)
}

fn push_segment(out: &mut Vec<u8>, code: u8, content: &[u8]) {
    out.extend([0xff, code]);
    out.extend((2 + content.len() as u16).to_be_bytes());
    out.extend(content);
}

/// A scan, before its data are read.
struct Scan {
    /// Of each component, its number in the frame and its tables.
    components: Vec<(usize, Codes, AcTable)>,
    interval: usize,
}

impl Scan {
    fn of(content: &[u8], frame: &mut Frame, tables: &Tables) -> Result<Self> {
        let header = || damaged("the header of a scan");
        let (count, rest) = content.split_first().ok_or_else(header)?;
        let (ids, rest) = (rest.split_at_checked(2 * usize::from(*count))).ok_or_else(header)?;
        if rest != [0, 63, 0] || ids.is_empty() {
            return Err(header());
        }
        let mut components = Vec::new();
        for &[id, selectors] in ids.as_chunks().0 {
            let at = (frame.components.iter().position(|known| known.id == id))
                .ok_or_else(|| damaged("a scan of an unknown component"))?;
            let component = &mut frame.components[at];
            if component.ac.is_some() {
                return Err(damaged("two scans of the same component"));
            }
            let table = |tables: &[Option<Table>; 4], selector: u8| {
                let table = tables.get(usize::from(selector)).cloned().flatten();
                table.ok_or_else(|| damaged("a scan without its Huffman tables"))
            };
            let dc = table(&tables.dc, selectors >> 4)?;
            let ac = table(&tables.ac, selectors & 15)?;
            let codes = Codes::of_dc(&dc).zip(AcTable::new(&ac));
            let (dc, codes) = codes.ok_or_else(|| damaged("its Huffman tables"))?;
            let quantisation = tables.quantisation.get(usize::from(component.selector));
            component.quantisation = quantisation.cloned().flatten();
            component.ac = Some(ac);
            components.push((at, dc, codes));
        }
        let interval = tables.interval;
        Ok(Self {
            components,
            interval,
        })
    }

    /// Reads the data that begin at byte `start`, and appends them to `data`.
    fn read(
        &self,
        bytes: &[u8],
        start: usize,
        frame: &mut Frame,
        data: &mut Vec<u8>,
    ) -> Result<()> {
        let several = self.components.len() > 1;
        for (at, ..) in &self.components {
            let size = frame.grid(&frame.components[*at], several);
            let component = &mut frame.components[*at];
            let len = size[0] * size[1];
            let reserved = component.blocks.try_reserve_exact(len);
            reserved.map_err(|_| no_memory::<Block>(len))?;
            component.blocks.resize(len, Block::default());
            component.size = size;
        }
        let [rows, columns] = match self.components.as_slice() {
            [(only, ..)] => frame.components[*only].size,
            _ => frame.mcus(),
        };
        let (total, mut done) = (rows * columns, 0);
        let interval = if self.interval == 0 {
            total
        } else {
            self.interval
        };
        let (mut first, mut copied) = (data.len(), start);
        for marker in Markers::starting_at(bytes, start) {
            data.extend_from_slice(&bytes[copied..marker.at]);
            copied = marker.end;
            if marker.code == 0 {
                data.push(0xff);
                continue;
            }
            let end = data.len();
            let mcus = done..total.min(done + interval);
            done = mcus.end;
            data.extend([0xff; PADDING]);
            self.read_interval(mcus, columns, frame, data, first..end)?;
            data.truncate(end);
            first = end;
            if !(RESTART_FIRST..=RESTART_LAST).contains(&marker.code) {
                break;
            }
        }
        match done == total {
            true => Ok(()),
            false => Err(errors::truncated(NAME)),
        }
    }

    /// Reads MCUs from one restart to the next, of bytes `range` of the data.
    fn read_interval(
        &self,
        mcus: Range<usize>,
        columns: usize,
        frame: &mut Frame,
        data: &[u8],
        range: Range<usize>,
    ) -> Result<()> {
        let position = 8 * range.start;
        let mut bits = Bits { data, position };
        let mut predictors = [0_i32; 4];
        for mcu in mcus {
            let [row, column] = [mcu / columns, mcu % columns];
            for ((at, dc, ac), predictor) in self.components.iter().zip(&mut predictors) {
                let component = &mut frame.components[*at];
                let [across, down] = match self.components.len() {
                    1 => [1, 1],
                    _ => component.factors,
                };
                for block in 0..across * down {
                    let row = row * down + block / across;
                    let column = column * across + block % across;
                    *predictor = predictor.wrapping_add(bits.difference(dc)?);
                    let at = bits.position;
                    bits.skip_coefficients(ac)?;
                    if bits.position > 8 * range.end {
                        return Err(errors::truncated(NAME));
                    }
                    component.blocks[row * component.size[1] + column] = Block {
                        dc: *predictor,
                        at,
                        bits: (bits.position - at) as u32,
                    };
                }
            }
        }
        Ok(())
    }
}

/// Appends the frame and one scan of all blocks.
fn write(frame: &Frame, data: &[u8], mut out: Vec<u8>) -> Result<Vec<u8>> {
    let mut header = frame.header.clone();
    let mut scan = vec![frame.components.len() as u8];
    let differences = Table::of_all_categories();
    out.extend(differences.segment(0));
    for (number, component) in (0_u8..).zip(&frame.components) {
        let table = component.quantisation.as_ref();
        let table = table.ok_or_else(|| damaged("a scan without its quantisation table"))?;
        let place = table.precision << 4 | number;
        push_segment(
            &mut out,
            DQT,
            &[&[place], table.numbers.as_slice()].concat(),
        );
        header[6 + 3 * usize::from(number) + 2] = number;
        // Its codes are copied.
        let ac = component.ac.as_ref();
        let ac = ac.ok_or_else(|| damaged("a component without a scan"))?;
        out.extend(ac.segment(0x10 | number));
        scan.extend([component.id, number]);
    }
    scan.extend([0, 63, 0]);
    push_segment(&mut out, SOF1, &header);
    push_segment(&mut out, SOS, &scan);
    let codes = dc_codes(&differences).ok_or_else(|| damaged("its Huffman tables"))?;
    let mut writer = StuffedWriter::new(&mut out);
    let mut predictors = [0; 4];
    let [rows, columns] = frame.mcus();
    for mcu in 0..rows * columns {
        let [row, column] = [mcu / columns, mcu % columns];
        for (component, predictor) in frame.components.iter().zip(&mut predictors) {
            let [across, down] = component.factors;
            let [last_row, last_column] = component.size.map(|side| side - 1);
            for block in 0..across * down {
                let row = (row * down + block / across).min(last_row);
                let column = (column * across + block % across).min(last_column);
                let block = component.blocks[row * component.size[1] + column];
                writer.put_difference(block.dc.wrapping_sub(*predictor), &codes)?;
                *predictor = block.dc;
                writer.copy(data, block.at..block.at + block.bits as usize);
            }
        }
    }
    writer.end();
    out.extend([0xff, END]);
    Ok(out)
}
