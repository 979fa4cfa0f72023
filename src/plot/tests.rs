#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{
    font,
    ink::Ink,
    page,
    scene::{Anchor, Shape},
    sheet, *,
};
use crate::kernel::Kernel;

/// Left, top, right and bottom of a text.
fn bounds(shape: &Shape) -> Option<([f64; 4], &str)> {
    let Shape::Text {
        at: [x, y],
        text,
        size,
        anchor,
        ..
    } = shape
    else {
        return None;
    };
    let width = font::width(text, *size);
    let left = match anchor {
        Anchor::Start => *x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Some(([left, y - 0.74 * size, left + width, y + 0.2 * size], text))
}

/// Left, top, right and bottom of what has a frame, or is filled.
fn diagram(shape: &Shape) -> Option<[f64; 4]> {
    match shape {
        Shape::Frame {
            at: [x, y], size, ..
        } => Some([*x, *y, x + size[0], y + size[1]]),
        Shape::Cells {
            at: [x, y],
            cell,
            columns,
            inks,
        } => {
            let rows = inks.len() / columns;
            let [across, down] = [cell[0] * *columns as f64, cell[1] * rows as f64];
            Some([*x, *y, x + across, y + down])
        }
        _ => None,
    }
}

/// No text leaves the picture, no two overlap, and none stands on the edge of a diagram.
#[track_caller]
fn check(scene: &Scene) {
    let [width, height] = scene.size;
    let texts = Vec::from_iter(scene.shapes.iter().filter_map(bounds));
    assert!(!texts.is_empty());
    let diagrams = Vec::from_iter(scene.shapes.iter().filter_map(diagram));
    for (at, (a, text)) in texts.iter().enumerate() {
        let [left, top, right, bottom] = *a;
        let inside = left >= 2.0 && top >= 2.0 && right <= width - 2.0 && bottom <= height - 2.0;
        assert!(inside, "{}: {text} at {a:?}", scene.title);
        for (b, other) in &texts[..at] {
            let apart = right <= b[0] || b[2] <= left || bottom <= b[1] || b[3] <= top;
            assert!(apart, "{}: {text} and {other}: {a:?}, {b:?}", scene.title);
        }
        for b in &diagrams {
            let apart = right <= b[0] || b[2] <= left || bottom <= b[1] || b[3] <= top;
            let within = b[0] <= left && right <= b[2] && b[1] <= top && bottom <= b[3];
            assert!(apart || within, "{}: {text} at {a:?}, {b:?}", scene.title);
        }
    }
}

fn odd_kernels() -> Vec<KernelBank> {
    let kernel =
        |rows, columns, weights| KernelBank::from(Kernel::new(rows, columns, weights).unwrap());
    // Of so many rows, all of large whole numbers.
    let whole = |side: usize| {
        let weight = |at: usize| (at as f64 - 7.0) * 98_765_432.0;
        kernel(side, side, (0..side * side).map(weight).collect())
    };
    let wave = |len: usize| Vec::from_iter((0..len).map(|at| (at as f64).sin() * 1e-3));
    let anchored = Kernel::new(4, 40, wave(160)).unwrap();
    vec![
        kernel(1, 1, vec![5.0]),
        kernel(2, 2, vec![0.0; 4]),
        kernel(3, 3, wave(9)),
        kernel(11, 11, wave(121)),
        kernel(1, 1500, wave(1500)),
        kernel(700, 1, wave(700)),
        kernel(
            2,
            3,
            vec![f64::MAX, f64::MAX, 5e-324, f64::MIN, 1e-300, 0.0],
        ),
        whole(1),
        whole(4),
        whole(6),
        whole(8),
        whole(9),
        whole(15),
        kernel(2, 2, vec![123_456_789.0, -987_654_321.0, 1e12, 1e15]),
        anchored
            .with_anchor([3, 39])
            .unwrap()
            .with_divisor(-1.0 / 3.0)
            .unwrap()
            .into(),
        kernel(1, 2, vec![1.0, -1.0])
            .with_name("n".repeat(300))
            .with_description("w ".repeat(500)),
        kernel(1, 2, vec![1.0, -1.0])
            .with_name("名前\u{202e}\n")
            .with_description("界".repeat(400)),
    ]
}

#[test]
fn labels_neither_overlap_nor_leave_the_picture() {
    let banks = KernelBank::builtins().map(|builtin| builtin.bank());
    let specs = [
        "gaussian:sigma=0.4",
        "gaussian:sigma=1.5",
        "gaussian:sigma=2,order=2",
        "gaussian:sigma=30",
        "disk:radius=60.5",
        "motion:length=25,angle=30",
        "gabor:wavelength=5",
        "unsharp:sigma=3,amount=0.7",
        "box:size=21",
        "sobel:size=9",
        "binomial:size=15",
        "im:Kirsch:@",
        "im:Compass:@",
        "gaussian:sigma_y=30000,sigma_x=0",
        "123456 -234567 345678; 1 2 3; -4 5 -678901",
        "[[-100000000, 12345678, 3, 0.001, 0.00002], [1e9, 1, 2, -99999999, 55555555]]",
        "[[1e-9, 12345.678], [-123456.5, -1e-300]]",
    ];
    let specs = specs.map(|spec| KernelBank::resolve(spec).unwrap());
    let banks = Vec::from_iter(banks.chain(specs).chain(odd_kernels()));
    for bank in &banks {
        check(&page::draw(bank, MAX_KERNELS));
    }
    check(&sheet::draw(&banks));
}

#[test]
fn every_picture_is_drawn_as_text_and_as_pixels() {
    for bank in odd_kernels() {
        let plot = Plot::of(&bank);
        let svg = plot.to_svg();
        assert!(
            !svg.contains("NaN") && !svg.contains("infinity"),
            "{}",
            bank.name()
        );
        assert!(
            !svg.chars()
                .any(|letter| letter.is_control() && letter != '\n')
        );
        let image = plot.to_image().unwrap();
        assert_eq!(image.channels(), 3);
        assert_eq!(plot.kernels(), [1, 1]);
    }
}

/// Text on cells and on paper stands out, in both modes, by the contrast of WCAG.
#[test]
fn texts_stand_out_from_what_they_stand_on() {
    let brightness = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|sample| {
            let share = f64::from(sample) / 255.0;
            match share <= 0.04045 {
                true => share / 12.92,
                false => ((share + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let contrast = |a, b| {
        let [a, b] = [a, b].map(brightness);
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for dark in [false, true] {
        for step in -ink::STEPS..=ink::STEPS {
            let cell = Ink::Signed(step);
            let found = contrast(cell.colour(dark), Ink::on(cell).colour(dark));
            assert!(found > 4.4, "{step}, {dark}: {found}");
        }
        for ink in [Ink::Text, Ink::Faint] {
            let found = contrast(ink.colour(dark), Ink::Paper.colour(dark));
            assert!(found > 4.5, "{ink:?}, {dark}: {found}");
        }
        for series in 0..4 {
            let found = contrast(Ink::Series(series).colour(dark), Ink::Paper.colour(dark));
            assert!(found > 3.0, "{series}, {dark}: {found}");
        }
    }
}
