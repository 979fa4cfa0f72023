//! Arrays that are looked at where they are, in their file.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use stridekern::{
    Depth, Filter, ImageView, KernelBank,
    codec::{self, EncodeOptions, Format, Limits, MappedFile, Metadata, NpyFile, Overwrite},
    view::Slice,
};

use crate::common::{Random, random_image};

fn odd(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/odd")
        .join(name)
}

/// Whatever is mapped or converted, an opened array is the array that is read.
#[test]
fn opened_arrays_are_those_that_are_read() {
    let mut mapped = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(odd("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "npy") {
            continue;
        }
        let opened = codec::open(&path, &Limits::default()).unwrap();
        let read = codec::read(&path, &Limits::default()).unwrap();
        let same = match (opened.image(), ImageView::from(&read.image)) {
            (ImageView::U8(a), ImageView::U8(b)) => a == b,
            (ImageView::U16(a), ImageView::U16(b)) => a == b,
            // NaN is not equal to itself: bits are.
            (ImageView::F32(a), ImageView::F32(b)) => {
                a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
            }
            (ImageView::F64(a), ImageView::F64(b)) => a == b,
            _ => false,
        };
        assert!(same, "{}", path.display());
        assert_eq!(opened.warnings, read.warnings);
        if format!("{opened:?}").contains("Mapped") {
            mapped.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
        count += 1;
    }
    mapped.sort();
    assert_eq!(count, 9);
    assert_eq!(
        mapped,
        [
            "f32_fortran.npy",
            "f32_fortran_3d.npy",
            "f64_3d.npy",
            "five_channels.npy",
            "one_channel.npy",
            "special.npy",
            "u8.npy",
            "version2.npy"
        ]
    );
}

#[test]
fn arrays_in_fortran_order_are_views_and_are_filtered() {
    let file = NpyFile::open(&odd("f32_fortran.npy")).unwrap();
    let view = file.view::<f32, 2>().unwrap();
    assert!(view.layout().is_f_contiguous() && !view.layout().is_c_contiguous());
    let read = codec::read(&odd("f32_fortran.npy"), &Limits::default())
        .unwrap()
        .image;
    let filter =
        Filter::new(KernelBank::resolve("box3").unwrap()).with_extent(stridekern::Border::Wrap);
    assert_eq!(filter.apply(view).unwrap(), filter.apply(&read).unwrap());
}

#[test]
fn another_type_or_shape_is_refused() {
    let file = NpyFile::open(&odd("u8.npy")).unwrap();
    let axes = file.shape().len();
    assert_eq!(axes, 2);
    assert_eq!(
        file.view::<u16, 2>().unwrap_err().to_string(),
        "the array is of uint8, not of uint16; read it with codec::read, which converts"
    );
    assert_eq!(
        file.view::<u8, 3>().unwrap_err().to_string(),
        "the array has 2 axes, not 3"
    );
    let other = NpyFile::open(&odd("u16_big_endian.npy")).unwrap();
    assert_eq!(
        other.view::<u16, 2>().unwrap_err().to_string(),
        "the array is of uint16 in the other byte order, not of uint16; read it with codec::read, which converts"
    );
    let missing = NpyFile::open(Path::new("none.npy"))
        .unwrap_err()
        .to_string();
    assert_eq!(missing, "there is no such file; check its name");
}

#[test]
fn raw_files_have_the_shape_that_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    let numbers: Vec<u8> = (0..26_u16).flat_map(|n| n.to_ne_bytes()).collect();
    fs::write(&path, &numbers).unwrap();
    let file = MappedFile::open(&path).unwrap();
    let view = file.view::<u16, 3>([2, 3, 4], 4).unwrap();
    assert_eq!(view[[1, 2, 3]], 25);
    assert_eq!(
        file.view::<u16, 2>([5, 5], 4).unwrap_err().to_string(),
        "axis 1 (length 5, stride 1) reaches element 24 of a buffer of 24; strides count elements, not bytes"
    );
    assert_eq!(
        file.view::<u16, 1>([2], 3).unwrap_err().to_string(),
        "byte 3 of the file is not aligned for elements of 2 bytes; read the file instead of mapping it"
    );
    assert_eq!(
        file.view::<u8, 1>([1], 53).unwrap_err().to_string(),
        "byte 53 lies outside the file of 52 bytes"
    );
    fs::write(&path, "").unwrap();
    let empty = MappedFile::open(&path).unwrap_err().to_string();
    assert_eq!(empty, "the file is empty: get a good copy of it");
}

/// 64 GiB that take no room on the disk: a view of them reads its own pages.
#[cfg(target_os = "linux")]
#[test]
fn an_array_larger_than_memory_is_looked_at_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.npy");
    let side = 1_usize << 18;
    let small = random_image(&mut Random(5), [1, 1, 1], Depth::U8);
    codec::write(
        &path,
        &small,
        Format::Npy,
        &Metadata::default(),
        &EncodeOptions::default(),
        Overwrite::Refuse,
    )
    .unwrap();
    let header = fs::read(&path).unwrap();
    let header = String::from_utf8_lossy(&header[..128]).into_owned();
    let mut bytes = fs::read(&path).unwrap()[..10].to_vec();
    let shape = format!("({side}, {side})");
    let text = header[header.find('{').unwrap()..].replace("(1, 1)", &shape);
    bytes.extend(text.trim_end().bytes());
    bytes.resize(127, b' ');
    bytes.push(b'\n');
    let mut file = File::create(&path).unwrap();
    file.write_all(&bytes).unwrap();
    if file.set_len(128 + (side * side) as u64).is_err() {
        eprintln!("this file system holds no file of 64 GiB");
        return;
    }
    file.seek(SeekFrom::End(-2)).unwrap();
    file.write_all(&[7, 9]).unwrap();
    drop(file);

    let array = NpyFile::open(&path).unwrap();
    let view = array.view::<u8, 2>().unwrap();
    assert_eq!(view.shape(), [side, side]);
    assert_eq!(view[[side - 1, side - 1]], 9);
    let corner = Slice {
        start: Some(-40),
        ..Slice::ALL
    };
    let corner = view.slice(0, corner).unwrap().slice(1, corner).unwrap();
    let sums = Filter::new(KernelBank::parse("pair", "pair.toml", "weights = [[1, 1]]").unwrap());
    let output = sums.apply(corner).unwrap();
    assert_eq!(output.shape(), [40, 39, 1]);
    assert_eq!(output.view::<u8>().unwrap()[[39, 38, 0]], 16);
}
