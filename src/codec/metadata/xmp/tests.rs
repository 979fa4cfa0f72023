use super::*;
use crate::image::Depth;

const FACTS: ResultFacts = ResultFacts {
    rows: 300,
    columns: 400,
    channels: 3,
    depth: Depth::U8,
    orientation: Some(1),
    is_moved: false,
    is_rescaled: false,
};

const MOVED: ResultFacts = ResultFacts {
    is_moved: true,
    ..FACTS
};

const THINNED: ResultFacts = ResultFacts {
    is_rescaled: true,
    ..MOVED
};

const NAMESPACES: [(&str, &str); 21] = [
    ("t", "http://ns.adobe.com/tiff/1.0/"),
    ("exif", "http://ns.adobe.com/exif/1.0/"),
    ("ps", "http://ns.adobe.com/photoshop/1.0/"),
    ("xap", "http://ns.adobe.com/xap/1.0/"),
    ("xapGImg", "http://ns.adobe.com/xap/1.0/g/img/"),
    ("xmpNote", "http://ns.adobe.com/xmp/note/"),
    ("hdrgm", "http://ns.adobe.com/hdr-gain-map/1.0/"),
    ("GDepth", "http://ns.google.com/photos/1.0/depthmap/"),
    ("GImage", "http://ns.google.com/photos/1.0/image/"),
    ("GCamera", "http://ns.google.com/photos/1.0/camera/"),
    ("Container", "http://ns.google.com/photos/1.0/container/"),
    ("GPano", "http://ns.google.com/photos/1.0/panorama/"),
    ("crs", "http://ns.adobe.com/camera-raw-settings/1.0/"),
    ("mm", "http://ns.adobe.com/xap/1.0/mm/"),
    (
        "mwg-rs",
        "http://www.metadataworkinggroup.com/schemas/regions/",
    ),
    ("apple-fi", "http://ns.apple.com/faceinfo/1.0/"),
    ("acdsee-rs", "http://ns.acdsee.com/regions/"),
    ("MP", "http://ns.microsoft.com/photo/1.2/"),
    ("ext", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"),
    ("GFocus", "http://ns.google.com/photos/1.0/focus/"),
    ("dji", "http://www.dji.com/drone-dji/1.0/"),
];

/// A packet with these attributes and elements.
fn packet(attributes: &str, elements: &str) -> String {
    let namespaces: Vec<_> = (NAMESPACES.iter())
        .map(|(prefix, uri)| format!(" xmlns:{prefix}='{uri}'"))
        .collect();
    format!(
        "<?xpacket begin='\u{feff}' id='W5M0MpCehiHzreSzNTczkc9d'?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\">\n\
         <rdf:Description rdf:about=\"\"{}{attributes}>\n{elements}</rdf:Description>\n\
         </rdf:RDF></x:xmpmeta>\n{}<?xpacket end=\"w\"?>",
        namespaces.concat(),
        " ".repeat(50),
    )
}

/// The packet after revision, with what was changed.
fn after(packet: &str, facts: &ResultFacts) -> (String, Vec<&'static str>) {
    match revised(packet.as_bytes(), facts) {
        Revised::Unchanged => (packet.to_owned(), Vec::new()),
        Revised::Changed { bytes, what } => {
            assert_eq!(revised(&bytes, facts), Revised::Unchanged, "{packet}");
            (String::from_utf8(bytes).unwrap(), what)
        }
        Revised::Unreadable => panic!("{packet}"),
    }
}

#[test]
fn every_claim_is_true_or_gone_in_either_form() {
    let gray = ResultFacts {
        channels: 1,
        ..FACTS
    };
    let any = ResultFacts {
        orientation: None,
        ..FACTS
    };
    // A property, its value, and the value that is true, if there is one.
    for (name, value, facts, wanted) in [
        ("t:Orientation", "6", FACTS, Some("1")),
        ("t:Orientation", "6", any, Some("6")),
        ("t:Orientation", " 1 ", FACTS, Some(" 1 ")),
        ("t:Orientation", "&#54;", FACTS, Some("1")),
        ("t:Orientation", "top left", FACTS, Some("1")),
        ("t:ImageWidth", "4000", FACTS, Some("400")),
        ("t:ImageLength", "", FACTS, None),
        ("exif:PixelXDimension", "4000", FACTS, Some("400")),
        ("exif:PixelYDimension", "300", FACTS, Some("300")),
        ("exif:PixelYDimension", "30", FACTS, Some("300")),
        ("exif:ColorSpace", "1", gray, Some("1")),
        ("exif:GPSLatitude", "51,30.5N", gray, Some("51,30.5N")),
        ("t:SamplesPerPixel", "4", FACTS, Some("3")),
        ("t:PhotometricInterpretation", "2", gray, Some("1")),
        ("t:PhotometricInterpretation", "5", FACTS, None),
        ("t:Compression", "6", FACTS, None),
        ("t:YCbCrPositioning", "1", FACTS, Some("1")),
        ("t:YCbCrPositioning", "1", gray, None),
        ("t:Make", "Maker &amp; Co", FACTS, Some("Maker &amp; Co")),
        ("ps:ColorMode", "4", FACTS, Some("3")),
        ("ps:ColorMode", "3", gray, Some("1")),
        ("ps:ICCProfile", "sRGB", FACTS, Some("sRGB")),
        ("ps:ICCProfile", "sRGB", gray, None),
        ("ps:City", "Paris", gray, Some("Paris")),
        ("xap:Thumbnails", "OLD FACE", FACTS, None),
        ("xap:Rating", "5", FACTS, Some("5")),
        ("xapGImg:image", "OLD FACE", FACTS, None),
        ("xmpNote:HasExtendedXMP", "0123", FACTS, None),
        ("hdrgm:Version", "1.0", FACTS, None),
        ("GDepth:Data", "OLD FACE", FACTS, None),
        ("GImage:Data", "OLD FACE", FACTS, None),
        ("GCamera:MotionPhoto", "1", FACTS, None),
        ("GCamera:MicroVideoOffset", "1", FACTS, None),
        ("GCamera:BurstID", "1", FACTS, Some("1")),
        ("Container:Directory", "", FACTS, None),
        (
            "GPano:CroppedAreaImageWidthPixels",
            "400",
            FACTS,
            Some("400"),
        ),
        ("GPano:CroppedAreaImageWidthPixels", "399", FACTS, None),
        ("GPano:CroppedAreaImageWidthPixels", "400", MOVED, None),
        ("crs:Exposure", "+1", MOVED, Some("+1")),
        ("ext:Event", "1", MOVED, Some("1")),
        ("MP:Rating", "1", MOVED, Some("1")),
        ("t:XResolution", "72/1", MOVED, Some("72/1")),
        ("t:XResolution", "72/1", THINNED, None),
        ("exif:FocalPlaneYResolution", "72/1", THINNED, None),
    ] {
        for (open, close) in [('"', '"'), ('\'', '\'')] {
            let with = |value: Option<&str>| {
                let attribute = value.map(|value| format!("\n  {name} = {open}{value}{close}"));
                let attribute = attribute.unwrap_or_default();
                packet(&format!("{attribute} rdf:x=\"\""), "")
            };
            // An empty attribute may be made true; an element without text is dropped.
            let wanted = if value.is_empty() && name == "t:ImageLength" {
                Some("300")
            } else {
                wanted
            };
            assert_eq!(after(&with(Some(value)), &facts).0, with(wanted), "{name}");
        }
        let with = |value: Option<&str>| {
            let element = value.map(|value| format!("<{name} >{value}</{name}>"));
            packet(
                "",
                &format!("<crs:A/>{}<crs:B/>", element.unwrap_or_default()),
            )
        };
        assert_eq!(after(&with(Some(value)), &facts).0, with(wanted), "{name}");
    }
}

#[test]
fn places_in_the_picture_stay_only_where_they_are() {
    for name in [
        "mwg-rs:Regions",
        "apple-fi:AngleInfoRoll",
        "acdsee-rs:Regions",
        "MP:RegionInfo",
        "ext:ImageRegion",
        "exif:SubjectArea",
        "exif:SubjectLocation",
        "crs:HasCrop",
        "crs:CropLeft",
        "crs:MaskGroupBasedCorrections",
        "crs:RetouchInfo",
        "GFocus:FocalPointX",
        "dji:CalibratedOpticalCenterY",
    ] {
        let element = packet("", &format!("<crs:A/><{name}><dc>1</dc></{name}><crs:B/>"));
        let attribute = packet(&format!(" {name}='1'"), "<crs:A/><crs:B/>");
        for text in [element, attribute] {
            assert_eq!(after(&text, &FACTS), (text.clone(), vec![]));
            let gone = packet("", "<crs:A/><crs:B/>");
            let what = vec!["places in the picture dropped"];
            assert_eq!(after(&text, &MOVED), (gone, what), "{name}");
        }
    }
}

#[test]
fn lists_and_structures() {
    let bits = |values: &[u8]| {
        let items: String = values
            .iter()
            .map(|value| format!("<rdf:li>{value}</rdf:li>"))
            .collect();
        packet(
            "",
            &format!("<t:BitsPerSample><rdf:Seq>{items}</rdf:Seq></t:BitsPerSample>"),
        )
    };
    assert_eq!(after(&bits(&[8, 8, 8]), &FACTS), (bits(&[8, 8, 8]), vec![]));
    for values in [&[8, 8][..], &[8, 8, 16], &[]] {
        assert_eq!(
            after(&bits(values), &FACTS),
            (packet("", ""), vec!["samples"])
        );
    }
    // A value with a qualifier, a comment or CDATA is no plain number.
    for value in [
        "<rdf:value>6</rdf:value>",
        "6<!-- -->",
        "<![CDATA[6]]>",
        "<![CDATA[6]]>7",
    ] {
        let elements = format!("<t:Orientation>{value}</t:Orientation>");
        assert_eq!(
            after(&packet("", &elements), &FACTS),
            (packet("", ""), vec!["orientation"])
        );
    }
    let thumbnails = "<xap:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource' \
         xapGImg:width='256'><xapGImg:image>OLD FACE</xapGImg:image></rdf:li></rdf:Alt>\
         </xap:Thumbnails>";
    assert_eq!(
        after(&packet("", thumbnails), &FACTS),
        (packet("", ""), vec!["thumbnail dropped"])
    );
}

#[test]
fn properties_of_other_pictures_stay_but_their_thumbnails() {
    let pantry = |thumbnail| {
        packet(
            "",
            &format!(
                "<mm:Pantry><rdf:Bag><rdf:li><rdf:Description t:Orientation='6' \
             exif:PixelXDimension='9'{thumbnail}><t:ImageWidth>9</t:ImageWidth></rdf:Description>\
             </rdf:li></rdf:Bag></mm:Pantry>"
            ),
        )
    };
    assert_eq!(after(&pantry(""), &FACTS), (pantry(""), vec![]));
    let (packet, what) = after(&pantry(" xapGImg:image='OLD FACE'"), &FACTS);
    assert_eq!((packet, what), (pantry(""), vec!["thumbnail dropped"]));
}

#[test]
fn a_panorama_of_another_size_is_none() {
    let of = |width: u32| {
        let pano =
            format!(" GPano:FullPanoWidthPixels='800' GPano:CroppedAreaImageWidthPixels='{width}'");
        packet(
            &pano,
            "<GPano:CroppedAreaImageHeightPixels>300</GPano:CroppedAreaImageHeightPixels>",
        )
    };
    assert_eq!(after(&of(400), &FACTS), (of(400), vec![]));
    assert_eq!(
        after(&of(404), &FACTS),
        (packet("", ""), vec!["panorama dropped"])
    );
}

#[test]
fn bytes_around_the_packet_stay() {
    let inner = packet(" t:Orientation='3'", "");
    let mended = packet(" t:Orientation='1'", "");
    for (before, after) in [
        ("\u{feff}", ""),
        ("", "\0"),
        ("", "\n \0\0"),
        ("<!-- a -->", "\r\n"),
    ] {
        let bytes = format!("{before}{inner}{after}");
        let wanted = format!("{before}{mended}{after}").into_bytes();
        let what = vec!["orientation"];
        assert_eq!(
            revised(bytes.as_bytes(), &FACTS),
            Revised::Changed {
                bytes: wanted,
                what
            }
        );
    }
}

#[test]
fn what_is_no_plain_xml_is_unreadable() {
    let good = packet(" t:Orientation='3'", "");
    let utf16 =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { good.encode_utf16().flat_map(order).collect() };
    let attributes: String = (0..5000).map(|at| format!(" a{at}='1234567890'")).collect();
    let namespaces: String = (0..2000)
        .map(|at| format!("<a xmlns:a{at}='1234567890'>"))
        .collect();
    for bytes in [
        b"".to_vec(),
        b"\0\0".to_vec(),
        good.as_bytes()[..good.len() - 100].to_vec(),
        [good.as_bytes(), b"<more/>"].concat(),
        good.replace("400", "")
            .replace("<rdf:RDF", "<rdf:RDF a='\u{1}'")
            .into_bytes(),
        [b"\xff".as_slice(), good.as_bytes()].concat(),
        utf16(u16::to_be_bytes),
        utf16(u16::to_le_bytes),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_vec(),
        b"<a>&b;</a>".to_vec(),
        b"<a b='1' b='2'/>".to_vec(),
        b"<a b:c='1'/>".to_vec(),
        b"<a></b>".to_vec(),
        format!("<a{attributes}/>").into_bytes(),
        format!("{namespaces}{}", "</a>".repeat(2000)).into_bytes(),
        // Nothing would be left.
        packet("", "")
            .replace("x:xmpmeta", "hdrgm:a")
            .replace(
                "xmlns:x=\"adobe:ns:meta/\"",
                "xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/'",
            )
            .into_bytes(),
    ] {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        assert_eq!(revised(&bytes, &FACTS), Revised::Unreadable, "{start}");
    }
    // Nesting is no harm.
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(revised(deep.as_bytes(), &FACTS), Revised::Unchanged);
}
