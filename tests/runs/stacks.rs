//! Arrays of several axes: every plane is as it is filtered alone, in every order of axes.

use std::{fs, path::PathBuf};

use stridekern::{
    Alpha, Axes, Border, Channel, Depth, Error, Extent, Filter, Image, ImageView, Kernel,
    KernelBank, Map, Tuning,
    codec::{self, Format, Limits},
    error::{InputError, OutputError},
    run::{self, Existing, Job, Mode, Options, Outcome, Place, Report, Request, Silent},
};

use crate::{common::Random, folder};

/// An array in C order.
#[derive(Debug, Clone, PartialEq)]
struct Array {
    axes: String,
    shape: Vec<usize>,
    depth: Depth,
    values: Vec<f64>,
}

/// How an array is stored.
#[derive(Debug, Clone, Copy)]
struct Stored {
    fortran: bool,
    big_endian: bool,
}

const C_ORDER: Stored = Stored {
    fortran: false,
    big_endian: false,
};

/// Every place of an array of this shape, in C order.
fn places(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<'_> {
    let count: usize = shape.iter().product();
    (0..count).map(move |number| {
        let mut left = number;
        let mut place: Vec<_> = (shape.iter().rev())
            .map(|len| {
                let at = left % len;
                left /= len;
                at
            })
            .collect();
        place.reverse();
        place
    })
}

fn position(shape: &[usize], place: &[usize]) -> usize {
    (shape.iter().zip(place)).fold(0, |at, (len, index)| at * len + index)
}

/// Calls a macro with the types of samples that arrays of the tests have.
macro_rules! typed {
    ($depth:expr, $type:ident => $body:expr) => {
        match $depth {
            Depth::U8 => {
                type $type = u8;
                $body
            }
            Depth::U16 => {
                type $type = u16;
                $body
            }
            Depth::I32 => {
                type $type = i32;
                $body
            }
            Depth::F32 => {
                type $type = f32;
                $body
            }
            Depth::F64 => {
                type $type = f64;
                $body
            }
            other => panic!("the tests know no {other}"),
        }
    };
}

fn descr(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "u1",
        Depth::U16 => "u2",
        Depth::I32 => "i4",
        Depth::F32 => "f4",
        Depth::F64 => "f8",
        other => panic!("the tests know no {other}"),
    }
}

impl Array {
    /// Noise; planes have different amplitudes.
    fn random(axes: &str, len: impl Fn(char) -> usize, depth: Depth) -> Self {
        let shape: Vec<_> = axes.chars().map(len).collect();
        let mut random = Random(7 + axes.len() as u64);
        let values = places(&shape).map(|place| {
            let noise = random.below(1 << 20) as f64 / (1 << 20) as f64;
            let share = (place.iter().sum::<usize>() % 5 + 1) as f64 / 5.0;
            match depth {
                Depth::U8 => (noise * share * 255.0).round(),
                Depth::U16 => (noise * share * 65535.0).round(),
                Depth::I32 => ((noise - 0.5) * share * 4e9).round(),
                Depth::F32 => f64::from((noise * share) as f32),
                _ => noise * share * 1e3,
            }
        });
        Self {
            axes: axes.to_owned(),
            values: values.collect(),
            shape,
            depth,
        }
    }

    fn axis(&self, letter: char) -> Option<usize> {
        self.axes.find(letter)
    }

    fn to_npy(&self, stored: Stored) -> Vec<u8> {
        let order = if stored.big_endian { '>' } else { '<' };
        let fortran = if stored.fortran { "True" } else { "False" };
        let shape: String = self.shape.iter().map(|len| format!("{len}, ")).collect();
        let text = format!(
            "{{'descr': '{order}{}', 'fortran_order': {fortran}, 'shape': ({shape})}}",
            descr(self.depth)
        );
        let header = format!("{text:<117}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        let backwards: Vec<_> = self.shape.iter().rev().copied().collect();
        let in_order: Vec<f64> = match stored.fortran {
            false => self.values.clone(),
            true => places(&backwards)
                .map(|mut place| {
                    place.reverse();
                    self.values[position(&self.shape, &place)]
                })
                .collect(),
        };
        typed!(self.depth, T => for value in in_order {
            let value = value as T;
            match stored.big_endian {
                true => file.extend(value.to_be_bytes()),
                false => file.extend(value.to_le_bytes()),
            }
        });
        file
    }

    #[allow(clippy::unnecessary_cast, reason = "one of the types is `f64` itself")]
    fn from_npy(axes: &str, file: &[u8]) -> Self {
        let len = u16::from_le_bytes([file[8], file[9]]);
        let (header, data) = file[10..].split_at(usize::from(len));
        let header = std::str::from_utf8(header).unwrap();
        assert!(header.contains("'fortran_order': False"), "{header}");
        let name = &header.split('\'').nth(3).unwrap()[1..];
        let known = [Depth::U8, Depth::U16, Depth::I32, Depth::F32, Depth::F64];
        let depth = *known.iter().find(|depth| descr(**depth) == name).unwrap();
        let shape = header.split('(').nth(1).unwrap().split(')').next().unwrap();
        let shape: Vec<usize> = (shape.split(','))
            .filter_map(|len| len.trim().parse().ok())
            .collect();
        let values: Vec<f64> = typed!(depth, T => data
            .chunks_exact(size_of::<T>())
            .map(|bytes| T::from_le_bytes(bytes.try_into().unwrap()) as f64)
            .collect());
        assert_eq!(axes.len(), shape.len(), "{shape:?}");
        assert_eq!(values.len(), shape.iter().product::<usize>());
        Self {
            axes: axes.to_owned(),
            shape,
            depth,
            values,
        }
    }

    /// The planes, each as an image of all channels, with their place on every other axis.
    fn planes(&self) -> Vec<(Vec<usize>, Image)> {
        let (y, x) = (self.axis('Y').unwrap(), self.axis('X').unwrap());
        let c = self.axis('C');
        let mut others = self.shape.clone();
        for axis in [Some(y), Some(x), c].into_iter().flatten() {
            others[axis] = 1;
        }
        let [rows, columns] = [y, x].map(|axis| self.shape[axis]);
        let channels = c.map_or(1, |c| self.shape[c]);
        let plane = |mut place: Vec<usize>| {
            let start = place.clone();
            let mut values = Vec::new();
            for row in 0..rows {
                for column in 0..columns {
                    for channel in 0..channels {
                        (place[y], place[x]) = (row, column);
                        if let Some(c) = c {
                            place[c] = channel;
                        }
                        values.push(self.values[position(&self.shape, &place)]);
                    }
                }
            }
            let samples = typed!(self.depth, T => {
                Vec::from_iter(values.iter().map(|value| *value as T)).into()
            });
            (start, Image::new(rows, columns, channels, samples).unwrap())
        };
        places(&others).map(plane).collect()
    }

    /// The array whose planes are those of this one, filtered one by one.
    fn filtered(&self, filter: &Filter, tuning: &Tuning) -> Self {
        let planes = self.planes();
        let results: Vec<_> = (planes.into_iter())
            .map(|(place, image)| {
                let plan = filter.plan(&image, tuning).unwrap();
                let mut result = plan.allocate().unwrap();
                plan.run(&image, &mut result).unwrap();
                (place, result)
            })
            .collect();
        let first = &results[0].1;
        let keeps_channels = self
            .axis('C')
            .is_none_or(|c| first.channels() > 1 || self.shape[c] == 1);
        let kept = |letter: &char| *letter != 'C' || keeps_channels;
        let axes: String = self.axes.chars().filter(kept).collect();
        let shape: Vec<_> = (axes.chars())
            .map(|letter| match letter {
                'Y' => first.rows(),
                'X' => first.columns(),
                'C' => first.channels(),
                other => self.shape[self.axis(other).unwrap()],
            })
            .collect();
        let mut values = vec![f64::NAN; shape.iter().product()];
        for (start, image) in &results {
            let mut numbers = ImageView::from(image).numbers();
            let mut place: Vec<_> = (self.axes.chars().zip(start))
                .filter(|(letter, _)| kept(letter))
                .map(|(_, at)| *at)
                .collect();
            for row in 0..image.rows() {
                for column in 0..image.columns() {
                    for channel in 0..image.channels() {
                        for (letter, at) in axes.chars().zip(&mut place) {
                            match letter {
                                'Y' => *at = row,
                                'X' => *at = column,
                                'C' => *at = channel,
                                _ => {}
                            }
                        }
                        values[position(&shape, &place)] = numbers.next().unwrap();
                    }
                }
            }
        }
        Self {
            axes,
            shape,
            depth: first.depth(),
            values,
        }
    }
}

/// All orders of these letters.
fn orders(letters: &str) -> Vec<String> {
    let Some(first) = letters.chars().next() else {
        return vec![String::new()];
    };
    let rest = orders(&letters[1..]);
    let inserted = rest.iter().flat_map(|order| {
        (0..=order.len()).map(move |at| format!("{}{first}{}", &order[..at], &order[at..]))
    });
    inserted.collect()
}

/// A folder with an array in it.
struct Room(tempfile::TempDir);

impl Room {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn job(&self, input: &str, filters: &[Filter]) -> Job {
        let results = filters.iter().enumerate().map(|(at, filter)| Request {
            filter: filter.clone(),
            output: Place::File(self.path(&format!("{at}.npy"))),
            format: Some(Format::Npy),
        });
        Job {
            input: Place::File(self.path(input)),
            results: results.collect(),
        }
    }
}

fn options(axes: &str) -> Options {
    Options {
        axes: Some(axes.parse().unwrap()),
        existing: Existing::Replace,
        verify: true,
        ..Options::default()
    }
}

fn done(outcome: stridekern::Result<Outcome>) -> run::Done {
    match outcome {
        Ok(Outcome::Done(done)) => *done,
        other => panic!("{other:?}"),
    }
}

/// Runs all filters on the array and compares with planes that are filtered alone.
#[track_caller]
fn check(array: &Array, stored: Stored, filters: &[Filter], tuning: Tuning) {
    let room = Room(folder());
    fs::write(room.path("a.npy"), array.to_npy(stored)).unwrap();
    let job = room.job("a.npy", filters);
    let options = Options {
        tuning,
        ..options(&array.axes)
    };
    let what = format!(
        "{} {:?} {} {stored:?}",
        array.axes, array.shape, array.depth
    );
    for (at, outcome) in run::run(&job, &options, &Silent)
        .unwrap()
        .into_iter()
        .enumerate()
    {
        let filter = &filters[at];
        let wanted = array.filtered(filter, &tuning);
        let done = done(outcome);
        let shape = match &*array.axes {
            "YX" | "YXC" => None,
            _ => Some(wanted.shape.clone()),
        };
        assert_eq!(done.array_shape, shape, "{what}");
        let file = fs::read(room.path(&format!("{at}.npy"))).unwrap();
        let made = Array::from_npy(&wanted.axes, &file);
        let (y, x) = (array.axis('Y'), array.axis('X'));
        if x < y && wanted.depth.is_float() {
            // The transposed kernel sums in another order.
            assert_eq!((&made.shape, made.depth), (&wanted.shape, wanted.depth));
            let largest = wanted.values.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 4e-6 * largest;
            assert!(made.values.iter().zip(&wanted.values).all(close), "{what}");
        } else {
            assert!(made == wanted, "{what} {filter:?}");
        }
    }
}

/// Asymmetric, so that every mix-up of axes shows; with its anchor in a corner.
fn kernel() -> KernelBank {
    let kernel = Kernel::builder(2, 3, vec![1.0, 2.0, 0.0, 3.0, -1.0, 4.0]);
    kernel.divisor(5.0).anchor([0, 2]).build().unwrap().into()
}

const DEPTHS: [Depth; 5] = [Depth::U8, Depth::U16, Depth::I32, Depth::F32, Depth::F64];
const STORED: [Stored; 4] = [
    C_ORDER,
    Stored {
        fortran: true,
        big_endian: false,
    },
    Stored {
        fortran: false,
        big_endian: true,
    },
    Stored {
        fortran: true,
        big_endian: true,
    },
];

fn len(letter: char) -> usize {
    match letter {
        'Y' => 13,
        'X' => 19,
        'C' => 3,
        'T' => 4,
        'Z' => 2,
        _ => 3,
    }
}

/// Gray planes in every order of two to four axes, and of some of five; every type, way of
/// storing, map and border that does not look at the whole image.
#[test]
fn planes_in_every_order_are_as_alone() {
    let orders = ["YX", "TYX", "TZYX"]
        .iter()
        .flat_map(|letters| orders(letters));
    let more = ["TZSYX", "TYZXS", "XTZYS"].map(str::to_owned);
    let borders = [
        Border::Edge,
        Border::Reflect,
        Border::Wrap,
        Border::Constant(7.0),
    ];
    let mut cases = 0;
    for (at, axes) in orders.chain(more).enumerate() {
        for (which, depth) in DEPTHS.into_iter().enumerate() {
            let array = Array::random(&axes, len, depth);
            let border = borders[(at + which) % borders.len()];
            let filters = [
                Filter::new(kernel()),
                Filter::new(kernel())
                    .with_extent(border)
                    .with_map(Map::Float),
                Filter::new(kernel())
                    .with_extent([border, Border::Symmetric])
                    .with_step([2, 3])
                    .with_dilation([1, 2]),
                Filter::new(KernelBank::resolve("sobel").unwrap()).with_extent(border),
            ];
            let stored = STORED[(at + which) % STORED.len()];
            check(&array, stored, &filters, Tuning::default());
            cases += 1;
        }
    }
    assert_eq!(cases, (2 + 6 + 24 + 3) * 5);
}

/// Channels anywhere among the axes; luma, one of them, or each; alpha where there is any.
#[test]
fn channels_in_every_order_are_as_alone() {
    let orders = ["YXC", "TYXC"].iter().flat_map(|letters| orders(letters));
    let mut cases = 0;
    for (at, axes) in orders.enumerate() {
        for channels in 1..=5 {
            let size = |letter| if letter == 'C' { channels } else { len(letter) };
            let depth = DEPTHS[(at + channels) % 4];
            let array = Array::random(&axes, size, depth);
            let maps = [Map::Clamp, Map::Float, Map::Abs];
            let filter = Filter::new(kernel()).with_extent(Border::Edge);
            let filter = filter.with_map(maps[at % maps.len()]);
            let mut filters = vec![
                filter.clone().with_channel(Channel::Each),
                filter
                    .clone()
                    .with_channel(Channel::Each)
                    .with_extent(Extent::Valid),
            ];
            if depth == Depth::U8 && filter.map() != Map::Float {
                filters.push(
                    filter
                        .clone()
                        .with_channel(Channel::Each)
                        .with_depth(Depth::U16),
                );
            }
            let lines = axes.find(['Y', 'X']);
            let precedes = axes.find('C') < lines;
            let alphas: &[Alpha] = match (channels, precedes) {
                (2 | 4, false) if !depth.is_float() => &Alpha::ALL,
                (2 | 4, _) => &[Alpha::Copy, Alpha::Filter, Alpha::Drop],
                _ => &[],
            };
            for &alpha in alphas {
                let each = filter.clone().with_channel(Channel::Each);
                filters.push(each.with_alpha(alpha));
            }
            if channels < 5 {
                // The alpha beside luma has no place before the rows.
                let alpha = (channels == 4 && precedes).then_some(Alpha::Drop);
                filters.push(filter.clone().with_alpha(alpha));
            }
            if matches!(channels, 3 | 4) {
                filters.push(filter.clone().with_channel(Channel::Green));
            }
            if matches!(channels, 2 | 4) {
                filters.push(filter.with_channel(Channel::Alpha));
            }
            check(&array, STORED[at % 4], &filters, Tuning::default());
            cases += 1;
        }
    }
    assert_eq!(cases, (6 + 24) * 5);
}

/// Two constant borders meet in corners, where that of x stands, however the array lies.
#[test]
fn corners_between_constants_are_those_of_x() {
    let extent = Extent::from([Border::Constant(10.0), Border::Constant(200.0)]);
    let copies = Kernel::builder(1, 1, vec![1.0]).build().unwrap();
    // It copies the sample above and to the left.
    let corner = Kernel::builder(3, 3, vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let corner = corner.build().unwrap();
    for axes in ["TYX", "TXY", "XTY", "XYC"] {
        let array = Array::random(axes, len, Depth::U8);
        let filters = [
            KernelBank::from(copies.clone()),
            corner.clone().into(),
            kernel(),
        ]
        .map(|bank| {
            Filter::new(bank)
                .with_extent(extent)
                .with_channel(Channel::Each)
        });
        check(&array, C_ORDER, &filters, Tuning::default());
    }
}

/// Planes that are larger and smaller than a chunk of rows, on one thread and on several, by
/// bands of several heights.
#[test]
fn chunks_and_bands_change_no_plane() {
    let sizes: [(_, &[usize]); 9] = [
        ("TYX", &[3, 700, 900]),
        ("TYX", &[900, 40, 33]),
        ("TXY", &[900, 40, 33]),
        ("TYXC", &[901, 12, 33, 3]),
        ("YXT", &[90, 333, 40]),
        ("YTX", &[150, 30, 200]),
        ("TXY", &[3, 700, 900]),
        ("CYX", &[3, 700, 500]),
        ("TCYX", &[300, 3, 20, 50]),
    ];
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.unwrap();
    for (axes, sizes) in sizes {
        let size = |letter| sizes[axes.find(letter).unwrap()];
        let array = Array::random(axes, size, Depth::U16);
        let gaussian = Filter::new(KernelBank::resolve("gaussian5").unwrap());
        let filters = [
            Filter::new(kernel()).with_extent(Border::Reflect),
            gaussian.with_channel(Channel::Each),
        ];
        for tuning in [Tuning::default(), Tuning::default().with_band_rows(7)] {
            check(&array, C_ORDER, &filters, tuning);
            alone.install(|| check(&array, C_ORDER, &filters, tuning));
        }
    }
}

/// What was clipped is told once, with the range of all planes, whether threads share planes
/// or each has its own.
#[test]
fn clipped_responses_of_all_planes_are_told() {
    #[derive(Default)]
    struct Warned(std::sync::Mutex<Vec<String>>);
    impl Report for Warned {
        fn event(&self, event: run::Event<'_>) {
            if let run::Event::Warning { message, .. } = event {
                self.0.lock().unwrap().push(message.to_string());
            }
        }
    }
    let five = Kernel::new(1, 1, vec![5.0]).unwrap();
    for (axes, sizes) in [
        ("TYX", [600, 8, 9]),
        ("TYX", [3, 300, 400]),
        ("YTX", [20, 30, 40]),
    ] {
        let size = |letter| sizes[axes.find(letter).unwrap()];
        let array = Array::random(axes, size, Depth::F32);
        let largest = array.values.iter().copied().fold(0.0, f64::max);
        let smallest = array.values.iter().copied().fold(1.0, f64::min);
        let room = Room(folder());
        fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
        let filter = Filter::new(five.clone()).with_depth(Depth::U8);
        let warned = Warned::default();
        run::run(&room.job("a.npy", &[filter]), &options(axes), &warned).unwrap();
        let [low, high] = [smallest, largest].map(|value| (value as f32) * 5.0);
        let told = warned.0.into_inner().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        let shown = told[0].strip_prefix("responses from ").unwrap();
        let (from, to) = shown.split_once(" to ").unwrap();
        let (to, share) = to
            .split_once(" were clipped to 0..1, full scale: ")
            .unwrap();
        // Of all planes.
        let clipped = array.values.iter().map(|v| 5.0 * v);
        let clipped = clipped.filter(|v| {
            (v * 255.0).round_ties_even() != (v * 255.0).round_ties_even().clamp(0.0, 255.0)
        });
        let tenths = (clipped.count() * 1000) as f64 / array.values.len() as f64;
        assert_eq!(share, format!("{} % of the samples", tenths.round() / 10.0));
        let [from, to] = [from, to].map(|number| number.parse::<f32>().unwrap());
        let near = |a: f32, b: f32| (a - b).abs() <= 1e-5;
        assert!(near(from, low) && near(to, high), "{told:?} {low} {high}");
    }
}

/// `stretch` and `symmetric` take one range for all planes.
#[test]
fn one_range_for_all_planes() {
    for axes in ["TYX", "YTX", "XYT", "TCYX", "TYXC", "CXY"] {
        for depth in [Depth::U8, Depth::U16, Depth::F64] {
            let array = Array::random(axes, len, depth);
            let filter = Filter::new(kernel()).with_channel(Channel::Each);
            let plain = array.filtered(&filter.clone().with_map(Map::Float), &Tuning::default());
            let fold = |of: fn(f64, f64) -> f64| plain.values.iter().copied().reduce(of).unwrap();
            let (low, high) = (fold(f64::min), fold(f64::max));
            let peak = high.max(-low);
            let full = depth.full_scale();
            let room = Room(folder());
            fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
            let maps = [Map::Stretch, Map::Symmetric];
            let filters = maps.map(|map| filter.clone().with_map(map));
            let outcomes = run::run(&room.job("a.npy", &filters), &options(axes), &Silent);
            outcomes
                .unwrap()
                .into_iter()
                .for_each(|outcome| drop(done(outcome)));
            for (at, map) in maps.into_iter().enumerate() {
                let file = fs::read(room.path(&format!("{at}.npy"))).unwrap();
                let made = Array::from_npy(axes, &file);
                assert_eq!((&made.shape, made.depth), (&plain.shape, depth));
                for (made, response) in made.values.iter().zip(&plain.values) {
                    let exact = match map {
                        Map::Stretch => (response - low) / (high - low),
                        _ => 0.5 + response / peak / 2.0,
                    };
                    let rounded = if depth.is_float() { 1e-6 } else { 0.51 };
                    assert!(
                        (made - exact * full).abs() <= rounded,
                        "{axes} {depth} {map}: {made} {exact}"
                    );
                }
            }
        }
    }
}

/// The array of a single plane is a picture for other formats, however its axes lie.
#[test]
fn one_plane_is_a_picture() {
    let limits = Limits::default();
    for axes in ["YX", "XY", "TYX", "XTY", "CYX", "TXCY", "YXC"] {
        let size = |letter| if letter == 'T' { 1 } else { len(letter) };
        let array = Array::random(axes, size, Depth::U8);
        let room = Room(folder());
        fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
        let filter = Filter::new(kernel()).with_channel(Channel::Each);
        let mut job = room.job("a.npy", std::slice::from_ref(&filter));
        job.results[0].format = Some(Format::Png);
        job.results[0].output = Place::File(room.path("a.png"));
        for outcome in run::run(&job, &options(axes), &Silent).unwrap() {
            assert_eq!(done(outcome).array_shape, None);
        }
        let made = codec::read(&room.path("a.png"), &limits).unwrap().image;
        assert_eq!(made, filter.apply(&array.planes()[0].1).unwrap(), "{axes}");
    }
    // Two are none.
    let array = Array::random("TYX", len, Depth::U8);
    let room = Room(folder());
    fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
    for format in Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Npy)
    {
        let mut job = room.job("a.npy", &[Filter::new(kernel())]);
        job.results[0].format = Some(format);
        let refused = run::run(&job, &options("TYX"), &Silent).unwrap().remove(0);
        assert!(
            matches!(
                refused,
                Err(Error::Output(OutputError::Planes { planes: 4, .. }))
            ),
            "{format}"
        );
        assert!(!room.path("0.npy").exists());
    }
}

/// A stack is filtered where it lies, unless it needs a conversion.
#[test]
fn how_stacks_flow() {
    let array = Array::random("TYX", len, Depth::U16);
    let room = Room(folder());
    let flow = |stored: Stored| {
        fs::write(room.path("a.npy"), array.to_npy(stored)).unwrap();
        let job = room.job("a.npy", &[Filter::new(kernel())]);
        let options = options("TYX");
        let input = run::Input::open(&job, &options).unwrap();
        let plan = input.plan(&job.results[0], &options.tuning).unwrap();
        assert_eq!((input.planes(), input.spec().shape()), (4, [13, 19, 1]));
        let (axes, shape) = input.array().unwrap();
        assert_eq!(
            (axes.to_string().as_str(), shape),
            ("TYX", &[4, 13, 19][..])
        );
        Mode::new(&input, [&plan])
    };
    let [c_order, fortran, big_endian, _] = STORED;
    assert_eq!(flow(c_order), Mode::Mapped);
    assert_eq!(flow(fortran), Mode::Mapped);
    assert_eq!(
        flow(big_endian).to_string(),
        "whole image in memory (1 MiB): the planes of an array that is not mapped are read together"
    );
}

/// Every row of every plane is told of once.
#[test]
fn every_row_of_every_plane_is_told_of() {
    #[derive(Default)]
    struct Heard([std::sync::atomic::AtomicUsize; 2]);
    impl Report for Heard {
        fn event(&self, event: run::Event<'_>) {
            use std::sync::atomic::Ordering::Relaxed;
            match event {
                run::Event::Rows { total } => self.0[0].fetch_add(total, Relaxed),
                run::Event::RowsDone { count } => self.0[1].fetch_add(count, Relaxed),
                _ => 0,
            };
        }
    }
    for (axes, rows) in [
        ("TYX", 4 * 12),
        ("YTX", 4 * 12),
        ("TXY", 4 * 17),
        ("CYXT", 12 * 12),
    ] {
        let array = Array::random(axes, len, Depth::U8);
        let room = Room(folder());
        fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
        let filter = Filter::new(kernel()).with_channel(Channel::Each);
        let heard = Heard::default();
        let job = room.job("a.npy", &[filter.clone(), filter]);
        run::run(&job, &options(axes), &heard).unwrap();
        let told = heard.0.map(|count| count.into_inner());
        assert_eq!(told, [2 * rows, 2 * rows], "{axes}");
    }
}

/// Without axes, or with others than the array has, nothing is guessed.
#[test]
fn axes_that_are_unknown_or_wrong_are_refused() {
    let array = Array::random("TYX", len, Depth::U8);
    let room = Room(folder());
    fs::write(room.path("a.npy"), array.to_npy(C_ORDER)).unwrap();
    let job = room.job("a.npy", &[Filter::new(kernel())]);
    let refused = |axes: Option<Axes>| {
        let options = Options {
            axes,
            ..Options::default()
        };
        run::run(&job, &options, &Silent).unwrap_err()
    };
    assert!(matches!(
        refused(None),
        Error::Input(InputError::ArrayOrder { .. })
    ));
    for axes in ["YX", "TZYX"] {
        assert!(matches!(
            refused(Some(axes.parse().unwrap())),
            Error::Input(InputError::AxesCount { .. })
        ));
    }
    assert!(!room.path("0.npy").exists());
}
