"""Write the files of broken/: images and kernels that must be refused.

Usage: python make_broken.py        (after make_odd.py, whose images it cuts short)

broken/expected.json says for every file what is wrong with it, and for the
kernels on which line (from 1) the offender stands.
"""

import json
import struct
import zlib
from pathlib import Path

from make_odd import chunk, pattern, png

HERE = Path(__file__).resolve().parent
ODD = HERE / "odd"
OUT = HERE / "broken"
FILES = []


def keep(name, data, wrong, **more):
    (OUT / name).write_bytes(data.encode() if isinstance(data, str) else data)
    kind = "kernel" if name.endswith(".toml") else "image"
    FILES.append({"file": name, "kind": kind, "wrong": wrong, **more})


def images():
    rgb = pattern(24, 31, 3)
    whole = png(rgb, 2)
    keep("empty.png", b"", "no bytes at all")
    keep("text.png", "This is not an image.\nIt only has the name of one.\n", "a text file")
    keep("signature.png", whole[:8], "ends after the signature")
    keep("truncated.png", whole[: len(whole) * 2 // 3], "ends within the samples")
    keep("no_iend.png", whole[: whole.index(b"IDAT") + 4], "ends before the samples")

    at = whole.index(b"IDAT")
    length = struct.unpack(">I", whole[at - 4 : at])[0]
    crc = at + 4 + length
    keep("crc.png", whole[:crc] + bytes([whole[crc] ^ 0x55]) + whole[crc + 1 :], "wrong CRC of IDAT")
    short = zlib.compress(bytes(31 * 3 + 1) * 5)
    start, end = whole[: at - 4], chunk(b"IEND", b"")
    keep("few_rows.png", start + chunk(b"IDAT", short) + end, "5 rows of samples where 24 are announced")
    keep("not_deflate.png", start + chunk(b"IDAT", bytes(range(200))) + end, "IDAT is no zlib stream")

    def header(columns, rows, bits=8, colour=2):
        ihdr = struct.pack(">IIBBBBB", columns, rows, bits, colour, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr)

    row = chunk(b"IDAT", zlib.compress(bytes(1000)))
    keep("bomb.png", header(100_000, 100_000) + row + end, "announces 100000 x 100000 RGB pixels, 30 GB")
    keep("zero.png", header(0, 0) + chunk(b"IDAT", zlib.compress(b"")) + end, "0 x 0 pixels")
    colours = header(4, 4, 8, 3) + chunk(b"PLTE", bytes(4))
    keep("palette4.png", colours + row + end, "a palette of 4 bytes, a colour and a third")
    keep("depth3.png", header(4, 4, 3, 0) + row + end, "3 bits per sample do not exist in PNG")
    keep("bomb.pgm", b"P5 100000 100000 255\n" + bytes(100), "announces 100000 x 100000 pixels")
    keep("truncated.pgm", b"P5 30 20 255\n" + bytes(range(250)), "250 of 600 samples")

    for odd, share in [("oriented.jpg", 0.8), ("rgb16.tif", 0.6), ("rgb.webp", 0.6), ("rgb.bmp", 0.6),
                       ("rgba.qoi", 0.6), ("animated.gif", 0.4), ("rgb.exr", 0.7)]:
        data = (ODD / odd).read_bytes()
        name = "truncated." + odd.rpartition(".")[2]
        more = {"note": "some decoders fill the missing part with gray and say nothing"} if odd.endswith("jpg") else {}
        keep(name, data[: int(len(data) * share)], "ends within the samples", **more)


def arrays():
    def npy(header, body=b""):
        text = header.encode()
        text += b" " * (-(len(text) + 11) % 64) + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body

    def described(descr, shape, fortran="False"):
        return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"

    keep("garbage.npy", bytes((i * 197 + 31) % 256 for i in range(300)), "no .npy file")
    keep("magic.npy", b"\x93NUMPY\x01\x00", "ends after the magic number")
    keep("not_a_dict.npy", npy("[1, 2, 3]", bytes(64)), "the header is no dictionary")
    keep("short.npy", npy(described("'|u1'", (40, 50)), bytes(range(250))), "2000 samples announced, 250 there")
    keep("object.npy", npy(described("'|O'", (2, 2)), bytes(64)), "Python objects")
    keep("complex.npy", npy(described("'<c16'", (2, 2)), bytes(64)), "complex numbers")
    keep("record.npy", npy(described("[('a', '<u2'), ('b', '<u2')]", (2, 2)), bytes(16)), "a structured dtype")
    keep("zero_rows.npy", npy(described("'|u1'", (0, 5))), "no rows")
    keep("scalar.npy", npy(described("'|u1'", "()"), b"\x07"), "no axes")
    keep("four_axes.npy", npy(described("'|u1'", (2, 2, 2, 2)), bytes(range(16))), "four axes")
    keep("overflow.npy", npy(described("'<f4'", (2**62, 2**62)), bytes(64)), "the size overflows 64 bits")
    keep("negative.npy", npy(described("'|u1'", (-3, 5)), bytes(64)), "a negative number of rows")


KERNELS = [
    ("not_toml.toml", "weights = [[1, 2\nthis is not TOML\n", "no TOML", None),
    ("empty.toml", "", "no weights", None),
    ("no_weights.toml", 'description = "nothing to apply"\ndivisor = 2\n', "no weights", None),
    ("unknown_key.toml", "weights = [[1, 2, 3]]\ndivisior = 6\n", "unknown key `divisior`", 2),
    ("unknown_key_inside.toml", "[[kernels]]\nweights = [[1, 2, 3]]\ngain = 6\n", "unknown key `gain`", 3),
    ("ragged.toml", "weights = [\n  [1, 2, 3],\n  [4, 5],\n  [6, 7, 8],\n]\n", "the second row has 2 of 3 weights", 3),
    ("empty_weights.toml", "weights = []\n", "no rows", 1),
    ("empty_rows.toml", "weights = [[], []]\n", "rows without weights", 1),
    ("nan.toml", "weights = [\n  [0, 1, 0],\n  [1, nan, 1],\n]\n", "a weight that is not a number", 3),
    ("inf.toml", "weights = [[0, 1, 0], [1, -inf, 1]]\n", "an infinite weight", 1),
    ("text_weight.toml", 'weights = [[1, "2", 3]]\n', "a weight that is a text", 1),
    ("flat_weights.toml", "weights = [1, 2, 3]\n", "rows are numbers, not lists", 1),
    ("zero_divisor.toml", "weights = [[1, -1]]\ndivisor = 0\n", "divisor 0", 2),
    ("nan_divisor.toml", "weights = [[1, -1]]\ndivisor = nan\n", "divisor is not a number", 2),
    ("inf_bias.toml", "weights = [[1, -1]]\nbias = inf\n", "infinite bias", 2),
    ("anchor_outside.toml", "weights = [[1, 2], [3, 4]]\nanchor = [1, 2]\n", "column 2 of a kernel of 2 columns", 2),
    ("anchor_negative.toml", "weights = [[1, 2], [3, 4]]\nanchor = [-1, 0]\n", "a negative row", 2),
    ("anchor_one_number.toml", "weights = [[1, 2], [3, 4]]\nanchor = [1]\n", "the anchor is a row and a column", 2),
    ("unknown_map.toml", 'weights = [[1, -1]]\nmap = "strech"\n', "unknown map `strech`", 2),
    ("unknown_combine.toml", 'combine = "average"\n[[kernels]]\nweights = [[1, -1]]\n[[kernels]]\nweights = [[1], [-1]]\n', "unknown combine `average`", 1),
    ("combine_alone.toml", 'weights = [[1, -1]]\ncombine = "max"\n', "one kernel has nothing to combine", 2),
    ("several_without_combine.toml", "[[kernels]]\nweights = [[1, -1]]\n[[kernels]]\nweights = [[1], [-1]]\n", "two kernels and no combine", None),
    ("direction_of_three.toml", 'combine = "direction"\n[[kernels]]\nweights = [[1, -1]]\n[[kernels]]\nweights = [[1], [-1]]\n[[kernels]]\nweights = [[2]]\n', "an angle needs two kernels", 1),
    ("bias_of_direction.toml", 'combine = "direction"\n[[kernels]]\nweights = [[1, -1]]\nbias = 0.5\n[[kernels]]\nweights = [[1], [-1]]\n', "a bias would turn the angle", 4),
    ("both.toml", "weights = [[1, -1]]\n[[kernels]]\nweights = [[1], [-1]]\n", "weights and kernels at once", None),
    ("rotations_of_5x5.toml", "rotations = 8\nweights = [" + ", ".join(["[1, 2, 3, 4, 5]"] * 5) + "]\n", "only a 3x3 kernel is rotated", 1),
    ("rotations_5.toml", "rotations = 5\nweights = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]\n", "rotations is 4 or 8", 1),
    ("flip_text.toml", 'weights = [[1, -1]]\nflip = "yes"\n', "flip is true or false", 2),
    ("duplicate_key.toml", "weights = [[1, -1]]\ndivisor = 2\ndivisor = 3\n", "divisor twice", 3),
    ("not_utf8.toml", b'description = "\xff\xfe"\nweights = [[1]]\n', "not UTF-8", None),
]


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    images()
    arrays()
    for name, text, wrong, line in KERNELS:
        keep(name, text, wrong, line=line)
    assert {entry["file"] for entry in FILES} == {path.name for path in OUT.iterdir()}
    lines = ",\n    ".join(json.dumps(entry) for entry in FILES)
    (OUT / "expected.json").write_text(f'{{\n  "count": {len(FILES)},\n  "files": [\n    {lines}\n  ]\n}}\n')
    print(f"{len(FILES)} files in broken/")


if __name__ == "__main__":
    main()
