//! Which flips and turns leave a kernel as it is, or change all of its signs.

use crate::kernel::Kernel;

/// Relative to the largest weight: smaller differences are rounding errors.
const TOLERANCE: f64 = 1e-12;

/// A flip or a turn: where it takes a row and column of a kernel of this size.
type Move = fn([usize; 2], [usize; 2]) -> [usize; 2];

/// How a kernel looks after a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Same,
    Opposite,
    Other,
}

/// A clause: `symmetric left-right, antisymmetric top-bottom`.
pub(super) fn words(kernel: &Kernel) -> String {
    if kernel.largest_weight() == 0.0 {
        return "all weights are 0".to_owned();
    }
    let is_square = kernel.rows() == kernel.columns();
    let flips: [(&str, Move); 2] = [
        ("left-right", |[_, columns], [i, j]| [i, columns - 1 - j]),
        ("top-bottom", |[rows, _], [i, j]| [rows - 1 - i, j]),
    ];
    let diagonals: [(&str, Move); 2] = [
        ("about the diagonal", |_, [i, j]| [j, i]),
        ("about the other diagonal", |[rows, _], [i, j]| {
            [rows - 1 - j, rows - 1 - i]
        }),
    ];
    let turn: (&str, Move) = ("by half a turn", |[rows, columns], [i, j]| {
        [rows - 1 - i, columns - 1 - j]
    });
    let changes =
        |moves: [(&'static str, Move); 2]| moves.map(|(name, to)| (name, change(kernel, to)));
    let mut all = changes(flips).to_vec();
    if is_square {
        all.extend(changes(diagonals));
    }
    // Two flips are half a turn.
    if !all
        .chunks(2)
        .any(|two| two.iter().all(|(_, change)| *change != Change::Other))
    {
        all.push((turn.0, change(kernel, turn.1)));
    }
    let named = |wanted: Change, word: &str| {
        let names = all.iter().filter(|(_, change)| *change == wanted);
        let names = Vec::from_iter(names.map(|(name, _)| *name)).join(", ");
        let names = names.replace(
            "about the diagonal, about the other diagonal",
            "about both diagonals",
        );
        (!names.is_empty()).then(|| format!("{word} {names}"))
    };
    let parts = [
        named(Change::Same, "symmetric"),
        named(Change::Opposite, "antisymmetric"),
    ];
    match Vec::from_iter(parts.into_iter().flatten()) {
        parts if parts.is_empty() => "no symmetry".to_owned(),
        parts => parts.join(", "),
    }
}

fn change(kernel: &Kernel, to: Move) -> Change {
    let size = [kernel.rows(), kernel.columns()];
    let largest = kernel.largest_weight();
    let near = match kernel.is_integer() {
        true => 0.0,
        false => TOLERANCE * largest,
    };
    let all = |sign: f64| {
        let mut places = (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| [i, j]));
        places.all(|place| {
            let (weight, other) = (kernel.weight_at(place), kernel.weight_at(to(size, place)));
            (weight - sign * other).abs() <= near
        })
    };
    match (all(1.0), all(-1.0)) {
        (true, _) => Change::Same,
        (false, true) => Change::Opposite,
        (false, false) => Change::Other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::kernel::KernelBank;

    #[test]
    fn symmetries_are_named() {
        let every = "symmetric left-right, top-bottom, about both diagonals";
        for (name, expected) in [
            ("gaussian5", every),
            ("identity", every),
            ("sobel_x", "symmetric top-bottom, antisymmetric left-right"),
            ("emboss", "symmetric about the diagonal"),
            ("motion", "symmetric left-right, top-bottom"),
            (
                "roberts_x",
                "symmetric about the diagonal, antisymmetric about the other diagonal",
            ),
        ] {
            let bank = KernelBank::resolve(name).unwrap();
            assert_eq!(words(&bank.kernels()[0]), expected, "{name}");
        }
        for (columns, weights, expected) in [
            (2, vec![1.0, 2.0, 3.0, 7.0], "no symmetry"),
            (
                3,
                vec![1.0, 2.0, 3.0, 3.0, 2.0, 1.0],
                "symmetric by half a turn",
            ),
            (2, vec![0.0; 4], "all weights are 0"),
            (1, vec![1.0], every),
        ] {
            let kernel = Kernel::new(weights.len() / columns, columns, weights).unwrap();
            assert_eq!(words(&kernel), expected);
        }
    }
}
