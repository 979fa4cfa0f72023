//! Samples that their responses do not fit into are counted, and told of beyond a tenth.

use serde_json::json;

use crate::{Room, gray};

/// A row of 0 to 19, which a kernel turns to more or less than bytes hold.
fn ramp(room: &Room, name: &str, factor: u8) {
    let row = (0..20).map(|at| at * factor).collect();
    room.write(name, &gray(1, 20, row));
}

#[test]
fn reason_and_next_step_are_told() {
    let room = Room::new();
    ramp(&room, "r.png", 10);
    for (kernel, flags, [below, above], kind, line) in [
        (
            "weights = [[1], [2], [1]]",
            "--pad edge",
            [0, 13],
            "clipped",
            "65 % of the samples were clipped to 255, since the weights sum to 4 and the divisor \
             is 1: a divisor of 4 keeps them in range, as --normalize sets it",
        ),
        (
            "weights = [[1, -1]]\ndivisor = 1",
            "",
            [19, 0],
            "clipped",
            "100 % of the samples were clipped to 0, since the responses are negative: \
             --map abs, offset or float keeps them",
        ),
        // A tenth.
        (
            "weights = [[-1]]\noffset = 175",
            "--pad edge",
            [2, 0],
            "",
            "",
        ),
        (
            "weights = [[-1]]\noffset = 165",
            "--pad edge",
            [3, 0],
            "clipped",
            "15 % of the samples were clipped to 0, since the responses are negative: \
             --map abs, offset or float keeps them",
        ),
        (
            "weights = [[9, -8]]\noffset = 200",
            "--map abs",
            [0, 5],
            "clipped",
            "26.3 % of the samples were clipped to 255; --map stretch keeps them",
        ),
        (
            "weights = [[-20]]\noffset = 300",
            "--pad edge",
            [18, 1],
            "clipped",
            "90 % of the samples were clipped to 0 and 5 % to 255, since the responses are \
             negative: --map abs, offset or float keeps them",
        ),
    ] {
        room.text("k.toml", kernel);
        let run = format!("r.png -k k.toml {flags} -o o.png --overwrite");
        let told = format!("o.png: warning: {line}");
        match line {
            "" => room.run(&run).silent(),
            _ => room.run(&run).says(0, &[&told]),
        };
        let object = &room.run(&format!("{run} --json")).json()[0];
        let clipped = json!({ "below": below, "above": above, "not_a_number": 0 });
        assert_eq!(object["clipped"], clipped, "{kernel}");
        let warnings = match line {
            "" => json!([]),
            _ => json!([{ "kind": kind, "text": line }]),
        };
        assert_eq!(object["warnings"], warnings, "{kernel}");
        room.run(&format!("{run} -q")).silent();
    }
}

#[test]
fn a_run_tells_of_a_kernel_once() {
    let room = Room::new();
    for (name, factor) in [("1.png", 1), ("2.png", 12), ("3.png", 13), ("4.png", 6)] {
        ramp(&room, name, factor);
    }
    room.text("four.toml", "weights = [[4]]");
    room.text("low.toml", "weights = [[-1]]\noffset = 2");
    let files = "1.png 2.png 3.png 4.png";
    let ran = room.run(&format!("{files} -k four.toml -k low.toml"));
    ran.says(
        0,
        &[
            "4 results of low, most of all 2.low.png: warning: 95 % of the samples were clipped \
             to 0, since the responses are negative: --map abs, offset or float keeps them",
            "3 results of four, most of all 3.four.png: warning: 75 % of the samples were \
             clipped to 255, since the weights sum to 4 and the divisor is 1: a divisor of 4 \
             keeps them in range, as --normalize sets it",
        ],
    );
    // In place, also where only errors are asked for.
    let quiet = room.run("1.png 2.png -k low.toml --pad edge --in-place -q");
    quiet.says(
        0,
        &[
            "2 results of low, most of all 2.png: warning: 95 % of the samples were clipped to \
             0, since the responses are negative: --map abs, offset or float keeps them",
        ],
    );
}

/// Wherever the kernel is written.
#[test]
fn the_hint_names_what_helps_for_any_kernel() {
    let room = Room::new();
    ramp(&room, "r.png", 10);
    room.text("k.toml", "weights = [[1, 2, 1]]");
    room.text("k.csv", "1,2,1\n");
    room.text("k.txt", "1 2 1\n");
    room.text("k.mat", "3 1 1 0\n1 2 1\n");
    room.text("k.im", "3x1: 1,2,1\n");
    let acf: Vec<u8> = (0..27_u16)
        .map(|at| match at {
            12 => 4,
            25 => 1,
            _ => 0,
        })
        .flat_map(u16::to_be_bytes)
        .collect();
    std::fs::write(room.path("k.acf"), acf).unwrap();
    for kernel in [
        "k.toml",
        "k.csv",
        "k.txt",
        "k.mat",
        "k.acf",
        "k.im",
        "1,2,1",
        "im:3x1:1,2,1",
    ] {
        let line = format!("r.png -k {kernel} --pad edge -o o.png --overwrite");
        let told = room.run(&line);
        let wanted = "since the weights sum to 4 and the divisor is 1: a divisor of 4 keeps them in \
                      range, as --normalize sets it\n";
        assert!(told.err.ends_with(wanted), "{kernel}: {}", told.err);
        room.run(&format!("{line} --normalize")).silent();
    }
    // What the hints say helps.
    room.text("k.mat", "3 1 4 0\n1 2 1\n");
    room.text("k.im", "3x1!: 1,2,1\n");
    for kernel in ["k.mat", "k.im"] {
        room.run(&format!(
            "r.png -k {kernel} --pad edge -o o.png --overwrite"
        ))
        .silent();
    }
}
