//! ImageMagick's kernels by name.

use std::f64::consts::SQRT_2;

use super::{
    geometry::Geometry,
    grid::{Grid, Turns},
    smooth,
};
use crate::kernel::{file::MAX_WEIGHTS, nearest::nearest};

/// The names of kernels for hit-and-miss, thinning and distances, whose values are no weights.
const MORPHOLOGY: [&str; 15] = [
    "peaks",
    "edges",
    "corners",
    "diagonals",
    "lineends",
    "linejunctions",
    "ridges",
    "convexhull",
    "thinse",
    "skeleton",
    "chebyshev",
    "manhattan",
    "octagonal",
    "euclidean",
    "thindiagonals",
];
/// The names of kernels that can be convolved.
const WEIGHTS: [&str; 22] = [
    "unity",
    "gaussian",
    "dog",
    "log",
    "blur",
    "comet",
    "binomial",
    "laplacian",
    "sobel",
    "freichen",
    "roberts",
    "prewitt",
    "compass",
    "kirsch",
    "diamond",
    "square",
    "rectangle",
    "disk",
    "octagon",
    "plus",
    "cross",
    "ring",
];

/// Why there is no kernel; the help follows a semicolon.
pub(super) enum Fault {
    /// Of the name.
    Name(&'static str, &'static str),
    /// Of the arguments.
    Arguments(String, &'static str),
}

fn arguments(message: impl Into<String>, help: &'static str) -> Fault {
    Fault::Arguments(message.into(), help)
}

/// The name in lower case, without the signs that the program passes over.
pub(super) fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '-' | '_'));
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether this is the name of a kernel, of any kind.
pub(super) fn is_name(name: &str) -> bool {
    let name = plain(name);
    WEIGHTS.contains(&&*name) || MORPHOLOGY.contains(&&*name)
}

/// The name that may be meant by one that is not known.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    nearest(&plain(name), WEIGHTS).first().copied()
}

/// The kernels of a name, before its flags turn them.
pub(super) fn make(name: &str, given: &Geometry) -> Result<Vec<Grid>, Fault> {
    let name = plain(name);
    if MORPHOLOGY.contains(&&*name) {
        let why = "this kernel of ImageMagick is made for shapes, not for convolution";
        return Err(Fault::Name(why, "choose one of weights, such as Disk:3"));
    }
    let rho = given.rho.unwrap_or(0.0);
    let turned = |text: &str, angle: f64| {
        let mut grid = fixed(text);
        let done = grid.turn(angle);
        done.map_err(|why| arguments(why, "give a multiple of 45 degrees"))?;
        Ok(vec![grid])
    };
    match &*name {
        "unity" => Ok(vec![Grid::new(1, 1, vec![given.rho.unwrap_or(1.0)])]),
        "gaussian" | "dog" | "log" | "blur" | "comet" => {
            let grid = match &*name {
                "blur" => smooth::blur(given),
                "comet" => smooth::comet(given),
                _ => smooth::plane(&name, given),
            };
            grid.map(|grid| vec![grid])
        }
        "binomial" => binomial(rho),
        "laplacian" => {
            let mut grid = fixed(laplacian(rho as i32));
            grid.turns = Turns::None;
            Ok(vec![grid])
        }
        "sobel" => turned("1,0,-1 2,0,-2 1,0,-1", rho),
        "roberts" => turned("0,0,0 1,-1,0 0,0,0", rho),
        "prewitt" => turned("1,0,-1 1,0,-1 1,0,-1", rho),
        "compass" => turned("1,1,-1 1,-2,-1 1,1,-1", rho),
        "kirsch" => turned("5,-3,-3 5,0,-3 5,-3,-3", rho),
        "freichen" => frei_chen(rho, given.sigma.unwrap_or(0.0)),
        "rectangle" => rectangle(given),
        "diamond" | "square" | "disk" | "octagon" | "plus" | "cross" | "ring" => {
            shape(&name, given).map(|grid| vec![grid])
        }
        _ => Err(Fault::Name(
            "there is no such kernel of ImageMagick",
            super::HELP,
        )),
    }
}

/// The square of these weights; `V2` stands for the root of 2.
fn fixed(text: &str) -> Grid {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let values = words.map(|word| match word.trim_start_matches('-') {
        "V2" if word.starts_with('-') => -SQRT_2,
        "V2" => SQRT_2,
        _ => word.parse().expect("a constant of this file"),
    });
    let values = Vec::from_iter(values);
    let side = values.len().isqrt();
    Grid::new(side, side, values)
}

const fn laplacian(kind: i32) -> &'static str {
    match kind {
        1 => "0,-1,0 -1,4,-1 0,-1,0",
        2 => "-2,1,-2 1,4,1 -2,1,-2",
        3 => "1,-2,1 -2,4,-2 1,-2,1",
        5 => "-4,-1,0,-1,-4 -1,2,3,2,-1 0,3,4,3,0 -1,2,3,2,-1 -4,-1,0,-1,-4",
        7 => {
            "-10,-5,-2,-1,-2,-5,-10 -5,0,3,4,3,0,-5 -2,3,6,7,6,3,-2 -1,4,7,8,7,4,-1 \
             -2,3,6,7,6,3,-2 -5,0,3,4,3,0,-5 -10,-5,-2,-1,-2,-5,-10"
        }
        15 => "0,0,-1,0,0 0,-1,-2,-1,0 -1,-2,16,-2,-1 0,-1,-2,-1,0 0,0,-1,0,0",
        19 => {
            "0,-1,-1,-2,-2,-2,-1,-1,0 -1,-2,-4,-5,-5,-5,-4,-2,-1 -1,-4,-5,-3,0,-3,-5,-4,-1 \
             -2,-5,-3,12,24,12,-3,-5,-2 -2,-5,0,24,40,24,0,-5,-2 -2,-5,-3,12,24,12,-3,-5,-2 \
             -1,-4,-5,-3,0,-3,-5,-4,-1 -1,-2,-4,-5,-5,-5,-4,-2,-1 0,-1,-1,-2,-2,-2,-1,-1,0"
        }
        _ => "-1,-1,-1 -1,8,-1 -1,-1,-1",
    }
}

/// One of the kernels of Frei and Chen by its number, as that program has them.
fn frei_chen(rho: f64, sigma: f64) -> Result<Vec<Grid>, Fault> {
    let kind = rho as i32;
    let kinds = if kind == 10 { 11..=19 } else { kind..=kind };
    let mut all = Vec::new();
    for kind in kinds {
        let (text, factor) = match kind {
            1 | 11 => ("1,0,-1 V2,0,-V2 1,0,-1", SQRT_2 / 2.0),
            2 => ("1,V2,0 V2,0,-V2 0,-V2,-1", SQRT_2 / 2.0),
            12 => ("1,V2,1 0,0,0 1,V2,1", SQRT_2 / 2.0),
            13 => ("V2,-1,0 -1,0,1 0,1,-V2", SQRT_2 / 2.0),
            14 => ("0,1,-V2 -1,0,1 V2,-1,0", SQRT_2 / 2.0),
            15 => ("0,-1,0 1,0,1 0,-1,0", 1.0 / 2.0),
            16 => ("1,0,-1 0,0,0 -1,0,1", 1.0 / 2.0),
            17 => ("1,-2,1 -2,4,-2 -1,-2,1", 1.0 / 6.0),
            18 => ("-2,1,-2 1,4,1 -2,1,-2", 1.0 / 6.0),
            19 => ("1,1,1 1,1,1 1,1,1", 1.0 / 3.0),
            _ => ("1,0,-1 V2,0,-V2 1,0,-1", 1.0),
        };
        let mut grid = fixed(text);
        grid.scale_by(factor, factor);
        let angle = match () {
            () if sigma.abs() >= super::grid::EPSILON => sigma,
            () if rho.abs() > 30.0 => rho,
            () => 0.0,
        };
        let done = grid.turn(angle);
        done.map_err(|why| arguments(why, "give a multiple of 45 degrees"))?;
        all.push(grid);
    }
    Ok(all)
}

fn binomial(rho: f64) -> Result<Vec<Grid>, Fault> {
    if rho >= 9.0 {
        let help = "binomial:size=19 is this program's";
        return Err(arguments(
            "its numbers overflow in ImageMagick beyond a radius of 8",
            help,
        ));
    }
    let order = if rho < 1.0 { 2 } else { 2 * rho as usize };
    let mut line = vec![1.0];
    for at in 1..=order {
        line.push(line[at - 1] * (order + 1 - at) as f64 / at as f64);
    }
    let values = line.iter().flat_map(|a| line.iter().map(move |b| a * b));
    Ok(vec![Grid::new(order + 1, order + 1, values.collect())])
}

fn rectangle(given: &Geometry) -> Result<Vec<Grid>, Fault> {
    let width = given.rho.or(given.sigma).unwrap_or(0.0);
    let width = if width < 1.0 { 3.0 } else { width };
    let height = given.sigma.filter(|height| *height >= 1.0).unwrap_or(width);
    let (columns, rows) = (side(width)?, side(height)?);
    weights(columns, rows)?;
    let mut grid = Grid::new(columns, rows, vec![1.0; columns * rows]);
    for (axis, given) in [given.xi, given.psi].into_iter().enumerate() {
        let Some(at) = given else { continue };
        if at < 0.0 || at >= [columns, rows][axis] as f64 {
            return Err(arguments("the origin lies outside the kernel", super::HELP));
        }
        grid.origin[axis] = at as usize;
    }
    Ok(vec![grid])
}

/// A flat shape in a square of this radius.
fn shape(name: &str, given: &Geometry) -> Result<Grid, Fault> {
    let rho = given.rho.unwrap_or(0.0);
    let mut value = given.sigma.unwrap_or(1.0);
    let mut width = match name {
        _ if rho >= 1.0 => 2.0 * rho.trunc() + 1.0,
        "octagon" | "plus" | "cross" => 5.0,
        _ => 3.0,
    };
    let mut limits = [-1.0, 0.0];
    let largest = match name {
        "ring" => rho.max(given.sigma.unwrap_or(0.0)),
        _ => rho,
    };
    let is_default = largest < if name == "disk" { 0.4 } else { 1.0 };
    // There a side is 2 x radius + 1, rounded down, and weights of such a shape are set by nobody.
    if name != "square" && !is_default && largest.fract() >= 0.5 {
        let why = "ImageMagick makes no such shape of a radius that ends on .5 to .9";
        return Err(arguments(
            why,
            "give a whole radius; disk:radius=2.5 is this program's",
        ));
    }
    match name {
        "square" if rho >= 1.0 => width = (2.0 * rho + 1.0).trunc(),
        "disk" if rho < 0.4 => (width, limits[1]) = (9.0, 18.0),
        "disk" => {
            width = 2.0 * rho.trunc() + 1.0;
            limits[1] = (rho * rho).trunc();
        }
        "ring" => {
            let radii = [rho, given.sigma.unwrap_or(0.0)];
            let (inner, outer) = (radii[0].min(radii[1]), radii[0].max(radii[1]));
            width = 2.0 * outer.trunc() + 1.0;
            limits = [inner, outer].map(|radius| (radius * radius).trunc());
            if limits[1] <= 0.0 {
                (width, limits) = (7.0, [7.0, 11.0]);
            }
            value = given.xi.unwrap_or(1.0).trunc();
        }
        _ => {}
    }
    let side = side(width)?;
    weights(side, side)?;
    let centre = (side.saturating_sub(1) / 2) as i64;
    let within = |y: i64, x: i64| match name {
        "diamond" => x.abs() + y.abs() <= centre,
        "octagon" => x.abs() + y.abs() <= centre + centre / 2,
        "plus" => x == 0 || y == 0,
        "cross" => x.abs() == y.abs(),
        "disk" | "ring" => {
            let square = (x * x + y * y) as f64;
            limits[0] < square && square <= limits[1]
        }
        _ => true,
    };
    let lines = (0..side as i64).map(|at| at - centre);
    let places = lines
        .clone()
        .flat_map(|y| lines.clone().map(move |x| (y, x)));
    let values = places.map(|(y, x)| if within(y, x) { value } else { f64::NAN });
    let mut grid = Grid::new(side, side, values.collect());
    if !matches!(name, "octagon" | "ring") {
        grid.turns = Turns::None;
    }
    Ok(grid)
}

/// A length of weights, cut to a whole number.
pub(super) fn side(length: f64) -> Result<usize, Fault> {
    match length {
        1.0..=1048576.0 => Ok(length as usize),
        _ => Err(too_large()),
    }
}

pub(super) fn weights(columns: usize, rows: usize) -> Result<(), Fault> {
    match columns.checked_mul(rows) {
        Some(0..=MAX_WEIGHTS) => Ok(()),
        _ => Err(too_large()),
    }
}

pub(super) fn too_large() -> Fault {
    let message = format!("the kernel has more than {MAX_WEIGHTS} weights");
    arguments(message, "use a smaller one")
}
