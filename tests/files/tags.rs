//! Tags of TIFF files in results of other sizes and formats.

use std::{fs, path::Path};

use stridekern::{
    Channel, Extent, Filter, KernelBank,
    codec::{self, Fate, Format, Limits, Metadata, Part, PartFate},
    run::{self, Existing, Job, Options, Outcome, Place, Request},
};

const INPUT: &str = "testdata/carried/full.tif";

/// Filters a file without a border, every second row and every fourth column.
fn cropped(input: &Path, format: Format, output: &Path) -> Vec<PartFate> {
    let filter = Filter::new(KernelBank::resolve("box3").unwrap())
        .with_extent(Extent::Valid)
        .with_step([2, 4])
        .with_channel(Channel::Each);
    let job = Job {
        input: Place::File(input.to_owned()),
        results: vec![Request {
            filter,
            output: Place::File(output.to_owned()),
            format: Some(format),
        }],
    };
    let options = Options {
        existing: Existing::Replace,
        ..Options::default()
    };
    let outcome = run::run(&job, &options, &run::Silent).unwrap().remove(0);
    let Ok(Outcome::Done(done)) = outcome else {
        panic!("{format}: {outcome:?}");
    };
    done.metadata
}

fn metadata(path: &Path) -> Metadata {
    let file = fs::read(path).unwrap();
    let decoded = codec::read_bytes(&file, None, &Limits::default()).unwrap();
    decoded.metadata
}

/// The little-endian data of a tag.
fn tag(metadata: &Metadata, code: u16) -> Option<&[u8]> {
    metadata.parts.iter().find_map(|part| match part {
        Part::Tag(tag) if tag.code == code => Some(&tag.data[..]),
        _ => None,
    })
}

fn doubles(data: &[u8]) -> Vec<f64> {
    let numbers = data.as_chunks().0.iter();
    numbers.map(|number| f64::from_le_bytes(*number)).collect()
}

#[test]
fn tags_follow_the_pixels_of_a_smaller_result() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.tif");
    let fates = cropped(Path::new(INPUT), Format::Tiff, &output);
    let changed = fates.iter().filter_map(|part| match &part.fate {
        Fate::Changed(what) => Some(format!("{}: {what}", part.name)),
        _ => None,
    });
    assert_eq!(
        Vec::from_iter(changed),
        [
            "EXIF data: size",
            "XMP data: size, thumbnail dropped",
            "pixel density: divided by the step",
            "tag ModelPixelScale: place on the ground",
            "tag ModelTiepoint: place on the ground",
            "Photoshop and IPTC data: thumbnail dropped",
        ]
    );
    let (before, after) = (metadata(Path::new(INPUT)), metadata(&output));
    // 300 pixels an inch.
    let density = after.density.unwrap().parts().0;
    assert_eq!(density, [[75, 1], [150, 1]]);
    let scale = doubles(tag(&after, 33550).unwrap());
    assert_eq!(scale, [8.0, 4.0, 0.0]);
    // The centre of the first pixel is that of row 1 and column 1.
    let tie = doubles(tag(&after, 33922).unwrap());
    let at = |place: f64, axis: usize| tie[3 + axis] + (place - tie[axis]) * scale[axis];
    assert_eq!(at(0.5, 0), 1000.0 + 1.5 * 2.0);
    let down = tie[4] - (0.5 - tie[1]) * scale[1];
    assert_eq!(down, 2000.0 - 1.5 * 2.0);
    for code in [269, 270, 305, 306, 315, 316, 33432, 34735, 34737] {
        assert!(tag(&before, code).is_some(), "{code}");
        assert_eq!(tag(&after, code), tag(&before, code), "{code}");
    }
    let of_kind = |metadata: &Metadata| {
        let parts = metadata.parts.iter().cloned();
        Vec::from_iter(parts.filter(|part| matches!(part, Part::Iptc(_))))
    };
    assert_eq!(of_kind(&after), of_kind(&before));
    assert_eq!(of_kind(&after).len(), 1);
}

#[test]
fn tags_survive_other_formats() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::Png, Format::Jpeg, Format::Webp] {
        let [other, back] =
            [format, Format::Tiff].map(|format| folder.path().join(format!("out.{format}")));
        cropped(Path::new(INPUT), format, &other);
        let fates = cropped(&other, Format::Tiff, &back);
        let (before, after) = (metadata(Path::new(INPUT)), metadata(&back));
        for code in [269, 270, 305, 306, 315, 316, 33432] {
            assert_eq!(tag(&after, code), tag(&before, code), "{format} {code}");
        }
        // Only the sizes differ.
        let sizes = [9999_u32, 1].map(u32::to_le_bytes);
        let exif = |metadata: &Metadata| metadata.exif.clone().unwrap();
        let (before, after) = (exif(&before), exif(&after));
        assert_eq!(before.len(), after.len(), "{format}");
        let differ = before
            .iter()
            .zip(&after)
            .filter(|(one, other)| one != other);
        let (old, new): (Vec<u8>, Vec<u8>) = differ.unzip();
        assert!(sizes[0].iter().any(|byte| old.contains(byte)), "{format}");
        assert!(
            old.len() <= 6 && new.contains(&1),
            "{format}: {old:?} {new:?}"
        );
        let lost = fates
            .iter()
            .filter(|part| matches!(part.fate, Fate::Lost(_)));
        assert_eq!(lost.count(), 0, "{format}: {fates:?}");
    }
}
