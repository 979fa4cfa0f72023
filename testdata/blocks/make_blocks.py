"""Write blocks of metadata as cameras, telephones and Photoshop store them.

Usage: python make_blocks.py

What must not get into a result has the text OLD FACE in it; what must stay
has KEPT. Nothing but Python's standard library is used.

| file | what |
|---|---|
| `camera_le.exif`, `camera_be.exif` | EXIF of a camera: GPS, a maker note with a preview, a thumbnail |
| `scan_le.exif`, `scan_be.exif` | EXIF copied out of a TIFF file: strips, a reduced copy, Photoshop's resources, XMP |
| `photo.xmp` | XMP of Lightroom: sizes, a thumbnail, raw settings, an ingredient |
| `telephone.xmp` | XMP of a telephone: a gain map, a motion photo, a depth map, extended XMP |
| `layers.8bim` | Photoshop's resources: thumbnails, slices, IPTC with a preview, paths |
| `rgb.icc` | an ICC profile of version 2 |
"""

import base64
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent

# 8 x 8, gray, with a comment in front of the picture.
PLAIN = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAv/EABcQAAMBAAAA"
    "AAAAAAAAAAAAAAADBTL/2gAIAQEAAD8AEJWT/9k="
)
JPEG = PLAIN[:2] + b"\xff\xfe\0\x0aOLD FACE" + PLAIN[2:]

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
WIDTHS = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, UNDEFINED: 1}


class Exif:
    """A TIFF structure, written from its innermost parts outwards."""

    def __init__(self, order):
        self.order = order
        self.bytes = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)

    def numbers(self, kind, *numbers):
        code = {SHORT: "H", LONG: "L", RATIONAL: "L"}[kind]
        return struct.pack(f"{self.order}{len(numbers)}{code}", *numbers)

    def data(self, data):
        start = len(self.bytes)
        self.bytes += data + bytes(len(data) % 2)
        return start

    def directory(self, *entries):
        """Entries of tag, type and value; returns where the directory is."""
        rows = []
        for tag, kind, *value in sorted(entries, key=lambda entry: entry[0]):
            if not isinstance(value[0], bytes):
                value = [self.numbers(kind, *value)]
            (value,) = value
            count = len(value) // WIDTHS[kind]
            if len(value) > 4:
                value = self.numbers(LONG, self.data(value))
            rows.append(struct.pack(f"{self.order}HHL", tag, kind, count) + value.ljust(4, b"\0"))
        return self.data(self.numbers(SHORT, len(rows)) + b"".join(rows) + bytes(4))

    def put(self, place, number):
        self.bytes[place : place + 4] = self.numbers(LONG, number)

    def follow(self, first, second):
        (count,) = struct.unpack_from(f"{self.order}H", self.bytes, first)
        self.put(first + 2 + 12 * count, second)


def camera(order):
    exif = Exif(order)
    related = exif.directory((1, ASCII, b"R98\0"), (0x1001, SHORT, 4000), (0x1002, SHORT, 3000))
    gps = exif.directory(
        (0, BYTE, b"\2\3\0\0"),
        (1, ASCII, b"N\0"),
        (2, RATIONAL, 51, 1, 30, 1, 2652, 100),
        (3, ASCII, b"W\0"),
        (4, RATIONAL, 0, 1, 7, 1, 3990, 100),
        (29, ASCII, b"2026:11:26\0"),
    )
    # Offsets of a maker note count from places that only its maker knows.
    note = b"KEPT maker note\0" + bytes(range(64)) + JPEG + b"KEPT after the preview"
    details = exif.directory(
        (0x829A, RATIONAL, 1, 250),
        (0x9000, UNDEFINED, b"0232"),
        (0x9003, ASCII, b"2026:11:26 10:11:12\0"),
        (0x9101, UNDEFINED, b"\1\2\3\0"),
        (0x927C, UNDEFINED, note),
        (0x9286, UNDEFINED, b"ASCII\0\0\0KEPT comment"),
        (0xA000, UNDEFINED, b"0100"),
        (0xA001, SHORT, 1),
        (0xA002, SHORT, 4000),
        (0xA003, LONG, 3000),
        (0xA005, LONG, related),
    )
    first = exif.directory(
        (0x10F, ASCII, b"KEPT make\0"),
        (0x110, ASCII, b"KEPT model\0"),
        (0x112, SHORT, 6),
        (0x11A, RATIONAL, 300, 1),
        (0x11B, RATIONAL, 300, 1),
        (0x128, SHORT, 2),
        (0x213, SHORT, 2),
        (0x8298, ASCII, b"KEPT copyright\0"),
        (0x8769, LONG, details),
        (0x8825, LONG, gps),
    )
    exif.put(4, first)
    second = exif.directory(
        (0x103, SHORT, 6),
        (0x112, SHORT, 6),
        (0x11A, RATIONAL, 72, 1),
        (0x11B, RATIONAL, 72, 1),
        (0x128, SHORT, 2),
        (0x201, LONG, 0),
        (0x202, LONG, len(JPEG)),
    )
    exif.follow(first, second)
    exif.put(second + 2 + 12 * 5 + 8, exif.data(JPEG))
    return bytes(exif.bytes)


def scan(order):
    exif = Exif(order)
    strips = [exif.data(b"OLD FACE in a strip") for _ in range(3)]
    copy = exif.directory(
        (0xFE, LONG, 1),
        (0x100, SHORT, 10),
        (0x101, SHORT, 10),
        (0x111, LONG, exif.data(b"OLD FACE in a reduced copy")),
        (0x117, LONG, 26),
    )
    first = exif.directory(
        (0xFE, LONG, 0),
        (0x100, LONG, 4000),
        (0x101, LONG, 3000),
        (0x102, SHORT, 8, 8, 8),
        (0x103, SHORT, 1),
        (0x106, SHORT, 2),
        (0x10E, ASCII, b"KEPT description\0"),
        (0x111, LONG, *strips),
        (0x115, SHORT, 3),
        (0x116, SHORT, 1),
        (0x117, LONG, 19, 19, 19),
        (0x11C, SHORT, 1),
        (0x131, ASCII, b"KEPT software\0"),
        (0x14A, LONG, copy),
        (700, BYTE, PHOTO.encode()),
        (34377, BYTE, resource(1036, bytes(28) + JPEG)),
    )
    exif.put(4, first)
    return bytes(exif.bytes)


def resource(number, data, name=b""):
    name = bytes([len(name)]) + name
    name += bytes(len(name) % 2)
    head = b"8BIM" + struct.pack(">H", number) + name + struct.pack(">L", len(data))
    return head + data + bytes(len(data) % 2)


def iptc(*sets):
    return b"".join(struct.pack(">BBBH", 0x1C, *name, len(data)) + data for name, data in sets)


def layers():
    caption = iptc(((1, 90), b"\x1b%G"), ((2, 120), b"KEPT caption"), ((2, 202), JPEG))
    slices = struct.pack(">5L", 6, 0, 0, 3000, 4000) + b"OLD slices"
    return b"".join(
        [
            resource(1005, struct.pack(">LHHLHH", 300 << 16, 1, 1, 300 << 16, 1, 1)),
            resource(1006, b"\x05alpha"),
            resource(1028, caption),
            resource(1033, bytes(28) + JPEG),
            resource(1036, bytes(28) + JPEG),
            resource(1039, profile()),
            resource(1050, slices),
            resource(1058, camera("<")),
            resource(1060, PHOTO.encode()),
            resource(1061, bytes(16)),
            resource(2000, b"KEPT path", b"a path"),
            resource(10000, b"KEPT flags"),
        ]
    )


def profile():
    """sRGB's colours with a power of 2.2, as in version 2."""

    def xyz(*numbers):
        return b"XYZ " + bytes(4) + struct.pack(">3l", *(round(65536 * n) for n in numbers))

    name = b"KEPT colours\0"
    elements = {
        b"desc": b"desc" + bytes(4) + struct.pack(">L", len(name)) + name + bytes(78),
        b"cprt": b"text" + bytes(4) + b"KEPT copyright\0",
        b"wtpt": xyz(0.95045, 1, 1.08905),
        b"rXYZ": xyz(0.43607, 0.22249, 0.01392),
        b"gXYZ": xyz(0.38515, 0.71687, 0.09708),
        b"bXYZ": xyz(0.14307, 0.06061, 0.71410),
        b"rTRC": b"curv" + bytes(4) + struct.pack(">LH", 1, round(2.2 * 256)),
    }
    entries, data = [], b""
    for tag, element in elements.items():
        tags = [b"rTRC", b"gTRC", b"bTRC"] if tag == b"rTRC" else [tag]
        for tag in tags:
            entries.append((tag, len(data), len(element)))
        data += element + bytes(-len(element) % 4)
    start = 132 + 12 * len(entries)
    table = b"".join(tag + struct.pack(">2L", start + at, size) for tag, at, size in entries)
    head = struct.pack(">L4sL4s4s4s", start + len(data), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 11, 26, 10, 11, 12) + b"acsp" + bytes(28)
    head += struct.pack(">3l", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">L", len(entries)) + table + data


def packet(namespaces, attributes, elements):
    names = "".join(f'\n    xmlns:{prefix}="{uri}"' for prefix, uri in namespaces.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 5.6.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""{names}
   {attributes}>{elements}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
{(" " * 99 + chr(10)) * 3}<?xpacket end="w"?>"""


PHOTO = packet(
    {
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "xmpGImg": "http://ns.adobe.com/xap/1.0/g/img/",
        "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
        "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
    },
    """tiff:Orientation="6"
   tiff:ImageWidth='4000'
   tiff:Make="KEPT make &amp; model"
   exif:PixelXDimension="4000"
   photoshop:ColorMode="3"
   photoshop:ICCProfile="sRGB IEC61966-2.1"
   crs:Exposure2012="+0.50\"""",
    """
   <tiff:ImageLength>3000</tiff:ImageLength>
   <exif:PixelYDimension>3000</exif:PixelYDimension>
   <tiff:BitsPerSample><rdf:Seq><rdf:li>8</rdf:li><rdf:li>8</rdf:li><rdf:li>8</rdf:li></rdf:Seq></tiff:BitsPerSample>
   <!-- KEPT comment -->
   <dc:creator><rdf:Seq><rdf:li>KEPT creator</rdf:li></rdf:Seq></dc:creator>
   <xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource">
    <xmpGImg:width>8</xmpGImg:width><xmpGImg:image>OLD FACE</xmpGImg:image>
   </rdf:li></rdf:Alt></xmp:Thumbnails>
   <xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description tiff:Orientation="8" exif:PixelXDimension="123"/></rdf:li></rdf:Bag></xmpMM:Pantry>""",
)

TELEPHONE = packet(
    {
        "xmpNote": "http://ns.adobe.com/xmp/note/",
        "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
        "HDRGainMap": "http://ns.apple.com/HDRGainMap/1.0/",
        "apdi": "http://ns.apple.com/pixeldatainfo/1.0/",
        "GCamera": "http://ns.google.com/photos/1.0/camera/",
        "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
        "GImage": "http://ns.google.com/photos/1.0/image/",
        "Container": "http://ns.google.com/photos/1.0/container/",
        "Item": "http://ns.google.com/photos/1.0/container/item/",
        "GPano": "http://ns.google.com/photos/1.0/panorama/",
    },
    """xmpNote:HasExtendedXMP="22971CCA47F8A8E11D0A48E790AF56C7"
   hdrgm:Version="1.0"
   HDRGainMap:HDRGainMapVersion="65536"
   apdi:StoredFormat="L008"
   GCamera:MotionPhoto="1"
   GCamera:MotionPhotoVersion="1"
   GCamera:MicroVideoOffset="123456"
   GCamera:BurstID="KEPT burst"
   GDepth:Near="1.5"
   GDepth:Data="T0xEIEZBQ0U="
   GImage:Mime="image/jpeg"
   GImage:Data="OLD FACE"
   GPano:CroppedAreaImageWidthPixels="4000"
   GPano:CroppedAreaImageHeightPixels="3000\"""",
    """
   <Container:Directory><rdf:Seq>
    <rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li>
    <rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="GainMap" Item:Length="1234"/></rdf:li>
   </rdf:Seq></Container:Directory>""",
)

FILES = {
    "camera_le.exif": camera("<"),
    "camera_be.exif": camera(">"),
    "scan_le.exif": scan("<"),
    "scan_be.exif": scan(">"),
    "photo.xmp": PHOTO.encode(),
    "telephone.xmp": TELEPHONE.encode(),
    "layers.8bim": layers(),
    "rgb.icc": profile(),
}

for name, data in FILES.items():
    (HERE / name).write_bytes(data)
