//! A picture as SVG text.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    ink::{Colour, Ink},
    numbers::coordinate,
    scene::{Anchor, Dash, Scene, Shape},
};

/// Fonts that are as wide as the one that texts are measured in, on every system.
const FONTS: &str = "'DejaVu Sans',Verdana,Geneva,sans-serif";

/// How an ink is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Fill,
    Stroke,
}

pub(super) fn write(scene: &Scene) -> String {
    let mut writer = Writer::default();
    let [width, height] = scene.size;
    writer.rectangle([0.0; 2], [width, height], Ink::Paper);
    for shape in &scene.shapes {
        writer.shape(shape);
    }
    let [width, height] = scene.size.map(coordinate);
    let title = escaped(&scene.title);
    let (style, body) = (writer.style(), writer.body);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\">\n<title>{title}</title>\n<style>\n{style}</style>\n{body}</svg>\n"
    )
}

#[derive(Default)]
struct Writer {
    body: String,
    used: BTreeSet<(Ink, Use)>,
}

/// Writing to a `String` cannot fail.
macro_rules! put {
    ($to:expr, $($what:tt)*) => {
        write!($to, $($what)*).expect("a string takes any text")
    };
}

impl Writer {
    /// The name of the class of an ink that is used so.
    fn class(&mut self, ink: Ink, how: Use) -> String {
        self.used.insert((ink, how));
        class(ink, how)
    }

    fn rectangle(&mut self, at: [f64; 2], size: [f64; 2], ink: Ink) {
        let class = self.class(ink, Use::Fill);
        let [x, y] = at.map(coordinate);
        let [width, height] = size.map(coordinate);
        put!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n"
        );
    }

    fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Rectangle { at, size, ink } => self.rectangle(*at, *size, *ink),
            Shape::Frame {
                at,
                size,
                width,
                ink,
            } => {
                let class = self.class(*ink, Use::Stroke);
                let [x, y] = at.map(coordinate);
                let [across, down] = size.map(coordinate);
                let width = coordinate(*width);
                put!(
                    self.body,
                    "<path class=\"{class}\" stroke-width=\"{width}\" d=\"M{x} {y}h{across}v{down}h-{across}z\"/>\n"
                );
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
            } => self.cells(*at, *cell, *columns, inks),
            Shape::Text {
                at,
                text,
                size,
                anchor,
                ink,
            } => {
                let class = self.class(*ink, Use::Fill);
                let [x, y] = at.map(coordinate);
                let size = coordinate(*size);
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let text = escaped(text);
                put!(
                    self.body,
                    "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}>{text}</text>\n"
                );
            }
        }
    }

    fn line(&mut self, points: &[[f64; 2]], width: f64, dash: Dash, ink: Ink) {
        let class = self.class(ink, Use::Stroke);
        let mut path = String::new();
        for (at, point) in points.iter().enumerate() {
            let [x, y] = point.map(coordinate);
            let command = match at {
                0 => "M",
                1 => "L",
                _ => " ",
            };
            put!(path, "{command}{x} {y}");
        }
        let dashes = dash.lengths().iter().map(|len| coordinate(*len));
        let dashes = Vec::from_iter(dashes).join(" ");
        let dashes = match dashes.is_empty() {
            true => dashes,
            false => format!(" stroke-dasharray=\"{dashes}\""),
        };
        let width = coordinate(width);
        put!(
            self.body,
            "<path class=\"{class}\" stroke-width=\"{width}\"{dashes} d=\"{path}\"/>\n"
        );
    }

    /// One path for each ink, of runs of equal cells: lines as wide as a row, in units of cells.
    fn cells(&mut self, at: [f64; 2], cell: [f64; 2], columns: usize, inks: &[Ink]) {
        let all = BTreeSet::from_iter(inks);
        // Along the middles of rows.
        let [x, y] = [at[0], at[1] + cell[1] / 2.0].map(coordinate);
        let [across, down] = cell.map(coordinate);
        put!(
            self.body,
            "<g shape-rendering=\"crispEdges\" transform=\"translate({x} {y})scale({across} {down})\">\n"
        );
        for &ink in all {
            let class = self.class(ink, Use::Stroke);
            let mut path = String::new();
            for (row, inks) in inks.chunks(columns).enumerate() {
                let mut column = 0;
                for run in inks.chunk_by(|a, b| a == b) {
                    if run[0] == ink {
                        put!(path, "M{column} {row}h{}", run.len());
                    }
                    column += run.len();
                }
            }
            put!(self.body, "<path class=\"{class}\" d=\"{path}\"/>\n");
        }
        self.body += "</g>\n";
    }

    /// The colours of what is used, in both modes.
    fn style(&self) -> String {
        let rules = |dark: bool| {
            let mut rules = String::new();
            for &(ink, how) in &self.used {
                let (class, colour) = (class(ink, how), hexadecimal(ink.colour(dark)));
                // Colours alone change in dark mode.
                if dark && ink.colour(true) == ink.colour(false) {
                    continue;
                }
                match (how, dark) {
                    (Use::Fill, _) => put!(rules, ".{class}{{fill:{colour}}}\n"),
                    (Use::Stroke, true) => put!(rules, ".{class}{{stroke:{colour}}}\n"),
                    (Use::Stroke, false) => {
                        put!(rules, ".{class}{{fill:none;stroke:{colour}}}\n");
                    }
                }
            }
            rules
        };
        format!(
            "{}@media (prefers-color-scheme:dark){{\n{}}}\n",
            rules(false),
            rules(true)
        )
    }
}

fn class(ink: Ink, how: Use) -> String {
    match how {
        Use::Fill => ink.class(),
        Use::Stroke => format!("l{}", ink.class()),
    }
}

fn hexadecimal([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The text with what XML takes for markup as entities, and without characters that it forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
