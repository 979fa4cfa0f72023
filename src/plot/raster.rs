//! A picture as pixels, in the colours of light mode.

use super::{
    font,
    ink::{Colour, Ink},
    scene::{Anchor, Dash, Scene, Shape},
};
use crate::{
    error::Result,
    image::{Image, Samples, try_resize},
};

/// Pictures of more pixels have one for each unit.
const MAX_PIXELS: f64 = 16e6;

/// Lines of samples in a row of pixels.
const LINES: usize = 4;

pub(super) fn draw(scene: &Scene) -> Result<Image> {
    let [width, height] = scene.size;
    let scale = match width * height * 4.0 <= MAX_PIXELS {
        true => 2.0,
        false => 1.0,
    };
    let [columns, rows] = [width, height].map(|side| (side * scale).ceil() as usize);
    let mut pixels = Vec::new();
    try_resize(&mut pixels, columns * rows * 3, 0)?;
    let mut canvas = Canvas {
        pixels,
        columns,
        rows,
        scale,
    };
    canvas.rectangle([0.0; 2], scene.size, Ink::Paper);
    for shape in &scene.shapes {
        canvas.shape(shape);
    }
    Image::new(rows, columns, 3, Samples::U8(canvas.pixels.into()))
}

struct Canvas {
    pixels: Vec<u8>,
    columns: usize,
    rows: usize,
    /// Pixels of a unit.
    scale: f64,
}

impl Canvas {
    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rectangle { at, size, ink } => self.rectangle(*at, *size, *ink),
            Shape::Frame {
                at: [x, y],
                size: [across, down],
                width,
                ink,
            } => {
                let [left, top, right, bottom] = [*x, *y, x + across, y + down];
                let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
                for at in 0..4 {
                    self.segment([corners[at], corners[(at + 1) % 4]], *width, *ink);
                }
            }
            Shape::Line {
                points,
                width,
                dash,
                ink,
            } => self.line(points, *width, *dash, *ink),
            Shape::Cells {
                at,
                cell,
                columns,
                inks,
            } => {
                for (place, &ink) in inks.iter().enumerate() {
                    let place = [place % columns, place / columns].map(|at| at as f64);
                    let at = [0, 1].map(|axis| at[axis] + place[axis] * cell[axis]);
                    self.rectangle(at, *cell, ink);
                }
            }
            Shape::Text {
                at,
                text,
                size,
                anchor,
                ink,
            } => self.text(*at, text, *size, *anchor, *ink),
        }
    }

    fn rectangle(&mut self, [x, y]: [f64; 2], [across, down]: [f64; 2], ink: Ink) {
        let corners = [
            [x, y],
            [x + across, y],
            [x + across, y + down],
            [x, y + down],
        ];
        self.fill(&[corners.to_vec()], ink.colour(false));
    }

    fn text(&mut self, [x, y]: [f64; 2], text: &str, size: f64, anchor: Anchor, ink: Ink) {
        let x = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - font::width(text, size) / 2.0,
            Anchor::End => x - font::width(text, size),
        };
        let unit = size / 1000.0;
        for (begin, glyph) in font::outlines(text) {
            let place = |&[across, down]: &[f64; 2]| [x + (begin + across) * unit, y + down * unit];
            let contours = glyph.contours.iter();
            let contours = contours.map(|contour| contour.iter().map(place).collect());
            self.fill(&Vec::from_iter(contours), ink.colour(false));
        }
    }

    fn line(&mut self, points: &[[f64; 2]], width: f64, dash: Dash, ink: Ink) {
        let lengths = dash.lengths();
        if lengths.is_empty() {
            for ends in points.windows(2) {
                self.segment([ends[0], ends[1]], width, ink);
            }
            return;
        }
        // Dashes and gaps go on over the points.
        let (mut at, mut left) = (0, lengths[0]);
        for ends in points.windows(2) {
            let [begin, end] = [ends[0], ends[1]];
            let length = distance(begin, end);
            let place = |along: f64| {
                let share = along / length;
                [0, 1].map(|axis| begin[axis] + (end[axis] - begin[axis]) * share)
            };
            let mut along = 0.0;
            while along < length {
                let next = (along + left).min(length);
                if at % 2 == 0 {
                    self.segment([place(along), place(next)], width, ink);
                }
                left -= next - along;
                along = next;
                if left <= 1e-9 {
                    at = (at + 1) % lengths.len();
                    left = lengths[at];
                }
            }
        }
    }

    /// A straight line, a little longer than its ends, so that its pieces leave no gaps.
    fn segment(&mut self, [begin, end]: [[f64; 2]; 2], width: f64, ink: Ink) {
        let length = distance(begin, end);
        if length == 0.0 {
            return;
        }
        let [dx, dy] = [0, 1].map(|axis| (end[axis] - begin[axis]) / length * width / 2.0);
        let [x, y] = [begin[0] - dx / 2.0, begin[1] - dy / 2.0];
        let [to_x, to_y] = [end[0] + dx / 2.0, end[1] + dy / 2.0];
        let corners = [
            [x - dy, y + dx],
            [to_x - dy, to_y + dx],
            [to_x + dy, to_y - dx],
            [x + dy, y - dx],
        ];
        self.fill(&[corners.to_vec()], ink.colour(false));
    }

    /// Fills what closed contours wind around, in units.
    fn fill(&mut self, contours: &[Vec<[f64; 2]>], colour: Colour) {
        let scale = self.scale;
        let edges = contours.iter().flat_map(|contour| {
            let next = contour.iter().cycle().skip(1);
            contour
                .iter()
                .zip(next)
                .map(|(a, b)| [a, b].map(|p| p.map(|v| v * scale)))
        });
        let edges: Vec<[[f64; 2]; 2]> = edges.filter(|[a, b]| a[1] != b[1]).collect();
        let ends = |axis: usize| {
            let all = edges.iter().flatten().map(move |point| point[axis]);
            let low = all.clone().fold(f64::INFINITY, f64::min);
            [low, all.fold(f64::NEG_INFINITY, f64::max)]
        };
        let inside = |[low, high]: [f64; 2], limit: usize| {
            let [first, end] = [low.floor(), high.ceil()].map(|v| v.max(0.0) as usize);
            first.min(limit)..end.min(limit)
        };
        if edges.is_empty() {
            return;
        }
        let (rows, columns) = (inside(ends(1), self.rows), inside(ends(0), self.columns));
        let mut cover = vec![0.0; columns.len()];
        let mut crossings = Vec::new();
        for row in rows {
            cover.fill(0.0);
            for line in 0..LINES {
                let y = row as f64 + (line as f64 + 0.5) / LINES as f64;
                crossings.clear();
                crossings.extend(edges.iter().filter_map(|[a, b]| {
                    let falls = a[1] <= y && y < b[1];
                    let rises = b[1] <= y && y < a[1];
                    (falls || rises).then(|| {
                        let x = a[0] + (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]);
                        (x, if falls { 1 } else { -1 })
                    })
                }));
                crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut winding = 0;
                for two in crossings.windows(2) {
                    winding += two[0].1;
                    if winding != 0 {
                        let span = [two[0].0, two[1].0].map(|x| x - columns.start as f64);
                        add_span(&mut cover, span);
                    }
                }
            }
            let pixels = &mut self.pixels[(row * self.columns + columns.start) * 3..];
            for (pixel, cover) in pixels.chunks_exact_mut(3).zip(&cover) {
                let share = cover / LINES as f64;
                if share <= 0.0 {
                    continue;
                }
                for (sample, new) in pixel.iter_mut().zip(colour) {
                    let old = f64::from(*sample);
                    *sample = (old + (f64::from(new) - old) * share.min(1.0)).round() as u8;
                }
            }
        }
    }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [x, y] = [b[0] - a[0], b[1] - a[1]];
    (x * x + y * y).sqrt()
}

/// Adds to each cell how much of it lies in the span.
fn add_span(cover: &mut [f64], [from, to]: [f64; 2]) {
    let from = from.max(0.0);
    let to = to.min(cover.len() as f64);
    if to <= from {
        return;
    }
    let [first, last] = [from as usize, to.ceil() as usize - 1];
    for (at, cell) in cover[first..=last].iter_mut().enumerate() {
        let left = (first + at) as f64;
        *cell += to.min(left + 1.0) - from.max(left);
    }
}
