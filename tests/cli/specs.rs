//! Kernels made from parameters or written in line, as arguments: names of results, and one
//! clear line for what cannot be.

use std::fs;

use stridekern::kernel::generate::generators;

use crate::Room;

#[test]
fn results_are_named_after_their_spec() {
    let room = Room::new();
    for (kernel, name) in [
        ("gaussian:sigma=2", "a.gaussian-sigma2.edge.png"),
        (
            "motion:length=5,angle=-30.5",
            "a.motion-length5-angle-30.5.edge.png",
        ),
        ("sobel:aperture=5,axis=x", "a.sobel-size5-axisx.edge.png"),
        ("box:", "a.box.edge.png"),
        ("1,2,1", "a.kernel1x3.edge.png"),
        ("im:Disk:2", "a.disk-2.edge.png"),
    ] {
        room.run(&format!("a.png -k {kernel} --pad edge -q"))
            .says(0, &[]);
        assert!(
            room.names().contains(&name.to_owned()),
            "{name}: {:?}",
            room.names()
        );
    }
}

#[test]
fn specs_whose_results_have_one_name_are_refused() {
    let room = Room::new();
    let before = room.names();
    for line in [
        "a.png -k gaussian:sigma=2 -k gaussian:sigma=2",
        "a.png -k sobel:size=5 -k sobel:aperture=5",
        "a.png -k 1,2,1 -k 1,3,1",
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(room.names(), before);
    }
}

#[test]
fn what_cannot_be_is_told_in_one_line() {
    let room = Room::new();
    let before = room.names();
    let refuse = |kernel: &str, said: &str| {
        let ran = room.run_words(["a.png", "-k", kernel]);
        assert_eq!(
            (ran.code, ran.out.is_empty()),
            (Some(2), true),
            "{kernel}: {}",
            ran.err
        );
        assert!(
            ran.err.starts_with(&format!("stridekern: {said}")),
            "{kernel}: {}",
            ran.err
        );
        assert_eq!(ran.err.lines().count(), 1, "{kernel}: {}", ran.err);
        assert_eq!(room.names(), before);
    };
    for (kernel, said) in [
        (
            "gaussian:sigma=0",
            "gaussian: sigma is `0`; give a number above 0",
        ),
        (
            "gaussian:sigma=-2",
            "gaussian: sigma is `-2`; give a number above 0",
        ),
        (
            "gaussian:sigma=nan",
            "gaussian: sigma is `nan`; give a finite number",
        ),
        (
            "gaussian:sigma=inf",
            "gaussian: sigma is `inf`; give a finite number",
        ),
        (
            "gaussian:sigma=1e999",
            "gaussian: sigma is `1e999`; give a finite number",
        ),
        ("gaussian:sigma=1e300", "gaussian would have "),
        (
            "disk:radius=9999",
            "disk would have 19999x19999 weights, and a kernel has at most 1048576; make it smaller",
        ),
        (
            "gaussian:sigma=",
            "gaussian: sigma is ``; give a finite number",
        ),
        (
            "gaussian:sigma",
            "gaussian: sigma is ``; give a finite number",
        ),
        (
            "gaussian:",
            "gaussian needs sigma; give it as gaussian:sigma=2, or the radius alone with like=opencv",
        ),
        (
            "gaussian:sigma_x=2",
            "gaussian needs sigma_y; give it as well, as sigma_y=2, or sigma for both",
        ),
        (
            "gaussian:sigma=1e-300,order=1",
            "gaussian:sigma=1e-300,order=1: weights are NaN, which is no finite number; choose other parameters",
        ),
        (
            "gaussian:sigma=2,radius=3,truncate=4",
            "gaussian: radius is `3`; give radius or truncate, not both",
        ),
        (
            "dog:sigma=2,ratio=2,sigma2=3",
            "dog: ratio is `2`; give ratio or sigma2, not both",
        ),
        (
            "gaussian:sigma=1e308",
            "gaussian would have more than 10^15 weights, and a kernel has at most 4194304; make it smaller",
        ),
        (
            "lens:radius=3",
            "there is no generator `lens`; did you mean `disk`? ",
        ),
        (
            "blur:sigma=3",
            "there is no generator `blur`; did you mean `gaussian`? ",
        ),
        ("im:@", "im:@: no file is named; write its path after the @"),
        (
            "0 1 0, 1 -4 1, 0 1 0",
            "in-line kernel:1:1: some of the weights of a row have commas between them, and some do not",
        ),
        (
            "gaussian:sigma=1,sigma=2",
            "gaussian: sigma is `2`; give it once",
        ),
        (
            "sobel:size=3,aperture=3",
            "sobel: size is `3`; give it once",
        ),
        (
            "gaussian:sgima=2",
            "gaussian has no parameter `sgima`; did you mean `sigma`? its parameters are sigma, sigma_y, ",
        ),
        (
            "sobel:apertur=3",
            "sobel has no parameter `apertur`; did you mean `aperture`? its parameters are size, aperture, order, axis, like",
        ),
        (
            "disk:size=3",
            "disk has no parameter `size`; its parameters are radius",
        ),
        (
            "gausian:sigma=2",
            "there is no generator `gausian`; did you mean `gaussian`? the generators are gaussian, box, ",
        ),
        (
            "motion:angle=steep",
            "motion: angle is `steep`; give a finite number",
        ),
        ("sobel:size=4", "sobel: size is `4`; give "),
        ("sobel:axis=z", "sobel: axis is `z`; give x, y or magnitude"),
        (
            "sobel:like=scipy",
            "sobel: like is `scipy`; give opencv or skimage",
        ),
        (
            "1 2; 3",
            "in-line kernel:1:6: row 2 has 1 weight, the row above has 2: `3`",
        ),
        ("1 nan", "in-line kernel:1:3: "),
        ("[[1, inf]]", "in-line kernel:1:6: "),
        ("[]", "there is no kernel file `[]`"),
        ("[[0]", "in-line kernel:1:5: a bracket is not closed"),
    ] {
        refuse(kernel, said);
    }
    // As long as an argument can be on Linux; more comes from files only.
    let long = "1 ".repeat(60_000);
    refuse(
        &format!("{long};1"),
        "in-line kernel:1:120002: row 2 has 1 weight, the row above has 60000",
    );
    refuse(&"x".repeat(100_000), "there is no kernel file `xxxx");
    refuse(
        &format!("{}=1:{}=1", "x".repeat(50_000), "y".repeat(50_000)),
        "there is no kernel file `x",
    );
    refuse(
        &format!("{}:y=1", "x".repeat(100_000)),
        "there is no generator `xxx",
    );
    refuse(
        &format!("gaussian:sigma={}", "1".repeat(100_000)),
        "gaussian: the text is longer than 120 bytes",
    );
    for kernel in ["x".repeat(100_000), format!("{}:y=1", "x".repeat(100_000))] {
        let ran = room.run_words(["a.png", "-k", &kernel]);
        assert!(ran.err.len() < 1000, "{}", ran.err.len());
    }
}

#[test]
fn long_weights_in_line_are_no_path() {
    let room = Room::new();
    let row = "1 ".repeat(41);
    let ran = room.run_words([
        "a.png",
        "-k",
        &format!("{0};{0};{0}", row.trim()),
        "--normalize",
        "--pad",
        "edge",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(room.names().contains(&"a.kernel3x41.edge.png".to_owned()));
}

#[test]
fn a_file_of_ten_megabytes_is_told_of_in_one_line() {
    let room = Room::new();
    for (name, start) in [
        ("generate.toml", "generate = 'gaussian:sigma="),
        ("name.toml", "generate = '"),
        ("weights.csv", "1,2,x"),
        ("kernel.im", "3x3: 1,2,"),
    ] {
        fs::write(room.path(name), format!("{start}{}", "7".repeat(10 << 20))).unwrap();
        let kernel = match name.strip_suffix(".im") {
            Some(_) => format!("im:@{name}"),
            None => name.to_owned(),
        };
        let ran = room.run(&format!("a.png -k {kernel}"));
        assert_eq!(ran.code, Some(2), "{name}");
        assert_eq!(ran.err.lines().count(), 1, "{name}");
        assert!(ran.err.len() < 1000, "{name}: {}", ran.err.len());
        assert!(
            ran.err.starts_with(&format!("stridekern: {name}:1:")),
            "{}",
            ran.err
        );
        fs::remove_file(room.path(name)).unwrap();
    }
}

#[test]
fn other_names_of_parameters_are_listed() {
    let listed = Room::new().run("--list-kernels").text();
    assert!(
        listed.contains("size or aperture (3), order (1)"),
        "{listed}"
    );
}

/// The table of README.md has every generator and every parameter.
#[test]
fn parameters_are_documented() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for generator in generators() {
        let name = format!("`{}`", generator.name());
        let is_row = |line: &&str| {
            let cell = line
                .strip_prefix("| ")
                .and_then(|line| line.split(" | ").next());
            cell.is_some_and(|cell| cell.split(", ").any(|spec| spec == name))
        };
        let mut rows = readme.lines().filter(is_row);
        let documented = |row: &str| {
            let mut all = generator.parameters().iter();
            all.all(|p| row.contains(&format!("`{}", p.name())))
        };
        assert!(rows.any(documented), "{name} in README.md");
    }
}

#[test]
fn weights_that_look_like_an_option_are_told_of() {
    let room = Room::new();
    let ran = room.run_words(["a.png", "-k", "-1 0 1"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let advice = "weights that begin with a minus sign stand in brackets: -k '[-1 0 1]'";
    assert!(ran.err.contains(advice), "{}", ran.err);
    let ran = room.run_words(["a.png", "-k", "sobel_direction", "--bias", "0.5"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let told = "stridekern: kernel sobel_direction: a bias would turn the direction of two responses; leave it out\n";
    assert_eq!(ran.err, told);
}
