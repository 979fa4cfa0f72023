//! Results whose rows are made while those of the image come by: the same bytes
//! as of whole images, and nothing left behind where one of them fails.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::Mutex,
};

use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, Kernel, KernelBank, Map, Method, Tuning,
    codec::{self, EncodeOptions, Format, Limits, Metadata},
    run::{
        self, Event, Existing, Input, Job, Mode, Options, Outcome, Place, Report, Request, Silent,
    },
};

use crate::common::{self, Random, random_image, random_kernel};
use crate::folder;

const EXTENTS: [Extent; 6] = [
    Extent::Valid,
    Extent::Same(Border::Constant(200.0)),
    Extent::Same(Border::Edge),
    Extent::Same(Border::Reflect),
    Extent::Same(Border::Symmetric),
    Extent::Same(Border::Wrap),
];

/// More than one block of rows of every depth, and no multiple of anything.
const SHAPE: [usize; 3] = [1511, 1009, 1];

/// A folder with pictures of noise in it.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        Self(folder())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, shape: [usize; 3], depth: Depth) -> Image {
        let image = random_image(&mut Random(7), shape, depth);
        common::write(&self.path(name), &image);
        image
    }

    fn names(&self) -> Vec<String> {
        common::names_in(self.0.path())
    }

    fn job(&self, input: &str, results: &[(&Filter, &str)]) -> Job {
        let request = |(filter, output): &(&Filter, &str)| Request {
            filter: (*filter).clone(),
            output: Place::File(self.path(output)),
            format: Format::from_path(Path::new(output)),
        };
        Job {
            input: Place::File(self.path(input)),
            results: results.iter().map(request).collect(),
        }
    }
}

fn options() -> Options {
    Options {
        existing: Existing::Replace,
        ..Options::default()
    }
}

/// On one thread, and with stages that overlap.
fn run_both(job: &Job, options: &Options, mut check: impl FnMut()) {
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let runs: [&dyn Fn() -> _; 2] = [
        &|| alone.install(|| run::run(job, options, &Silent)),
        &|| run::run(job, options, &Silent),
    ];
    for run in runs {
        for outcome in run().unwrap() {
            assert!(matches!(outcome.unwrap(), Outcome::Done(_)));
        }
        check();
    }
}

/// What a whole image gives, encoded at once.
fn wanted(filter: &Filter, image: &Image, tuning: &Tuning, format: Format) -> Vec<u8> {
    let result = common::apply(filter, image, tuning);
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = Default::default();
    codec::encode(&result, format, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

/// Every filter gives the same bytes by rows as of the whole image, alone and
/// beside the others.
#[track_caller]
fn check(room: &Room, input: &str, image: &Image, filters: &[Filter], extension: &str) {
    let names: Vec<_> = (0..filters.len())
        .map(|at| format!("{at}.{extension}"))
        .collect();
    let results: Vec<_> = filters
        .iter()
        .zip(names.iter().map(String::as_str))
        .collect();
    let options = options();
    let wanted: Vec<_> = (results.iter())
        .map(|(filter, name)| {
            let format = Format::from_path(Path::new(name)).unwrap();
            wanted(filter, image, &options.tuning, format)
        })
        .collect();
    let compare = |results: &[(&Filter, &str)], wanted: &[Vec<u8>]| {
        for ((filter, name), wanted) in results.iter().zip(wanted) {
            let bytes = fs::read(room.path(name)).unwrap();
            assert!(bytes == *wanted, "{input} to {name}: {filter:?}");
        }
    };
    run_both(&room.job(input, &results), &options, || {
        compare(&results, &wanted);
    });
    for (result, wanted) in results.chunks(1).zip(wanted.chunks(1)) {
        run_both(&room.job(input, result), &options, || {
            compare(result, wanted);
        });
    }
}

fn filter(rows: usize, columns: usize) -> Filter {
    let kernel = random_kernel(&mut Random(3), rows, columns, 9);
    let divisor = (rows * columns) as f64;
    bank(kernel.with_divisor(divisor).unwrap())
}

fn bank(kernel: Kernel) -> Filter {
    Filter::new(KernelBank::from_kernel("k", kernel))
}

#[test]
fn every_border_gives_the_bytes_of_the_whole_image() {
    let room = Room::new();
    for (input, depth, extension) in [
        ("a.pgm", Depth::U8, "pgm"),
        ("b.pgm", Depth::U16, "pgm"),
        ("c.tif", Depth::F32, "npy"),
        // Mapped.
        ("d.npy", Depth::U16, "npy"),
    ] {
        let image = room.write(input, SHAPE, depth);
        let constant = match depth {
            Depth::F32 => Border::Constant(0.25),
            _ => Border::Constant(200.0),
        };
        let mut extents = EXTENTS;
        extents[1] = Extent::Same(constant);
        let filters = extents.map(|extent| filter(5, 3).with_extent(extent));
        check(&room, input, &image, &filters, extension);
        check(&room, input, &image, &filters[..5], extension);
    }
}

#[test]
fn kernels_larger_than_a_band_or_the_image() {
    let room = Room::new();
    let image = room.write("a.pgm", SHAPE, Depth::U8);
    for rows in [301, 1201] {
        let filters = EXTENTS.map(|extent| filter(rows, 2).with_extent(extent));
        check(&room, "a.pgm", &image, &filters[..5], "pgm");
        check(&room, "a.pgm", &image, &filters[5..], "pgm");
    }
    let filters: Vec<_> = (EXTENTS[1..].iter())
        .map(|extent| filter(1600, 1).with_extent(*extent))
        .collect();
    check(&room, "a.pgm", &image, &filters, "pgm");
    // The window lies below its pixel: the last rows need those far above.
    let below = random_kernel(&mut Random(5), 700, 1, 9);
    let below = below.with_divisor(700.0).unwrap();
    let below = bank(below.with_anchor([0, 0]).unwrap());
    let filters: Vec<_> = (EXTENTS[1..5].iter())
        .map(|extent| below.clone().with_extent(*extent))
        .collect();
    check(&room, "a.pgm", &image, &filters, "pgm");
}

#[test]
fn steps_dilations_channels_maps_and_depths() {
    let room = Room::new();
    let image = room.write("a.pam", [611, 907, 4], Depth::U8);
    let reflect = Extent::Same(Border::Reflect);
    let plain = filter(3, 5).with_extent(reflect);
    let filters: Vec<_> = [[2, 1], [3, 4], [97, 5], [1000, 1]]
        .iter()
        .map(|&step| plain.clone().with_step(step))
        .chain([[2, 3], [120, 1], [400, 7]].map(|dilation| plain.clone().with_dilation(dilation)))
        .collect();
    check(&room, "a.pam", &image, &filters, "pam");
    let filters = Channel::ALL.map(|channel| plain.clone().with_channel(channel));
    check(&room, "a.pam", &image, &filters, "png");
    let luma = filters[0].clone().with_extent(Extent::Same(Border::Wrap));
    check(&room, "a.pam", &image, &[luma], "png");
    let filters = Map::ALL.map(|map| plain.clone().with_map(map));
    check(&room, "a.pam", &image, &filters, "npy");
    for (map, filter) in Map::ALL.iter().zip(filters) {
        check(&room, "a.pam", &image, &[filter], "npy");
        let deep = plain.clone().with_map(*map).with_depth(Some(Depth::F32));
        check(&room, "a.pam", &image, &[deep], "tif");
    }
}

#[test]
fn every_method() {
    let room = Room::new();
    let image = room.write("a.pgm", SHAPE, Depth::U8);
    let smooth = KernelBank::resolve("gaussian7").unwrap();
    for method in Method::ALL {
        for bank in [smooth.clone(), filter(21, 21).bank().clone()] {
            let filter = Filter::new(bank).with_extent(Extent::Same(Border::Edge));
            let mut options = options();
            options.tuning.method = Some(method);
            // Some methods take some kernels only.
            if filter.plan(&image, &options.tuning).is_err() {
                continue;
            }
            let wanted = wanted(&filter, &image, &options.tuning, Format::Pgm);
            run_both(&room.job("a.pgm", &[(&filter, "r.pgm")]), &options, || {
                assert!(fs::read(room.path("r.pgm")).unwrap() == wanted, "{method}");
            });
        }
    }
}

#[test]
fn every_format() {
    let room = Room::new();
    let filters = [
        filter(3, 3),
        filter(3, 3).with_extent(Extent::Same(Border::Edge)),
    ];
    let filters = filters.map(|filter| filter.with_channel(Channel::Each));
    for input in [
        "png", "ppm", "tif", "jpg", "bmp", "qoi", "webp", "tga", "npy",
    ] {
        let input = format!("in.{input}");
        room.write(&input, [701, 613, 3], Depth::U8);
        // JPEG loses something.
        let image = codec::read(&room.path(&input), &Limits::default())
            .unwrap()
            .image;
        check(&room, &input, &image, &filters, "ppm");
    }
    let image = codec::read(&room.path("in.png"), &Limits::default())
        .unwrap()
        .image;
    for output in [
        "png", "jpg", "tif", "webp", "bmp", "pam", "qoi", "tga", "gif", "npy",
    ] {
        check(&room, "in.png", &image, &filters[..1], output);
    }
}

/// Adds up what it hears.
#[derive(Default)]
struct Heard(Mutex<(usize, usize)>);

impl Report for Heard {
    fn event(&self, event: Event<'_>) {
        let mut heard = self.0.lock().unwrap();
        match event {
            Event::Rows { total } => heard.0 += total,
            Event::RowsDone { count } => heard.1 += count,
            _ => {}
        }
    }
}

#[test]
fn every_row_is_told_of_once() {
    let room = Room::new();
    room.write("a.pgm", SHAPE, Depth::U8);
    let filters = [
        filter(3, 3),
        filter(31, 3).with_extent(Extent::Same(Border::Edge)),
        filter(3, 3).with_step([7, 7]),
    ];
    let results: Vec<_> = filters.iter().zip(["0.pgm", "1.pgm", "2.pgm"]).collect();
    let heard = Heard::default();
    run::run(&room.job("a.pgm", &results), &options(), &heard).unwrap();
    let rows = 1509 + 1511 + 216;
    assert_eq!(*heard.0.lock().unwrap(), (rows, rows));
}

#[test]
fn how_images_flow() {
    let room = Room::new();
    room.write("a.pgm", SHAPE, Depth::U8);
    room.write("a.npy", SHAPE, Depth::U8);
    room.write("a.bmp", SHAPE, Depth::U8);
    let plain = filter(3, 3);
    let flow = |name: &str, filters: &[Filter]| {
        let results: Vec<_> = filters.iter().map(|filter| (filter, "b")).collect();
        let job = room.job(name, &results);
        let input = Input::open(&job, &Options::default()).unwrap();
        let plans: Vec<_> = (job.results.iter())
            .map(|request| input.plan(request, &Tuning::default()).unwrap())
            .collect();
        Mode::new(&input, &plans).to_string()
    };
    let streamed = "streamed, 1039 rows at a time";
    let one = std::slice::from_ref(&plain);
    assert_eq!(flow("a.pgm", one), streamed);
    let reflect = filter(301, 3).with_extent(Extent::Same(Border::Reflect));
    assert_eq!(flow("a.pgm", &[plain.clone(), reflect]), streamed);
    assert_eq!(flow("a.pgm", &vec![plain.clone(); 16]), streamed);
    let whole = |why: &str| format!("whole image in memory (2 MiB): {why}");
    let wrap = plain.clone().with_extent(Extent::Same(Border::Wrap));
    assert_eq!(
        flow("a.pgm", &[plain.clone(), wrap]),
        whole("the border wrap needs its far end")
    );
    let across = filter(1, 9).with_extent(Extent::Same(Border::Wrap));
    assert_eq!(flow("a.pgm", &[across]), streamed);
    assert_eq!(
        flow("a.pgm", &[plain.clone().with_map(Map::Stretch)]),
        whole("the map stretch needs the range of all responses")
    );
    assert_eq!(
        flow("a.pgm", &vec![plain.clone(); 17]),
        whole("17 results are too many to make together")
    );
    assert_eq!(flow("a.bmp", one), whole("bmp is decoded at once"));
    assert_eq!(
        flow("a.npy", one),
        "the image is filtered where it lies in its file"
    );
}

#[test]
fn a_reader_that_fails_leaves_no_output() {
    let room = Room::new();
    room.write("a.pgm", SHAPE, Depth::U8);
    room.write("a.png", SHAPE, Depth::U8);
    fs::write(room.path("0.pgm"), "old").unwrap();
    let filters = [
        filter(3, 3),
        filter(3, 3).with_extent(Extent::Same(Border::Edge)),
    ];
    let results: Vec<_> = filters.iter().zip(["0.pgm", "1.pgm"]).collect();
    for name in ["a.pgm", "a.png"] {
        let bytes = fs::read(room.path(name)).unwrap();
        // In the first block, in a later one, in the last bytes.
        for kept in [bytes.len() / 3, bytes.len() * 9 / 10, bytes.len() - 1] {
            fs::write(room.path(name), &bytes[..kept]).unwrap();
            let job = room.job(name, &results);
            let alone = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .unwrap();
            let both = [
                alone.install(|| run::run(&job, &options(), &Silent)),
                run::run(&job, &options(), &Silent),
            ];
            for result in both {
                let format = &name[2..];
                let format = if format == "pgm" { "pgm" } else { "png" };
                assert_eq!(
                    result.unwrap_err().to_string(),
                    format!(
                        "the {format} file ends before its picture does: get a complete copy of it"
                    )
                );
                assert_eq!(room.names(), ["0.pgm", "a.pgm", "a.png"]);
                assert_eq!(fs::read(room.path("0.pgm")).unwrap(), b"old");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_writer_that_fails_leaves_the_others_alone() {
    let room = Room::new();
    let image = room.write("a.pgm", SHAPE, Depth::U8);
    let plain = filter(3, 3);
    let mut job = room.job("a.pgm", &[(&plain, "0.pgm"), (&plain, "1.pgm")]);
    job.results[0].output = Place::File("/dev/full".into());
    let wanted = wanted(&plain, &image, &Tuning::default(), Format::Pgm);
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let both = [
        alone.install(|| run::run(&job, &options(), &Silent)),
        run::run(&job, &options(), &Silent),
    ];
    for result in both {
        let outcomes = result.unwrap();
        let error = outcomes[0].as_ref().unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot write the output: No space left on device (os error 28); free some space, or choose another place for the output"
        );
        assert!(matches!(outcomes[1], Ok(Outcome::Done(_))));
        assert!(fs::read(room.path("1.pgm")).unwrap() == wanted);
        assert_eq!(room.names(), ["1.pgm", "a.pgm"]);
    }
}

#[test]
fn metadata_behind_the_samples_are_kept() {
    let room = Room::new();
    room.write("a.png", SHAPE, Depth::U8);
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    // A chunk of EXIF data before the last one, which has 12 bytes.
    let mut file = Cursor::new(Vec::new());
    let image = codec::read(&room.path("a.png"), &Limits::default()).unwrap();
    let spec = image.image.spec();
    let none = Metadata::default();
    let late = Metadata {
        exif: Some(exif.clone()),
        ..Metadata::default()
    };
    let encode = EncodeOptions::default();
    let output = codec::Output::seekable(&mut file);
    let mut writer = codec::create_rows(spec, Format::Png, &none, &encode, output).unwrap();
    writer.write(image.image.samples()).unwrap();
    writer.finish(&late).unwrap();
    fs::write(room.path("late.png"), file.into_inner()).unwrap();
    let plain = filter(3, 3);
    run_both(
        &room.job("late.png", &[(&plain, "r.png")]),
        &options(),
        || {
            let result = codec::read(&room.path("r.png"), &Limits::default()).unwrap();
            assert_eq!(result.metadata.exif.as_ref(), Some(&exif));
        },
    );
}

#[test]
fn jobs_on_the_pool_do_not_wait_for_it() {
    use rayon::prelude::*;
    let room = Room::new();
    let image = room.write("a.pgm", SHAPE, Depth::U8);
    let plain = filter(3, 3);
    let wanted = wanted(&plain, &image, &Tuning::default(), Format::Png);
    let names: Vec<_> = (0..9).map(|at| format!("{at}.png")).collect();
    // More of them than threads.
    names.par_iter().for_each(|name| {
        let job = room.job("a.pgm", &[(&plain, name)]);
        run::run(&job, &options(), &Silent).unwrap();
    });
    for name in &names {
        assert!(fs::read(room.path(name)).unwrap() == wanted, "{name}");
    }
}
