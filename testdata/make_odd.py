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
import numpy as np
import OpenEXR
import qoi
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

HERE = Path(__file__).resolve().parent
OUT = HERE / "odd"
DEPTHS = {"uint8": "u8", "uint16": "u16", "float32": "f32", "float64": "f64"}
READERS = {"pillow": "Pillow", "opencv": "OpenCV", "tiff": "tifffile", "read_exr": "OpenEXR"}
FILES = []

RULES = [
    "gray of 1, 2 or 4 bits becomes 8-bit gray scaled to 0..255",
    "a palette becomes RGB, or RGBA if some entry is transparent",
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
