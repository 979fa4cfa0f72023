use super::*;

#[test]
fn axes_are_read_as_they_are_written() {
    for text in [
        "YX", "XY", "TYX", "ZCYX", "YXC", "CYX", "YTX", "TCZYX", "XCY",
    ] {
        let axes: Axes = text.parse().unwrap();
        assert_eq!(axes.to_string(), text);
        assert_eq!(axes.count(), text.len());
        assert_eq!(text.to_lowercase().parse::<Axes>().unwrap(), axes);
    }
    let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert_eq!(all.parse::<Axes>().unwrap().count(), 26);
}

#[test]
fn what_names_no_axes_is_refused() {
    for (text, problem) in [
        ("", "have no Y, which are rows"),
        ("X", "have no Y, which are rows"),
        ("TY", "have no X, which are columns"),
        ("TYXT", "have T twice"),
        ("YxyC", "have Y twice"),
        ("T,Y,X", "have `,`, which is no letter from A to Z"),
        ("YX3", "have `3`, which is no letter from A to Z"),
        ("YXÄ", "have `Ä`, which is no letter from A to Z"),
    ] {
        let error = text.parse::<Axes>().unwrap_err().to_string();
        let wanted = format!("the axes `{text}` {problem}; write for instance TYX or YXC");
        assert_eq!(error, wanted);
    }
}

#[test]
fn a_shape_tells_its_axes_or_is_refused() {
    let of = |shape: &[usize]| Axes::of_shape(shape);
    assert_eq!(of(&[5, 80]).unwrap().to_string(), "YX");
    for channels in 1..=4 {
        assert_eq!(of(&[5, 80, channels]).unwrap().to_string(), "YXC");
    }
    for (shape, wanted) in [
        (
            &[5, 64, 80][..],
            "an array of shape (5, 64, 80) may be 5 planes of 64 x 80 (TYX) or 80 channels (YXC): say which",
        ),
        (
            &[1, 64, 80],
            "an array of shape (1, 64, 80) may be 1 plane of 64 x 80 (TYX) or 80 channels (YXC): say which",
        ),
        (
            &[2, 5, 64, 80],
            "an array of shape (2, 5, 64, 80) may be 10 planes of 64 x 80 (TZYX) or 2 planes of 5 x 64 with 80 channels (TYXC): say which",
        ),
        (
            &[7, 64, 80, 3],
            "an array of shape (7, 64, 80, 3) may be 7 planes of 64 x 80 with 3 channels (TYXC) or 448 planes of 80 x 3 (TZYX): say which",
        ),
        (
            &[2, 3, 4, 64, 80],
            "an array of shape (2, 3, 4, 64, 80) may be 24 planes of 64 x 80 (TZSYX) or 6 planes of 4 x 64 with 80 channels (TZYXC): say which",
        ),
        (
            &[80],
            "the array has 1 axis, and a picture has two or more: save a.reshape(rows, columns)",
        ),
        (
            &[],
            "the array has 0 axes, and a picture has two or more: save a.reshape(rows, columns)",
        ),
    ] {
        assert_eq!(of(shape).unwrap_err().to_string(), wanted);
    }
    // The proposed axes are axes, for every number that there are letters for.
    for count in 4..=25 {
        let mut shape = vec![2; count - 1];
        for last in [3, 80] {
            shape.push(last);
            for (axes, _) in readings(&shape) {
                axes.parse::<Axes>().unwrap().check(&shape).unwrap();
            }
            shape.pop();
        }
    }
}

#[test]
fn other_numbers_of_axes_are_refused() {
    let axes: Axes = "YX".parse().unwrap();
    assert_eq!(
        axes.check(&[5, 64, 80]).unwrap_err().to_string(),
        "an array of shape (5, 64, 80) has 3 axes, and YX are 2: give a letter for each"
    );
    assert_eq!(
        axes.check(&[80]).unwrap_err().to_string(),
        "an array of shape (80,) has 1 axis, and YX are 2: give a letter for each"
    );
}
