//! Files of several pages: read and written one page after another.

use std::{io::Cursor, path::PathBuf};

use stridekern::{
    Error,
    codec::{self, EncodeOptions, Format, Limits, Metadata, Output, Pages, RowReader},
    error::{OutputError, RequestError},
    image::{Depth, Image, Samples},
};

use crate::common::{Random, random_image};

/// Files of testdata, the names of their pages, and how many they have.
const FILES: [(&str, &str, u64); 6] = [
    ("stack.tif", "stack", 5),
    ("mixed.tif", "mixed", 5),
    ("mixed_big.tif", "mixed", 5),
    ("imagej.tif", "imagej", 4),
    ("imagej_planes.tif", "imagej", 4),
    ("ome.ome.tif", "ome", 6),
];

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/pages")).join(name)
}

/// The page, read in bands of this many rows, and the next one.
fn read_page<'a>(mut reader: RowReader<'a>, rows: usize) -> (Image, Option<RowReader<'a>>) {
    let spec = reader.header().spec;
    let mut bytes = Vec::new();
    let mut band = Samples::zeroed(spec.depth, rows * spec.row_len()).unwrap();
    loop {
        let read = reader.read(&mut band).unwrap();
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&band.as_slice().as_bytes()[..read * spec.row_bytes()]);
    }
    let mut samples = Samples::zeroed(spec.depth, spec.rows * spec.row_len()).unwrap();
    samples.as_mut_slice().into_bytes().copy_from_slice(&bytes);
    let image = Image::new(spec.rows, spec.columns, spec.channels, samples).unwrap();
    let (_, next) = reader.finish_page().unwrap();
    (image, next)
}

pub(crate) fn all_pages(reader: RowReader<'_>, rows: usize) -> Vec<Image> {
    let mut next = Some(reader);
    let mut pages = Vec::new();
    while let Some(reader) = next {
        let (image, following) = read_page(reader, rows);
        pages.push(image);
        next = following;
    }
    pages
}

#[test]
fn pages_are_read_as_tifffile_reads_them() {
    let limits = Limits::default();
    for (file, name, count) in FILES {
        let wanted = |page: u64| {
            let array = codec::read(&testdata(&format!("{name}-{page}.npy")), &limits);
            array.unwrap().image
        };
        let all = Vec::from_iter((1..=count).map(wanted));
        let path = testdata(file);
        for rows in [1, 7, 100] {
            let reader = codec::open_pages(&path, Pages::All, &limits).unwrap();
            assert_eq!((reader.header().page, reader.header().pages), (1, count));
            assert!(all_pages(reader, rows) == all, "{file} {rows}");
        }
        let bytes = std::fs::read(&path).unwrap();
        for first in 1..=count {
            for last in first..=count {
                let pages = Pages::Range { first, last };
                let reader = codec::pages_of_bytes(&bytes, None, pages, &limits).unwrap();
                let header = reader.header();
                assert_eq!((header.page, header.pages), (first, last - first + 1));
                let some = &all[first as usize - 1..last as usize];
                assert!(all_pages(reader, 5) == some, "{file} {pages}");
            }
            let (page, pages) = (
                count + 1,
                Pages::Range {
                    first,
                    last: count + 1,
                },
            );
            let refused = codec::open_pages(&path, pages, &limits).err();
            assert!(matches!(
                refused,
                Some(Error::Request(RequestError::NoPage { page: lacking, pages }))
                    if lacking == page && pages == count
            ));
        }
        // Without a word about pages, the first is read, and a warning tells of the others.
        let decoded = codec::read(&path, &limits).unwrap();
        assert!(decoded.image == all[0], "{file}");
        let told = "the tiff file has several pictures: only the first was read";
        let is_told = decoded.warnings.iter().any(|warning| **warning == *told);
        assert!(is_told, "{file}: {:?}", decoded.warnings);
    }
}

/// Rows that nobody reads are skipped.
#[test]
fn a_page_need_not_be_read_before_the_next() {
    let reader = codec::open_pages(&testdata("mixed.tif"), Pages::All, &Limits::default());
    let (_, second) = reader.unwrap().finish_page().unwrap();
    let (image, _) = read_page(second.unwrap(), 3);
    let wanted = codec::read(&testdata("mixed-2.npy"), &Limits::default()).unwrap();
    assert!(image == wanted.image);
}

/// Noise of any type, whose floats are numbers.
fn noise(random: &mut Random, [rows, columns, channels]: [usize; 3], depth: Depth) -> Image {
    let mut samples = Samples::zeroed(depth, rows * columns * channels).unwrap();
    let bytes = samples.as_mut_slice().into_bytes();
    bytes.fill_with(|| random.below(64) as u8);
    Image::new(rows, columns, channels, samples).unwrap()
}

#[test]
fn pages_of_any_kind_are_written() {
    let mut random = Random(41);
    let mut pages = Vec::new();
    for depth in Depth::ALL {
        if !Format::Tiff.can_hold(depth, 1) {
            continue;
        }
        for channels in [1, 2, 3, 4, 7] {
            let [rows, columns] = [1, 2].map(|_| 1 + random.below(40) as usize);
            pages.push(noise(&mut random, [rows, columns, channels], depth));
        }
    }
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let mut file = Cursor::new(Vec::new());
    let out = Output::seekable(&mut file);
    let first = pages[0].spec();
    let mut writer = codec::create_rows(first, Format::Tiff, &metadata, &options, out).unwrap();
    for (number, page) in pages.iter().enumerate() {
        if number > 0 {
            writer.next_page(&metadata, page.spec(), &metadata).unwrap();
        }
        writer.write(page.samples()).unwrap();
    }
    assert_eq!(writer.finish(&metadata).unwrap(), [""; 0]);
    let file = file.into_inner();
    let reader = codec::pages_of_bytes(&file, None, Pages::All, &Limits::default()).unwrap();
    assert_eq!(reader.header().pages, pages.len() as u64);
    assert_eq!(reader.header().ignored, []);
    assert!(all_pages(reader, 6) == pages);
}

#[test]
fn a_page_must_be_whole_and_its_format_hold_it() {
    let mut random = Random(43);
    let image = random_image(&mut random, [5, 4, 1], Depth::U8);
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    for format in Format::ALL {
        if !format.can_hold(Depth::U8, 1) {
            continue;
        }
        let mut file = Cursor::new(Vec::new());
        let out = Output::seekable(&mut file);
        let mut writer =
            codec::create_rows(image.spec(), format, &metadata, &options, out).unwrap();
        writer
            .write(image.samples().as_slice().range(0, 12))
            .unwrap();
        let refused = writer.next_page(&metadata, image.spec(), &metadata);
        match (refused.unwrap_err(), format) {
            (Error::Request(RequestError::MissingRows { written: 3, .. }), format) => {
                assert!(format.holds_pages());
            }
            (Error::Output(OutputError::Pages { others, .. }), format) => {
                assert!(!format.holds_pages());
                assert_eq!(others, "png, tiff or gif");
            }
            (error, _) => panic!("{format}: {error}"),
        }
    }
}

/// What stands beside the first page is not taken for that of the others.
#[test]
fn every_page_has_its_own_metadata() {
    let image = random_image(&mut Random(47), [5, 4, 1], Depth::U8);
    let (none, options) = (Metadata::default(), EncodeOptions::default());
    let of_first = Metadata {
        xmp: Some(b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>".to_vec()),
        ..Metadata::default()
    };
    let mut file = Cursor::new(Vec::new());
    let out = Output::seekable(&mut file);
    let format = Format::Tiff;
    let mut writer = codec::create_rows(image.spec(), format, &of_first, &options, out).unwrap();
    writer.write(image.samples()).unwrap();
    writer.next_page(&of_first, image.spec(), &none).unwrap();
    writer.write(image.samples()).unwrap();
    writer.finish(&none).unwrap();
    let file = file.into_inner();
    let reader = codec::pages_of_bytes(&file, None, Pages::All, &Limits::default()).unwrap();
    assert_eq!(reader.header().metadata.xmp, of_first.xmp);
    let (_, second) = reader.finish_page().unwrap();
    assert_eq!(second.unwrap().header().metadata.xmp, None);
}
