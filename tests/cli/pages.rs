//! Files of several pages, through the program: each page is filtered by itself.

use std::{fs, io::Cursor};

use serde_json::json;
use tiff::{
    decoder::{Decoder, DecodingResult, Limits},
    encoder::{TiffEncoder, TiffKind, colortype::Gray8},
};

use crate::{
    Room,
    reports::{SCHEMA, conforms},
};

/// Files of testdata, the names of their pages, and how many they have.
const FILES: [(&str, &str, u64); 6] = [
    ("stack.tif", "stack", 5),
    ("mixed.tif", "mixed", 5),
    ("mixed_big.tif", "mixed", 5),
    ("imagej.tif", "imagej", 4),
    ("imagej_planes.tif", "imagej", 4),
    ("ome.ome.tif", "ome", 6),
];

const LEFT_OUT: &str = "warning: the tiff file holds";

fn testdata(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pages");
    fs::read(format!("{folder}/{name}")).unwrap()
}

/// A room with the files of [`FILES`] and their pages.
fn room() -> Room {
    let room = Room::new();
    for (file, pages, count) in FILES {
        fs::write(room.path(file), testdata(file)).unwrap();
        for page in 1..=count {
            let name = format!("{pages}-{page}.npy");
            fs::write(room.path(&name), testdata(&name)).unwrap();
        }
    }
    room
}

/// The pages of a TIFF file.
fn pages(file: Vec<u8>) -> Vec<((u32, u32), DecodingResult)> {
    let mut decoder = Decoder::new(Cursor::new(file)).unwrap();
    decoder = decoder.with_limits(Limits::unlimited());
    let mut pages = Vec::new();
    loop {
        pages.push((decoder.dimensions().unwrap(), decoder.read_image().unwrap()));
        if !decoder.more_images() {
            return pages;
        }
        decoder.next_image().unwrap();
    }
}

/// A file of this many pages of 9 x 8 bytes.
fn file_of<K: TiffKind>(
    count: usize,
    make: impl Fn(&mut Cursor<Vec<u8>>) -> TiffEncoder<&mut Cursor<Vec<u8>>, K>,
) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = make(&mut file);
    for page in 0..count {
        let samples: Vec<u8> = (0..72).map(|at| (at * 3 + page * 5) as u8).collect();
        encoder.write_image::<Gray8>(9, 8, &samples).unwrap();
    }
    file.into_inner()
}

fn small(count: usize) -> Vec<u8> {
    file_of(count, |file| TiffEncoder::new(file).unwrap())
}

#[test]
fn every_page_is_filtered_by_itself() {
    let room = room();
    // Streamed, and of whole pages.
    for options in [
        "-k gaussian5 --pad edge",
        "-k sobel_x",
        "-k box3 --pad wrap --map stretch",
    ] {
        for (file, pages, count) in FILES {
            let run = room.run(&format!(
                "{file} {options} --channel each --verify --overwrite -o all.tif"
            ));
            assert_eq!(run.code, Some(0), "{}", run.err);
            for page in 1..=count {
                let lines = [
                    format!("{pages}-{page}.npy {options} --channel each --axes YX -o wanted.npy"),
                    format!("all.tif -k identity --photo --pages {page} -o made.npy"),
                    format!("{file} {options} --channel each --pages {page} -o alone.npy"),
                ];
                for line in lines {
                    let line = match (pages, page) {
                        ("mixed", 2 | 4) => line.replace("--axes YX", "--axes YXC"),
                        _ => line,
                    };
                    let run = room.run(&format!("{line} --overwrite"));
                    assert_eq!(run.code, Some(0), "{line}: {}", run.err);
                }
                let wanted = room.bytes("wanted.npy");
                assert!(wanted == room.bytes("made.npy"), "{file} {page} {options}");
                assert!(wanted == room.bytes("alone.npy"), "{file} {page} {options}");
            }
            let run = room.run(&format!(
                "all.tif -k identity --pages {} -o x.npy",
                count + 1
            ));
            run.says(
                1,
                &[&format!(
                    "all.tif: there is no page {}: the file has {count}",
                    count + 1
                )],
            );
        }
    }
}

#[test]
fn results_are_the_same_from_pipes_and_into_pipes() {
    let room = room();
    let run = room.run("mixed.tif -k gaussian5 --photo -o a.tif");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let run = room.run_with("- -k gaussian5 --photo -o -", &room.bytes("mixed.tif"));
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out == room.bytes("a.tif"));
    assert_eq!(pages(run.out).len(), 5);
}

#[test]
fn some_pages_are_chosen() {
    let room = room();
    let sizes = |line: &str| {
        let run = room.run(&format!("mixed.tif -k identity --photo --overwrite {line}"));
        assert_eq!(run.code, Some(0), "{}", run.err);
        pages(room.bytes("a.tif"))
            .into_iter()
            .map(|(size, _)| size)
            .collect::<Vec<_>>()
    };
    let all = [(20, 12), (31, 9), (7, 6), (20, 12), (33, 40)];
    assert_eq!(sizes("-o a.tif"), all);
    assert_eq!(sizes("--pages all -o a.tif"), all);
    assert_eq!(sizes("--pages 2-4 -o a.tif"), all[1..4]);
    assert_eq!(sizes("--pages 5 -o a.tif"), all[4..]);
    for (value, line) in [
        (
            "0",
            "`0` names no pages; give all, a number from 1, or two such as 2-5",
        ),
        (
            "4-2",
            "`4-2` names no pages; give all, a number from 1, or two such as 2-5",
        ),
        (
            "first",
            "`first` names no pages; give all, a number from 1, or two such as 2-5",
        ),
    ] {
        room.run(&format!("mixed.tif -k identity --pages {value} -o b.tif"))
            .says(2, &[line]);
    }
    room.run("mixed.tif -k identity --pages 3-6 -o b.tif")
        .says(1, &["mixed.tif: there is no page 6: the file has 5"]);
    // What has no pages has one.
    room.run("mixed-1.npy -k identity --pages 1 -o b.npy")
        .silent();
    room.run("mixed-1.npy -k identity --pages 2 -o c.npy")
        .says(1, &["mixed-1.npy: there is no page 2: the file has 1"]);
    room.run("b.npy -k identity --pad edge -o y.png").silent();
    room.run("y.png -k identity --pages 1-2 -o c.png")
        .says(1, &["y.png: there is no page 2: the file has 1"]);
}

#[test]
fn a_format_of_one_picture_is_refused_before_any_work() {
    let room = room();
    let before = room.names();
    for format in [
        "jpg", "webp", "bmp", "qoi", "tga", "exr", "hdr", "pgm", "ppm", "pnm", "pam", "npy",
    ] {
        let name = match format {
            "jpg" => "jpeg",
            name => name,
        };
        room.run(&format!("stack.tif -k box3 -o z.{format}")).says(
            1,
            &[&format!("z.{format}: a {name} file is written with one picture, the result has 5 pages; choose png, tiff or gif, or one page with --pages")],
        );
    }
    assert_eq!(room.names(), before);
    room.run("stack.tif -k box3 --pages 3 -o z.png").silent();
    let alone = room.read("z.png");
    room.run("stack-3.npy -k box3 --axes YX -o y.png").silent();
    assert_eq!(alone, room.read("y.png"));
}

#[test]
fn all_pages_are_replaced_in_place() {
    let room = room();
    for (file, _, count) in FILES {
        let run = room.run(&format!(
            "{file} -k gaussian5 --photo -o wanted.tif --overwrite"
        ));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let run = room.run(&format!("{file} -k gaussian5 --photo --in-place"));
        if file.starts_with("mixed") {
            // The mask.
            let line =
                "not replaced: it holds 1 transparency mask, which the result would not have";
            assert!(run.err.contains(line), "{}", run.err);
            continue;
        }
        run.silent();
        assert!(room.bytes(file) == room.bytes("wanted.tif"), "{file}");
        assert_eq!(pages(room.bytes(file)).len() as u64, count);
    }
}

/// What only a later page would lose is found, and nothing is replaced.
#[test]
fn a_loss_of_any_page_is_refused_in_place() {
    let room = Room::new();
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    encoder.write_image::<Gray8>(9, 8, &[7; 72]).unwrap();
    encoder
        .write_image::<tiff::encoder::colortype::RGB8>(4, 6, &[9; 72])
        .unwrap();
    fs::write(room.path("a.tif"), file.get_ref()).unwrap();
    room.run("a.tif -k box3 --pad edge --in-place").says(
        1,
        &["a.tif: page 2: not replaced: the result would lose its colours (--channel each keeps them, --channel luma allows it)"],
    );
    room.run("a.tif -k box3 --pad edge --channel each --pages 2 --in-place").says(
        1,
        &["a.tif: not replaced: it holds 1 other page, which the result would not have: name an output with --output"],
    );
    assert!(room.bytes("a.tif") == *file.get_ref());
    assert_eq!(room.names(), ["a.png", "a.tif"]);
    // A page for which the window is too large.
    room.run("a.tif -k gaussian7 --channel each -o b.tif").says(
        1,
        &["a.tif: page 2: the kernel's window of 7 rows x 7 columns is larger than the image of 6 x 4; choose a border (--pad edge, reflect, ...) or a smaller kernel"],
    );
    assert_eq!(room.names(), ["a.png", "a.tif"]);
}

#[test]
fn the_number_of_pages_is_told() {
    let room = room();
    let fields = |line: &str| {
        let run = room.run(&format!("{line} --json"));
        assert_eq!(run.code, Some(0), "{}", run.err);
        let object = run.json().remove(0);
        conforms(&object, &serde_json::from_str(SCHEMA).unwrap()).unwrap();
        object["pages"].clone()
    };
    assert_eq!(fields("stack.tif -k box3 -o a.tif"), json!(5));
    assert_eq!(fields("stack.tif -k box3 -o b.tif --pages 2-3"), json!(2));
    assert_eq!(fields("stack.tif -k box3 -o c.tif --pages 2"), json!(null));
    assert_eq!(fields("stack.tif -k box3 -o d.tif --dry-run"), json!(5));
    let run = room.run("stack.tif -k box3 --explain");
    assert!(
        run.text()
            .contains("\npages     5, each filtered by itself; this is the plan of the first\n")
    );
    let run = room.run("stack.tif -k box3 -o e.tif --dry-run");
    assert!(run.text().contains(", 5 pages, tiff, "), "{}", run.text());
    let run = room.run("stack.tif -k box3 -o e.tif -v");
    assert!(run.err.contains(": 5 pages, 15 x 11 gray"), "{}", run.err);
}

/// The statistics are those of all pages together.
#[test]
fn statistics_are_of_all_pages() {
    let room = room();
    let statistics = |line: &str| {
        let run = room.run(&format!(
            "{line} -k identity --pad edge --stats --json --overwrite"
        ));
        assert_eq!(run.code, Some(0), "{}", run.err);
        run.json().remove(0)["statistics"].clone()
    };
    let all: Vec<u8> = (1..=5)
        .flat_map(|page| room.bytes(format!("stack-{page}.npy"))[128..].to_vec())
        .collect();
    fs::write(room.path("all.npy"), crate::npy("|u1", "(65, 17)", &all)).unwrap();
    let wanted = statistics("all.npy -o b.npy");
    assert_eq!(wanted[0]["count"], json!(5 * 13 * 17));
    assert_eq!(statistics("stack.tif -o a.tif"), wanted);
    // Pages of another type cannot be counted with the first.
    let run = room.run("mixed.tif -k identity --photo --stats --json -o c.tif");
    let object = run.json().remove(0);
    assert_eq!(object["statistics"][0]["count"], json!(12 * 20 + 40 * 33));
    let line = "the statistics are those of the pages whose samples are of the type of the first";
    assert!(object["warnings"].to_string().contains(line), "{object}");
}

/// Chains that lead nowhere or to themselves, and claims of more than there is.
#[test]
fn hostile_chains_end() {
    let room = Room::new();
    let file = small(3);
    // The places of the pointers to the directories.
    let pointer = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut places = vec![4];
    for page in 0..3 {
        let at = pointer(places[page]);
        let entries = u16::from_le_bytes([file[at], file[at + 1]]) as usize;
        places.push(at + 2 + 12 * entries);
    }
    let starts: Vec<u32> = (0..3).map(|page| pointer(places[page]) as u32).collect();
    let cut = "a.tif: warning: the tiff file holds directories that tell of more than the file has: that was not read";
    for (from, to, count, warnings) in [
        // To itself, to the first, to the second, nowhere, to the middle of something.
        (3, starts[2], 3, vec![]),
        (3, starts[0], 3, vec![]),
        (3, starts[1], 3, vec![]),
        (2, starts[0], 2, vec![]),
        (1, starts[0], 1, vec![]),
        (3, u32::MAX, 3, vec![cut]),
        (1, u32::MAX - 7, 1, vec![cut]),
    ] {
        let mut file = file.clone();
        file[places[from]..places[from] + 4].copy_from_slice(&to.to_le_bytes());
        fs::write(room.path("a.tif"), file).unwrap();
        let run = room.run("a.tif -k box3 -o b.tif --overwrite");
        assert_eq!(run.code, Some(0), "{from} {to}: {}", run.err);
        for line in warnings {
            assert!(run.err.contains(line), "{from} {to}: {}", run.err);
        }
        assert_eq!(pages(room.bytes("b.tif")).len(), count, "{from} {to}");
    }
    fs::write(room.path("c.tif"), testdata("imagej_claims.tif")).unwrap();
    room.run("c.tif -k box3 -o d.tif").says(
        0,
        &[
            "c.tif: warning: the tiff file has several pictures: only the first was read",
            "d.tif: warning: metadata left out: tag ImageDescription (it describes other pages)",
        ],
    );
    assert_eq!(pages(room.bytes("d.tif")).len(), 1);
}

/// A page in the middle that cannot be read: nothing is left of the result.
#[test]
fn a_page_that_is_damaged_is_named() {
    let room = Room::new();
    let mut file = small(4);
    // The third picture begins after two and their directories.
    let at = file
        .windows(4)
        .enumerate()
        .filter(|(_, part)| *part == [10, 13, 16, 19]);
    let at = at.map(|(at, _)| at).next().unwrap();
    let entries = file[at + 72..]
        .windows(2)
        .position(|part| part == [3, 1])
        .unwrap();
    // Its compression.
    file[at + 72 + entries + 8] = 99;
    fs::write(room.path("a.tif"), file).unwrap();
    let run = room.run("a.tif -k box3 -o b.tif");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.starts_with("stridekern: a.tif: page 3: ")
            && run.err.contains("the compression 99"),
        "{}",
        run.err
    );
    assert_eq!(room.names(), ["a.png", "a.tif"]);
}

/// Reduced copies are told of, however many pages there are.
#[test]
fn what_is_no_page_is_told_of() {
    let room = room();
    let run = room.run("mixed.tif -k box3 --photo -o a.tif");
    assert_eq!(run.err.matches(LEFT_OUT).count(), 2, "{}", run.err);
}
