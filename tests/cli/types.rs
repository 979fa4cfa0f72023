//! Arrays and TIFF files of every type of samples, through the program.

use std::fs;

use super::Room;

/// A little-endian array of one row.
fn npy(descr: &str, columns: usize, data: &[u8]) -> Vec<u8> {
    crate::npy(descr, &format!("(1, {columns})"), data)
}

/// The type and the bytes of an array.
fn read(file: &[u8]) -> (String, Vec<u8>) {
    let header = std::str::from_utf8(&file[10..128]).unwrap();
    let descr = header.split('\'').nth(3).unwrap();
    (descr.to_owned(), file[128..].to_vec())
}

/// Every type, its smallest and its largest sample, and one more.
fn arrays() -> [(&'static str, &'static str, Vec<u8>); 12] {
    fn of<T: bytemuck::Pod>(values: [T; 3]) -> Vec<u8> {
        bytemuck::cast_slice(&values).to_vec()
    }
    [
        ("|u1", "u8", of([0, u8::MAX, 7])),
        ("<u2", "u16", of([0, u16::MAX, 7])),
        ("<u4", "u32", of([0, u32::MAX, 7])),
        ("<u8", "u64", of([0, u64::MAX, 7])),
        ("|i1", "i8", of([i8::MIN, i8::MAX, 7])),
        ("<i2", "i16", of([i16::MIN, i16::MAX, 7])),
        ("<i4", "i32", of([i32::MIN, i32::MAX, 7])),
        ("<i8", "i64", of([i64::MIN, i64::MAX, 7])),
        ("|b1", "bool", of([0_u8, 1, 1])),
        ("<f2", "f16", of([0xfbff_u16, 0x7bff, 0x4700])),
        ("<f4", "f32", of([f32::MIN, f32::MAX, 7.0])),
        ("<f8", "f64", of([f64::MIN, f64::MAX, 7.0])),
    ]
}

#[test]
fn doubles_are_computed_in_doubles() {
    let room = Room::new();
    let data = [1e8, 1e8 + 1.0, 1e8 + 3.0].map(f64::to_le_bytes).concat();
    fs::write(room.path("a.npy"), npy("<f8", 3, &data)).unwrap();
    fs::write(room.path("d.toml"), "weights = [[-1, 1]]").unwrap();
    let run = room.run("a.npy -k d.toml -o b.npy");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let wanted = [1.0, 2.0].map(f64::to_le_bytes).concat();
    let (descr, data) = read(&fs::read(room.path("b.npy")).unwrap());
    assert_eq!((descr.as_str(), data), ("<f8", wanted));
}

/// In the array's type by default: copied, and saturated at both ends.
#[test]
fn results_have_the_type_of_their_input() {
    let room = Room::new();
    fs::write(room.path("one.toml"), "weights = [[1]]").unwrap();
    for (descr, name, data) in arrays() {
        fs::write(room.path("a.npy"), npy(descr, 3, &data)).unwrap();
        let run = room.run("a.npy -k one.toml -o b.npy --overwrite");
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{name}");
        let copied = read(&fs::read(room.path("b.npy")).unwrap());
        assert_eq!(copied, (descr.to_owned(), data.clone()), "{name}");
        let run = room.run("a.npy -k one.toml -o b.npy --overwrite --json");
        assert_eq!(run.json()[0]["depth"], name);
        // By way of a TIFF, and back.
        let tiff = room.run("a.npy -k one.toml -o c.tif --overwrite");
        if name == "bool" {
            let error = "tiff holds no boolean samples; choose npy";
            assert_eq!(tiff.code, Some(1));
            assert!(tiff.err.contains(error), "{}", tiff.err);
            continue;
        }
        assert_eq!((tiff.code, tiff.err.as_str()), (Some(0), ""), "{name}");
        let back = room.run("c.tif -k one.toml -o d.npy --overwrite");
        assert_eq!((back.code, back.err.as_str()), (Some(0), ""), "{name}");
        let copied = read(&fs::read(room.path("d.npy")).unwrap());
        assert_eq!(copied, (descr.to_owned(), data), "{name}");
    }
}

/// A response of 300.5, from every type that holds 300 to every other.
#[test]
fn depth_names_every_type() {
    let room = Room::new();
    fs::write(room.path("half.toml"), "weights = [[1, 1]]\ndivisor = 2").unwrap();
    fs::write(room.path("neg.toml"), "weights = [[-1, -1]]\ndivisor = 2").unwrap();
    let sources: [(&str, Vec<u8>); 9] = [
        ("<u2", [300_u16, 301].map(u16::to_le_bytes).concat()),
        ("<u4", [300_u32, 301].map(u32::to_le_bytes).concat()),
        ("<u8", [300_u64, 301].map(u64::to_le_bytes).concat()),
        ("<i2", [300_i16, 301].map(i16::to_le_bytes).concat()),
        ("<i4", [300_i32, 301].map(i32::to_le_bytes).concat()),
        ("<i8", [300_i64, 301].map(i64::to_le_bytes).concat()),
        ("<f2", [0x5cb0_u16, 0x5cb4].map(u16::to_le_bytes).concat()),
        ("<f4", [300_f32, 301.0].map(f32::to_le_bytes).concat()),
        ("<f8", [300_f64, 301.0].map(f64::to_le_bytes).concat()),
    ];
    // 300.5 is 300, the even neighbour, in integers.
    let results: [(&str, &str, Vec<u8>, Vec<u8>); 11] = [
        ("u8", "|u1", vec![255], vec![0]),
        ("u16", "<u2", 300_u16.to_le_bytes().into(), vec![0; 2]),
        ("u32", "<u4", 300_u32.to_le_bytes().into(), vec![0; 4]),
        ("u64", "<u8", 300_u64.to_le_bytes().into(), vec![0; 8]),
        ("i8", "|i1", vec![127], vec![128]),
        (
            "i16",
            "<i2",
            300_i16.to_le_bytes().into(),
            (-300_i16).to_le_bytes().into(),
        ),
        (
            "i32",
            "<i4",
            300_i32.to_le_bytes().into(),
            (-300_i32).to_le_bytes().into(),
        ),
        (
            "i64",
            "<i8",
            300_i64.to_le_bytes().into(),
            (-300_i64).to_le_bytes().into(),
        ),
        ("bool", "|b1", vec![1], vec![0]),
        (
            "f16",
            "<f2",
            0x5cb2_u16.to_le_bytes().into(),
            0xdcb2_u16.to_le_bytes().into(),
        ),
        (
            "f64",
            "<f8",
            300.5_f64.to_le_bytes().into(),
            (-300.5_f64).to_le_bytes().into(),
        ),
    ];
    for (descr, data) in &sources {
        fs::write(room.path("a.npy"), npy(descr, 2, data)).unwrap();
        for (name, wanted, positive, negative) in &results {
            for (kernel, bytes) in [("half", positive), ("neg", negative)] {
                let line = format!("a.npy -k {kernel}.toml -o b.npy --overwrite --depth {name}");
                let run = room.run(&line);
                // What an integer type does not hold is told.
                let told = [": warning: responses from ", " were clipped to "];
                let told = told.iter().any(|text| run.err.contains(text));
                assert!(
                    run.code == Some(0) && (run.err.is_empty() || told && !name.starts_with('f')),
                    "{descr} {line}: {}",
                    run.err
                );
                let (found, data) = read(&fs::read(room.path("b.npy")).unwrap());
                assert_eq!((found.as_str(), &data), (*wanted, bytes), "{descr} {line}");
            }
        }
    }
    // The depths of pictures scale only between types of pictures.
    for (descr, data, depth, wanted, bytes) in [
        (
            "<u2",
            [257_u16, 257].map(u16::to_le_bytes).concat(),
            "8",
            "|u1",
            vec![1],
        ),
        (
            "<i2",
            [255_i16, 255].map(i16::to_le_bytes).concat(),
            "8",
            "|u1",
            vec![255],
        ),
        (
            "|u1",
            vec![1, 1],
            "16",
            "<u2",
            257_u16.to_le_bytes().to_vec(),
        ),
        ("|i1", vec![1, 1], "16", "<u2", 1_u16.to_le_bytes().to_vec()),
        (
            "|u1",
            vec![255, 255],
            "f32",
            "<f4",
            1_f32.to_le_bytes().to_vec(),
        ),
        (
            "|b1",
            vec![1, 1],
            "f32",
            "<f4",
            1_f32.to_le_bytes().to_vec(),
        ),
        (
            "<f8",
            [0.5_f64, 0.5].map(f64::to_le_bytes).concat(),
            "f32",
            "<f4",
            0.5_f32.to_le_bytes().to_vec(),
        ),
    ] {
        fs::write(room.path("a.npy"), npy(descr, 2, &data)).unwrap();
        let run = room.run(&format!(
            "a.npy -k half.toml -o b.npy --overwrite --depth {depth}"
        ));
        assert_eq!(
            (run.code, run.err.as_str()),
            (Some(0), ""),
            "{descr} {depth}"
        );
        let (found, data) = read(&fs::read(room.path("b.npy")).unwrap());
        assert_eq!((found.as_str(), data), (wanted, bytes), "{descr} {depth}");
    }
}

#[test]
fn what_a_type_cannot_be_is_told() {
    let room = Room::new();
    let data = [0, i64::MAX, 1].map(i64::to_le_bytes).concat();
    fs::write(room.path("a.npy"), npy("<i8", 3, &data)).unwrap();
    fs::write(room.path("d.toml"), "weights = [[-1, 1]]").unwrap();
    for (line, code, error) in [
        (
            "a.npy -k d.toml -o b.npy",
            1,
            "stridekern: a.npy: a sample is beyond ±4503599627370495, and sums of signed 64-bit samples by these weights would exceed 2^53, up to which they are exact; convert the samples to 64-bit floats, or use smaller weights\n",
        ),
        (
            "a.npy -k d.toml -o b.png",
            1,
            "stridekern: b.png: png holds no signed 64-bit samples; choose tiff or npy, or --depth 8 or 16\n",
        ),
        (
            "a.npy -k d.toml -o b.png --depth i16",
            2,
            "stridekern: b.png: png holds no signed 16-bit samples; choose tiff or npy, or --depth 8 or 16\n",
        ),
        (
            "a.npy -k d.toml -o b.npy --map float --depth i16",
            2,
            "stridekern: --map float gives floats; use another --map, or drop --depth\n",
        ),
    ] {
        let run = room.run(line);
        assert_eq!((run.code, run.err.as_str()), (Some(code), error), "{line}");
        assert!(!room.path("b.npy").exists() && !room.path("b.png").exists());
    }
}
