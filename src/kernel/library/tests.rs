use std::{collections::BTreeSet, f64::consts::SQRT_2, fs, path::Path};

use super::*;
use crate::{combine::Combine, kernel::Kernel};

type Rows = Vec<Vec<f64>>;

fn rows(kernel: &Kernel) -> Rows {
    let weights: Vec<f64> = kernel.weights().iter().copied().collect();
    weights
        .chunks(kernel.columns())
        .map(<[f64]>::to_vec)
        .collect()
}

/// The weights of the only, or first, kernel of a bank.
fn first(name: &str) -> Rows {
    rows(&KernelBank::builtin(name).unwrap().kernels()[0])
}

fn transposed(rows: &Rows) -> Rows {
    (0..rows[0].len())
        .map(|c| rows.iter().map(|row| row[c]).collect())
        .collect()
}

fn mirrored(rows: &Rows) -> Rows {
    rows.iter()
        .map(|row| row.iter().rev().copied().collect())
        .collect()
}

fn upended(rows: &Rows) -> Rows {
    rows.iter().rev().cloned().collect()
}

fn outer(column: &[f64], row: &[f64]) -> Rows {
    column
        .iter()
        .map(|c| row.iter().map(|r| c * r).collect())
        .collect()
}

fn negated(rows: &Rows) -> Rows {
    // 0 - w, for the zeros of the files have no sign.
    rows.iter()
        .map(|row| row.iter().map(|w| 0.0 - w).collect())
        .collect()
}

/// Which reflections leave the weights as they are (lower case) or negate them
/// (upper case): h left and right, v top and bottom, t across the falling
/// diagonal, a across the rising one, r a turn by 180 degrees.
fn symmetries(weights: &Rows) -> String {
    let turned = upended(&mirrored(weights));
    let images = [
        ('h', mirrored(weights)),
        ('v', upended(weights)),
        ('t', transposed(weights)),
        ('a', upended(&mirrored(&transposed(weights)))),
        ('r', turned),
    ];
    let negative = negated(weights);
    let kept = images.into_iter().filter_map(|(letter, image)| {
        if image == *weights {
            Some(letter)
        } else {
            (image == negative).then(|| letter.to_ascii_uppercase())
        }
    });
    kept.collect()
}

/// Name, kernels, size, sum over divisor, bias, symmetries.
type Published = (&'static str, usize, [usize; 2], f64, f64, &'static str);

/// What is published; the symmetries of each kernel, of rotated ones the first.
#[rustfmt::skip]
const PUBLISHED: &[Published] = &[
    ("bevel", 1, [3, 3], 0.0, 0.5, "tAR"),
    ("box3", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("box5", 1, [5, 5], 1.0, 0.0, "hvtar"),
    ("box7", 1, [7, 7], 1.0, 0.0, "hvtar"),
    ("box9", 1, [9, 9], 1.0, 0.0, "hvtar"),
    ("compass", 8, [3, 3], 0.0, 0.0, "v"),
    ("contour", 1, [3, 3], 0.0, 1.0, "hvtar"),
    ("detail", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("disk3", 1, [7, 7], 1.0, 0.0, "hvtar"),
    ("disk5", 1, [11, 11], 1.0, 0.0, "hvtar"),
    ("edge_enhance", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("emboss", 1, [3, 3], 1.0, 0.0, "t"),
    ("emboss_pillow", 1, [3, 3], 0.0, 0.5, "a"),
    ("farid", 2, [5, 5], 0.0, 0.0, "HvR hVR"),
    ("farid_x", 1, [5, 5], 0.0, 0.0, "HvR"),
    ("farid_y", 1, [5, 5], 0.0, 0.0, "hVR"),
    ("frei_chen", 2, [3, 3], 0.0, 0.0, "hVR HvR"),
    ("frei_chen_x", 1, [3, 3], 0.0, 0.0, "HvR"),
    ("frei_chen_y", 1, [3, 3], 0.0, 0.0, "hVR"),
    ("gaussian3", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("gaussian5", 1, [5, 5], 1.0, 0.0, "hvtar"),
    ("gaussian7", 1, [7, 7], 1.0, 0.0, "hvtar"),
    ("gaussian7_opencv", 1, [7, 7], 1.0, 0.0, "hvtar"),
    ("high_pass", 1, [3, 3], 0.0, 0.0, "hvtar"),
    ("identity", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("kirsch", 8, [3, 3], 0.0, 0.0, "h"),
    ("laplacian4", 1, [3, 3], 0.0, 0.0, "hvtar"),
    ("laplacian8", 1, [3, 3], 0.0, 0.0, "hvtar"),
    ("laplacian_opencv", 1, [3, 3], 0.0, 0.0, "hvtar"),
    ("line_135", 1, [3, 3], 0.0, 0.0, "tar"),
    ("line_45", 1, [3, 3], 0.0, 0.0, "tar"),
    ("line_h", 1, [3, 3], 0.0, 0.0, "hvr"),
    ("line_v", 1, [3, 3], 0.0, 0.0, "hvr"),
    ("lines", 4, [3, 3], 0.0, 0.0, "hvr hvr tar tar"),
    ("log5", 1, [5, 5], 0.0, 0.0, "hvtar"),
    ("log9", 1, [9, 9], 0.0, 0.0, "hvtar"),
    ("motion", 1, [1, 9], 1.0, 0.0, "hvr"),
    ("motion_135", 1, [7, 7], 1.0, 0.0, "tar"),
    ("motion_45", 1, [7, 7], 1.0, 0.0, "tar"),
    ("motion_v", 1, [9, 1], 1.0, 0.0, "hvr"),
    ("outline", 1, [3, 3], 0.0, 0.0, "hvtar"),
    ("prewitt", 2, [3, 3], 0.0, 0.0, "HvR hVR"),
    ("prewitt_x", 1, [3, 3], 0.0, 0.0, "HvR"),
    ("prewitt_y", 1, [3, 3], 0.0, 0.0, "hVR"),
    ("roberts", 2, [2, 2], 0.0, 0.0, "tAR TaR"),
    ("roberts_x", 1, [2, 2], 0.0, 0.0, "tAR"),
    ("roberts_y", 1, [2, 2], 0.0, 0.0, "TaR"),
    ("robinson", 8, [3, 3], 0.0, 0.0, "hVR"),
    ("scharr", 2, [3, 3], 0.0, 0.0, "HvR hVR"),
    ("scharr_x", 1, [3, 3], 0.0, 0.0, "HvR"),
    ("scharr_y", 1, [3, 3], 0.0, 0.0, "hVR"),
    ("sharpen", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("sharpen8", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("sharpen_soft", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("smooth", 1, [3, 3], 1.0, 0.0, "hvtar"),
    ("smooth_more", 1, [5, 5], 1.0, 0.0, "hvtar"),
    ("sobel", 2, [3, 3], 0.0, 0.0, "HvR hVR"),
    ("sobel5", 2, [5, 5], 0.0, 0.0, "HvR hVR"),
    ("sobel5_x", 1, [5, 5], 0.0, 0.0, "HvR"),
    ("sobel5_y", 1, [5, 5], 0.0, 0.0, "hVR"),
    ("sobel_direction", 2, [3, 3], 0.0, 0.0, "HvR hVR"),
    ("sobel_x", 1, [3, 3], 0.0, 0.0, "HvR"),
    ("sobel_y", 1, [3, 3], 0.0, 0.0, "hVR"),
    ("unsharp5", 1, [5, 5], 1.0, 0.0, "hvtar"),
];

#[test]
fn every_kernel_is_as_published() {
    assert_eq!(PUBLISHED.len(), KernelBank::builtins().len());
    for (builtin, &(name, count, size, sum, bias, symmetry)) in
        KernelBank::builtins().zip(PUBLISHED)
    {
        assert_eq!(builtin.name(), name);
        let bank = builtin.bank();
        assert_eq!(bank.name(), name);
        assert_eq!(bank.kernels().len(), count, "{name}");
        let listed = symmetry.split(' ').count();
        let found: Vec<String> = bank.kernels()[..listed]
            .iter()
            .map(|kernel| symmetries(&rows(kernel)))
            .collect();
        assert_eq!(found.join(" "), symmetry, "{name}");
        for kernel in bank.kernels() {
            assert_eq!([kernel.rows(), kernel.columns()], size, "{name}");
            assert!(
                (kernel.gain() - sum).abs() < 1e-15,
                "{name}: {}",
                kernel.gain()
            );
            assert_eq!(kernel.bias(), bias, "{name}");
            assert_eq!(kernel.anchor(), [size[0] / 2, size[1] / 2], "{name}");
        }
        // Signed results are shown as the user asks, not as a file decides.
        assert_eq!(bank.map(), None, "{name}");
    }
}

#[test]
fn the_folder_and_the_table_hold_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels");
    let files: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let table: Vec<String> = KernelBank::builtins()
        .map(|b| format!("{}.toml", b.name()))
        .collect();
    assert_eq!(files, table.iter().cloned().collect());
    assert!(KernelBank::builtins().map(|b| b.name()).is_sorted());
    for builtin in KernelBank::builtins() {
        let path = folder.join(format!("{}.toml", builtin.name()));
        assert_eq!(KernelBank::read(path).unwrap(), builtin.bank());
    }
}

#[test]
fn every_kernel_has_a_description_of_its_own() {
    let mut seen = BTreeSet::new();
    for builtin in KernelBank::builtins() {
        let description = builtin.bank().description().to_owned();
        assert!(description.len() > 20, "{}", builtin.name());
        assert!(!description.contains('\n'), "{}", builtin.name());
        assert!(seen.insert(description), "{}", builtin.name());
    }
}

#[test]
fn aliases_are_sorted_lead_somewhere_and_hide_nothing() {
    assert!(KernelBank::aliases().is_sorted());
    for &(alias, name) in KernelBank::aliases() {
        assert_eq!(KernelBank::builtin(alias).unwrap().name(), name);
        assert_eq!(
            KernelBank::builtin_toml(alias),
            KernelBank::builtin_toml(name)
        );
        assert!(
            KernelBank::builtins().all(|builtin| builtin.name() != alias),
            "{alias}"
        );
    }
    for (name, message) in [
        ("photograph", "there is no built-in kernel `photograph`"),
        (
            "gaussian4",
            "there is no built-in kernel `gaussian4`; did you mean `gaussian3` or `gaussian5` or `gaussian7`?",
        ),
        // A file, if it were there, would not be looked at.
        (
            "kernels/sobel.toml",
            "there is no built-in kernel `kernels/sobel.toml`",
        ),
        (
            "sobel\n",
            "there is no built-in kernel `sobel\\n`; did you mean `sobel` or `sobel5`?",
        ),
    ] {
        let refused = KernelBank::builtin(name).unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    assert_eq!(KernelBank::builtin_toml(""), None);
}

#[test]
fn the_y_kernels_are_the_x_kernels_transposed() {
    for family in ["sobel", "sobel5", "scharr", "prewitt", "farid", "frei_chen"] {
        let x = first(&format!("{family}_x"));
        assert_eq!(first(&format!("{family}_y")), transposed(&x), "{family}");
        // Positive where it gets brighter to the right.
        assert!(x.iter().all(|row| row[0] < 0.0), "{family}");
        let bank = KernelBank::builtin(family).unwrap();
        assert_eq!(bank.combine(), Some(Combine::Magnitude));
        if family != "frei_chen" {
            assert_eq!(rows(&bank.kernels()[0]), x, "{family}");
            assert_eq!(rows(&bank.kernels()[1]), transposed(&x), "{family}");
        }
    }
    // Published as G1 and G2, downward first and with the opposite sign.
    let [g1, g2] = [0, 1].map(|at| rows(&KernelBank::builtin("frei_chen").unwrap().kernels()[at]));
    assert_eq!(g1, [[1.0, SQRT_2, 1.0], [0.0; 3], [-1.0, -SQRT_2, -1.0]]);
    assert_eq!(g2, transposed(&g1));
    assert_eq!(first("frei_chen_x"), negated(&g2));
    let roberts = KernelBank::builtin("roberts").unwrap();
    assert_eq!(rows(&roberts.kernels()[0]), [[1.0, 0.0], [0.0, -1.0]]);
    assert_eq!(rows(&roberts.kernels()[0]), first("roberts_x"));
    assert_eq!(rows(&roberts.kernels()[1]), first("roberts_y"));
}

#[test]
fn direction_is_x_and_then_y_of_sobel() {
    let bank = KernelBank::builtin("sobel_direction").unwrap();
    assert_eq!(bank.combine(), Some(Combine::Direction));
    assert_eq!(
        bank.kernels(),
        KernelBank::builtin("sobel").unwrap().kernels()
    );
}

#[test]
fn products_are_the_products_that_they_are_said_to_be() {
    const BINOMIAL: [f64; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
    let square = |weights: &[f64]| outer(weights, weights);
    assert_eq!(first("gaussian3"), square(&[1.0, 2.0, 1.0]));
    assert_eq!(first("gaussian5"), square(&BINOMIAL));
    assert_eq!(
        first("gaussian7"),
        square(&[1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0])
    );
    assert_eq!(
        first("gaussian7_opencv"),
        square(&[2.0, 7.0, 14.0, 18.0, 14.0, 7.0, 2.0])
    );
    assert_eq!(
        first("sobel5_x"),
        outer(&BINOMIAL, &[-1.0, -2.0, 0.0, 2.0, 1.0])
    );
    let mut unsharp = negated(&square(&BINOMIAL));
    unsharp[2][2] = 476.0;
    assert_eq!(first("unsharp5"), unsharp);
    for name in ["box3", "box5", "box7", "box9", "motion", "motion_v"] {
        assert!(
            first(name).iter().flatten().all(|&weight| weight == 1.0),
            "{name}"
        );
    }
    let [p0, p1, p2] = [0.0376593171958126, 0.249153396177344, 0.426374573253687];
    let [d0, d1] = [0.109603762960254, 0.276690988455557];
    let farid = outer(&[p0, p1, p2, p1, p0], &[-d0, -d1, 0.0, d1, d0]);
    for (found, expected) in first("farid_x")
        .iter()
        .flatten()
        .zip(farid.iter().flatten())
    {
        assert!((found - expected).abs() <= 1e-16, "{found} {expected}");
    }
}

#[test]
fn centres_and_corners_are_as_published() {
    // The middle row from the left edge to the centre tells most kernels apart.
    for (name, middle) in [
        ("smooth", &[1.0, 5.0][..]),
        ("smooth_more", &[1.0, 5.0, 44.0]),
        ("scharr_x", &[-10.0, 0.0]),
        ("kirsch", &[-3.0, 0.0]),
        ("robinson", &[0.0, 0.0]),
        ("compass", &[1.0, -2.0]),
        ("laplacian4", &[1.0, -4.0]),
        ("laplacian8", &[1.0, -8.0]),
        ("laplacian_opencv", &[0.0, -8.0]),
        ("log5", &[-1.0, -2.0, 16.0]),
        ("log9", &[-2.0, -5.0, 0.0, 24.0, 40.0]),
        ("outline", &[-1.0, 8.0]),
        ("line_h", &[2.0, 2.0]),
        ("sharpen", &[-1.0, 5.0]),
        ("sharpen8", &[-1.0, 9.0]),
        ("sharpen_soft", &[-2.0, 32.0]),
        ("edge_enhance", &[-1.0, 10.0]),
        ("detail", &[-1.0, 10.0]),
        ("high_pass", &[-1.0, 8.0]),
        ("emboss", &[-1.0, 1.0]),
        ("bevel", &[-1.0, 0.0]),
        ("contour", &[-1.0, 8.0]),
    ] {
        let weights = first(name);
        assert_eq!(
            &weights[weights.len() / 2][..middle.len()],
            middle,
            "{name}"
        );
    }
    // Four neighbours only: a peer once shipped ones in the corners.
    assert_eq!(first("laplacian4")[0], [0.0, 1.0, 0.0]);
    assert_eq!(first("laplacian_opencv")[0], [2.0, 0.0, 2.0]);
    assert_eq!(
        first("log9")[0],
        [0.0, -1.0, -1.0, -2.0, -2.0, -2.0, -1.0, -1.0, 0.0]
    );
    assert_eq!(first("line_v"), transposed(&first("line_h")));
    assert_eq!(first("line_135"), mirrored(&first("line_45")));
    assert_eq!(first("motion_135"), mirrored(&first("motion_45")));
    assert_eq!(first("kirsch")[0], [5.0; 3]);
}

#[test]
fn compass_banks_take_the_largest_of_eight_different_turns() {
    for name in ["kirsch", "robinson", "compass"] {
        let bank = KernelBank::builtin(name).unwrap();
        assert_eq!(bank.combine(), Some(Combine::Max), "{name}");
        for (at, kernel) in bank.kernels().iter().enumerate() {
            assert!(!bank.kernels()[..at].contains(kernel), "{name}");
        }
    }
    // Turned by 90 degrees, Robinson's kernel is Sobel's with the sign of south.
    let robinson = KernelBank::builtin("robinson").unwrap();
    assert_eq!(rows(&robinson.kernels()[2]), first("sobel_x"));
    assert_eq!(rows(&robinson.kernels()[4]), first("sobel_y"));
}

/// The area of the pixel at `(row, column)` inside a circle of `radius` around
/// pixel (0, 0), from the heights of 4000 strips; good to about 1e-6.
fn coverage(radius: f64, row: f64, column: f64) -> f64 {
    const STRIPS: u32 = 4000;
    let height = |strip: u32| {
        let x = column - 0.5 + (f64::from(strip) + 0.5) / f64::from(STRIPS);
        let half = (radius * radius - x * x).max(0.0).sqrt();
        ((row + 0.5).min(half) - (row - 0.5).max(-half)).max(0.0)
    };
    (0..STRIPS).map(height).sum::<f64>() / f64::from(STRIPS)
}

#[test]
fn disks_hold_the_area_of_each_pixel_inside_the_circle() {
    for (name, radius) in [("disk3", 3.0_f64), ("disk5", 5.0)] {
        let bank = KernelBank::builtin(name).unwrap();
        let area = std::f64::consts::PI * radius * radius;
        assert_eq!(bank.kernels()[0].divisor(), area);
        for (row, weights) in first(name).iter().enumerate() {
            for (column, weight) in weights.iter().enumerate() {
                let expected = coverage(radius, row as f64 - radius, column as f64 - radius);
                assert!(
                    (weight - expected).abs() < 2e-6,
                    "{name} {row} {column} {weight} {expected}"
                );
            }
        }
    }
    // MATLAB prints fspecial("disk", 5) with these.
    let top: Vec<String> = first("disk5")[0][3..6]
        .iter()
        .map(|weight| format!("{:.4}", weight / (25.0 * std::f64::consts::PI)))
        .collect();
    assert_eq!(top, ["0.0012", "0.0050", "0.0063"]);
}

#[test]
fn separable_are_the_blurs_and_the_plain_derivatives() {
    let separable: Vec<&str> = KernelBank::builtins()
        .filter(|builtin| builtin.bank().summary().separable)
        .map(|builtin| builtin.name())
        .collect();
    assert_eq!(
        separable,
        [
            "box3",
            "box5",
            "box7",
            "box9",
            "farid",
            "farid_x",
            "farid_y",
            "frei_chen",
            "frei_chen_x",
            "frei_chen_y",
            "gaussian3",
            "gaussian5",
            "gaussian7",
            "gaussian7_opencv",
            "identity",
            "line_h",
            "line_v",
            "motion",
            "motion_v",
            "prewitt",
            "prewitt_x",
            "prewitt_y",
            "scharr",
            "scharr_x",
            "scharr_y",
            "sobel",
            "sobel5",
            "sobel5_x",
            "sobel5_y",
            "sobel_direction",
            "sobel_x",
            "sobel_y",
        ]
    );
}
