use moxcms::{ColorProfile, DataColorSpace, Layout, ToneReprCurve, TransformOptions};

use super::*;

/// Profiles of three colours and one curve: of parameters, of a power, of tables.
fn profiles() -> [(&'static str, Vec<u8>); 6] {
    let mut table = ColorProfile::new_display_p3();
    let curve: Vec<u16> = (0..=1024_u32)
        .map(|at| (at * at / 16).min(65_535) as u16)
        .collect();
    let curve = Some(ToneReprCurve::Lut(curve));
    table.red_trc.clone_from(&curve);
    table.green_trc.clone_from(&curve);
    table.blue_trc = curve;
    let made = [
        ("sRGB", ColorProfile::new_srgb()),
        ("Adobe RGB", ColorProfile::new_adobe_rgb()),
        ("Display P3", ColorProfile::new_display_p3()),
        ("ProPhoto", ColorProfile::new_pro_photo_rgb()),
        ("BT.2020", ColorProfile::new_bt2020()),
        ("a table", table),
    ];
    made.map(|(name, profile)| (name, profile.encode().unwrap()))
}

fn parsed(profile: &[u8]) -> ColorProfile {
    ColorProfile::new_from_slice(profile).unwrap()
}

/// L*, a* and b* of a colour of the connection space.
fn lab(xyz: [f64; 3]) -> [f64; 3] {
    let white = WHITE.map(|part| part as f64 / 65_536.0);
    let [x, y, z] = [0, 1, 2].map(|at| {
        let ratio = xyz[at] / white[at];
        match ratio > 216.0 / 24_389.0 {
            true => ratio.cbrt(),
            false => (24_389.0 / 27.0 * ratio + 16.0) / 116.0,
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn linear(curve: &Option<ToneReprCurve>, encoded: f32) -> f64 {
    let evaluator = curve.as_ref().unwrap().make_linear_evaluator().unwrap();
    // moxcms finds a power of 0 to be a large negative number.
    f64::from(evaluator.evaluate_value(encoded)).max(0.0)
}

#[test]
fn gray_has_the_colours_of_gray_in_the_other_profile() {
    for (name, bytes) in profiles() {
        let (rgb, gray) = (parsed(&bytes), parsed(&gray_of(&bytes).unwrap()));
        assert_eq!(gray.color_space, DataColorSpace::Gray);
        assert_eq!(gray.pcs, DataColorSpace::Xyz);
        assert_eq!(gray.media_white_point, rgb.media_white_point);
        assert_eq!(gray.chromatic_adaptation, rgb.chromatic_adaptation);
        let white = [0, 1, 2].map(|at| WHITE[at] as f64 / 65_536.0);
        let colours = [rgb.red_colorant, rgb.green_colorant, rgb.blue_colorant];
        let mut largest = 0.0_f64;
        for step in 0..=255 {
            let encoded = step as f32 / 255.0;
            let amounts = [&rgb.red_trc, &rgb.green_trc, &rgb.blue_trc];
            let amounts = amounts.map(|curve| linear(curve, encoded));
            let sum = |part: fn(&moxcms::Xyzd) -> f64| -> f64 {
                (colours.iter().zip(amounts))
                    .map(|(colour, amount)| part(colour) * amount)
                    .sum()
            };
            let before = lab([sum(|c| c.x), sum(|c| c.y), sum(|c| c.z)]);
            let after = lab(white.map(|part| part * linear(&gray.gray_trc, encoded)));
            for at in 0..3 {
                largest = largest.max((before[at] - after[at]).abs());
            }
        }
        // A thousandth of L*'s range; it is what rounding to 1/65536 makes of a* and b*.
        assert!(largest < 0.1, "{name} {largest}");
    }
}

#[test]
#[cfg_attr(
    not(target_arch = "x86_64"),
    ignore = "moxcms 0.8 is off by 1.5 % of ProPhoto's range in its code for ARM"
)]
fn a_colour_management_system_makes_the_same_of_both() {
    let srgb = ColorProfile::new_srgb();
    // Of three colours with a table moxcms makes one of 8 bits.
    for (name, bytes) in profiles()
        .into_iter()
        .filter(|(name, _)| *name != "a table")
    {
        let (rgb, gray) = (parsed(&bytes), parsed(&gray_of(&bytes).unwrap()));
        let options = TransformOptions::default();
        let of_rgb = rgb
            .create_transform_16bit(Layout::Rgb, &srgb, Layout::Rgb, options)
            .unwrap();
        let of_gray = gray
            .create_transform_16bit(Layout::Gray, &srgb, Layout::Rgb, options)
            .unwrap();
        let samples: Vec<u16> = (0..=255).map(|step| step * 257).collect();
        let pixels: Vec<u16> = samples.iter().flat_map(|sample| [*sample; 3]).collect();
        let (mut before, mut after) = (vec![0; pixels.len()], vec![0; pixels.len()]);
        of_rgb.transform(&pixels, &mut before).unwrap();
        of_gray.transform(&samples, &mut after).unwrap();
        let differences = before.iter().zip(&after).map(|(a, b)| a.abs_diff(*b));
        let largest = differences.max().unwrap();
        assert!(largest <= 65, "{name} {largest}");
    }
}

#[test]
fn the_bytes_are_the_same_every_time() {
    for (name, bytes) in profiles() {
        let gray = gray_of(&bytes).unwrap();
        assert_eq!(gray_of(&bytes).unwrap(), gray);
        let (from, to) = (Tags::of(&bytes).unwrap(), Tags::of(&gray).unwrap());
        for tag in [b"wtpt", b"chad", b"cprt"] {
            assert_eq!(from.get(tag), to.get(tag), "{name}");
        }
        let length = curve(from.get(b"rTRC").unwrap()).unwrap();
        assert_eq!(to.get(b"kTRC"), Some(length));
        assert_eq!(gray[..4], (gray.len() as u32).to_be_bytes());
        // Version, class, date, signature, platform and the like.
        assert_eq!(gray[4..16], bytes[4..16]);
        assert_eq!(gray[20..84], bytes[20..84]);
        // It is none of three colours.
        assert_eq!(gray_of(&gray), None);
    }
}

/// A profile with other bytes in the place of some of an element.
fn with(profile: &[u8], tag: &[u8; 4], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut other = profile.to_vec();
    let tags = Tags::of(profile).unwrap();
    let place = tags
        .places
        .iter()
        .find(|(name, _)| name == tag)
        .unwrap()
        .1
        .start
        + at;
    other[place..place + bytes.len()].copy_from_slice(bytes);
    other
}

#[test]
fn other_profiles_have_no_gray_one() {
    let [_, (_, adobe), ..] = profiles();
    assert!(gray_of(&adobe).is_some());
    let header = |at: usize, bytes: &[u8]| {
        let mut other = adobe.clone();
        other[at..at + bytes.len()].copy_from_slice(bytes);
        other
    };
    let renamed = |from: &[u8; 4], to: &[u8; 4]| {
        let entry = adobe[HEADER..]
            .chunks_exact(12)
            .position(|entry| entry.starts_with(from));
        header(HEADER + 12 * entry.unwrap(), to)
    };
    for (what, other) in [
        ("class", header(12, b"link")),
        ("space", header(16, b"CMYK")),
        ("connection space", header(20, b"Lab ")),
        ("signature", header(36, b"none")),
        ("number of tags", header(128, &[0xff; 4])),
        ("place of a tag", header(HEADER + 4, &[0xff; 4])),
        ("tables", renamed(b"cprt", b"A2B0")),
        ("no white", renamed(b"wtpt", b"none")),
        ("no colour", renamed(b"bXYZ", b"none")),
        ("no curve", renamed(b"gTRC", b"none")),
        ("type of a curve", with(&adobe, b"rTRC", 0, b"none")),
        ("another curve", with(&adobe, b"gTRC", 12, &[0, 3])),
        ("colours not white", with(&adobe, b"gXYZ", 8, &[0, 1, 0, 0])),
    ] {
        assert_eq!(gray_of(&other), None, "{what}");
    }
    for len in 0..adobe.len() - 3 {
        if let Some(gray) = gray_of(&adobe[..len]) {
            parsed(&gray);
        }
    }
}

#[test]
fn names_say_what_a_profile_is_of() {
    let [(_, srgb), ..] = profiles();
    let name = |profile: &[u8]| match parsed(profile).description.unwrap() {
        moxcms::ProfileText::Localizable(texts) => texts[0].value.clone(),
        moxcms::ProfileText::Description(text) => text.ascii_string,
        other => panic!("{other:?}"),
    };
    let wanted = "Gray with the tone curve of sRGB IEC61966-2.1";
    assert_eq!(name(&gray_of(&srgb).unwrap()), wanted);
    let old = b"desc\0\0\0\0\0\0\0\x12sRGB IEC61966-2.1\0\0\0";
    let element = description(old);
    assert_eq!(
        &element[12..12 + wanted.len() + 1],
        [wanted.as_bytes(), b"\0"].concat()
    );
    for damaged in [
        &b""[..],
        b"desc",
        b"desc\0\0\0\0\xff\xff\xff\xff",
        b"mluc\0\0\0\0\xff\xff\xff\xff",
    ] {
        assert!(description(damaged).len() > 40);
    }
}
