//! `--normalize`, `--divisor`, `--bias` and `--anchor` change any kernel as its file could.

use serde_json::json;

use crate::Room;

/// Each line gives the very file that the kernel file gives, which says the same.
#[test]
fn options_do_what_the_keys_of_a_file_do() {
    let room = Room::new();
    room.text(
        "own.toml",
        "weights = [[0.1, 0.2], [0.4, 0.1]]\ndivisor = 3\noffset = 9",
    );
    room.text(
        "turned.toml",
        "weights = [[1, 2, 3]]\nflip = true\ndivisor = 9",
    );
    let bank = "combine = \"sum\"\n[[kernels]]\nweights = [[1, 3]]\n[[kernels]]\nweights = [[1], [0]]\ndivisor = 2\n";
    room.text("bank.toml", bank);
    room.text(
        "product.toml",
        "column = [0.5, 0.25]\nrow = [0.1, 0.3]\ndivisor = 7\noffset = 9",
    );
    for (kernel, options, file) in [
        (
            "own.toml",
            "--normalize",
            "weights = [[1, 2], [4, 1]]\ndivisor = 8\noffset = 9",
        ),
        (
            "own.toml",
            "--divisor 0.5",
            "weights = [[0.1, 0.2], [0.4, 0.1]]\ndivisor = 0.5\noffset = 9",
        ),
        (
            "own.toml",
            "--bias 0.25",
            "weights = [[0.1, 0.2], [0.4, 0.1]]\ndivisor = 3\nbias = 0.25",
        ),
        (
            "own.toml",
            "--anchor 0,0",
            "weights = [[0.1, 0.2], [0.4, 0.1]]\ndivisor = 3\noffset = 9\nanchor = [0, 0]",
        ),
        (
            "turned.toml",
            "--anchor 0,0",
            "weights = [[3, 2, 1]]\ndivisor = 9\nanchor = [0, 2]",
        ),
        (
            "1,2,3",
            "--flip --anchor 0,0 --normalize",
            "weights = [[3, 2, 1]]\ndivisor = 6\nanchor = [0, 2]",
        ),
        (
            "bank.toml",
            "--normalize --bias -0.1",
            "combine = \"sum\"\n[[kernels]]\nweights = [[1, 3]]\ndivisor = 4\nbias = -0.1\n[[kernels]]\nweights = [[1], [0]]\nbias = -0.1",
        ),
        (
            "sobel_x",
            "--divisor 8 --bias 0.5",
            "weights = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]\ndivisor = 8\nbias = 0.5",
        ),
        // Of a column and a row of decimals weights are whole numbers, which nobody wrote.
        (
            "product.toml",
            "--divisor 0.37",
            "column = [0.5, 0.25]\nrow = [0.1, 0.3]\ndivisor = 0.37\noffset = 9",
        ),
        (
            "0.5,0.25x0.1,0.3",
            "--divisor 2 --anchor 0,0",
            "column = [0.5, 0.25]\nrow = [0.1, 0.3]\ndivisor = 2\nanchor = [0, 0]",
        ),
        (
            "product.toml",
            "--flip --divisor 3",
            "column = [0.25, 0.5]\nrow = [0.3, 0.1]\ndivisor = 3\noffset = 9\nanchor = [0, 0]",
        ),
        (
            "gaussian:sigma=1,radius=1",
            "--divisor 2 --anchor 2,2",
            "generated",
        ),
        (
            "im:2x1:1,3",
            "--normalize",
            "weights = [[3, 1]]\ndivisor = 4",
        ),
    ] {
        let shown = room
            .run(&format!("--show-kernel {kernel} {options}"))
            .text();
        if file != "generated" {
            room.text("same.toml", file);
            let line = format!("a.png -o by.png --overwrite --pad edge -k {kernel} {options}");
            let objects = room.run(&format!("{line} --json")).json();
            assert!(
                objects[0]["kernel_changes"].is_object(),
                "{line}: {objects:?}"
            );
            room.run("a.png -o same.png --overwrite --pad edge -k same.toml")
                .silent();
            assert_eq!(room.bytes("by.png"), room.bytes("same.png"), "{line}");
        }
        room.text("shown.toml", &shown);
        room.run(&format!(
            "a.png -o by.png --overwrite --pad edge -k {kernel} {options} -q"
        ));
        room.run("a.png -o shown.png --overwrite --pad edge -k shown.toml -q");
        assert_eq!(room.bytes("by.png"), room.bytes("shown.png"), "{shown}");
    }
}

#[test]
fn what_was_changed_is_told() {
    let room = Room::new();
    let line = "a.png -k box3 -k sobel --divisor 4.5 --bias 0.5";
    let text = room.run(&format!("{line} --explain")).text();
    for said in [
        "kernel    box3, built in, divisor 4.5, bias 0.5: 1 kernel of 3 x 3\n",
        "weights   3 x 3, sum 9, divisor 4.5, bias 0.5, anchor 1,1\n",
        "weights   x: 3 x 3, sum 0, divisor 4.5, bias 0.5, anchor 1,1\n          y: 3 x 3, sum 0",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let objects = room.run(&format!("{line} --explain --json")).json();
    let changes = json!({ "divisor": 4.5, "bias": 0.5 });
    assert_eq!(objects[0]["kernel"]["kernel_changes"], changes);
    assert_eq!(objects[1]["weights"][1]["divisor"], json!(4.5));
    for flags in ["", "--dry-run"] {
        let objects = room.run(&format!("{line} --json {flags}")).json();
        assert_eq!(objects[1]["kernel_changes"], changes, "{flags}");
    }
    // What is so already is no change.
    let objects = room
        .run("a.png -k box3 --normalize --anchor 1,1 --json --overwrite")
        .json();
    assert_eq!(objects[0]["kernel_changes"], json!(null));
    // Names stay, so that a second run with others is refused.
    let ran = room.run("a.png -k box3 --divisor 8");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("the output exists already"), "{}", ran.err);
}

#[test]
fn many_kernels_are_told_in_few_lines() {
    let room = Room::new();
    let bank = "[[kernels]]\nweights = [[1]]\n".repeat(20);
    room.text("many.toml", &format!("combine = \"sum\"\n{bank}"));
    let text = room.run("a.png -k many.toml --explain").text();
    assert!(text.contains("\n          and 12 more\n"), "{text}");
}

/// Sums and divisors are told as a file has them, though decimals are computed in whole numbers.
#[test]
fn divisors_are_told_in_the_units_they_are_given_in() {
    let room = Room::new();
    let file = "column = [0.5, 0.25]\nrow = [0.1, 0.3]\ndivisor = 7";
    room.text("product.toml", file);
    let line = "a.png -o out.png --overwrite -k product.toml";
    let told = room.run(&format!("{line} --divisor 0.07")).err;
    let wanted = "since the weights sum to 0.3 and the divisor is 0.07: a divisor of 0.3 keeps them in range";
    assert!(told.contains(wanted), "{told}");
    room.run(&format!("{line} --divisor 0.3")).silent();
    let explained = room.run(&format!("{line} --explain")).text();
    assert!(explained.contains("sum 0.3, divisor 7,"), "{explained}");
}
