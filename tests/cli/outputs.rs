//! What is written, where, and what is refused before any work.

use serde_json::json;
use stridekern::{Border, Depth, Extent, codec::Format};

use crate::{Room, filter, gray, names_in, picture};

#[test]
fn the_default_output_is_beside_the_input() {
    let room = Room::new();
    room.write("d/b.png", &picture(9, 8, 1, Depth::U8));
    room.run("d/b.png -k sobel").silent();
    assert_eq!(names_in(&room.path("d")), ["b.png", "b.sobel.png"]);
    assert_eq!(
        room.read("d/b.sobel.png"),
        filter("sobel").apply(&room.read("d/b.png")).unwrap()
    );
}

#[test]
fn a_result_is_what_the_weights_say() {
    let room = Room::new();
    room.write("n.pgm", &gray(4, 3, (0..12).collect()));
    room.text("diagonal.toml", "weights = [[1, 0], [0, 1]]");
    room.run("n.pgm -k diagonal.toml").silent();
    // 0+4, 1+5, 3+7, ...
    assert_eq!(
        room.read("n.diagonal.pgm"),
        gray(3, 2, vec![4, 6, 10, 12, 16, 18])
    );
    room.run("n.pgm -k diagonal.toml --pad constant:100")
        .silent();
    // The anchor (1, 1): the first row and column see 100 above and to the left.
    assert_eq!(
        room.read("n.diagonal.constant.pgm"),
        gray(
            4,
            3,
            vec![100, 101, 102, 103, 4, 6, 106, 10, 12, 109, 16, 18]
        )
    );
}

#[test]
fn kernels_and_borders_multiply() {
    let room = Room::new();
    let before = room.names();
    room.run("a.png -k sobel -k emboss --pad valid,reflect,wrap")
        .silent();
    assert_eq!(
        room.new_names(&before),
        [
            "a.emboss.png",
            "a.emboss.reflect.png",
            "a.emboss.wrap.png",
            "a.sobel.png",
            "a.sobel.reflect.png",
            "a.sobel.wrap.png"
        ]
    );
    let image = room.read("a.png");
    for (name, kernel, extent) in [
        ("a.emboss.png", "emboss", Extent::Valid),
        (
            "a.sobel.reflect.png",
            "sobel",
            Extent::Same(Border::Reflect),
        ),
        ("a.emboss.wrap.png", "emboss", Extent::Same(Border::Wrap)),
    ] {
        let wanted = filter(kernel).with_extent(extent).apply(&image).unwrap();
        assert_eq!(room.read(name), wanted, "{name}");
    }
}

#[test]
fn all_borders_are_six_files() {
    let room = Room::new();
    let before = room.names();
    assert_eq!(room.run("a.png -k emboss --pad all").code, Some(0));
    assert_eq!(
        room.new_names(&before),
        [
            "a.emboss.constant.png",
            "a.emboss.edge.png",
            "a.emboss.png",
            "a.emboss.reflect.png",
            "a.emboss.symmetric.png",
            "a.emboss.wrap.png"
        ]
    );
    let image = room.read("a.png");
    for border in [
        Border::Constant(0.0),
        Border::Edge,
        Border::Reflect,
        Border::Symmetric,
        Border::Wrap,
    ] {
        let wanted = filter("emboss").with_extent(Extent::Same(border));
        assert_eq!(
            room.read(format!("a.emboss.{}.png", border.name())),
            wanted.apply(&image).unwrap()
        );
    }
}

#[test]
fn aliases_name_the_border_they_mean() {
    let room = Room::new();
    let before = room.names();
    let ran = room.run("a.png -k emboss --pad zero,replicate,reflect101,tile,clamp");
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        room.new_names(&before),
        [
            "a.emboss.constant.png",
            "a.emboss.edge.png",
            "a.emboss.reflect.png",
            "a.emboss.wrap.png"
        ]
    );
}

#[test]
fn several_constants_carry_their_value() {
    let room = Room::new();
    let before = room.names();
    let ran = room.run("a.png -k emboss --pad constant:7,constant:255,constant:7");
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        room.new_names(&before),
        ["a.emboss.constant-255.png", "a.emboss.constant-7.png"]
    );
    let wanted = filter("emboss").with_extent(Extent::Same(Border::Constant(7.0)));
    assert_eq!(
        room.read("a.emboss.constant-7.png"),
        wanted.apply(&room.read("a.png")).unwrap()
    );
}

#[test]
fn the_output_may_be_a_file_or_a_folder() {
    let room = Room::new();
    room.run("a.png -k sobel -o one.tif").silent();
    let wanted = filter("sobel").apply(&room.read("a.png")).unwrap();
    assert_eq!(room.read("one.tif"), wanted);
    assert_eq!(&room.bytes("one.tif")[..2], b"II");
    // With a slash, a folder that exists, several results: a folder.
    room.run("a.png -k sobel -o new/deep/").silent();
    room.run("a.png -k emboss -o new").silent();
    room.run("a.png -k sobel -k emboss -o several").silent();
    assert_eq!(names_in(&room.path("new")), ["a.emboss.png", "deep"]);
    assert_eq!(names_in(&room.path("new/deep")), ["a.sobel.png"]);
    let several = names_in(&room.path("several"));
    assert_eq!(several, ["a.emboss.png", "a.sobel.png"]);
    assert_eq!(room.read("new/deep/a.sobel.png"), wanted);
}

#[test]
fn standard_streams_carry_images() {
    let room = Room::new();
    room.run("a.png -k sobel -o file.png").silent();
    let file = room.bytes("file.png");
    assert_eq!(room.run("a.png -k sobel -o -").silent().out, file);
    let input = room.bytes("a.png");
    let piped = room.run_with("- -k sobel -o -", &input).silent();
    assert_eq!(piped.out, file);
    let npy = room.run_with("- -k sobel -f npy -o -", &input).silent();
    assert_eq!(Format::from_content(&npy.out), Some(Format::Npy));
    room.run_with("- -k sobel -o b.npy", &input).silent();
    assert_eq!(room.bytes("b.npy"), npy.out);
    assert_eq!(room.read("b.npy"), room.read("file.png"));
    // A TGA has no mark: --format tells what it is, and the content comes first.
    room.run("a.png -k identity --pad edge -o a.tga").silent();
    let tga = room.run_with("- -k sobel -f tga -o -", &room.bytes("a.tga"));
    let same = room.run_with("- -k sobel -f tga -o -", &input).silent();
    assert_eq!(tga.silent().out, same.out);
    room.run_with("- -k sobel -o -", b"no picture at all")
        .says(1, &["-: it is no picture that can be read, it looks like text: supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy"]);
}

#[test]
fn the_format_is_that_asked_for() {
    let room = Room::new();
    let wanted = filter("emboss").apply(&room.read("a.png")).unwrap();
    for format in ["tif", ".tiff", "bmp", "pgm", "pam", "tga", "npy", "GIF"] {
        room.run(&format!("a.png -k emboss --overwrite -f {format}"))
            .silent();
    }
    for (name, format) in [
        ("a.emboss.tif", Some(Format::Tiff)),
        ("a.emboss.bmp", Some(Format::Bmp)),
        ("a.emboss.pgm", Some(Format::Pgm)),
        ("a.emboss.pam", Some(Format::Pam)),
        ("a.emboss.tga", None),
        ("a.emboss.npy", Some(Format::Npy)),
        ("a.emboss.gif", Some(Format::Gif)),
    ] {
        assert_eq!(Format::from_content(&room.bytes(name)), format, "{name}");
        assert_eq!(room.read(name), wanted, "{name}");
    }
    room.run("a.png -k emboss -f jpg").silent();
    assert_eq!(room.read("a.emboss.jpg").shape(), wanted.shape());
}

#[test]
fn a_name_without_extension_gets_that_of_its_content() {
    let room = Room::new();
    std::fs::rename(room.path("a.png"), room.path("picture")).unwrap();
    room.run("picture -k sobel").silent();
    assert_eq!(room.names(), ["picture", "picture.sobel.png"]);
}

#[test]
fn existing_outputs_stay_unless_they_are_to_be_replaced() {
    const EXISTS: &str = "a.sobel.png: the output exists already; use --overwrite to replace it or --skip-existing to keep it";
    let room = Room::new();
    room.text("a.sobel.png", "precious");
    room.run("a.png -k sobel").says(1, &[EXISTS]);
    assert_eq!(room.bytes("a.sobel.png"), b"precious");
    room.run("a.png -k sobel --skip-existing")
        .says(0, &["0 done, 1 skipped uncompared, 0 failed"]);
    assert_eq!(room.bytes("a.sobel.png"), b"precious");
    // The other result of the same input is made.
    room.run("a.png -k sobel -k emboss")
        .says(1, &[EXISTS, "1 done, 0 skipped, 1 failed", "failed: a.png"]);
    assert_eq!(room.bytes("a.sobel.png"), b"precious");
    let image = room.read("a.png");
    let wanted = |kernel: &str| filter(kernel).apply(&image).unwrap();
    assert_eq!(room.read("a.emboss.png"), wanted("emboss"));
    room.run("a.png -k sobel --overwrite").silent();
    assert_eq!(room.read("a.sobel.png"), wanted("sobel"));
    assert_eq!(room.names(), ["a.emboss.png", "a.png", "a.sobel.png"]);
}

#[test]
fn an_output_that_is_an_input_is_refused_before_any_work() {
    let room = Room::new();
    let before = room.bytes("a.png");
    for output in ["a.png", "./a.png", "d/../a.png"] {
        std::fs::create_dir_all(room.path("d")).unwrap();
        room.run(&format!("a.png -k sobel --overwrite -o {output}"))
            .says(
                2,
                &[&format!(
                    "{output}: this output is also an input, a.png; choose another --output"
                )],
            );
    }
    // The result of the first input would replace the second.
    room.write("a.sobel.png", &picture(5, 5, 1, Depth::U8));
    let second = room.bytes("a.sobel.png");
    room.run("a.png a.sobel.png -k sobel --overwrite").says(
        2,
        &["a.sobel.png: this output is also an input, a.sobel.png; choose another --output"],
    );
    // The folder is still to be made, and leads back here.
    room.run("a.png a.sobel.png -k sobel --overwrite -o new/../")
        .says(
            2,
            &["new/../a.sobel.png: this output is also an input, a.sobel.png; choose another --output"],
        );
    assert_eq!(room.bytes("a.png"), before);
    assert_eq!(room.bytes("a.sobel.png"), second);
    assert_eq!(room.names(), ["a.png", "a.sobel.png", "d"]);
}

#[cfg(unix)]
#[test]
fn links_do_not_hide_that_an_output_is_an_input() {
    use std::os::unix::fs::symlink;
    let room = Room::new();
    let before = room.bytes("a.png");
    symlink("a.png", room.path("link.png")).unwrap();
    symlink(".", room.path("here")).unwrap();
    for (input, output) in [
        ("a.png", "link.png"),
        ("link.png", "a.png"),
        ("a.png", "here/a.png"),
        ("here/a.png", "a.png"),
    ] {
        room.run(&format!("{input} -k sobel --overwrite -o {output}"))
            .says(
                2,
                &[&format!(
                    "{output}: this output is also an input, {input}; choose another --output"
                )],
            );
    }
    assert_eq!(room.bytes("a.png"), before);
}

#[test]
fn two_results_with_one_path_are_refused() {
    let room = Room::new();
    room.write("x/p.png", &picture(5, 6, 1, Depth::U8));
    room.write("y/p.png", &picture(6, 5, 1, Depth::U8));
    room.text("x/sobel.toml", "weights = [[1]]");
    for (line, message) in [
        (
            "x/p.png y/p.png -k sobel -o out/",
            "out/p.sobel.png: two results would have this path, of x/p.png and of y/p.png; give them different names or folders",
        ),
        (
            "a.png -k sobel -k sobel.toml",
            "a.sobel.png: two results would have this path, both of a.png by a kernel called sobel; give each kernel once, and different names to different ones",
        ),
        (
            "a.png -k sobel -k x/sobel.toml",
            "a.sobel.png: two results would have this path, both of a.png by a kernel called sobel; give each kernel once, and different names to different ones",
        ),
        (
            "a.png a.png -k sobel",
            "a.png: this input is named twice; name it once",
        ),
    ] {
        room.run(line).says(2, &[message]);
    }
    assert_eq!(room.names(), ["a.png", "x", "y"]);
    assert_eq!(names_in(&room.path("x")), ["p.png", "sobel.toml"]);
}

#[test]
fn one_failing_input_does_not_stop_the_others() {
    let room = Room::new();
    room.write("b.png", &picture(7, 9, 1, Depth::U8));
    room.text("bad.png", "hello");
    let ran = room.run("a.png bad.png missing.png b.png -k sobel -o out/");
    ran.says(
        1,
        &[
            "bad.png: it is no picture that can be read, it looks like text: supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy",
            "missing.png: there is no such file; check its name",
            "2 done, 0 skipped, 2 failed",
            "failed: bad.png",
            "failed: missing.png",
        ],
    );
    let out = names_in(&room.path("out"));
    assert_eq!(out, ["a.sobel.png", "b.sobel.png"]);
    let wanted = filter("sobel").apply(&room.read("b.png")).unwrap();
    assert_eq!(room.read("out/b.sobel.png"), wanted);
}

#[test]
fn a_kernel_file_is_an_input_too() {
    let room = Room::new();
    room.text("mine.toml", "weights = [[1]]");
    room.run("a.png -k mine.toml -o mine.toml -f png --overwrite")
        .says(
            2,
            &["mine.toml: this output is also an input, mine.toml; choose another --output"],
        );
    assert_eq!(room.bytes("mine.toml"), b"weights = [[1]]");
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_to_a_pipe_is_written_to() {
    let room = Room::new();
    let piped = room.run("a.png -k sobel -f png -o /dev/stdout").silent();
    assert_eq!(piped.out, room.run("a.png -k sobel -o -").silent().out);
}

#[test]
fn a_name_that_may_be_a_file_or_a_folder_is_explained() {
    let room = Room::new();
    room.write("b.png", &picture(9, 8, 1, Depth::U8));
    let folder = "out is taken for a folder, since it is to hold several results";
    let file =
        "out is taken for a png file, since there is one result; a / at its end names a folder";
    for (line, told) in [
        ("a.png b.png -k box3 -o out", Some((folder, true))),
        ("a.png -k box3 -k box5 -o out", Some((folder, true))),
        ("a.png -k box3 -f png -o out", Some((file, false))),
        ("a.png b.png -k box3 -o out/", None),
        ("a.png -k box3 -o out.png", None),
        ("a.png -k box3", None),
    ] {
        let text = room.run(&format!("{line} --explain")).text();
        let wanted = told.map(|(told, _)| format!("path      {told}"));
        let found = text.lines().find(|line| line.starts_with("path "));
        assert_eq!(found, wanted.as_deref(), "{line}");
        let object = room
            .run(&format!("{line} --explain --json"))
            .json()
            .remove(0);
        let wanted = told.map(|(_, is_folder)| json!({ "output": "out", "is_folder": is_folder }));
        assert_eq!(object.get("path"), wanted.as_ref(), "{line}");
        let verbose = room.run(&format!("{line} -v --overwrite")).err;
        for known in [folder, file] {
            let is_told = told.is_some_and(|(told, _)| told == known);
            assert_eq!(verbose.contains(known), is_told, "{line}: {verbose}");
        }
        let is_folder = room.path("out").is_dir();
        assert_eq!(
            is_folder,
            line.ends_with("out/") || told.is_some_and(|(_, is)| is),
            "{line}"
        );
        let _ = std::fs::remove_dir_all(room.path("out"));
        let _ = std::fs::remove_file(room.path("out"));
    }
}

#[test]
fn results_may_keep_the_names_of_inputs() {
    let room = Room::new();
    room.write("in/deep/b.PNG", &picture(9, 8, 1, Depth::U8));
    room.write("in/a.png", &picture(9, 8, 1, Depth::U8));
    let old = room.bytes("in/a.png");
    room.run("in -r -k box3 --keep-names -o out").silent();
    assert_eq!(names_in(&room.path("out")), ["a.png", "deep"]);
    assert_eq!(names_in(&room.path("out/deep")), ["b.PNG"]);
    room.run("in/a.png -k box3 -o wanted.png").silent();
    assert_eq!(room.bytes("out/a.png"), room.bytes("wanted.png"));
    room.run("in/a.png -k box3 --keep-names -o one/ -f tif")
        .silent();
    assert_eq!(names_in(&room.path("one")), ["a.tif"]);
    let exists = "out/a.png: the output exists already; use --overwrite to replace it or --skip-existing to keep it";
    room.run("in/a.png -k box3 --keep-names -o out/")
        .says(1, &[exists]);
    // Inputs stay, and no two results have one name.
    std::fs::copy(room.path("in/a.png"), room.path("a.png")).unwrap();
    let name = "--keep-names has room for one result of each input; use one";
    for (line, code, said) in [
        (
            "in -r -k box3 --keep-names -o in/ --overwrite",
            2,
            "in/a.png: this output is also an input, in/a.png; choose another --output",
        ),
        (
            "in/a.png a.png -k box3 --keep-names -o new/",
            2,
            "new/a.png: two results would have this path, of in/a.png and of a.png",
        ),
        (
            "in -r -k box3 -k box5 --keep-names -o new/",
            2,
            &format!("{name} kernel, or drop --keep-names"),
        ),
        (
            "in -r -k box3 --pad edge,wrap --keep-names -o new/",
            2,
            &format!("{name} border, or drop --keep-names"),
        ),
        (
            "in/a.png -k box3 --keep-names -o x.png",
            2,
            "--keep-names goes with a folder, which --output names with a / at its end",
        ),
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        assert_eq!(room.bytes("in/a.png"), old);
        assert!(!room.path("new").exists(), "{line}");
    }
    assert_eq!(room.run("a.png -k box3 --keep-names").code, Some(2));
}
