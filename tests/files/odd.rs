//! Every unusual kind of file: read as other readers read it, and filtered.

use std::path::Path;

use serde_json::Value;
use stridekern::{
    Border, Channel, Extent, Filter, Image, KernelBank, Samples,
    codec::{self, Limits},
};

use crate::common;

const ODD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/odd");

fn bytes(image: &Image) -> Vec<u8> {
    match image.samples() {
        Samples::U8(s) => s.to_vec(),
        Samples::U16(s) => s.iter().flat_map(|s| s.to_le_bytes()).collect(),
        Samples::F32(s) => s.iter().flat_map(|s| s.to_le_bytes()).collect(),
        Samples::F64(s) => s.iter().flat_map(|s| s.to_le_bytes()).collect(),
        _ => panic!("the tests know no other"),
    }
}

#[test]
fn odd_files_are_read_exactly_and_filtered() {
    let folder = Path::new(ODD);
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let bank = KernelBank::resolve("sobel_x").unwrap();
    assert_eq!(bank.size(), [3, 3]);
    let filter = Filter::new(bank)
        .with_channel(Channel::Each)
        .with_extent(Extent::Same(Border::Edge));
    let mut seen = 0;
    for entry in expected["files"].as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let decoded = codec::read(&folder.join(name), &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let image = decoded.image;
        let number = |key: &str| entry[key].as_u64().unwrap() as usize;
        assert_eq!(
            image.shape(),
            [number("rows"), number("columns"), number("channels")],
            "{name}"
        );
        assert_eq!(image.depth().name(), entry["depth"], "{name}");
        // Lossy formats leave their decoders some freedom.
        if let Some(sha256) = entry["sha256"].as_str() {
            assert_eq!(common::sha256(&bytes(&image)), sha256, "{name}");
        }
        let filtered = filter
            .apply(&image)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(filtered.shape(), image.shape(), "{name}");
        assert_eq!(filtered.depth(), image.depth(), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 76);
    assert_eq!(expected["count"], seen);
    // No file lies there that is not listed.
    let lying = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(lying, seen + 1);
}
