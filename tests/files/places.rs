//! What names places in the picture, in results whose pixels lie elsewhere.

use std::{fs, path::Path};

use stridekern::{
    Border, Channel, Extent, Filter, KernelBank,
    codec::{self, Fate, Format, Limits, PartKind},
    run::{self, ActOn, Existing, Job, Options, Outcome, Place, Request},
};

/// A turned picture with the place of its subject, regions, a crop, and claims about what follows
/// it in the file.
fn input() -> Vec<u8> {
    let photo = fs::read("testdata/photos/rocket.jpg").unwrap();
    let exif = [
        &b"Exif\0\0II*\0\x08\0\0\0"[..],
        // The orientation, and the offset of the EXIF directory.
        b"\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x69\x87\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0",
        b"\x02\0",
        AREA,
        b"\x44\0\0\0",
        LOCATION,
        b"\x09\0\x08\0\0\0\0\0",
        b"\x09\0\x08\0\x03\0\x02\0",
    ]
    .concat();
    let xmp = format!(
        "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
         <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
         xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' \
         xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/' \
         xmlns:note='http://ns.adobe.com/xmp/note/' \
         xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' \
         xmlns:GCamera='http://ns.google.com/photos/1.0/camera/' \
         xmlns:Container='http://ns.google.com/photos/1.0/container/' \
         note:HasExtendedXMP='FOLLOWS' hdrgm:Version='FOLLOWS' GCamera:MotionPhoto='FOLLOWS' \
         GCamera:MicroVideoOffset='FOLLOWS' crs:Exposure2012='+1'{CROP}>{REGIONS}\
         <Container:Directory>FOLLOWS</Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"
    );
    let segment = |data: &[u8]| {
        let len = (data.len() as u16 + 2).to_be_bytes();
        [b"\xff\xe1", &len[..], data].concat()
    };
    let (start, rest) = photo.split_at(2);
    [start, &segment(&exif), &segment(xmp.as_bytes()), rest].concat()
}

/// The entries of `SubjectArea` and `SubjectLocation`, without their values.
const AREA: &[u8] = b"\x14\x92\x03\0\x04\0\0\0";
const LOCATION: &[u8] = b"\x14\xa2\x03\0\x02\0\0\0";
const CROP: &str = " crs:HasCrop='True' crs:CropLeft='0.1'";
const REGIONS: &str = "<mwg-rs:Regions><rdf:Description><mwg-rs:AppliedToDimensions w='640'/>\
                       </rdf:Description></mwg-rs:Regions>";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn places_are_left_out_with_a_word_where_pixels_lie_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.jpg");
    fs::write(&path, input()).unwrap();
    let whole = Extent::from(Border::Edge);
    for (format, extent, step, act_on, is_kept) in [
        (Format::Jpeg, whole, [1, 1], ActOn::Seen, true),
        (Format::Webp, whole, [1, 1], ActOn::Seen, true),
        (Format::Tiff, whole, [1, 1], ActOn::Seen, true),
        (Format::Png, whole, [1, 1], ActOn::Stored, true),
        // Turned, cropped, and every second row.
        (Format::Png, whole, [1, 1], ActOn::Seen, false),
        (Format::Jpeg, Extent::Valid, [1, 1], ActOn::Seen, false),
        (Format::Tiff, Extent::Valid, [1, 1], ActOn::Seen, false),
        (Format::Jpeg, whole, [2, 1], ActOn::Seen, false),
    ] {
        let output = folder.path().join(format!("out.{format}"));
        let filter = Filter::new(KernelBank::resolve("box3").unwrap())
            .with_extent(extent)
            .with_step(step)
            .with_channel(Channel::Each);
        let options = Options {
            existing: Existing::Replace,
            orientation: act_on,
            ..Options::default()
        };
        let fates = filtered(&path, filter, format, &output, &options);
        let case = format!("{format} {extent:?} {step:?} {act_on:?}");
        let file = fs::read(&output).unwrap();
        let decoded = codec::read_bytes(&file, None, &Limits::default()).unwrap();
        // A TIFF has it in directories of its own.
        let exif = decoded.metadata.exif.unwrap_or(file);
        let xmp = decoded.metadata.xmp.unwrap();
        for entry in [AREA, LOCATION] {
            assert_eq!(holds(&exif, entry), is_kept, "{case}");
        }
        let xmp = String::from_utf8(xmp).unwrap();
        for part in [CROP, REGIONS] {
            assert_eq!(xmp.contains(part), is_kept, "{case}: {xmp}");
        }
        assert_eq!(xmp.contains("mwg-rs:Regions"), is_kept, "{case}: {xmp}");
        assert!(xmp.contains("crs:Exposure2012='+1'"), "{case}: {xmp}");
        assert!(!xmp.contains("FOLLOWS"), "{case}: {xmp}");
        for (kind, word) in [
            (PartKind::Exif, "place of the subject dropped"),
            (PartKind::Xmp, "places in the picture dropped"),
        ] {
            let part = fates.iter().find(|part| part.kind == kind).unwrap();
            let is_told = matches!(&part.fate, Fate::Changed(what) if what.contains(word));
            assert_eq!(is_told, !is_kept, "{case}: {part}");
        }
    }
}

fn filtered(
    input: &Path,
    filter: Filter,
    format: Format,
    output: &Path,
    options: &Options,
) -> Vec<codec::PartFate> {
    let job = Job {
        input: Place::File(input.to_owned()),
        results: vec![Request {
            filter,
            output: Place::File(output.to_owned()),
            format: Some(format),
        }],
    };
    let outcome = run::run(&job, options, &run::Silent).unwrap().remove(0);
    let Ok(Outcome::Done(done)) = outcome else {
        panic!("{format}: {outcome:?}");
    };
    done.metadata
}
