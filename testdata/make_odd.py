"""Write the small and odd images of odd/ and what a reader must make of them.

Usage: python make_odd.py

Every lossless file is read back by a reader that had no part in writing it
(Pillow, OpenCV, tifffile, NumPy) and must give the samples that were meant;
their SHA-256 goes into odd/expected.json. QOI, EXR and Radiance have only one
Python library, which both writes and reads.
"""

import hashlib
import io
import json
import struct
import zlib
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import OpenEXR
import qoi
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

HERE = Path(__file__).resolve().parent
OUT = HERE / "odd"
DEPTHS = {
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
    "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "float16": "f16", "float32": "f32", "float64": "f64",
}
READERS = {"pillow": "Pillow", "opencv": "OpenCV", "tiff": "tifffile", "read_exr": "OpenEXR"}
FILES = []

RULES = [
    "samples of fewer than 8 bits become 8-bit samples scaled to 0..255, those of 9 to 15 bits "
    "16-bit samples scaled to 0..65535",
    "a palette becomes RGB, or RGBA if some entry is transparent; of 16 bits where its colours "
    "are no bytes",
    "CMYK becomes RGB: red is (full - cyan) (full - black) / full, rounded",
    "gray of which zero is white is inverted, but for signed integers and floats",
    "of the directories of a TIFF file the first that is no reduced copy and no mask counts",
    "channels of OpenEXR are in the order R, G, B, A if they have these names, else in that of "
    "the file",
    "a transparent colour (PNG tRNS) becomes alpha",
    "types of numbers stay; halves of OpenEXR become 32-bit floats",
    "rows and columns are as stored: orientation is metadata and is not applied",
    "colour under fully transparent pixels is kept",
    "of an animation the first frame counts",
    "sha256 is of the samples in C order (row, column, channel), little endian; "
    "null where the format is lossy",
]


def pattern(rows, columns, channels=1, dtype=np.uint8):
    """Samples of the whole range without any symmetry."""
    r, c, k = np.ogrid[:rows, :columns, :channels]
    mixed = (r * r * 2741 + c * 9973 + r * c * 613 + k * 22571 + c * c * 97 + 4099) % 65521
    if dtype == np.uint16:
        samples = mixed.astype(np.uint16)
    elif dtype == np.uint8:
        samples = (mixed >> 8).astype(np.uint8)
    else:
        # From below 0 to above 1: nothing may be clipped on reading.
        samples = (mixed / 65521 * 1.5 - 0.25).astype(dtype)
    return samples[:, :, 0] if channels == 1 else samples


# --- a PNG writer, because no library writes all of these -------------------


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, bits):
    """Filter type 0 in front of every row; samples of fewer than 8 bits packed."""
    out = bytearray()
    for row in samples:
        out.append(0)
        if bits == 16:
            out += row.astype(">u2").tobytes()
        elif bits == 8:
            out += row.astype(np.uint8).tobytes()
        else:
            each = ((row.reshape(-1, 1) >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)
            out += np.packbits(each.reshape(-1)).tobytes()
    return bytes(out)


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def png(samples, colour, bits=8, interlaced=False, before=()):
    """`colour` is PNG's: 0 gray, 2 RGB, 3 palette, 4 gray+alpha, 6 RGBA."""
    rows, columns = samples.shape[:2]
    if interlaced:
        passes = [samples[r::dr, c::dc] for r, c, dr, dc in ADAM7]
        raw = b"".join(pack_rows(p, bits) for p in passes if p.size)
    else:
        raw = pack_rows(samples, bits)
    header = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, int(interlaced))
    chunks = [chunk(b"IHDR", header), *(chunk(k, d) for k, d in before)]
    chunks += [chunk(b"IDAT", zlib.compress(raw, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# --- independent readers -----------------------------------------------------


def pillow(path, mode=None):
    with Image.open(path) as image:
        return np.asarray(image.convert(mode) if mode else image)


def opencv(path):
    samples = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_ANYDEPTH)
    if samples.ndim == 3:
        samples = samples[:, :, [2, 1, 0, 3][: samples.shape[2]]]
    return samples


def tiff(path):
    return tifffile.imread(path)


def npy(path):
    samples = np.load(path)
    return samples.astype(samples.dtype.newbyteorder("="))


def bytes_of(samples):
    return np.ascontiguousarray(samples).astype(samples.dtype.newbyteorder("<")).tobytes()


def keep(name, data, samples, reader, mode=None, lossless=True, note=None, **more):
    """Write `data` as odd/name, check that `reader` finds `samples`, note it all."""
    path = OUT / name
    if data is not None:
        path.write_bytes(data)
    read = reader(path, mode) if mode else reader(path)
    assert read.shape == samples.shape, (name, read.shape, samples.shape)
    if lossless:
        assert read.dtype == samples.dtype, (name, read.dtype)
        assert bytes_of(read) == bytes_of(samples), name
    entry = {
        "file": name,
        "rows": samples.shape[0],
        "columns": samples.shape[1],
        "channels": samples.shape[2] if samples.ndim == 3 else 1,
        "depth": DEPTHS[samples.dtype.name],
        "sha256": hashlib.sha256(bytes_of(read)).hexdigest() if lossless else None,
        "reader": READERS.get(reader.__name__, "NumPy"),
    }
    entry.update(more)
    if note:
        entry["note"] = note
    FILES.append(entry)


def saved(samples, kind, mode=None, **options):
    """`samples` as Pillow writes them."""
    buffer = io.BytesIO()
    Image.fromarray(samples, mode).save(buffer, kind, **options) if mode else Image.fromarray(
        samples
    ).save(buffer, kind, **options)
    return buffer.getvalue()


def icc():
    """sRGB as an ICC profile, with a fixed date so that the bytes never change."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    profile[84:100] = bytes(16)
    return bytes(profile)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = "asymmetric test pattern"
    return tags.tobytes()


# --- the images ----------------------------------------------------------------


def sizes():
    keep("1x1.png", png(np.array([[137]], np.uint8), 0), np.array([[137]], np.uint8), pillow)
    one = np.array([[[201, 17, 94]]], np.uint8)
    keep("1x1_rgb.png", png(one, 2), one, pillow)
    for rows, columns in [(1, 17), (17, 1), (2, 2), (1, 2), (2, 1)]:
        gray, rgb = pattern(rows, columns), pattern(rows, columns, 3)
        keep(f"{rows}x{columns}.png", png(gray, 0), gray, pillow)
        keep(f"{rows}x{columns}_rgb.png", png(rgb, 2), rgb, pillow)


def pngs():
    palette = np.random.default_rng(1).integers(0, 256, (16, 3), np.uint8)
    index = pattern(13, 19) >> 4
    plte = (b"PLTE", palette.tobytes())
    keep("palette.png", png(index, 3, 8, before=[plte]), palette[index], pillow, "RGB")
    keep("palette_4bit.png", png(index, 3, 4, before=[plte]), palette[index], pillow, "RGB")
    alpha = np.array([0, 255, 128, 7] + [255] * 12, np.uint8)
    trns = (b"tRNS", alpha[:4].tobytes())
    rgba = np.concatenate([palette, alpha[:, None]], axis=1)[index]
    keep("palette_trns.png", png(index, 3, 8, before=[plte, trns]), rgba, pillow, "RGBA")

    for bits in (1, 2, 4):
        levels = pattern(11, 21) >> (8 - bits)
        gray = (levels * (255 // (2**bits - 1))).astype(np.uint8)
        keep(f"gray{bits}.png", png(levels, 0, bits), gray, pillow, "L", bits=bits)
        keep(f"gray{bits}_interlaced.png", png(levels, 0, bits, True), gray, pillow, "L", bits=bits)

    rgb = pattern(13, 10, 3)
    keep("interlaced.png", png(rgb, 2, 8, True), rgb, pillow)
    key = rgb[4, 3]
    cut = np.where((rgb == key).all(axis=2), 0, 255).astype(np.uint8)
    trns = (b"tRNS", key.astype(">u2").tobytes())
    keep("rgb_trns.png", png(rgb, 2, 8, before=[trns]), np.dstack([rgb, cut]), pillow, "RGBA")

    gray16, rgb16 = pattern(14, 9, 1, np.uint16), pattern(9, 14, 3, np.uint16)
    rgba16 = pattern(9, 8, 4, np.uint16)
    keep("gray16.png", png(gray16, 0, 16), gray16, opencv)
    keep("gray16_interlaced.png", png(gray16, 0, 16, True), gray16, opencv)
    keep("rgb16.png", png(rgb16, 2, 16), rgb16, opencv)
    keep("rgba16.png", png(rgba16, 6, 16), rgba16, opencv)

    keep("gray_alpha.png", png(pattern(7, 12, 2), 4), pattern(7, 12, 2), pillow)
    # OpenCV gives 16-bit gray+alpha as RGBA.
    wide = pattern(7, 12, 2, np.uint16)
    keep("gray_alpha16.png", png(wide, 4, 16), wide, lambda p: opencv(p)[:, :, [0, 3]])
    FILES[-1]["reader"] = "OpenCV"

    rgba = pattern(12, 11, 4)
    rgba[:, :, 3] = np.where(pattern(12, 11) % 3 == 0, 0, rgba[:, :, 3])
    note = "a third of the pixels is fully transparent and colourful"
    keep("rgba.png", png(rgba, 6), rgba, pillow, note=note)

    rgb = pattern(8, 15, 3)
    before = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"iCCP", b"sRGB\0\0" + zlib.compress(icc(), 9)),
        (b"pHYs", struct.pack(">IIB", 11811, 5906, 1)),
        (b"tEXt", b"Title\0asymmetric test pattern"),
        (b"eXIf", exif(8).removeprefix(b"Exif\0\0")),
    ]
    keep("metadata.png", png(rgb, 2, before=before), rgb, pillow,
         orientation=8, icc=True, note="gAMA, iCCP, pHYs, tEXt and eXIf chunks")
    return rgba


def tiffs():
    def write(name, samples, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, samples, metadata=None, software=False, datetime=False, **options)
        (OUT / name).write_bytes(buffer.getvalue())

    cases = [
        ("gray_f32.tif", pattern(10, 7, 1, np.float32), {}, tiff),
        ("rgb_f32.tif", pattern(7, 10, 3, np.float32), {"photometric": "rgb"}, tiff),
        ("gray16.tif", pattern(9, 16, 1, np.uint16), {}, opencv),
        ("gray16_be.tif", pattern(9, 16, 1, np.uint16), {"byteorder": ">"}, opencv),
        ("rgb16.tif", pattern(16, 9, 3, np.uint16), {"photometric": "rgb"}, opencv),
        ("rgb8_lzw.tif", pattern(16, 9, 3), {"photometric": "rgb", "compression": "lzw", "predictor": True}, pillow),
        ("gray8_deflate.tif", pattern(16, 9), {"compression": "zlib", "rowsperstrip": 5}, pillow),
        ("gray8_tiled.tif", pattern(19, 37), {"tile": (16, 16)}, pillow),
        ("rgba8.tif", pattern(6, 11, 4), {"photometric": "rgb", "extrasamples": ["unassalpha"]}, pillow),
    ]
    for name, samples, options, reader in cases:
        write(name, samples, **options)
        keep(name, None, samples, reader)
    gray = pattern(6, 13)
    keep("gray8_white_is_zero.tif", None, gray, invert_written(gray), note="photometric WhiteIsZero")
    FILES[-1]["reader"] = "Pillow"


def invert_written(gray):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, 255 - gray, metadata=None, software=False, photometric="miniswhite")
    (OUT / "gray8_white_is_zero.tif").write_bytes(buffer.getvalue())
    return lambda path: pillow(path, "L")


# --- TIFF files that no library writes ------------------------------------------


def tif(parts, tags, order="<", parts_tag=273):
    """A TIFF of one directory: `parts` are strips, or tiles if `parts_tag` is 324. `tags` maps
    numbers to values: an integer or a list becomes shorts, or longs where they are too large."""
    mark = b"II" if order == "<" else b"MM"
    body = bytearray(mark + struct.pack(order + "HI", 42, 0))
    offsets = []
    for part in parts:
        offsets.append(len(body))
        body += part + bytes(len(part) % 2)
    tags = dict(tags)
    tags[parts_tag] = offsets
    tags[279 if parts_tag == 273 else 325] = [len(part) for part in parts]
    entries = b""
    for tag, values in sorted(tags.items()):
        values = values if isinstance(values, (list, tuple)) else [values]
        kind, code = (4, "I") if max(values) > 65535 or tag in (273, 279, 324, 325) else (3, "H")
        data = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(data) > 4:
            place = len(body)
            body += data + bytes(len(data) % 2)
            data = struct.pack(order + "I", place)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    body[4:8] = struct.pack(order + "I", len(body))
    return bytes(body) + struct.pack(order + "H", len(entries) // 12) + entries + bytes(4)


def pack_bits(samples, bits):
    """Rows of samples, from the highest bit down, each row padded to a whole byte."""
    rows = samples.reshape(samples.shape[0], -1).astype(np.uint32)
    each = (rows[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(each.reshape(rows.shape[0], -1).astype(np.uint8), axis=1)


def scaled(samples, bits):
    full = 255 if bits <= 8 else 65535
    largest = (1 << bits) - 1
    samples = (samples.astype(np.uint64) * full + largest // 2) // largest
    return samples.astype(np.uint8 if bits <= 8 else np.uint16)


def tiff_bits():
    """Samples of every number of bits from 1 to 15, in strips, tiles and planes."""

    def few(rows, columns, channels, bits):
        return pattern(rows, columns, channels, np.uint16) >> (16 - bits)

    def note(name, data, samples, bits):
        def read(path):
            stored = tiff(path)
            return scaled(stored.transpose(1, 2, 0) if "planes" in name else stored, bits)

        keep(name, data, scaled(samples, bits), read, bits=bits)
        FILES[-1]["reader"] = "tifffile"

    def layout(samples, bits, **more):
        channels = samples.shape[2] if samples.ndim == 3 else 1
        tags = {256: samples.shape[1], 257: samples.shape[0], 258: [bits] * channels,
                259: 1, 262: 2 if channels == 3 else 1, 277: channels}
        return tags | {int(tag[1:]): value for tag, value in more.items()}

    for bits in (3, 5, 6, 7, 9, 10, 11, 13, 14, 15):
        gray = few(7, 11, 1, bits)
        data = tif([pack_bits(gray, bits).tobytes()], layout(gray, bits))
        note(f"gray{bits}.tif", data, gray, bits)
    gray = few(9, 13, 1, 12)
    packed = pack_bits(gray, 12)
    strips = [zlib.compress(packed[first:first + 4].tobytes(), 9) for first in (0, 4, 8)]
    note("gray12.tif", tif(strips, layout(gray, 12, t259=8, t278=4)), gray, 12)
    rgb = few(8, 7, 3, 12)
    data = tif([pack_bits(rgb, 12).tobytes()], layout(rgb, 12), ">")
    note("rgb12_be.tif", data, rgb, 12)
    rgb = few(6, 9, 3, 4)
    note("rgb4.tif", tif([pack_bits(rgb, 4).tobytes()], layout(rgb, 4)), rgb, 4)
    rgb = few(6, 9, 3, 2)
    planes = [pack_bits(rgb[:, :, plane], 2).tobytes() for plane in range(3)]
    note("rgb2_planes.tif", tif(planes, layout(rgb, 2, t284=2)), rgb, 2)
    rgb = few(5, 7, 3, 10)
    planes = [pack_bits(rgb[:, :, plane], 10).tobytes() for plane in range(3)]
    note("rgb10_planes.tif", tif(planes, layout(rgb, 10, t284=2)), rgb, 10)

    def tiles(samples, bits, pack):
        full = np.zeros((32, 32) + samples.shape[2:], samples.dtype)
        full[: samples.shape[0], : samples.shape[1]] = samples
        return [pack(pack_bits(full[r:r + 16, c:c + 16], bits).tobytes()) for r in (0, 16) for c in (0, 16)]

    gray = few(21, 27, 1, 12)
    parts = tiles(gray, 12, lambda data: zlib.compress(data, 9))
    data = tif(parts, layout(gray, 12, t259=8, t322=16, t323=16), parts_tag=324)
    note("gray12_tiled.tif", data, gray, 12)
    rgb = few(19, 22, 3, 14)
    parts = tiles(rgb, 14, imagecodecs.lzw_encode)
    data = tif(parts, layout(rgb, 14, t259=5, t322=16, t323=16), parts_tag=324)
    note("rgb14_tiled_lzw.tif", data, rgb, 14)


def tiff_kinds():
    """Palettes, CMYK, bands, white that is zero, and every type of samples."""

    def write(name, samples, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, samples, metadata=None, software=False, datetime=False, **options)
        (OUT / name).write_bytes(buffer.getvalue())

    def noted(name, samples, reader, by, **more):
        keep(name, None, samples, reader, **more)
        FILES[-1]["reader"] = by

    colours = np.random.default_rng(3).integers(0, 256, (256, 3), np.uint8)
    for bits in (1, 4, 8):
        index = pattern(9, 13) >> (8 - bits)
        map = (colours[: 1 << bits].astype(np.uint16) * 257).T
        tags = {256: 13, 257: 9, 258: bits, 259: 1, 262: 3, 277: 1, 320: map.reshape(-1).tolist()}
        name = f"palette{bits}.tif"
        (OUT / name).write_bytes(tif([pack_bits(index, bits).tobytes()], tags))
        noted(name, colours[index], lambda path: pillow(path, "RGB"), "Pillow")
    index = Image.fromarray(pattern(9, 13))
    index.putpalette(colours.tobytes())
    index.save(OUT / "palette8_lzw.tif", compression="tiff_lzw")
    noted("palette8_lzw.tif", colours[pattern(9, 13)], lambda path: pillow(path, "RGB"), "Pillow",
          note="Pillow writes bytes as multiples of 256")
    wide = np.random.default_rng(4).integers(0, 65536, (256, 3), np.uint16)
    index = pattern(8, 7)
    write("palette_deep.tif", index, photometric="palette", colormap=wide.T)

    def looked_up(path):
        with tifffile.TiffFile(path) as file:
            return file.pages[0].colormap.T[file.pages[0].asarray()]

    noted("palette_deep.tif", wide[index], looked_up, "tifffile")

    ink = pattern(9, 12, 4)
    Image.fromarray(ink, "CMYK").save(OUT / "cmyk.tif", compression="tiff_deflate")
    light = (255 - ink.astype(np.uint32)) * (255 - ink[:, :, 3:].astype(np.uint32))
    light = ((light[:, :, :3] + 127) // 255).astype(np.uint8)
    noted("cmyk.tif", light, lambda path: pillow(path, "RGB"), "Pillow", stored_channels=4)
    ink = pattern(7, 8, 5, np.uint16)
    write("cmyk16_alpha.tif", ink, photometric="separated", extrasamples=["unassalpha"])

    def of_inks(ink):
        light = (65535 - ink[:, :, :4].astype(np.uint64)) * (65535 - ink[:, :, 3:4].astype(np.uint64))
        return np.dstack([((light[:, :, :3] + 32767) // 65535).astype(np.uint16), ink[:, :, 4]])

    noted("cmyk16_alpha.tif", of_inks(ink), lambda path: of_inks(tiff(path)), "tifffile")

    for bands, kind in ((5, np.uint8), (7, np.uint16), (6, np.float32)):
        samples = pattern(9, 8, bands, kind)
        write(f"bands{bands}.tif", samples, photometric="minisblack", planarconfig="contig",
              extrasamples=["unspecified"] * (bands - 1))
        noted(f"bands{bands}.tif", samples, tiff, "tifffile")
    samples = pattern(21, 27, 6, np.uint16)
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1))
    for name, compression in (("bands6_planes_tiled.tif", "zlib"), ("bands6_planes_lzw.tif", "lzw")):
        write(name, planes, photometric="minisblack", planarconfig="separate", tile=(16, 16),
              compression=compression, predictor=compression == "lzw",
              extrasamples=["unspecified"] * 5)
        noted(name, samples, lambda path: tiff(path).transpose(1, 2, 0), "tifffile")
    write("bands4_planes.tif", planes[:4], photometric="rgb", planarconfig="separate", rowsperstrip=5)
    noted("bands4_planes.tif", samples[:, :, :4], lambda path: tiff(path).transpose(1, 2, 0), "tifffile")
    samples = pattern(9, 8, 5)
    write("rgb_and_bands.tif", samples, photometric="rgb", predictor=True, compression="zlib",
          extrasamples=["unspecified"] * 2)
    noted("rgb_and_bands.tif", samples, tiff, "tifffile", note="two bands beside RGB")
    samples = pattern(9, 8, 4)
    write("rgb_and_band.tif", samples, photometric="rgb", predictor=True, compression="zlib",
          extrasamples=["unspecified"])
    noted("rgb_and_band.tif", samples[:, :, :3], lambda path: tiff(path)[:, :, :3], "tifffile",
          note="a fourth sample that is no alpha is not read")

    bits = pattern(9, 21) >> 7
    fax = Image.fromarray((bits * 255).astype(np.uint8)).convert("1")
    fax.save(OUT / "fax4.tif", compression="group4")
    noted("fax4.tif", (bits * 255).astype(np.uint8), lambda path: pillow(path, "L"), "Pillow", bits=1)
    for kind in (np.uint16, np.uint32):
        gray = pattern(7, 9, 1, np.uint16).astype(kind)
        if kind == np.uint32:
            gray = gray * 65539
        largest = np.iinfo(kind).max
        name = f"white_is_zero_{np.dtype(kind).name}.tif"
        write(name, largest - gray, photometric="miniswhite")
        noted(name, gray, lambda path: largest - tiff(path), "tifffile")
    four = pattern(7, 9) >> 4
    tags = {256: 9, 257: 7, 258: 4, 259: 1, 262: 0, 277: 1}
    (OUT / "white_is_zero_4.tif").write_bytes(tif([pack_bits(15 - four, 4).tobytes()], tags))
    noted("white_is_zero_4.tif", four * 17, lambda path: pillow(path, "L"), "Pillow", bits=4)
    for kind in (np.int16, np.float32):
        gray = (pattern(7, 9, 1, np.uint16).astype(np.int32) - 32768).astype(kind)
        name = f"white_is_zero_{np.dtype(kind).name}.tif"
        write(name, gray, photometric="miniswhite")
        noted(name, gray, tiff, "tifffile", note="as stored: such samples have no white")

    for kind in (np.int8, np.int16, np.int32, np.int64, np.uint32, np.uint64, np.float16, np.float64):
        info = np.dtype(kind)
        raw = pattern(7, 9, 1, np.uint16).astype(np.uint64)
        if info.kind == "f":
            samples = (raw.astype(np.float64) / 7 - 900).astype(kind)
        elif info.itemsize == 8:
            # Sums of larger samples are not exact, and refused.
            samples = (raw * 0x1_0001_0001).astype(np.int64) - (2**47 if info.kind == "i" else 0)
            samples = samples.astype(kind)
        else:
            samples = (raw * 0x1_0001).astype(f"u{info.itemsize}").view(kind)
        name = f"gray_{info.name}.tif"
        write(name, samples, compression="zlib", predictor=info.kind != "f" and info.itemsize < 8)
        noted(name, samples, tiff, "tifffile")


def tiff_directories():
    """Pictures behind reduced copies, with overviews, and with masks."""

    def written(name, parts):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer) as file:
            for samples, options in parts:
                file.write(samples, metadata=None, software=False, **options)
        (OUT / name).write_bytes(buffer.getvalue())

    full, small = pattern(16, 24, 3), pattern(4, 6, 3)
    rgb = {"photometric": "rgb"}
    # As DNG has it: the first directory is a reduced copy, the picture in a SubIFD of it.
    first = {"subfiletype": 1, "subifds": 1, "iccprofile": icc(), "extratags": [(274, "H", 1, 6, True)]}
    written("picture_in_subifd.tif", [(small, rgb | first), (full, rgb)])

    def of_subifd(path):
        with tifffile.TiffFile(path) as file:
            return file.pages[0].pages[0].asarray()

    keep("picture_in_subifd.tif", None, full, of_subifd, orientation=6, icc=True,
         note="orientation and profile are in the first directory")
    FILES[-1]["reader"] = "tifffile"
    # As a cloud-optimised GeoTIFF has it: overviews and masks in the chain.
    mask = np.ones((16, 24), bool)
    written("overviews.tif", [
        (full, rgb | {"tile": (16, 16), "compression": "zlib"}),
        (full[::2, ::2], rgb | {"subfiletype": 1}),
        (full[::4, ::4], rgb | {"subfiletype": 1}),
    ])
    keep("overviews.tif", None, full, lambda path: tifffile.imread(path, key=0))
    FILES[-1]["reader"] = "tifffile"
    written("mask.tif", [(full, rgb), (mask, {"photometric": "minisblack", "subfiletype": 4})])
    keep("mask.tif", None, full, lambda path: tifffile.imread(path, key=0))
    FILES[-1]["reader"] = "tifffile"
    # As OME pyramids have it: overviews in SubIFDs.
    written("pyramid.ome.tif", [(full, rgb | {"subifds": 1}), (full[::2, ::2], rgb | {"subfiletype": 1})])
    keep("pyramid.ome.tif", None, full, lambda path: tifffile.imread(path, key=0))
    FILES[-1]["reader"] = "tifffile"


def tiff_jpegs():
    """JPEG data inside of TIFF files; `like` names a file of what libjpeg makes of them."""
    r, c = np.ogrid[:40, :56]
    rgb = np.dstack([r * 5 + c, r + c * 4, (r * c) // 9 + 20 * (c > 20)]).clip(0, 255).astype(np.uint8)

    def pair(name, reader, samples):
        read = reader(OUT / name)
        assert read.shape == samples.shape and np.abs(read.astype(int) - samples).mean() < 6, name
        like = name.removesuffix(".tif") + "_like.png"
        keep(like, png(read, 2 if read.ndim == 3 else 0), read, pillow)
        keep(name, None, samples, reader, lossless=False, like=like)
        FILES[-1]["reader"] = "libjpeg"

    Image.fromarray(rgb).save(OUT / "ycbcr_jpeg.tif", compression="jpeg", quality=85)
    pair("ycbcr_jpeg.tif", lambda path: pillow(path, "RGB"), rgb)

    def write(name, samples, **options):
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, samples, metadata=None, software=False, datetime=False,
                         compression="jpeg", compressionargs={"level": 90}, **options)
        (OUT / name).write_bytes(buffer.getvalue())

    ycbcr = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    write("ycbcr_jpeg_tiled.tif", ycbcr, photometric="ycbcr", subsampling=(2, 2), tile=(32, 32))
    pair("ycbcr_jpeg_tiled.tif", tiff, rgb)
    write("rgb_jpeg.tif", rgb, photometric="rgb", rowsperstrip=16)
    pair("rgb_jpeg.tif", tiff, rgb)
    ink = np.dstack([255 - rgb, np.full(rgb.shape[:2], 30, np.uint8)])
    write("cmyk_jpeg.tif", ink, photometric="separated")

    def light(path):
        ink = tiff(path).astype(np.uint32)
        light = (255 - ink[:, :, :3]) * (255 - ink[:, :, 3:])
        return ((light + 127) // 255).astype(np.uint8)

    meant = ((255 - ink.astype(np.uint32)) * 225 // 255).astype(np.uint8)[:, :, :3]
    pair("cmyk_jpeg.tif", light, meant)


def netpbm():
    def pam(samples, kind, full):
        rows, columns, channels = samples.shape
        head = f"P7\nWIDTH {columns}\nHEIGHT {rows}\nDEPTH {channels}\nMAXVAL {full}\nTUPLTYPE {kind}\nENDHDR\n"
        return head.encode() + samples.astype(">u2" if full > 255 else "u1").tobytes()

    def read_pam(path):
        # OpenCV reads PAM, but not its alpha: this is the format's definition, read anew.
        head, body = path.read_bytes().split(b"ENDHDR\n", 1)
        word = dict(line.split(" ", 1) for line in head.decode().splitlines()[1:])
        wide = int(word["MAXVAL"]) > 255
        samples = np.frombuffer(body, ">u2" if wide else "u1").astype(np.uint16 if wide else np.uint8)
        return samples.reshape(int(word["HEIGHT"]), int(word["WIDTH"]), int(word["DEPTH"]))

    for name, samples, kind, full in [
        ("gray_alpha.pam", pattern(6, 9, 2), "GRAYSCALE_ALPHA", 255),
        ("rgb.pam", pattern(9, 6, 3), "RGB", 255),
        ("rgba.pam", pattern(7, 9, 4), "RGB_ALPHA", 255),
        ("rgb16.pam", pattern(7, 8, 3, np.uint16), "RGB", 65535),
    ]:
        keep(name, pam(samples, kind, full), samples, read_pam)

    gray16 = pattern(8, 11, 1, np.uint16)
    keep("gray16.pgm", b"P5\n# a comment\n11 8\n65535\n" + gray16.astype(">u2").tobytes(), gray16, opencv)
    gray = pattern(5, 8)
    text = "P2\n8 5\n255\n" + "\n".join(" ".join(map(str, row)) for row in gray) + "\n"
    keep("ascii.pgm", text.encode(), gray, pillow)
    rgb = pattern(5, 8, 3)
    keep("rgb.ppm", b"P6 8 5 255\n" + rgb.tobytes(), rgb, pillow)
    bits = pattern(6, 13) >> 7
    keep("bits.pbm", b"P4\n13 6\n" + np.packbits(bits, axis=1).tobytes(),
         ((1 - bits) * 255).astype(np.uint8), pillow, "L", bits=1)


def others(rgba):
    rgb = pattern(11, 14, 3)
    keep("rgb.bmp", saved(rgb, "BMP"), rgb, opencv)
    palette = Image.fromarray(pattern(9, 13) >> 4)
    colours = np.random.default_rng(2).integers(0, 256, (16, 3), np.uint8)
    palette.putpalette(colours.tobytes())
    buffer = io.BytesIO()
    palette.save(buffer, "BMP")
    keep("palette.bmp", buffer.getvalue(), colours[pattern(9, 13) >> 4], opencv)
    keep("rgb.tga", saved(rgb, "TGA"), rgb, pillow)
    runs = np.repeat(pattern(11, 5, 3), 4, axis=1)
    keep("rle.tga", saved(runs, "TGA", compression="tga_rle"), runs, pillow)
    keep("rgb.qoi", qoi.encode(rgb), rgb, lambda p: qoi.decode(p.read_bytes()))
    FILES[-1]["reader"] = "qoi"
    keep("rgba.qoi", qoi.encode(rgba), rgba, lambda p: qoi.decode(p.read_bytes()))
    FILES[-1]["reader"] = "qoi"
    keep("rgb.webp", saved(rgb, "WEBP", lossless=True), rgb, opencv)
    keep("rgba.webp", saved(rgba, "WEBP", lossless=True, exact=True), rgba, opencv)

    frames = []
    for turn in (0, 1):
        frame = Image.fromarray((pattern(12, 10) >> 4) ^ (turn * 5))
        frame.putpalette(colours.tobytes())
        frames.append(frame)
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    keep("animated.gif", buffer.getvalue(), colours[pattern(12, 10) >> 4], pillow, "RGB", frames=2,
         note="no transparent pixel; a reader that always gives RGBA has alpha 255 everywhere")


def floats():
    rgb = np.abs(pattern(8, 9, 3, np.float32)) * 4
    path = OUT / "rgb.hdr"
    assert cv2.imwrite(str(path), rgb[:, :, ::-1])
    # Radiance keeps 8 bits and a common exponent: what counts is what the file holds.
    keep("rgb.hdr", None, opencv(path), opencv, note="mantissa x 2^(exponent - 136)")

    def read_exr(path):
        with OpenEXR.File(str(path)) as file:
            (samples,) = (channel.pixels for channel in file.channels().values())
            return samples.astype(np.float32)

    def exr(name, channels):
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        with OpenEXR.File(header, channels) as file:
            file.write(str(OUT / name))

    rgb = pattern(8, 9, 3, np.float32)
    exr("rgb.exr", {"RGB": rgb})
    keep("rgb.exr", None, rgb, read_exr)
    half = pattern(7, 10, 3, np.float16)
    exr("rgb_half.exr", {"RGB": half})
    keep("rgb_half.exr", None, half.astype(np.float32), read_exr, note="16-bit floats in the file")
    rgba = pattern(6, 7, 4, np.float32)
    exr("rgba.exr", {"RGBA": rgba})
    keep("rgba.exr", None, rgba, read_exr)

    def named(names):
        def read(path):
            with OpenEXR.File(str(path), separate_channels=True) as file:
                channels = file.channels()
                planes = [channels[name].pixels.astype(np.float32) for name in names]
                return planes[0] if len(planes) == 1 else np.dstack(planes)
        read.__name__ = "read_exr"
        return read

    def channels(name, names, kind=np.float32, read=None):
        samples = pattern(6, 9, max(len(names), 2), kind)
        exr(name, {channel: np.ascontiguousarray(samples[:, :, at]) for at, channel in enumerate(names)})
        read = read or names
        keep(name, None, named(read)(OUT / name), named(read))

    channels("luminance.exr", ["Y"])
    channels("luminance_half_alpha.exr", ["Y", "A"], np.float16)
    channels("depth.exr", ["Z"])
    channels("motion.exr", ["forward.u", "forward.v"], np.float16)
    channels("normals.exr", ["N.X", "N.Y", "N.Z"])
    channels("layers.exr", ["albedo.B", "albedo.G", "albedo.R", "depth.Z"], read=["albedo.R", "albedo.G", "albedo.B"])


def jpegs():
    # Smooth, or the blocks would swamp what is tested.
    r, c = np.ogrid[:24, :37]
    rgb = np.dstack([r * 9 + c, r + c * 6, (r * c) // 4 + 20 * (c > 20)]).clip(0, 255).astype(np.uint8)
    lossy = {"lossless": False}
    keep("gray.jpg", saved(rgb[:, :, 1].copy(), "JPEG", quality=92), rgb[:, :, 1].copy(), pillow, **lossy)
    keep("progressive.jpg", saved(rgb, "JPEG", quality=92, progressive=True), rgb, pillow, **lossy)
    keep("oriented.jpg", saved(rgb, "JPEG", quality=92, exif=exif(6), icc_profile=icc()), rgb, pillow,
         orientation=6, icc=True, **lossy)
    keep("subsampled.jpg", saved(rgb, "JPEG", quality=80, subsampling=2), rgb, pillow, **lossy)
    cmyk = np.dstack([255 - rgb, np.full(rgb.shape[:2], 20, np.uint8)])
    keep("cmyk.jpg", saved(cmyk, "JPEG", "CMYK", quality=92), rgb, pillow, "RGB", stored_channels=4,
         note="ink is turned into RGB", **lossy)
    for name, options in (("no_end.jpg", {}), ("no_end_progressive.jpg", {"progressive": True})):
        data = saved(rgb, "JPEG", quality=92, **options)
        assert data.endswith(b"\xff\xd9")
        keep(name, data[:-2], rgb, opencv, note="without the mark of its end", **lossy)


def arrays():
    def write(name, samples, note=None, expected=None, version=(1, 0)):
        with open(OUT / name, "wb") as file:
            np.lib.format.write_array(file, samples, version=version)
        expected = samples if expected is None else expected
        keep(name, None, expected, npy, note=note)

    write("u8.npy", pattern(9, 14))
    wide = pattern(8, 7, 1, np.uint16)
    write("u16_big_endian.npy", wide.astype(">u2"), "dtype >u2", wide)
    write("f32_fortran.npy", np.asfortranarray(pattern(6, 11, 1, np.float32)), "fortran_order True")
    write("f32_fortran_3d.npy", np.asfortranarray(pattern(6, 5, 3, np.float32)), "fortran_order True")
    double = pattern(7, 6, 3, np.float64)
    assert (double != double.astype(np.float32)).any()
    write("f64_3d.npy", double, "dtype <f8")
    write("five_channels.npy", pattern(8, 5, 5))
    write("one_channel.npy", pattern(5, 8).reshape(5, 8, 1), "shape (5, 8, 1)")
    write("version2.npy", pattern(5, 9, 3, np.uint16), "header version 2.0", version=(2, 0))
    special = pattern(7, 9, 1, np.float32)
    special[1, 2], special[4, 6], special[5, 1] = np.nan, np.inf, -np.inf
    write("special.npy", special, "a NaN and two infinities")


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    sizes()
    rgba = pngs()
    tiffs()
    tiff_bits()
    tiff_kinds()
    tiff_directories()
    tiff_jpegs()
    netpbm()
    others(rgba)
    floats()
    jpegs()
    arrays()
    names = [entry["file"] for entry in FILES]
    assert len(set(names)) == len(names)
    assert set(names) == {path.name for path in OUT.iterdir()}
    lines = ",\n    ".join(json.dumps(entry) for entry in FILES)
    head = json.dumps({"rules": RULES, "count": len(FILES)}, indent=2)[:-2]
    (OUT / "expected.json").write_text(f'{head},\n  "files": [\n    {lines}\n  ]\n}}\n')
    print(f"{len(FILES)} files in odd/")


if __name__ == "__main__":
    main()
