//! The samples that responses do not fit into are counted: against the responses themselves.

use std::sync::Mutex;

use stridekern::{
    Border, Channel, Combine, Depth, Filter, Image, ImageView, Kernel, KernelBank, Map, Samples,
    Warning, WarningKind,
    run::{self, Clipped, Event, Existing, Job, Options, Outcome, Place, Report, Request},
};

use crate::common::{self, Random};
use crate::folder;

/// Keeps the warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<Warning>>);

impl Report for Warnings {
    fn event(&self, event: Event<'_>) {
        if let Event::Warning { message, .. } = event {
            self.0.lock().unwrap().push(message.clone());
        }
    }
}

/// What a run counts, and what it warns of.
fn counted(image: &Image, name: &str, filter: &Filter) -> (Clipped, Vec<Warning>) {
    let folder = folder();
    let input = folder.path().join(name);
    common::write(&input, image);
    let job = Job {
        input: Place::File(input),
        results: vec![Request {
            filter: filter.clone(),
            output: Place::File(folder.path().join(format!("out.{name}"))),
            format: None,
        }],
    };
    let options = Options {
        existing: Existing::Replace,
        axes: (name.ends_with("npy") && image.shape()[2] > 1).then(|| "YXC".parse().unwrap()),
        ..Options::default()
    };
    let warnings = Warnings::default();
    let outcome = run::run(&job, &options, &warnings).unwrap().remove(0);
    let Ok(Outcome::Done(done)) = outcome else {
        panic!("{outcome:?}");
    };
    (done.clipped, warnings.0.into_inner().unwrap())
}

/// Noise of 37 x 53, over all of what the type holds; floats from -0.25 to 1.25.
fn noise(channels: usize, depth: Depth) -> Image {
    let mut random = Random(31);
    match depth {
        Depth::I16 | Depth::I32 => {
            let bits = if depth == Depth::I16 { 15 } else { 9 };
            let mut next = || random.between(-(1 << bits), (1 << bits) - 1) as i32;
            let samples: Vec<i32> = (0..37 * 53 * channels).map(|_| next()).collect();
            let samples = match depth {
                Depth::I16 => Samples::I16(samples.into_iter().map(|s| s as i16).collect()),
                _ => Samples::I32(samples.into()),
            };
            Image::new(37, 53, channels, samples).unwrap()
        }
        _ => common::random_image(&mut random, [37, 53, channels], depth),
    }
}

fn doubles(image: &Image) -> Image {
    let [rows, columns, channels] = image.shape();
    let samples = ImageView::from(image).numbers().collect();
    Image::new(rows, columns, channels, Samples::F64(samples)).unwrap()
}

/// The same from the responses to 64-bit floats, which are exact for integers.
fn expected(image: &Image, filter: &Filter, map: Map, to: Depth) -> Clipped {
    let from = image.depth();
    let responses = filter.clone().with_map(Map::Float).with_depth(None);
    let responses = responses.apply(&doubles(image)).unwrap();
    let scaled = from.is_picture() && to.is_picture();
    let scale = match scaled {
        true => to.full_scale() / from.full_scale(),
        false => 1.0,
    };
    let middle = match if scaled { from } else { to } {
        _ if to.is_signed() => 0.0,
        Depth::F32 => 0.5,
        integer => (integer.full_scale() + 1.0) / 2.0,
    };
    let [low, high] = to.range();
    let mut clipped = Clipped::default();
    let channels = image.shape()[2];
    for (at, response) in ImageView::from(&responses).numbers().enumerate() {
        if channels == 4 && at % 4 == 3 {
            continue;
        }
        let mapped = match map {
            Map::Abs => response.abs(),
            Map::Offset => response + middle,
            _ => response,
        };
        let sample = (mapped * scale).round_ties_even();
        clipped.of += 1;
        clipped.below += u64::from(sample < low);
        clipped.above += u64::from(sample > high);
    }
    clipped
}

fn kernel(weights: &[f64], columns: usize) -> Kernel {
    Kernel::new(weights.len() / columns, columns, weights.to_vec()).unwrap()
}

fn banks() -> Vec<KernelBank> {
    let side = kernel(&[-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0], 3);
    let two = |combine| {
        let both = vec![side.clone(), side.transposed()];
        KernelBank::new("two", both, Some(combine)).unwrap()
    };
    vec![
        side.clone().into(),
        kernel(&[1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0], 3).into(),
        kernel(&[-1.0, 3.0, -1.0], 3).into(),
        kernel(&[-5.0], 1).with_divisor(2.0).unwrap().into(),
        kernel(&[3.0, -2.0], 1).with_divisor(-3.0).unwrap().into(),
        side.clone()
            .with_divisor(4.0)
            .unwrap()
            .with_offset(7.0)
            .unwrap()
            .into(),
        kernel(&[0.1, 0.7, 0.5], 3).into(),
        two(Combine::Sum),
        two(Combine::Max),
        two(Combine::Magnitude),
        KernelBank::builtin("box3").unwrap(),
    ]
}

#[test]
fn what_is_clipped_is_counted() {
    use Depth::{F32, I8, I16, I32, U8, U16};
    // Starts the threads.
    drop(folder());
    let mut clipped_somewhere = 0;
    for (name, channels, from, to) in [
        ("a.png", 1, U8, U8),
        ("a.png", 4, U8, U8),
        ("a.png", 3, U8, U16),
        ("a.png", 4, U16, U16),
        ("a.npy", 1, U16, U8),
        ("a.npy", 1, I16, I16),
        ("a.npy", 1, I32, I8),
        ("a.npy", 1, F32, U8),
        ("a.npy", 3, F32, U16),
    ] {
        let image = noise(channels, from);
        for bank in banks() {
            for map in [Map::Clamp, Map::Abs, Map::Offset] {
                let filter = Filter::new(bank.clone())
                    .with_extent(Border::Edge)
                    .with_channel(Channel::Each)
                    .with_depth(Some(to))
                    .with_map(map);
                let wanted = expected(&image, &filter, map, to);
                let (found, warnings) = counted(&image, name, &filter);
                let what = format!("{name} {channels} {from} {to} {bank:?} {map}");
                // In floats of 32 bits, some come to the other side of an end.
                let slack = if from == F32 { 2 } else { 0 };
                assert!(
                    found.below.abs_diff(wanted.below) <= slack,
                    "{what}: {found:?} {wanted:?}"
                );
                assert!(
                    found.above.abs_diff(wanted.above) <= slack,
                    "{what}: {found:?} {wanted:?}"
                );
                assert_eq!(found.not_a_number, 0);
                let any = found.below + found.above > 0;
                assert!(
                    !any || found.of == wanted.of,
                    "{what}: {found:?} {wanted:?}"
                );
                let told = warnings
                    .iter()
                    .any(|w| matches!(w.kind(), WarningKind::Clipped(_)));
                let is_narrower = from == I32 || from == F32;
                let is_much = found.share() > 0.1;
                assert!(
                    told == is_much || is_narrower && told == any,
                    "{what}: {warnings:?}"
                );
                clipped_somewhere += usize::from(is_much);
            }
        }
    }
    assert!(clipped_somewhere > 50, "{clipped_somewhere}");
}

#[test]
fn what_is_no_number_is_counted() {
    drop(folder());
    let nan = f32::NAN;
    let samples = vec![0.25, nan, 0.5, f32::INFINITY, 0.75, f32::NEG_INFINITY, 0.5];
    let image = Image::new(1, 7, 1, Samples::F32(samples.into())).unwrap();
    let one = KernelBank::from(kernel(&[1.0], 1));
    for bank in [one, KernelBank::builtin("sobel_direction").unwrap()] {
        for (map, to, beyond) in [
            (Map::Clamp, Depth::U8, 1),
            (Map::Stretch, Depth::U16, 1),
            (Map::Float, Depth::F32, 0),
        ] {
            let filter = Filter::new(bank.clone())
                .with_extent(Border::Edge)
                .with_map(map)
                .with_depth((!to.is_float()).then_some(to));
            let written = filter.apply(&image).unwrap();
            let (found, warnings) = counted(&image, "a.npy", &filter);
            let is_told = warnings.iter().any(|w| w.kind() == WarningKind::NotANumber);
            let gone = filter
                .clone()
                .with_map(Map::Float)
                .with_depth(None)
                .apply(&image)
                .unwrap();
            let gone = ImageView::from(&gone)
                .numbers()
                .filter(|n| n.is_nan())
                .count() as u64;
            let gone = if to.is_float() { 0 } else { gone };
            assert!(to.is_float() || gone > 0, "{bank:?} {written:?}");
            assert_eq!(
                (found.not_a_number, is_told),
                (gone, gone > 0),
                "{bank:?} {map} {warnings:?}"
            );
            if bank.combine().is_none() {
                assert_eq!([found.below, found.above], [beyond; 2], "{map}");
            }
        }
    }
}

#[test]
fn what_becomes_infinite_is_counted() {
    let doubles = |samples: &[f64]| {
        let samples = Samples::F64(samples.to_vec().into());
        Image::new(1, samples.len(), 1, samples).unwrap()
    };
    let floats = |samples: &[f32]| {
        let samples = Samples::F32(samples.to_vec().into());
        Image::new(1, samples.len(), 1, samples).unwrap()
    };
    let ten = KernelBank::from(kernel(&[10.0], 1));
    for (image, depth, [below, above]) in [
        (
            doubles(&[1.0, 1e38, -1e37, f64::INFINITY, f64::NAN]),
            Some(Depth::F32),
            [0, 1],
        ),
        (
            doubles(&[1.0, 6551.9, 6552.0, -1e9, -6552.0]),
            Some(Depth::F16),
            [2, 1],
        ),
        (doubles(&[1e38, -1e300]), None, [0, 0]),
        (
            floats(&[1.0, 1e38, -1e38, -1e38, f32::INFINITY]),
            None,
            [2, 1],
        ),
        (floats(&[1.0, 1e37]), None, [0, 0]),
    ] {
        let mut filter = Filter::new(ten.clone());
        if let Some(depth) = depth {
            filter = filter.with_sample_type(depth);
        }
        let (found, warnings) = counted(&image, "a.npy", &filter);
        assert_eq!([found.below, found.above], [below, above], "{image:?}");
        let told = warnings
            .iter()
            .filter(|w| matches!(w.kind(), WarningKind::Infinite { .. }));
        assert_eq!(told.count(), usize::from(below + above > 0), "{warnings:?}");
    }
}

/// Whatever the weights: every finite response that becomes infinite is counted, and the advice
/// is one that helps.
#[test]
fn what_large_weights_make_infinite_is_counted() {
    let of = |samples: Samples, channels: usize| {
        let columns = samples.len() / channels;
        Image::new(1, columns, channels, samples).unwrap()
    };
    let mut told = 0;
    for weight in [
        1e20, 1e36, 1e37, 1e39, 1e60, 1e91, 1e100, 1e200, 1e300, 1e306, 1.7e308,
    ] {
        for image in [
            of(Samples::U8(vec![0, 9, 200, 255, 1, 77].into()), 1),
            of(
                Samples::U8(vec![0, 9, 200, 255, 1, 77, 8, 7, 6, 3, 2, 1].into()),
                3,
            ),
            of(Samples::U16(vec![0, 9, 60_000, 255, 1, 77].into()), 1),
            of(Samples::I32(vec![0, -9, 60_000, 255, 1, -77].into()), 1),
            of(
                Samples::F32(vec![0.0, -9.0, 1e30, 1e-30, 1.0, 1e10].into()),
                1,
            ),
            of(
                Samples::F64(vec![0.0, -9.0, 1e200, 1e-30, 1.0, 1e10].into()),
                1,
            ),
        ] {
            for depth in [None, Some(Depth::F16), Some(Depth::F32), Some(Depth::F64)] {
                let weights = vec![weight, 0.0, -weight / 2.0];
                let kernel = Kernel::new(1, 3, weights).unwrap();
                let filter = Filter::new(kernel).with_map(match depth {
                    None => Map::Float,
                    Some(_) => Map::Clamp,
                });
                let filter = match depth {
                    None => filter,
                    Some(depth) => filter.with_sample_type(depth),
                };
                let made = filter.apply(&image).unwrap();
                let numbers = ImageView::from(&made).numbers().collect::<Vec<_>>();
                let signs = [-1.0, 1.0].map(|sign| {
                    let infinite = numbers.iter().filter(|&&n| n == sign * f64::INFINITY);
                    infinite.count() as u64
                });
                let (found, warnings) = counted(&image, "a.npy", &filter);
                assert_eq!(
                    [found.below, found.above],
                    signs,
                    "{weight:e} {depth:?} {image:?}: {numbers:?}"
                );
                let kinds = Vec::from_iter(warnings.iter().map(Warning::kind));
                let in_f64 = made.depth() == Depth::F64;
                match signs {
                    [0, 0] => assert_eq!(kinds, [], "{warnings:?}"),
                    _ => assert_eq!(kinds, [WarningKind::Infinite { in_f64 }], "{warnings:?}"),
                }
                told += kinds.len();
            }
        }
    }
    assert!(told > 100, "{told}");
}
