//! Float results of colours: what the program makes of luma that is not rounded.

use stridekern::{Border, Depth, Extent, Map};

use crate::{Room, filter, picture};

/// By rows or whole, what the library makes of the image in memory.
#[test]
fn the_program_gives_what_the_library_gives() {
    let room = Room::new();
    for depth in [Depth::U8, Depth::U16] {
        // More than two chunks of rows.
        let image = picture(1100, 1000, 3, depth);
        room.write("c.ppm", &image);
        for (pad, extent) in [
            ("reflect", Extent::Same(Border::Reflect)),
            ("wrap", Extent::Same(Border::Wrap)),
            ("constant:7", Extent::Same(Border::Constant(7.0))),
        ] {
            let line = format!("c.ppm -k gaussian7 --pad {pad} -f npy -o made.npy --overwrite");
            let wanted = filter("gaussian7").with_extent(extent);
            room.run(&format!("{line} --map float")).silent();
            let floats = wanted.clone().with_map(Map::Float).apply(&image).unwrap();
            assert!(room.read("made.npy") == floats, "{pad} {depth}");
            room.run(&format!("{line} --depth f32")).silent();
            let floats = wanted.with_depth(Depth::F32).apply(&image).unwrap();
            assert!(room.read("made.npy") == floats, "{pad} {depth}");
        }
    }
}

/// Methods add floats in different orders, which `--bench` allows as it does for float images.
#[test]
fn bench_accepts_every_method() {
    let room = Room::new();
    room.write("c.png", &picture(150, 160, 3, Depth::U8));
    for kernel in ["sobel_x", "gaussian7", "sobel", "log9"] {
        for depth in ["--map float", "--depth f32"] {
            let line = format!("c.png -k {kernel} --pad edge {depth} --bench --bench-runs 1");
            let lines = room.run(&line).silent().text().lines().count();
            assert!(lines > 4, "{line}: {lines} lines");
        }
    }
}

#[test]
fn explain_tells_of_it() {
    let room = Room::new();
    room.write("c.png", &picture(15, 16, 3, Depth::U8));
    let told = |flags: &str| {
        let text = room
            .run(&format!("c.png -k sobel_x --explain {flags}"))
            .text();
        text.contains("the luma is not rounded to samples, since the result is float")
    };
    for (flags, is_told) in [
        ("--map float", true),
        ("--depth f32", true),
        ("--map float --pad edge", true),
        ("--map abs --depth 16", false),
        ("--map float --channel each", false),
        ("--map float --channel green", false),
    ] {
        assert_eq!(told(flags), is_told, "{flags}");
    }
}
