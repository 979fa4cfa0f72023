//! A sheet of banks, each small.

use super::{
    font, heat_map,
    ink::Ink,
    numbers::short,
    page::{MARGIN, WIDTH},
    panels,
    response::Response,
    scene::{Anchor, Scene},
};
use crate::{kernel::KernelBank, text::printable};

/// Tiles in a row.
const COLUMNS: usize = 6;

const TILE: [f64; 2] = [142.0, 114.0];

/// The side of a picture, and the distance of two.
const SIDE: f64 = 63.0;
const GAP: f64 = 4.0;

/// The most kernels of a bank that are drawn, in two rows of small ones.
const MAX_KERNELS: usize = 8;

pub(super) fn draw(banks: &[KernelBank]) -> Scene {
    let mut scene = Scene::new("Kernels".to_owned(), WIDTH);
    scene.text([MARGIN, 32.0], 18.0, Anchor::Start, Ink::Text, "Kernels");
    let what = "weights (blue below 0, orange above), and of single kernels the gain of every frequency (yellow is the largest)";
    scene.text([MARGIN, 52.0], 12.0, Anchor::Start, Ink::Faint, what);
    let top = 66.0;
    for (at, bank) in banks.iter().enumerate() {
        let [column, row] = [at % COLUMNS, at / COLUMNS].map(|at| at as f64);
        tile(
            &mut scene,
            bank,
            [MARGIN + TILE[0] * column, top + TILE[1] * row],
        );
    }
    let rows = banks.len().div_ceil(COLUMNS) as f64;
    scene.size[1] = top + TILE[1] * rows + 6.0;
    scene
}

fn tile(scene: &mut Scene, bank: &KernelBank, [x, y]: [f64; 2]) {
    let room = TILE[0] - 8.0;
    let name = font::shortened(&printable(bank.name()), 12.0, room);
    scene.text([x, y + 14.0], 12.0, Anchor::Start, Ink::Text, name);
    let top = y + 20.0;
    match bank.kernels() {
        [kernel] => {
            heat_map::thumbnail(scene, kernel, [x, top], SIDE);
            panels::small_plane(scene, &Response::new(kernel), [x + SIDE + GAP, top]);
        }
        kernels => {
            let (side, columns) = match kernels.len() {
                2 => (SIDE, 2),
                _ => ((SIDE - GAP) / 2.0, 4),
            };
            for (at, kernel) in kernels.iter().take(MAX_KERNELS).enumerate() {
                let [column, row] = [at % columns, at / columns].map(|at| at as f64);
                let at = [x + (side + GAP) * column, top + (side + GAP) * row];
                heat_map::thumbnail(scene, kernel, at.map(f64::floor), side.floor());
            }
        }
    }
    let summary = bank.summary();
    let mut what = format!("{} x {}", summary.rows, summary.columns);
    if summary.kernels > 1 {
        what = format!("{} of {what}", summary.kernels);
    }
    if let Some(combine) = summary.combine {
        what += &format!(", {combine}");
    } else if let Some(sum) = summary.sum {
        what += &format!(", gain {}", short(sum, 3));
    }
    let what = font::shortened(&what, 10.0, room);
    let at = [x, top + SIDE + 14.0];
    scene.text(at, 10.0, Anchor::Start, Ink::Faint, what);
}
