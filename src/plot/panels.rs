//! The diagrams of one kernel: its profile, and its gains over the plane and along lines.

use super::{
    ink::Ink,
    numbers::{labels, short, ticks},
    response::{Response, SIDE},
    scene::{Anchor, Dash, Scene, Shape},
};
use crate::kernel::Kernel;

/// The height of every diagram.
pub(super) const HEIGHT: f64 = SIDE as f64 * CELL;

/// The side of a frequency in the plane.
const CELL: f64 = 3.0;

/// The size of labels.
const LABEL: f64 = 10.0;

/// The width of numbers at the left of a diagram, between it and the next.
const ROOM: f64 = 40.0;

/// The most points of a curve, two in each column.
const MAX_POINTS: usize = 256;

/// The most weights that have dots.
const MAX_DOTS: usize = 33;

/// Dashes that tell curves apart without their colours. The first lies below the others.
const DASHES: [Dash; 4] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::Mixed];

/// A diagram's place and what its sides stand for.
struct Diagram {
    at: [f64; 2],
    width: f64,
    /// At its left and right side.
    x: [f64; 2],
    /// At its bottom and top.
    y: [f64; 2],
}

impl Diagram {
    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let share = |value: f64, [low, high]: [f64; 2]| {
            let share = (value - low) / (high - low);
            // Not where numbers leave their range.
            if share.is_finite() {
                share.clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        [
            self.at[0] + self.width * share(x, self.x),
            self.at[1] + HEIGHT * (1.0 - share(y, self.y)),
        ]
    }

    /// A line across at this height, and its number.
    fn grid(&self, scene: &mut Scene, y: f64, ink: Ink) {
        let ends = self.x.map(|x| self.place([x, y])).to_vec();
        scene.line(ends, 1.0, Dash::Solid, ink);
    }

    fn curve(&self, scene: &mut Scene, points: &[[f64; 2]], series: u8) {
        let places = thinned(points).into_iter().map(|point| self.place(point));
        let places: Vec<[f64; 2]> = places.collect();
        let dash = DASHES[usize::from(series)];
        let ink = Ink::Series(series);
        if points.len() <= MAX_DOTS {
            for &[x, y] in &places {
                scene.rectangle([x - 2.0, y - 2.0], [4.0, 4.0], ink);
            }
        }
        scene.line(places, 1.6, dash, ink);
    }

    /// Numbers at the left of the diagram at these heights, this far from it.
    fn beside(&self, scene: &mut Scene, distance: f64, heights: &[f64], numbers: &[f64]) {
        let (texts, size) = labels(numbers, LABEL, ROOM);
        for (text, &height) in texts.into_iter().zip(heights) {
            let [_, y] = self.place([0.0, height]);
            let at = [self.at[0] - distance, y + 0.35 * size];
            scene.text(at, size, Anchor::End, Ink::Faint, text);
        }
    }

    /// A number below the diagram.
    fn below(&self, scene: &mut Scene, x: f64, text: String) {
        let [x, _] = self.place([x, 0.0]);
        let at = [x, self.at[1] + HEIGHT + 14.0];
        scene.text(at, LABEL, Anchor::Middle, Ink::Faint, text);
    }
}

/// Many points by the lowest and the highest of each column.
fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    if points.len() <= MAX_POINTS {
        return points.to_vec();
    }
    let chunk = (2 * points.len()).div_ceil(MAX_POINTS);
    let ends = points.chunks(chunk).flat_map(|points| {
        let by = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let ends = [points.iter().min_by(by), points.iter().max_by(by)];
        let mut ends = ends.map(|end| end.copied().unwrap_or_default());
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        ends
    });
    ends.collect()
}

/// What a curve is, below a diagram.
fn legend(scene: &mut Scene, [x, y]: [f64; 2], series: u8, text: &str) {
    let line = vec![[x, y - 3.5], [x + 24.0, y - 3.5]];
    let dash = DASHES[usize::from(series)];
    scene.line(line, 1.6, dash, Ink::Series(series));
    scene.text([x + 29.0, y], LABEL, Anchor::Start, Ink::Text, text);
}

/// The middle row and the middle column.
pub(super) fn profile(scene: &mut Scene, kernel: &Kernel, at: [f64; 2], width: f64) {
    let [rows, columns] = [kernel.rows(), kernel.columns()];
    let row = kernel.weights_of_row(rows / 2).into_owned();
    let column = (0..rows).map(|row| kernel.weight_at([row, columns / 2]));
    let lines = [row, column.collect()];
    let all = || lines.iter().flatten().copied();
    let mut y = [all().fold(0.0, f64::min), all().fold(0.0, f64::max)];
    if y == [0.0; 2] {
        y[1] = 1.0;
    }
    let anchors = [kernel.anchor()[1], kernel.anchor()[0]];
    let place = |at: usize, anchor: usize| at as f64 - anchor as f64;
    let ends = [(columns, anchors[0]), (rows, anchors[1])];
    let low = ends.iter().map(|(_, anchor)| place(0, *anchor));
    let high = ends.iter().map(|(len, anchor)| place(len - 1, *anchor));
    let x = [low.fold(0.0, f64::min), high.fold(0.0, f64::max)];
    let is_point = x == [0.0; 2];
    let diagram = Diagram {
        at,
        width,
        x: if is_point { [-1.0, 1.0] } else { x },
        y,
    };
    let marks = ticks(y[0], y[1]);
    for &mark in &marks {
        let ink = if mark == 0.0 { Ink::Axis } else { Ink::Grid };
        diagram.grid(scene, mark, ink);
    }
    diagram.beside(scene, 5.0, &marks, &marks);
    frame(scene, at, width);
    let mut labels = vec![x[0], 0.0, x[1]];
    labels.dedup();
    for label in labels {
        // Beside the middle there may be no room.
        let distance = (label / (diagram.x[1] - diagram.x[0]) * width).abs();
        if label == 0.0 || distance > 30.0 {
            diagram.below(scene, label, short(label, 4));
        }
    }
    let y = at[1] + HEIGHT;
    scene.text(
        [at[0] + width / 2.0, y + 28.0],
        LABEL,
        Anchor::Middle,
        Ink::Faint,
        "pixels from the anchor",
    );
    for (series, (line, anchor)) in (0..).zip(lines.iter().zip(anchors)) {
        let points = line.iter().enumerate();
        let points = points.map(|(at, &weight)| [place(at, anchor), weight]);
        diagram.curve(scene, &Vec::from_iter(points), series);
    }
    legend(scene, [at[0], y + 45.0], 0, "middle row");
    legend(scene, [at[0], y + 60.0], 1, "middle column");
}

fn frame(scene: &mut Scene, at: [f64; 2], width: f64) {
    scene.shapes.push(Shape::Frame {
        at,
        size: [width, HEIGHT],
        width: 1.0,
        ink: Ink::Axis,
    });
}

/// The gains of all frequencies.
pub(super) fn plane(scene: &mut Scene, response: &Response, at: [f64; 2]) {
    cells(scene, response, at, CELL, 1);
    let width = SIDE as f64 * CELL;
    frame(scene, at, width);
    for (share, text) in [(0.0, "-0.5"), (0.5, "0"), (1.0, "0.5")] {
        let along = 1.5 + (width - 3.0) * share;
        let left = [at[0] - 5.0, at[1] + along + 3.5];
        scene.text(left, LABEL, Anchor::End, Ink::Faint, text);
        let below = [at[0] + along, at[1] + HEIGHT + 14.0];
        scene.text(below, LABEL, Anchor::Middle, Ink::Faint, text);
    }
    scene.text(
        [at[0] + width / 2.0, at[1] + HEIGHT + 28.0],
        LABEL,
        Anchor::Middle,
        Ink::Faint,
        "cycles per pixel along x; along y downwards",
    );
}

/// The plane alone, every third frequency of each axis.
pub(super) fn small_plane(scene: &mut Scene, response: &Response, at: [f64; 2]) {
    cells(scene, response, at, CELL, 3);
}

fn cells(scene: &mut Scene, response: &Response, at: [f64; 2], cell: f64, step: usize) {
    let largest = response.largest.gain;
    let scale = if largest == 0.0 { 1.0 } else { largest };
    let rows = response.plane.chunks(SIDE).step_by(step);
    let gains = rows.flat_map(|row| row.iter().step_by(step));
    scene.shapes.push(Shape::Cells {
        at,
        cell: [cell; 2],
        columns: SIDE.div_ceil(step),
        inks: gains.map(|gain| Ink::gain(gain / scale)).collect(),
    });
}

/// The gains along both axes and the diagonals. The colours of the plane are the scale at the
/// left of it.
pub(super) fn lines(scene: &mut Scene, response: &Response, at: [f64; 2], width: f64) {
    let largest = match response.largest.gain == 0.0 {
        true => 1.0,
        false => response.largest.gain,
    };
    let shares = (0..SIDE).rev().map(|at| (at as f64 + 0.5) / SIDE as f64);
    scene.shapes.push(Shape::Cells {
        at: [at[0] - 10.0, at[1]],
        cell: [8.0, CELL],
        columns: 1,
        inks: shares.map(Ink::gain).collect(),
    });
    let diagram = Diagram {
        at,
        width,
        x: [0.0, 0.5],
        y: [0.0, largest],
    };
    let top = largest * response.unit;
    let marks: Vec<f64> = match top.is_finite() && top > 1e-290 {
        true => ticks(0.0, top),
        false => Vec::new(),
    };
    let heights = Vec::from_iter(marks.iter().map(|mark| mark / response.unit));
    for &height in &heights {
        diagram.grid(scene, height, Ink::Grid);
    }
    diagram.beside(scene, 14.0, &heights, &marks);
    frame(scene, at, width);
    for (x, text) in [(0.0, "0"), (0.25, "0.25"), (0.5, "0.5")] {
        diagram.below(scene, x, text.to_owned());
    }
    let y = at[1] + HEIGHT;
    scene.text(
        [at[0] + width / 2.0, y + 28.0],
        LABEL,
        Anchor::Middle,
        Ink::Faint,
        "cycles per pixel",
    );
    let names = match response.has_equal_diagonals() {
        true => vec!["along x", "along y", "diagonals"],
        false => vec!["along x", "along y", "diagonal \\", "diagonal /"],
    };
    for (series, (line, name)) in (0..).zip(response.lines.iter().zip(names)) {
        let count = line.gains.len() - 1;
        let points = line.gains.iter().enumerate();
        let points = points.map(|(at, &gain)| [0.5 * at as f64 / count as f64, gain]);
        diagram.curve(scene, &Vec::from_iter(points), series);
        let [column, row] = [series / 2, series % 2].map(f64::from);
        let at = [at[0] - 10.0 + 88.0 * column, y + 45.0 + 15.0 * row];
        legend(scene, at, series, name);
    }
}
