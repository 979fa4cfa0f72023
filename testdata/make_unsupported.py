"""Write sound files of kinds that are refused to unsupported/, with what is said of them.

Usage: python make_unsupported.py

Each is read by another program where one can (the name of it is noted), so that none of them is
damaged.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import OpenEXR
import tifffile
from PIL import Image

from make_odd import chunk, pack_bits, pattern, tif

OUT = Path(__file__).resolve().parent / "unsupported"
FILES = []


def keep(name, what, data=None, reader=None):
    """Notes odd/name, with what its error begins with; `reader` must read it."""
    path = OUT / name
    if data is not None:
        path.write_bytes(data)
    if reader:
        assert reader(path) is not None
    FILES.append({"file": name, "what": what})


def jpegs():
    gray = (pattern(16, 24, 1, np.uint16) >> 4).astype(np.uint16)
    data = imagecodecs.jpeg8_encode(gray, bitspersample=12)
    keep("bits12.jpg", "a sample of 12 bits", data, lambda p: imagecodecs.jpeg8_decode(p.read_bytes()))
    gray = pattern(16, 24)
    data = imagecodecs.ljpeg_encode(gray)
    keep("lossless.jpg", "lossless coding", data, lambda p: imagecodecs.ljpeg_decode(p.read_bytes()))
    data = imagecodecs.jpegls_encode(gray)
    keep("jpeg_ls.jpg", "the coding of JPEG-LS", data, lambda p: imagecodecs.jpegls_decode(p.read_bytes()))


def tiffs():
    gray, rgb = pattern(16, 32), pattern(16, 32, 3)

    def write(name, what, samples, **options):
        tifffile.imwrite(OUT / name, samples, metadata=None, software=False, datetime=False, **options)
        keep(name, what, reader=tifffile.imread)

    for compression, what in [
        ("zstd", "Zstandard compression"),
        ("lzma", "LZMA compression"),
        ("webp", "WebP compression"),
        ("jpeg2000", "JPEG 2000 compression"),
        ("jpegxl", "JPEG XL compression"),
    ]:
        write(f"{compression}.tif", what, rgb, photometric="rgb", compression=compression)
    wide = (pattern(16, 32, 1, np.uint16) >> 4).astype(np.uint16)
    write("jpeg12.tif", "a JPEG of ", wide, compression="jpeg", bitspersample=12)
    for compression, what in [
        ("tiff_ccitt", "CCITT run-length compression"),
        ("group3", "CCITT group 3 fax compression"),
    ]:
        name = f"{compression}.tif"
        Image.fromarray(gray).convert("1").save(OUT / name, compression=compression)
        keep(name, what, reader=lambda path: np.asarray(Image.open(path)))

    def directory(name, what, data, bits=8, samples=1, photometric=1, **more):
        tags = {256: 32, 257: 16, 258: [bits] * samples, 259: 1, 262: photometric, 277: samples}
        tags |= {int(tag[1:]): value for tag, value in more.items()}
        keep(name, what, tif([data], tags))

    directory("sensor.tif", "raw sensor data", gray.tobytes(), photometric=32803)
    directory("linear_raw.tif", "raw sensor data", rgb.tobytes(), samples=3, photometric=34892)
    directory("lab.tif", "Lab colour", rgb.tobytes(), samples=3, photometric=8)
    directory("ycbcr.tif", "YCbCr colour outside of JPEG data", rgb.tobytes(), samples=3, photometric=6, t530=[1, 1])
    directory("inks.tif", "colour of other inks than CMYK", pattern(16, 32, 4).tobytes(), samples=4, photometric=5, t332=2)
    directory("complex.tif", "a complex sample", bytes(16 * 32 * 8), bits=64, t339=6)
    directory("float24.tif", "a float 24-bit sample", bytes(16 * 32 * 3), bits=24, t339=3)
    directory("bits24.tif", "a 24-bit sample", bytes(16 * 32 * 3), bits=24)
    directory("signed12.tif", "a signed 12-bit sample", bytes(16 * 48), bits=12, t339=2)
    directory("lerc.tif", "LERC compression", bytes(64), t259=34887)
    directory("fill_order.tif", "the order of bits from the lowest", pack_bits(gray >> 7, 1).tobytes(), bits=1, t266=2)
    tags = {256: 32, 257: 16, 258: [5, 6, 5], 259: 1, 262: 2, 277: 3}
    keep("bits565.tif", "a pixel with samples of 5 and of 6 bits", tif([bytes(16 * 32 * 2)], tags))
    # A preview, and sensor data in a SubIFD, as DNG has them.
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        options = {"metadata": None, "software": False}
        file.write(rgb[::4, ::4], photometric="rgb", subfiletype=1, subifds=1, **options)
        file.write(pattern(16, 32, 1, np.uint16), photometric="cfa", extratags=[
            (33421, "H", 2, (2, 2), True), (33422, "B", 4, bytes([0, 1, 1, 2]), True)], **options)
    keep("dng.tif", "raw sensor data", buffer.getvalue())
    # Canon's begin with a preview, too.
    head = struct.pack("<2sHI", b"II", 42, 16) + b"CR\2\0" + bytes(4)
    keep("canon.cr2.tif", "raw sensor data", head + bytes(6))


def exrs():
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    sample = np.ascontiguousarray(pattern(8, 12, 1, np.float32))

    def write(name, what, channels):
        with OpenEXR.File(header, channels) as file:
            file.write(str(OUT / name))
        keep(name, what, reader=lambda path: OpenEXR.File(str(path)).channels())

    write("five.exr", "a picture without colours in 5 channels (a, b, c, d, e)", {name: sample for name in "abcde"})
    keep("chroma.exr", "a picture with channels of fewer samples", subsampled())


def subsampled():
    """Luminance, and chroma of half the rows and columns, which the library does not write."""

    def attribute(name, kind, data):
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(data)) + data

    def channel(name, step):
        return name.encode() + b"\0" + struct.pack("<IB3xII", 2, 0, step, step)

    rows, columns = 4, 6
    window = struct.pack("<4i", 0, 0, columns - 1, rows - 1)
    head = b"\x76\x2f\x31\x01\x02\0\0\0"
    head += attribute("channels", "chlist", channel("BY", 2) + channel("RY", 2) + channel("Y", 1) + b"\0")
    head += attribute("compression", "compression", b"\0")
    head += attribute("dataWindow", "box2i", window) + attribute("displayWindow", "box2i", window)
    head += attribute("lineOrder", "lineOrder", b"\0")
    head += attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    head += attribute("screenWindowCenter", "v2f", bytes(8))
    head += attribute("screenWindowWidth", "float", struct.pack("<f", 1)) + b"\0"
    table, lines = b"", b""
    for row in range(rows):
        table += struct.pack("<Q", len(head) + 8 * rows + len(lines))
        data = bytes(4 * (columns + (columns if row % 2 == 0 else 0)))
        lines += struct.pack("<iI", row, len(data)) + data
    return head + table + lines


def arrays():
    def npy(name, what, descr, shape, data, reader=np.load):
        head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        data = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode() + data
        keep(name, what, data, reader)

    npy("subarray.npy", "arrays of `('<f4', (3,))` are not supported", "('<f4', (3,))", "(4, 5)", bytes(240), None)
    npy("records.npy", "arrays of records are not supported", "[('a', '<f4'), ('b', '|u1')]", "(4, 5)", bytes(100))
    npy("complex.npy", "arrays of `<c8` are not supported", "'<c8'", "(4, 5)", bytes(160))
    npy("text.npy", "arrays of `<U2` are not supported", "'<U2'", "(4, 5)", bytes(160))
    npy("dates.npy", "arrays of `<M8[D]` are not supported", "'<M8[D]'", "(4, 5)", bytes(160))


def others():
    rgba = pattern(4, 5, 4)
    raw = b"".join(b"\0" + row.tobytes() for row in rgba)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(raw) + deflate.flush()
    head = struct.pack(">IIBBBBB", 5, 4, 8, 6, 0, 0, 0)
    chunks = [chunk(b"CgBI", b"\x50\0\x20\x02"), chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b"")]
    keep("apple.png", "Apple's own kind of compression", b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

    def hdr(name, what, form, size):
        head = f"#?RADIANCE\nFORMAT=32-bit_rle_{form}\n\n{size}\n".encode()
        keep(name, what, head + pattern(3, 4, 4).tobytes())

    hdr("xyz.hdr", "", "xyze", "-Y 3 +X 4")
    hdr("turned.hdr", "", "rgbe", "+X 4 -Y 3")
    hdr("upside_down.hdr", "", "rgbe", "+Y 3 +X 4")

    def bmp(name, what, bits, compression, data):
        head = struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, bits, compression, len(data), 0, 0, 0, 0)
        keep(name, what, struct.pack("<2sIHHI", b"BM", 54 + len(data), 0, 0, 54) + head + data)

    buffer = io.BytesIO()
    Image.fromarray(pattern(8, 8, 3)).save(buffer, "JPEG")
    bmp("jpeg.bmp", "", 0, 4, buffer.getvalue())
    buffer = io.BytesIO()
    Image.fromarray(pattern(8, 8, 3)).save(buffer, "PNG")
    bmp("png.bmp", "", 0, 5, buffer.getvalue())
    bmp("bits64.bmp", "", 64, 0, bytes(8 * 8 * 8))
    for name, depth, kind in [("five.pam", 5, None), ("spectrum.pam", 3, "SPECTRUM")]:
        kind = f"TUPLTYPE {kind}\n" if kind else ""
        head = f"P7\nWIDTH 4\nHEIGHT 3\nDEPTH {depth}\nMAXVAL 255\n{kind}ENDHDR\n"
        keep(name, "", head.encode() + bytes(12 * depth))
    head = struct.pack("<BBBHHBHHHHBB", 0, 0, 32, 0, 0, 0, 0, 0, 4, 3, 24, 0)
    keep("huffman.tga", "", head + bytes(60))


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    jpegs()
    tiffs()
    exrs()
    arrays()
    others()
    lines = ",\n    ".join(json.dumps(entry) for entry in FILES)
    (OUT / "expected.json").write_text(f'{{\n  "files": [\n    {lines}\n  ]\n}}\n')
    print(f"{len(FILES)} files in unsupported/")


if __name__ == "__main__":
    main()
