//! The weights of a kernel as coloured cells, with numbers where they are legible.

use super::{
    font,
    ink::{Ink, STEPS},
    numbers::{exact, labels, short, shortest},
    scene::{Anchor, Scene, Shape},
};
use crate::kernel::Kernel;

/// The smallest side of a cell.
const MIN_CELL: f64 = 2.0;

/// The largest.
const MAX_CELL: f64 = 66.0;

/// Cells that are narrower than this need not be squares, so that a single row can be seen.
const NARROW: f64 = 6.0;

/// Sizes of numbers in cells.
const LARGEST_TEXT: f64 = 14.0;
const SMALLEST_TEXT: f64 = 8.0;

/// Between the numbers of a scale, whose zero is this wide.
const GAP: f64 = 5.0;
const ZERO: f64 = 6.4;

/// The width of the numbers of rows.
const ROOM: f64 = 36.0;

/// Cells that lie in a square of some side.
struct Grid {
    /// Weights along each side that a cell stands for.
    block: usize,
    /// Cells along columns and along rows.
    count: [usize; 2],
    /// Width and height.
    cell: [f64; 2],
}

impl Grid {
    fn new(kernel: &Kernel, side: f64) -> Self {
        let size = [kernel.columns(), kernel.rows()];
        let most = (side / MIN_CELL) as usize;
        let block = size[0].max(size[1]).div_ceil(most);
        let count = size.map(|len| len.div_ceil(block));
        let room = count.map(|count| (side / count as f64).floor().min(MAX_CELL));
        let square = room[0].min(room[1]);
        let cell = room.map(|room| match square < NARROW {
            true => room.min(2.0 * NARROW),
            false => square,
        });
        Self { block, count, cell }
    }

    /// The weights of the cells: of several the one of the largest absolute value.
    fn weights(&self, kernel: &Kernel) -> Vec<f64> {
        let [across, down] = self.count;
        let mut cells = vec![0.0_f64; across * down];
        for row in 0..kernel.rows() {
            let cells = &mut cells[row / self.block * across..][..across];
            for (column, &weight) in kernel.weights_of_row(row).iter().enumerate() {
                let cell = &mut cells[column / self.block];
                if weight.abs() > cell.abs() {
                    *cell = weight;
                }
            }
        }
        cells
    }

    /// Width and height of all.
    fn size(&self) -> [f64; 2] {
        [0, 1].map(|axis| self.cell[axis] * self.count[axis] as f64)
    }
}

/// The cells alone.
pub(super) fn thumbnail(scene: &mut Scene, kernel: &Kernel, [x, y]: [f64; 2], side: f64) {
    let grid = Grid::new(kernel, side);
    let [width, height] = grid.size();
    let at = [
        x + ((side - width) / 2.0).floor(),
        y + ((side - height) / 2.0).floor(),
    ];
    cells(scene, &grid, &grid.weights(kernel), at);
    frame(scene, at, grid.size());
}

fn cells(scene: &mut Scene, grid: &Grid, weights: &[f64], at: [f64; 2]) -> f64 {
    let largest = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    let scale = if largest == 0.0 { 1.0 } else { largest };
    let inks = weights.iter().map(|weight| Ink::signed(weight / scale));
    scene.shapes.push(Shape::Cells {
        at,
        cell: grid.cell,
        columns: grid.count[0],
        inks: inks.collect(),
    });
    largest
}

fn frame(scene: &mut Scene, at: [f64; 2], size: [f64; 2]) {
    scene.shapes.push(Shape::Frame {
        at,
        size,
        width: 1.0,
        ink: Ink::Axis,
    });
}

/// The cells with their numbers and places, the scale of the colours, and what to know.
pub(super) fn draw(scene: &mut Scene, kernel: &Kernel, at: [f64; 2], side: f64) {
    let grid = Grid::new(kernel, side);
    let weights = grid.weights(kernel);
    let largest = cells(scene, &grid, &weights, at);
    frame(scene, at, grid.size());
    let mut notes = Vec::new();
    if grid.block > 1 {
        notes.push(format!("a cell: the largest of {0} x {0}", grid.block));
    } else if let Some(is_rounded) = numbers(scene, &grid, &weights, at)
        && is_rounded
    {
        notes.push("rounded".to_owned());
    }
    if kernel.divisor() != 1.0 {
        notes.push(format!("divided by {}", short(kernel.divisor(), 4)));
    }
    if grid.block == 1 && grid.cell[0].min(grid.cell[1]) >= 12.0 {
        let [row, column] = kernel.anchor();
        let inset = 1.5;
        scene.shapes.push(Shape::Frame {
            at: [
                at[0] + grid.cell[0] * column as f64 + inset,
                at[1] + grid.cell[1] * row as f64 + inset,
            ],
            size: grid.cell.map(|side| side - 2.0 * inset),
            width: 1.0,
            ink: Ink::on(Ink::signed(
                kernel.weight_at([row, column]) / if largest == 0.0 { 1.0 } else { largest },
            )),
        });
    }
    places(scene, kernel, &grid, at);
    let bottom = at[1] + grid.size()[1] + 22.0;
    scale(
        scene,
        [at[0], bottom],
        weights.iter().any(|&w| w < 0.0),
        largest,
    );
    let mut y = bottom + 33.0;
    for note in notes {
        scene.text([at[0], y], 10.0, Anchor::Start, Ink::Faint, note);
        y += 13.0;
    }
}

/// Writes every weight in its cell, if all are legible, long ones abbreviated; gives whether any is
/// rounded.
fn numbers(scene: &mut Scene, grid: &Grid, weights: &[f64], at: [f64; 2]) -> Option<bool> {
    let [width, height] = grid.cell;
    let largest_size = LARGEST_TEXT.min((height * 0.5).floor());
    if largest_size < SMALLEST_TEXT {
        return None;
    }
    let largest = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
    for digits in [3, 2] {
        let mut is_rounded = false;
        let texts = weights.iter().map(|&weight| {
            exact(weight).unwrap_or_else(|| {
                let text = shortest(weight, digits);
                is_rounded |= text.parse() != Ok(weight);
                text
            })
        });
        let texts: Vec<String> = texts.collect();
        let widest = texts.iter().map(|text| font::width(text, 1.0));
        let widest = widest.fold(0.0, f64::max);
        let size = largest_size.min(((width - 4.0) / widest * 2.0).floor() / 2.0);
        if size < SMALLEST_TEXT {
            continue;
        }
        for (place, text) in texts.into_iter().enumerate() {
            let [column, row] = [place % grid.count[0], place / grid.count[0]];
            let middle = [
                at[0] + width * (column as f64 + 0.5),
                at[1] + height * (row as f64 + 0.5) + size * 0.36,
            ];
            let share = match largest == 0.0 {
                true => 0.0,
                false => weights[place] / largest,
            };
            let ink = Ink::on(Ink::signed(share));
            scene.text(middle, size, Anchor::Middle, ink, text);
        }
        return Some(is_rounded);
    }
    None
}

/// Rows and columns, counted from the anchor.
fn places(scene: &mut Scene, kernel: &Kernel, grid: &Grid, at: [f64; 2]) {
    let [row, column] = kernel.anchor();
    for (axis, len, anchor) in [(0, kernel.columns(), column), (1, kernel.rows(), row)] {
        let text = |place: usize| (place as i64 - anchor as i64).to_string();
        let wide = |place: usize| font::width(&text(place), 10.0);
        let needed = match axis {
            0 => wide(0).max(wide(len - 1)) + 5.0,
            _ => 13.0,
        };
        // Numbers of seven digits reach the margin of the page.
        let widest = wide(0).max(wide(len - 1));
        let size = match axis == 1 && widest > ROOM {
            true => (10.0 * ROOM / widest * 2.0).floor() / 2.0,
            false => 10.0,
        };
        let places = match grid.block == 1 && grid.cell[axis] >= needed {
            true => (0..len).collect(),
            false => vec![0, anchor, len - 1],
        };
        let mut last = f64::NEG_INFINITY;
        for place in places {
            let middle = grid.cell[axis] * (place / grid.block) as f64 + grid.cell[axis] / 2.0;
            // Labels would touch.
            if middle - last < needed {
                continue;
            }
            last = middle;
            let text = text(place);
            match axis {
                0 => {
                    let below = [at[0] + middle, at[1] + grid.size()[1] + 13.0];
                    scene.text(below, 10.0, Anchor::Middle, Ink::Faint, text);
                }
                _ => {
                    let left = [at[0] - 5.0, at[1] + middle + 3.5];
                    scene.text(left, size, Anchor::End, Ink::Faint, text);
                }
            }
        }
    }
}

/// The colours from the lowest to the highest number.
fn scale(scene: &mut Scene, at: [f64; 2], has_negative: bool, largest: f64) {
    let first = if has_negative { -STEPS } else { 0 };
    let inks: Vec<Ink> = (first..=STEPS).map(Ink::Signed).collect();
    let step = if has_negative { 4.0 } else { 8.0 };
    let width = step * inks.len() as f64;
    scene.shapes.push(Shape::Cells {
        at,
        cell: [step, 8.0],
        columns: inks.len(),
        inks,
    });
    frame(scene, at, [width, 8.0]);
    let numbers = match has_negative {
        true => vec![-largest, 0.0, largest],
        false => vec![0.0, largest],
    };
    let gaps = numbers.len() - 1;
    // Those at the ends stay clear of a zero in the middle.
    let room = (width - GAP * gaps as f64 - ZERO) / gaps as f64;
    let (texts, size) = labels(&numbers, 10.0, room);
    for (place, text) in texts.into_iter().enumerate() {
        let anchor = match place {
            0 => Anchor::Start,
            _ if place == gaps => Anchor::End,
            _ => Anchor::Middle,
        };
        let x = width * place as f64 / gaps as f64;
        let below = [at[0] + x, at[1] + 20.0];
        scene.text(below, size, anchor, Ink::Faint, text);
    }
}
