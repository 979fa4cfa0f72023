"""Makes the files of carried/: one of each format, with everything that it can carry, and four for
chunks, tags, names and fields that do not go together with others.

Every part has a text of its own, `needle-...`, by which a test finds it in a result, or
makes sure that it is not there. Pixels are noise of 16 x 12.

    pip install -r requirements.txt
    python3 make_carried.py
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms

FOLDER = Path(__file__).parent / "carried"
SIDES = (12, 16)

rng = np.random.default_rng(16)
RGB = rng.integers(0, 256, (*SIDES, 3), dtype=np.uint8)
GRAY = rng.integers(0, 256, SIDES, dtype=np.uint8)

XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"'
    b' tiff:ImageWidth="9999" dc:source="needle-xmp">'
    b"<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType=\"Resource\"><xmpGImg:image>needle-xmpthumb</xmpGImg:image>"
    b"</rdf:li></rdf:Alt></xmp:Thumbnails>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>" + b" " * 64 + b'<?xpacket end="w"?>'
)


def profile() -> bytes:
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The time of its creation.
    icc[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    return bytes(icc)


ICC = profile()


def entry(order, tag, kind, count, value):
    return struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")


def exif(order="<") -> bytes:
    """EXIF data with GPS, a maker note and a thumbnail."""
    u16 = lambda *v: struct.pack(order + f"{len(v)}H", *v)
    u32 = lambda *v: struct.pack(order + f"{len(v)}I", *v)
    header = (b"II*\0" if order == "<" else b"MM\0*") + u32(8)
    artist, maker, comment = b"needle-exif\0", b"needle-maker\0\1\2", b"ASCII\0\0\0needle-comment"
    gps, thumbnail = b"needle-gps\0", b"\xff\xd8\xff\xdb\0\x10needle-exifthumb\xff\xd9"
    # Offsets: IFD0 of 6 entries, then its values.
    at_artist = 8 + 2 + 12 * 6 + 4
    at_exif = at_artist + len(artist)
    at_maker = at_exif + 2 + 12 * 5 + 4
    at_comment = at_maker + len(maker)
    at_gps = at_comment + len(comment)
    at_gps_text = at_gps + 2 + 12 * 2 + 4
    at_ifd1 = at_gps_text + len(gps)
    at_thumb = at_ifd1 + 2 + 12 * 3 + 4
    ifd0 = u16(6) + b"".join(
        [
            entry(order, 0x0100, 3, 1, u16(9999)),
            entry(order, 0x0112, 3, 1, u16(1)),
            entry(order, 0x013B, 2, len(artist), u32(at_artist)),
            entry(order, 0x0213, 3, 1, u16(1)),
            entry(order, 0x8769, 4, 1, u32(at_exif)),
            entry(order, 0x8825, 4, 1, u32(at_gps)),
        ]
    ) + u32(at_ifd1)
    ifd_exif = u16(5) + b"".join(
        [
            entry(order, 0x9000, 7, 4, b"0231"),
            entry(order, 0x927C, 7, len(maker), u32(at_maker)),
            entry(order, 0x9286, 7, len(comment), u32(at_comment)),
            entry(order, 0xA002, 3, 1, u16(9999)),
            entry(order, 0xA003, 4, 1, u32(9999)),
        ]
    ) + u32(0)
    ifd_gps = u16(2) + b"".join(
        [
            entry(order, 0, 1, 4, b"\2\3\0\0"),
            entry(order, 0x12, 2, len(gps), u32(at_gps_text)),
        ]
    ) + u32(0)
    ifd1 = u16(3) + b"".join(
        [
            entry(order, 0x0103, 3, 1, u16(6)),
            entry(order, 0x0201, 4, 1, u32(at_thumb)),
            entry(order, 0x0202, 4, 1, u32(len(thumbnail))),
        ]
    ) + u32(0)
    return header + ifd0 + artist + ifd_exif + maker + comment + ifd_gps + gps + ifd1 + thumbnail


def resource(number, data) -> bytes:
    """A Photoshop image resource."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)


IPTC = b"\x1c\x02\x78" + struct.pack(">H", 11) + b"needle-iptc"
PHOTOSHOP = (
    resource(1028, IPTC)
    + resource(1036, b"\0" * 28 + b"needle-psthumb")
    + resource(1034, b"\1" + b"needle-ps")
)


def chunk(name, data) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png():
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "png")
    file = file.getvalue()
    before = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        (b"cICP", bytes([1, 13, 0, 1])),
        (b"mDCV", struct.pack(">8HII", *range(100, 108), 1000, 1)),
        (b"cLLI", struct.pack(">II", 10000, 5000)),
        (b"sBIT", b"\5\6\5"),
        (b"iCCP", b"icc\0\0" + zlib.compress(ICC)),
        (b"bKGD", b"\0\1\0\2\0\3"),
        (b"sPLT", b"needle-splt\0\x08"),
        (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        (b"oFFs", struct.pack(">iiB", 1, 2, 0)),
        (b"sTER", b"\0"),
        (b"tEXt", b"Author\0needle-text"),
        (b"tEXt", b"Comment\0needle-comment"),
        (b"zTXt", b"Description\0\0" + zlib.compress(b"needle-ztxt")),
        (b"iTXt", b"Title\0\0\0en\0Title\0needle-itxt"),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(b"\niptc\n 4\n6e6565\n")),
        (b"eXIf", exif(">")),
        # A small fourth letter marks what is safe to copy.
        (b"saFe", b"needle-safe"),
        (b"unSA", b"needle-unsafe"),
    ]
    after = [(b"tIME", b"\7\xea\1\1\0\0\0"), (b"tEXt", b"Source\0needle-late")]
    start, end = file.index(b"IDAT") - 4, file.index(b"IEND") - 4
    parts = [file[:start], *(chunk(*c) for c in before), file[start:end]]
    return b"".join([*parts, *(chunk(*c) for c in after), file[end:]])


def segment(code, data) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(data) + 2) + data


def jpeg():
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "jpeg", quality=95, subsampling=0, dpi=(72, 72))
    file = file.getvalue()
    # After JFIF.
    at = 4 + struct.unpack(">H", file[4:6])[0]
    segments = [
        segment(0xE1, b"Exif\0\0" + exif()),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"needle-extended"),
        segment(0xE2, b"ICC_PROFILE\0\1\1" + ICC),
        segment(0xE2, b"MPF\0needle-mpf"),
        segment(0xEB, b"JP\0\1\0\0\0\1needle-jumbf"),
        segment(0xE4, b"Camera\0needle-app"),
        segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP),
        segment(0xFE, b"needle-comment"),
    ]
    return file[:at] + b"".join(segments) + file[at:]


def tiff():
    file = io.BytesIO()
    geo = [
        (33550, 12, 3, (2.0, 2.0, 0.0), True),
        (33922, 12, 6, (0.0, 0.0, 0.0, 1000.0, 2000.0, 0.0), True),
        (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True),
        (34737, 2, 0, "needle-geo|", True),
    ]
    private = [
        (700, 1, len(XMP), XMP, True),
        (33723, 7, len(IPTC), IPTC, True),
        (34377, 7, len(PHOTOSHOP), PHOTOSHOP, True),
        (315, 2, 0, "needle-artist", True),
        (33432, 2, 0, "needle-copyright", True),
        (316, 2, 0, "needle-host", True),
        (269, 2, 0, "needle-document", True),
        (65000, 7, 14, b"needle-private", True),
        # Not those of EXIF and GPS directories yet, which tifffile does not write.
        (34664, 4, 1, 0, True),
        (34854, 4, 1, 0, True),
        (37724, 7, 13, b"needle-layers", True),
    ]
    tifffile.imwrite(
        file,
        RGB,
        photometric="rgb",
        description="needle-description",
        software="needle-software",
        datetime="2026:01:02 03:04:05",
        resolution=(300, 300),
        resolutionunit="INCH",
        iccprofile=ICC,
        metadata=None,
        extratags=geo + private,
    )
    comment = b"ASCII\0\0\0needle-exif"
    exif = [(0x9000, 7, b"0231"), (0x927C, 7, b"needle-maker\0\1\2"), (0x9286, 7, comment)]
    exif += [(0xA002, 3, struct.pack("<H", 9999)), (0xA003, 4, struct.pack("<I", 9999))]
    with_exif = with_directory(file.getvalue(), 34664, 34665, exif)
    gps = [(0, 1, b"\2\3\0\0"), (0x12, 2, b"needle-gps\0")]
    return with_directory(with_exif, 34854, 34853, gps)


def with_directory(file, placeholder, code, values) -> bytes:
    """A little-endian TIFF with a directory at its end, to which the tag `code` refers."""
    file += b"\0" * (len(file) % 2)
    start = len(file)
    at = file.index(struct.pack("<HHI", placeholder, 4, 1))
    file = file[:at] + entry("<", code, 4, 1, struct.pack("<I", start)) + file[at + 12 :]
    elsewhere, data = start + 2 + 12 * len(values) + 4, b""
    directory = struct.pack("<H", len(values))
    for tag, kind, value in values:
        count = len(value) // {3: 2, 4: 4}.get(kind, 1)
        place = value
        if len(value) > 4:
            place = struct.pack("<I", elsewhere + len(data))
            data += value + b"\0" * (len(value) % 2)
        directory += entry("<", tag, kind, count, place)
    return file + directory + struct.pack("<I", 0) + data


def webp():
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "webp", lossless=True, icc_profile=ICC, exif=exif(), xmp=XMP)
    return file.getvalue()


def gif():
    file = io.BytesIO()
    Image.fromarray(GRAY).save(file, "gif", comment=b"needle-comment")
    return file.getvalue()


def bmp():
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "bmp", dpi=(72, 72))
    return file.getvalue()


def hdr():
    lines = [b"#?RADIANCE", b"# needle-remark", b"FORMAT=32-bit_rle_rgbe", b"EXPOSURE=2.5", b"OWNER=needle-owner"]
    pixels = rng.integers(64, 255, (*SIDES, 4), dtype=np.uint8)
    pixels[..., 3] = 128
    size = b"-Y %d +X %d\n" % SIDES
    return b"\n".join(lines) + b"\n\n" + size + pixels.tobytes()


def pgm():
    return b"P5\n# needle-comment\n%d %d\n255\n" % SIDES[::-1] + GRAY.tobytes()


def chunks():
    """A PNG with the chunks that full.png cannot have beside others: those of palettes, of sRGB, and of
    programs."""
    file = io.BytesIO()
    picture = Image.fromarray(GRAY % 4, "P")
    picture.putpalette(bytes([10, 20, 30, 90, 80, 70, 120, 200, 160, 250, 240, 255]))
    picture.save(file, "png")
    file = file.getvalue()
    before = [
        (b"sRGB", b"\0"),
        (b"pCAL", b"needle-pcal\0" + struct.pack(">iiBB", 0, 255, 0, 2) + b"mm\x000\x001.5"),
        (b"sCAL", b"\x010.001\x000.002"),
        (b"gIFg", b"\2\0\0\x0a"),
        (b"gIFx", b"NETSCAPE2.0needle-gifx"),
        (b"caBX", b"needle-cabx"),
        (b"dSIG", b"needle-dsig"),
        (b"iDOT", bytes(28)),
    ]
    between = [(b"hIST", struct.pack(">4H", 40, 50, 60, 42))]
    palette, start = file.index(b"PLTE") - 4, file.index(b"IDAT") - 4
    parts = [file[:palette], *(chunk(*c) for c in before), file[palette:start], *(chunk(*c) for c in between)]
    return b"".join([*parts, file[start:]])


def tags():
    """A gray TIFF with the tags of TIFF 6.0, of its supplements, of GeoTIFF and of programs that full.tif
    does not have."""
    file = io.BytesIO()
    extra = [
        (271, 2, 0, "needle-make", True),
        (272, 2, 0, "needle-model", True),
        (280, 3, 1, 0, True),
        (281, 3, 1, 255, True),
        (285, 2, 0, "needle-page", True),
        (286, 5, 1, (1, 2), True),
        (287, 5, 1, (3, 2), True),
        (290, 3, 1, 3, True),
        (291, 3, 256, tuple(2000 - 7 * n for n in range(256)), True),
        (297, 3, 2, (0, 1), True),
        (301, 3, 256, tuple(n * 257 for n in range(256)), True),
        (318, 5, 2, (3127, 10000, 3290, 10000), True),
        (319, 5, 6, (64, 100, 33, 100, 30, 100, 60, 100, 15, 100, 6, 100), True),
        (321, 3, 2, (10, 240), True),
        (336, 3, 2, (0, 255), True),
        (337, 2, 0, "needle-printer", True),
        (340, 1, 1, 0, True),
        (341, 1, 1, 255, True),
        (342, 3, 6, (0, 255, 0, 255, 0, 255), True),
        (532, 5, 6, (0, 1, 255, 1, 0, 1, 255, 1, 0, 1, 255, 1), True),
        (18246, 3, 1, 4, True),
        (18249, 3, 1, 75, True),
        *((40091 + n, 1, 10, "text\0".encode("utf-16le"), True) for n in range(5)),
        (34264, 12, 16, (2.0, 0.0, 0.0, 1000.0, 0.0, -2.0, 0.0, 2000.0, *[0.0] * 7, 1.0), True),
        (34735, 3, 12, (1, 1, 0, 2, 1024, 0, 1, 1, 2059, 34736, 1, 0), True),
        (34736, 12, 1, 298.257223563, True),
        (42112, 2, 0, '<GDALMetadata><Item name="needle-gdal">1</Item></GDALMetadata>', True),
        (42113, 2, 0, "-1", True),
        (50838, 4, 2, (12, 4), True),
        (50839, 1, 12, b"needle-label", True),
        (50844, 12, 92, tuple(float(n) for n in range(92)), True),
    ]
    tifffile.imwrite(file, GRAY, photometric="minisblack", metadata=None, software=False, extratags=extra)
    return file.getvalue()


def exr():
    """Scan lines of 32-bit floats without compression, and attributes of many types."""
    rows, columns = SIDES
    f32 = lambda *v: struct.pack(f"<{len(v)}f", *v)
    box = lambda *v: struct.pack("<4i", *v)
    channel = lambda name: name + b"\0" + struct.pack("<i4xii", 2, 1, 1)
    texts = [b"needle-exrviews", b"right"]
    window = box(0, 0, columns - 1, rows - 1)
    attributes = [
        (b"channels", b"chlist", b"".join(map(channel, [b"B", b"G", b"R"])) + b"\0"),
        (b"compression", b"compression", b"\0"),
        (b"dataWindow", b"box2i", window),
        (b"displayWindow", b"box2i", window),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", f32(2.0)),
        (b"screenWindowCenter", b"v2f", f32(0, 0)),
        (b"screenWindowWidth", b"float", f32(1.5)),
        (b"owner", b"string", b"needle-exrowner"),
        (b"comments", b"string", b"needle-exrcomments"),
        (b"capDate", b"string", b"2026:01:02 03:04:05"),
        (b"chromaticities", b"chromaticities", f32(0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)),
        (b"whiteLuminance", b"float", f32(203)),
        (b"xDensity", b"float", f32(300)),
        (b"timeCode", b"timecode", struct.pack("<II", 0x01020304, 0)),
        (b"framesPerSecond", b"rational", struct.pack("<iI", 24000, 1001)),
        (b"view", b"string", b"needle-exrview"),
        (b"multiView", b"stringvector", b"".join(struct.pack("<i", len(text)) + text for text in texts)),
        (b"worldToNDC", b"m44f", f32(*np.eye(4).ravel())),
        (b"region", b"box2i", box(1, 1, 3, 4)),
        (b"studio", b"string", b"needle-exrstudio"),
        (b"cryptomatte/1/name", b"string", b"needle-exrmatte"),
        (b"preview", b"preview", struct.pack("<II", 4, 1) + b"needle-exrthumb\0"),
        (b"own", b"ownType", b"needle-exrown"),
        (b"aperture", b"float", f32(2.8)),
    ]
    file = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
    for name, kind, data in attributes:
        file += name + b"\0" + kind + b"\0" + struct.pack("<i", len(data)) + data
    file += b"\0"
    line = 8 + columns * 3 * 4
    start = len(file) + 8 * rows
    file += struct.pack(f"<{rows}Q", *(start + line * row for row in range(rows)))
    for row in range(rows):
        samples = RGB[row, :, ::-1].T.astype("<f4") / 255
        file += struct.pack("<ii", row, line - 8) + samples.tobytes()
    return file


def tga():
    """Pixels, and the extension and developer areas of TGA 2.0."""
    rows, columns = SIDES
    name = b"needle-tgaid"
    file = struct.pack("<BBB5xHHHHBB", len(name), 0, 2, 0, 0, columns, rows, 24, 0x20) + name
    file += RGB[:, :, ::-1].tobytes()
    own = b"needle-tgadev"
    directory = struct.pack("<HHII", 1, 1000, len(file), len(own))
    file += own
    developer, extension = len(file), len(file) + len(directory)
    area = struct.pack("<H41s", 495, b"needle-tgaauthor")
    area += b"needle-tgacomment".ljust(81, b"\0") + b"two".ljust(81, b"\0") + bytes(162)
    area += struct.pack("<6H", 1, 2, 2026, 3, 4, 5)
    area += struct.pack("<41s3H", b"needle-tgajob", 1, 2, 3)
    area += struct.pack("<41sHc", b"needle-tgasoftware", 123, b"b")
    area += bytes([9, 8, 7, 6]) + struct.pack("<HHHH", 2, 1, 22, 10)
    area += struct.pack("<IIIB", 0, 0, 0, 0)
    assert len(area) == 495
    footer = struct.pack("<II", extension, developer) + b"TRUEVISION-XFILE.\0"
    return file + directory + area + footer


def exr_names():
    """Channels that are no colours, and an attribute of a compression that it has not."""
    rows, columns = SIDES
    box = struct.pack("<4i", 0, 0, columns - 1, rows - 1)
    channel = lambda name: name + b"\0" + struct.pack("<i4xii", 2, 1, 1)
    attributes = [
        (b"channels", b"chlist", b"".join(map(channel, [b"N.X", b"N.Y", b"N.Z"])) + b"\0"),
        (b"compression", b"compression", b"\0"),
        (b"dataWindow", b"box2i", box),
        (b"displayWindow", b"box2i", box),
        (b"dwaCompressionLevel", b"float", struct.pack("<f", 45)),
        (b"lineOrder", b"lineOrder", b"\0"),
        (b"pixelAspectRatio", b"float", struct.pack("<f", 1)),
        (b"screenWindowCenter", b"v2f", bytes(8)),
        (b"screenWindowWidth", b"float", struct.pack("<f", 1)),
    ]
    file = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
    for name, kind, data in attributes:
        file += name + b"\0" + kind + b"\0" + struct.pack("<i", len(data)) + data
    file += b"\0"
    line = 8 + columns * 3 * 4
    start = len(file) + 8 * rows
    file += struct.pack(f"<{rows}Q", *(start + line * row for row in range(rows)))
    for row in range(rows):
        samples = RGB[row].T.astype("<f4") / 255
        file += struct.pack("<ii", row, line - 8) + samples.tobytes()
    return file


def tga_header():
    """What is dropped easily: a place on the screen, an identification that is no text, and a version
    without a name."""
    rows, columns = SIDES
    name = b"\0\xffneedle-tgabytes\0\x80"
    file = struct.pack("<BBB5xHHHHBB", len(name), 0, 2, 11, 22, columns, rows, 24, 0x20) + name
    file += RGB[:, :, ::-1].tobytes()
    area = struct.pack("<H", 495) + bytes(465) + struct.pack("<HcIHHHHIIIB", 123, b"b", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert len(area) == 495
    return file + area + struct.pack("<II", len(file), 0) + b"TRUEVISION-XFILE.\0"


def main():
    FOLDER.mkdir(exist_ok=True)
    for make in [png, jpeg, tiff, webp, gif, bmp, hdr, pgm, exr, tga]:
        extension = {"jpeg": "jpg", "tiff": "tif"}.get(make.__name__, make.__name__)
        (FOLDER / f"full.{extension}").write_bytes(make())
    (FOLDER / "chunks.png").write_bytes(chunks())
    (FOLDER / "tags.tif").write_bytes(tags())
    (FOLDER / "names.exr").write_bytes(exr_names())
    (FOLDER / "header.tga").write_bytes(tga_header())


main()
