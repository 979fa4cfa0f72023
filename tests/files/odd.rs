//! Every unusual kind of file: read as other readers read it, and filtered.

use std::path::Path;

use serde_json::Value;
use stridekern::{
    Border, Channel, Extent, Filter, Image, KernelBank,
    codec::{self, Limits},
};

use crate::common;

const ODD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/odd");

fn bytes(image: &Image) -> Vec<u8> {
    let size = image.depth().bytes();
    let mut bytes = image.samples().as_slice().as_bytes().to_vec();
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    bytes
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
    let (mut seen, mut likened, mut turned) = (0, 0, 0);
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
        if entry["icc"] == true {
            assert!(decoded.metadata.icc.is_some(), "{name}");
        }
        if let (Some(orientation), Some(read)) =
            (entry["orientation"].as_u64(), decoded.metadata.orientation)
        {
            assert_eq!(u64::from(read), orientation, "{name}");
            turned += 1;
        }
        // Lossy formats leave their decoders some freedom.
        if let Some(sha256) = entry["sha256"].as_str() {
            assert_eq!(common::sha256(&bytes(&image)), sha256, "{name}");
        }
        // What another decoder makes of a lossy file.
        if let Some(like) = entry["like"].as_str() {
            let like = codec::read(&folder.join(like), &Limits::default()).unwrap();
            let (ours, theirs) = (bytes(&image), bytes(&like.image));
            assert_eq!(ours.len(), theirs.len(), "{name}");
            let differences = ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b));
            let (largest, sum) = differences.fold((0, 0), |(largest, sum), difference| {
                (difference.max(largest), sum + usize::from(difference))
            });
            assert!(largest <= 6 && sum <= ours.len(), "{name}: {largest} {sum}");
            likened += 1;
        }
        let filtered = filter
            .apply(&image)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(filtered.shape(), image.shape(), "{name}");
        assert_eq!(filtered.depth(), image.depth(), "{name}");
        seen += 1;
    }
    assert_eq!((seen, likened, turned), (142, 4, 1));
    assert_eq!(expected["count"], seen);
    // No file lies there that is not listed.
    let lying = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(lying, seen + 1);
}
