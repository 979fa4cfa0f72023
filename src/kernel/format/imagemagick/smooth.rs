//! ImageMagick's kernels of Gaussians, by the formulas of its documentation and with its radii.
//!
//! Sums and products are in its order, so that weights are its own but for the last digit of
//! the exponential, which is libm's here.

use std::f64::consts::PI;

use super::{
    geometry::Geometry,
    grid::{EPSILON, Grid, Turns},
    named::{Fault, side, too_large, weights},
};

/// What it counts as nothing at the edge of a kernel: one step of 16 bits.
const STEP: f64 = 1.0 / 65535.0;
/// A line is averaged from so many values a weight.
const RANK: i64 = 3;

/// Radius, or 0, and sigma.
fn given(geometry: &Geometry, sigma: Option<f64>) -> Result<[f64; 2], Fault> {
    let sigma = sigma.unwrap_or(0.0).abs();
    match sigma {
        0.0..1e9 => Ok([geometry.rho.unwrap_or(0.0), sigma]),
        _ => Err(too_large()),
    }
}

/// Half the width that the program takes for a line or a plane of this sigma.
fn reach(radius: f64, sigma: f64, plane: bool) -> f64 {
    if radius > EPSILON {
        return radius.ceil();
    }
    if sigma <= EPSILON {
        return 1.0;
    }
    let bell = |at: f64| libm::exp(-at * at / (2.0 * sigma * sigma));
    let mut sum = 1.0 + 2.0 * bell(1.0);
    let mut reach = 1.0;
    loop {
        let edge = bell(reach + 1.0);
        sum += 2.0 * edge;
        let total = if plane { sum * sum } else { sum };
        if edge / total < STEP {
            return reach;
        }
        reach += 1.0;
    }
}

fn width(radius: f64, sigma: f64, plane: bool) -> Result<usize, Fault> {
    side(match radius >= 1.0 {
        true => 2.0 * radius.trunc() + 1.0,
        false => 2.0 * reach(radius, sigma, plane) + 1.0,
    })
}

/// `gaussian`, `dog` and `log`.
pub(super) fn plane(name: &str, geometry: &Geometry) -> Result<Grid, Fault> {
    let [radius, sigma] = given(geometry, geometry.sigma)?;
    let [_, other] = given(geometry, geometry.xi)?;
    let is_difference = name == "dog";
    let widest = if is_difference {
        sigma.max(other)
    } else {
        sigma
    };
    let side = width(radius, widest, true)?;
    weights(side, side)?;
    let centre = (side / 2) as i64;
    let squares = || {
        let lines = -centre..=centre;
        let squares = lines
            .clone()
            .flat_map(move |v| lines.clone().map(move |u| u * u + v * v));
        squares.map(|square| square as f64)
    };
    let unity = || squares().map(|square| f64::from(square == 0.0)).collect();
    let gaussian = |sigma: f64| -> Vec<f64> {
        if sigma <= EPSILON {
            return unity();
        }
        let a = 1.0 / (2.0 * sigma * sigma);
        let b = 1.0 / (2.0 * PI * sigma * sigma);
        squares().map(|square| libm::exp(-square * a) * b).collect()
    };
    let mut values = match name {
        "log" if sigma > EPSILON => {
            let a = 1.0 / (2.0 * sigma * sigma);
            let b = 1.0 / (PI * sigma * sigma * sigma * sigma);
            let value = |r: f64| (1.0 - r) * libm::exp(-r) * b;
            squares().map(|square| value(square * a)).collect()
        }
        _ => gaussian(sigma),
    };
    if is_difference {
        for (value, less) in values.iter_mut().zip(gaussian(other)) {
            *value -= less;
        }
    }
    let mut grid = Grid::new(side, side, values);
    grid.turns = Turns::None;
    grid.balance();
    Ok(grid)
}

/// A row of a Gaussian, or a column if it is turned.
pub(super) fn blur(geometry: &Geometry) -> Result<Grid, Fault> {
    let [radius, sigma] = given(geometry, geometry.sigma)?;
    let width = width(radius, sigma, false)?;
    let mut values = vec![0.0; width];
    if sigma > EPSILON {
        let sigma = sigma * RANK as f64;
        let a = 1.0 / (2.0 * sigma * sigma);
        let b = 1.0 / ((2.0 * PI).sqrt() * sigma);
        let half = (width as i64 * RANK - 1) / 2;
        for u in -half..=half {
            values[((u + half) / RANK) as usize] += libm::exp(-((u * u) as f64) * a) * b;
        }
    } else {
        values[width / 2] = 1.0;
    }
    let mut grid = Grid::new(width, 1, values);
    grid.turns = Turns::Line;
    grid.balance();
    turned(grid, geometry)
}

/// Half a Gaussian, which leaves a tail.
pub(super) fn comet(geometry: &Geometry) -> Result<Grid, Fault> {
    let [width, sigma] = given(geometry, geometry.sigma)?;
    let width = side(match width < 1.0 {
        true => reach(width, sigma, false) + 1.0,
        false => width.trunc(),
    })?;
    let mut values = vec![0.0; width];
    if sigma > EPSILON {
        let sigma = sigma * RANK as f64;
        let a = 1.0 / (2.0 * sigma * sigma);
        for u in 0..width as i64 * RANK {
            values[(u / RANK) as usize] += libm::exp(-((u * u) as f64) * a);
        }
    } else {
        values[0] = 1.0;
    }
    let mut grid = Grid::new(width, 1, values);
    grid.origin = [0, 0];
    grid.balance();
    turned(grid, geometry)
}

fn turned(mut grid: Grid, geometry: &Geometry) -> Result<Grid, Fault> {
    let done = grid.turn(geometry.xi.unwrap_or(0.0));
    let help = "give a multiple of 90 degrees";
    done.map_err(|_| Fault::Arguments("a line is turned by 90 degrees only".to_owned(), help))?;
    Ok(grid)
}
