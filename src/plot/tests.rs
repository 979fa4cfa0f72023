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

/// No text leaves the picture, and no two overlap.
#[track_caller]
fn check(scene: &Scene) {
    let [width, height] = scene.size;
    let texts = Vec::from_iter(scene.shapes.iter().filter_map(bounds));
    assert!(!texts.is_empty());
    for (at, (a, text)) in texts.iter().enumerate() {
        let [left, top, right, bottom] = *a;
        let inside = left >= 2.0 && top >= 2.0 && right <= width - 2.0 && bottom <= height - 2.0;
        assert!(inside, "{}: {text} at {a:?}", scene.title);
        for (b, other) in &texts[..at] {
            let apart = right <= b[0] || b[2] <= left || bottom <= b[1] || b[3] <= top;
            assert!(apart, "{}: {text} and {other}: {a:?}, {b:?}", scene.title);
        }
    }
}

fn odd_kernels() -> Vec<KernelBank> {
    let kernel =
        |rows, columns, weights| KernelBank::from(Kernel::new(rows, columns, weights).unwrap());
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
    ];
    let specs = specs.map(|spec| KernelBank::from_spec(spec).unwrap());
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
