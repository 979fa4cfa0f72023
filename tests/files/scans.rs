//! Baseline JPEG pictures of several scans.

use std::fs;

use stridekern::{
    Image,
    codec::{self, Limits},
};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(format!("testdata/scans/{name}.jpg")).unwrap()
}

fn read(bytes: &[u8]) -> Result<(Image, Vec<String>), String> {
    let read = codec::read_bytes(bytes, None, &Limits::default());
    let read = read.map_err(|error| error.to_string())?;
    let warnings = read.warnings.iter().map(ToString::to_string);
    Ok((read.image, warnings.collect()))
}

/// The places of markers of this code.
fn places(bytes: &[u8], codes: std::ops::RangeInclusive<u8>) -> Vec<usize> {
    let is_marker = |at: &usize| bytes[*at] == 0xff && codes.contains(&bytes[at + 1]);
    (0..bytes.len() - 1).filter(is_marker).collect()
}

#[test]
fn several_scans_are_the_picture_of_one() {
    for name in ["444", "420", "440", "411", "backwards", "restarts"] {
        let (several, warnings) = read(&bytes(name)).unwrap();
        let (one, _) = read(&bytes(&format!("{name}-one"))).unwrap();
        assert_eq!(several.shape(), [37, 45, 3]);
        assert!(several == one, "{name}");
        assert_eq!(warnings, [""; 0], "{name}");
    }
}

#[test]
fn a_picture_without_the_scans_of_all_components_is_damaged() {
    let whole = bytes("444");
    let scans = places(&whole, 0xda..=0xda);
    assert_eq!(scans.len(), 3);
    for (end, held) in [
        (scans[1], "component 1 of 3"),
        (scans[2], "components 1 and 2 of 3"),
    ] {
        let mut cut = whole[..end].to_vec();
        cut.extend([0xff, 0xd9]);
        let error = read(&cut).unwrap_err();
        assert!(error.contains(&format!("its scans hold {held}")), "{error}");
    }
    // Cut within a scan, with or without an end.
    for end in [scans[1] + 30, scans[2] + 20] {
        assert!(read(&whole[..end]).is_err());
        let mut cut = whole[..end].to_vec();
        cut.extend([0xff, 0xd9]);
        assert!(read(&cut).is_err());
    }
}

#[test]
fn restart_markers_out_of_order_are_told_of() {
    let one = bytes("restarts");
    let restarts = places(&one, 0xd0..=0xd7);
    assert!(restarts.len() > 4);
    let mut wrong = one;
    wrong[restarts[1] + 1] = 0xd5;
    let (_, warnings) = read(&wrong).unwrap();
    assert!(
        warnings.iter().any(|line| line.contains("restart markers")),
        "{warnings:?}"
    );
}
