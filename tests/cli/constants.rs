//! Constant borders of NaN and infinities, from file to file.

use stridekern::{Image, Samples};

use crate::Room;

fn floats(room: &Room, name: &str) -> Vec<f32> {
    match room.read(name).into_samples() {
        Samples::F32(samples) => samples.to_vec(),
        other => panic!("{:?}", other.depth()),
    }
}

#[test]
fn a_border_of_nan_marks_what_it_reaches() {
    let room = Room::new();
    let samples = Samples::F32((0..20).map(|i| (i * i) as f32).collect());
    room.write("f.npy", &Image::new(4, 5, 1, samples).unwrap());
    room.text("sum.toml", "weights = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]");
    let before = room.names();
    let ran = room.run("f.npy -k sum.toml --pad constant:nan,constant:inf,constant:-inf --json");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(
        room.new_names(&before),
        [
            "f.sum.constant--inf.npy",
            "f.sum.constant-inf.npy",
            "f.sum.constant-nan.npy"
        ]
    );
    let inside = |y: usize, x: usize| (1..3).contains(&y) && (1..4).contains(&x);
    for (name, value) in [
        ("nan", f32::NAN),
        ("inf", f32::INFINITY),
        ("-inf", f32::NEG_INFINITY),
    ] {
        let found = floats(&room, &format!("f.sum.constant-{name}.npy"));
        assert_eq!(found.len(), 20);
        for (at, &sample) in found.iter().enumerate() {
            let (y, x) = (at / 5, at % 5);
            if !inside(y, x) {
                assert!(
                    sample == value || (sample.is_nan() && value.is_nan()),
                    "{name} {at}"
                );
                continue;
            }
            let window = (0..9).map(|i| ((y + i / 3 - 1) * 5 + x + i % 3 - 1) as f32);
            assert_eq!(sample, window.map(|i| i * i).sum::<f32>(), "{name} {at}");
        }
    }
}

#[test]
fn integers_have_no_such_border() {
    let room = Room::new();
    for value in ["nan", "inf", "-inf"] {
        let line = format!("a.png -k sobel --pad constant:{value}");
        let said = format!(
            "a.png: constant:{value} is no 8-bit sample, as integers hold neither NaN nor \
             infinity; use a whole number from 0 to 255, or an image of floats"
        );
        room.run(&line).says(1, &[&said]);
    }
}
