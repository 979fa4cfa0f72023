use super::*;
use crate::codec::{Format, Metadata, Omission, Part, PartKind};

const LINE: &str =
    "stridekern a.png --kernel sobel --pad edge # stridekern 0.1.0, kernel 0123456789abcdef";

fn command(input: &str, settings: &[(&'static str, Option<&str>)]) -> RecordedCommand {
    let settings = settings.iter();
    let settings = settings.map(|(name, value)| (*name, value.map(str::to_owned)));
    RecordedCommand::new(input, settings.collect(), 0xfedc_ba98_7654_3210, None)
}

#[test]
fn a_command_is_read_as_it_is_written() {
    for (input, written) in [
        ("a.png", "a.png"),
        ("-", "-"),
        ("-a.png", "-a.png"),
        ("--a.png", "./--a.png"),
        ("", "''"),
        ("#", "'#'"),
        ("it's; $HOME \"b\" \\", r#"'it'\''s; $HOME "b" \'"#),
        ("é 東京.png", "'é 東京.png'"),
        ("a\u{2003}b", "'a\u{2003}b'"),
        ("a\nb\u{1b}[2J\u{202e}\u{ffff}", r"'a\nb\u{1b}[2J\u{202e}"),
    ] {
        let values: [(_, Option<&str>); 4] = [
            ("kernel", Some(input)),
            ("flip", None),
            ("ignore", Some("-9999")),
            ("pad", Some("y=reflect,x=constant:-0.5")),
        ];
        let command = command(input, &values);
        let text = command.to_string();
        assert!(text.starts_with(&format!("stridekern {written}")), "{text}");
        let record = Record::parse(&text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(record.last(), &command);
        assert!(!text.contains(char::is_control), "{text}");
        assert!(command.differences(record.last()).is_empty());
    }
    let masked = RecordedCommand {
        mask: Some(7),
        ..command("a", &[])
    };
    let text = masked.to_string();
    assert!(
        text.ends_with("kernel fedcba9876543210, mask 0000000000000007"),
        "{text}"
    );
    assert_eq!(Record::parse(&text).unwrap().last(), &masked);
    let long = command(&"x".repeat(10_000), &[]);
    assert_eq!(long.input.len(), 255);
}

#[test]
fn what_is_no_record_is_not_taken_for_one() {
    assert_eq!(Record::parse(LINE).unwrap().to_string(), LINE);
    let many = vec![LINE; MAX_COMMANDS].join("\n");
    assert_eq!(Record::parse(&many).unwrap().commands().len(), MAX_COMMANDS);
    let settings = |count| LINE.replace(" #", &format!("{} #", " --a b".repeat(count)));
    assert!(Record::parse(&settings(MAX_SETTINGS - 2)).is_some());
    for text in [
        "".to_owned(),
        "stridekern".to_owned(),
        "stridekern is a program".to_owned(),
        LINE.replace("stridekern a", "Stridekern a"),
        LINE.replace("0123456789abcdef", "0123456789ABCDEF"),
        LINE.replace("0123456789abcdef", "+123456789abcdef"),
        LINE.replace("0123456789abcdef", "0123456789abcde"),
        LINE.replace("0.1.0", ""),
        LINE.replace("0.1.0", "0.1\u{1b}"),
        LINE.replace("0.1.0", &"1".repeat(33)),
        LINE.replace("a.png", "'a.png"),
        LINE.replace("a.png", "a.png  "),
        LINE.replace("a.png", "\u{202e}gnp"),
        LINE.replace("a.png", "'a\u{1b}[2J'"),
        LINE.replace("a.png", &"a".repeat(MAX_WORD + 1)),
        LINE.replace("a.png", "a.png b.png"),
        LINE.replace("--pad edge", "--pad edge wrap"),
        LINE.replace("--pad", "--PAD"),
        LINE.replace("--pad", &format!("--{}", "p".repeat(33))),
        LINE.replace(" # ", " "),
        format!("{LINE}, mask 1"),
        format!("{LINE}, more"),
        format!("{LINE}\n"),
        format!("{LINE}\n\n{LINE}"),
        format!("{LINE}\nrest"),
        format!("{many}\n{LINE}"),
        settings(MAX_SETTINGS),
        "stridekern ".repeat(1 << 20),
    ] {
        let shown = text.get(..200).unwrap_or(&text);
        // The end of the last line is not part of it.
        assert_eq!(
            Record::parse(&text).is_some(),
            text == format!("{LINE}\n"),
            "{shown}"
        );
    }
}

/// Any cut of a record, and any byte of it replaced, is read or refused, and what is read shows as
/// itself.
#[test]
fn damaged_records_are_read_or_refused() {
    let whole = format!("{LINE}\n{}", LINE.replace("a.png", r"'it'\''s'"));
    let mut read = 0;
    for at in 0..whole.len() {
        for byte in 0..128_u8 {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] = byte;
            let text = String::from_utf8(bytes).unwrap();
            for text in [&text[..], &text[..=at]] {
                let Some(record) = Record::parse(text) else {
                    continue;
                };
                read += 1;
                let shown = record.to_string();
                assert!(
                    !shown.replace('\n', "").contains(char::is_control),
                    "{shown}"
                );
                assert_eq!(Record::parse(&shown), Some(record));
            }
        }
    }
    assert!(read > 1000, "{read}");
}

#[test]
fn differences_name_what_can_change_a_result() {
    let base = command(
        "a.png",
        &[("kernel", Some("sobel")), ("channel", Some("luma"))],
    );
    let with = |settings: &[(&'static str, Option<&str>)]| command("a.png", settings);
    let differences = |other: &RecordedCommand| {
        let all = base.differences(other).into_iter();
        Vec::from_iter(all.map(|difference| {
            let [recorded, asked] =
                [difference.recorded, difference.asked].map(Option::unwrap_or_default);
            format!("{}: {recorded} | {asked}", difference.setting)
        }))
    };
    for (other, expected) in [
        (base.clone(), &[][..]),
        (
            with(&[("channel", Some("luma")), ("kernel", Some("my.toml"))]),
            &[],
        ),
        (
            RecordedCommand {
                version: "9".to_owned(),
                ..base.clone()
            },
            &[],
        ),
        (
            with(&[("channel", Some("each"))]),
            &["channel: luma | each"],
        ),
        (
            with(&[("flip", None), ("channel", Some("luma"))]),
            &["flip:  | on"],
        ),
        (with(&[]), &["channel: luma | "]),
        (
            command("b.png", &[("channel", Some("luma"))]),
            &["input: a.png | b.png"],
        ),
        (
            RecordedCommand {
                kernel: 1,
                mask: Some(2),
                ..base.clone()
            },
            &[
                "kernel: sobel (fedcba9876543210) | sobel (0000000000000001)",
                "mask:  |  (0000000000000002)",
            ],
        ),
    ] {
        assert_eq!(differences(&other), expected, "{other}");
    }
}

#[test]
fn the_newest_commands_stay() {
    let mut record = None;
    for number in 0..100 {
        record = Some(Record::after(record, command(&number.to_string(), &[])));
    }
    let record = record.unwrap();
    assert_eq!(record.commands().len(), MAX_COMMANDS);
    assert_eq!(record.last().input, "99");
    assert_eq!(Record::parse(&record.to_string()), Some(record));
}

#[test]
fn a_record_is_taken_from_wherever_it_was_placed() {
    let first = Record::parse(LINE).unwrap();
    let record = Record::after(Some(first), command("b <&> 'c'.png", &[("flip", None)]));
    for format in Format::ALL {
        let given = Metadata {
            record: Some(record.clone()),
            parts: vec![Part::Comment((*b"a comment").into())],
            ..Metadata::default()
        };
        let mut placed = given.clone();
        assert_eq!(placed.place_record(format), None, "{format}");
        assert_eq!(placed.record, None);
        if !format.holds_record() {
            assert_eq!(placed.parts, given.parts, "{format}");
            continue;
        }
        assert_ne!(
            (&placed.parts, &placed.xmp),
            (&given.parts, &None),
            "{format}"
        );
        placed.take_record();
        assert_eq!(placed, given, "{format}");
    }
}

#[test]
fn a_record_without_a_place_is_told_of() {
    let packet = |padding: usize| {
        let data = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"></rdf:RDF>";
        format!("{data}{}", " ".repeat(padding)).into_bytes()
    };
    let large = MAX_JPEG_XMP - packet(0).len();
    for (format, xmp, told) in [
        (Format::Jpeg, packet(0), None),
        (
            Format::Jpeg,
            packet(large),
            Some("the record is left out: jpeg holds 65504 bytes of XMP data"),
        ),
        (Format::Tiff, packet(large), None),
        (
            Format::Webp,
            b"<a/>".to_vec(),
            Some("the record is left out: the XMP data have no place for it"),
        ),
    ] {
        let mut metadata = Metadata {
            xmp: Some(xmp.clone()),
            record: Record::parse(LINE),
            ..Metadata::default()
        };
        let warning = metadata.place_record(format);
        assert_eq!(warning.as_deref(), told);
        // The input's own data stay in any case.
        assert_eq!(metadata.xmp == Some(xmp), told.is_some());
    }
}

#[test]
fn what_has_the_place_of_a_record_and_is_none_is_not_kept() {
    let chunk = |text: &str| Part::Chunk {
        name: *b"tEXt",
        data: text.as_bytes().into(),
    };
    let huge = format!("stridekern\0{}", "\u{7}".repeat(10 << 20));
    let compressed = Part::Chunk {
        name: *b"zTXt",
        data: (*b"stridekern\0\0x").into(),
    };
    for part in [
        chunk("stridekern\0anything"),
        chunk("stridekern\0"),
        chunk(&huge),
        compressed,
    ] {
        let bytes = part.bytes();
        let mut metadata = Metadata {
            parts: vec![part],
            ..Metadata::default()
        };
        metadata.take_record();
        assert_eq!(metadata.record, None);
        let [
            Part::Other {
                why, bytes: told, ..
            },
        ] = &metadata.parts[..]
        else {
            panic!("{:?}", metadata.parts);
        };
        assert_eq!((*why, *told), (Omission::Outdated(OUTDATED), bytes));
    }
    // Others may say what they like.
    let mut others = Metadata {
        parts: vec![
            chunk("Comment\0stridekern was here"),
            chunk("stridekern2\0a"),
        ],
        ..Metadata::default()
    };
    let given = others.clone();
    others.take_record();
    assert_eq!(others, given);
}

#[test]
fn a_result_does_not_have_the_record_of_its_input() {
    use crate::{
        codec::{Fate, MetadataPolicy},
        image::{Depth, ImageSpec},
    };
    let metadata = Metadata {
        record: Record::parse(LINE),
        ..Metadata::default()
    };
    let spec = ImageSpec::new([5, 7, 3], Depth::U8);
    for (policy, fate) in [
        (MetadataPolicy::Keep, Fate::Outdated(OUTDATED.to_owned())),
        (MetadataPolicy::Drop, Fate::Dropped),
    ] {
        for format in [Format::Png, Format::Bmp] {
            let [part] = &metadata.fates(policy, format, spec)[..] else {
                panic!();
            };
            assert_eq!(
                (part.kind, &part.name[..], &part.fate),
                (PartKind::Record, NAME, &fate)
            );
        }
    }
}
