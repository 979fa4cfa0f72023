//! The page of a bank: each of its kernels, then how it is computed.

use super::{
    facts, font, heat_map,
    ink::Ink,
    panels,
    response::Response,
    scene::{Anchor, Dash, Scene},
};
use crate::{
    kernel::{Kernel, KernelBank},
    text::printable,
};

pub(super) const WIDTH: f64 = 884.0;
pub(super) const MARGIN: f64 = 20.0;

/// Where the diagrams begin, and how wide they are.
const WEIGHTS: [f64; 2] = [44.0, 200.0];
const PROFILE: [f64; 2] = [298.0, 124.0];
const PLANE: f64 = 466.0;
const LINES: [f64; 2] = [708.0, 156.0];

/// The height of the diagrams with all that stands below them.
const DIAGRAMS: f64 = 284.0;

const TEXT: f64 = 12.0;

pub(super) fn draw(bank: &KernelBank, most: usize) -> Scene {
    let name = printable(bank.name());
    let mut scene = Scene::new(format!("Kernel {name}"), WIDTH);
    let room = WIDTH - 2.0 * MARGIN;
    let name = font::shortened(&name, 18.0, room / 2.0);
    let beside = MARGIN + font::width(&name, 18.0) + 14.0;
    let mut y = 32.0;
    scene.text([MARGIN, y], 18.0, Anchor::Start, Ink::Text, name);
    let what = font::shortened(&what(bank, most), TEXT, WIDTH - MARGIN - beside);
    scene.text([beside, y], TEXT, Anchor::Start, Ink::Faint, what);
    y += 22.0;
    if !bank.description().is_empty() {
        let description = font::shortened(&printable(bank.description()), TEXT, 2.0 * room);
        let at = [MARGIN, y];
        y = scene.paragraph(at, room, TEXT, Ink::Text, &description);
    }
    let several = bank.kernels().len() > 1;
    let kernels = bank.kernels().iter().zip(bank.labels()).enumerate();
    for (at, (kernel, label)) in kernels.take(most) {
        y += 8.0;
        if several {
            let line = vec![[MARGIN, y], [WIDTH - MARGIN, y]];
            scene.line(line, 1.0, Dash::Solid, Ink::Grid);
            y += 20.0;
            let label = match label.as_str() {
                "" => format!("Kernel {}", at + 1),
                label => format!("Kernel {}: {}", at + 1, printable(label)),
            };
            let label = font::shortened(&label, 14.0, room);
            scene.text([MARGIN, y], 14.0, Anchor::Start, Ink::Text, label);
            y += 8.0;
        }
        y = of_kernel(&mut scene, kernel, y);
    }
    y = of_bank(&mut scene, bank, y + 8.0);
    scene.size[1] = (y + 6.0).ceil();
    scene
}

/// Its sizes, and how its kernels are combined.
fn what(bank: &KernelBank, most: usize) -> String {
    let [rows, columns] = bank.size();
    let kernels = bank.kernels().len();
    let mut what = match kernels {
        1 => format!("{rows} x {columns}"),
        _ => format!("{kernels} kernels of {rows} x {columns}"),
    };
    if let Some(combine) = bank.combine() {
        what += &format!(", combined by {combine}");
    }
    if let Some(map) = bank.map() {
        what += &format!(", map {map}");
    }
    if kernels > most {
        what += &format!("; the first {most} are drawn");
    }
    what
}

fn of_kernel(scene: &mut Scene, kernel: &Kernel, y: f64) -> f64 {
    let response = Response::new(kernel);
    let titles = [
        (WEIGHTS[0], "Weights"),
        (PROFILE[0], "Profile"),
        (PLANE, "Gain over the plane"),
        (LINES[0], "Gain along lines"),
    ];
    for (x, title) in titles {
        scene.text([x, y + 14.0], TEXT, Anchor::Start, Ink::Text, title);
    }
    let top = y + 24.0;
    heat_map::draw(scene, kernel, [WEIGHTS[0], top], WEIGHTS[1]);
    panels::profile(scene, kernel, [PROFILE[0], top], PROFILE[1]);
    panels::plane(scene, &response, [PLANE, top]);
    panels::lines(scene, &response, [LINES[0], top], LINES[1]);
    let mut y = top + DIAGRAMS;
    let mut lines = facts::of_kernel(kernel, &response);
    lines.extend(sampled(&response).map(str::to_owned));
    for line in lines {
        let at = [MARGIN, y];
        y = scene.paragraph(at, WIDTH - 2.0 * MARGIN, TEXT, Ink::Text, &line);
    }
    y
}

/// What the diagrams leave out.
fn sampled(response: &Response) -> Option<&'static str> {
    match response.is_sampled {
        [false, false] => None,
        [true, false] => {
            Some("gains over the plane are samples: ripples between them are not seen")
        }
        [_, true] => Some("gains are samples: ripples between them are not seen"),
    }
}

/// Where the columns of the table begin.
const TABLE: [f64; 4] = [MARGIN, 224.0, 398.0, 452.0];

fn of_bank(scene: &mut Scene, bank: &KernelBank, mut y: f64) -> f64 {
    let line = vec![[MARGIN, y], [WIDTH - MARGIN, y]];
    scene.line(line, 1.0, Dash::Solid, Ink::Grid);
    y += 18.0;
    let [rows, columns] = facts::IMAGE;
    let engines = format!(
        "engines that would take it, cheapest first ({columns} x {rows} gray, without SIMD)"
    );
    let titles = ["samples", "responses at worst", "sums in", &engines];
    for (x, title) in TABLE.into_iter().zip(titles) {
        scene.text([x, y], 11.0, Anchor::Start, Ink::Faint, title);
    }
    y += 17.0;
    for row in facts::of_bank(bank) {
        let cells = [row.samples, &row.responses, row.lane];
        for (x, cell) in TABLE.into_iter().zip(cells) {
            scene.text([x, y], TEXT, Anchor::Start, Ink::Text, cell);
        }
        let at = [TABLE[3], y];
        let room = WIDTH - MARGIN - TABLE[3];
        y = scene.paragraph(at, room, TEXT, Ink::Text, &row.engines);
    }
    y
}
