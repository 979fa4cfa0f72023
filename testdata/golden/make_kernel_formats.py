"""Write what other programs make of kernels in their own formats.

Usage: VIPS_NOVECTOR=1 python make_kernel_formats.py

kernel_formats.txt   the input; then for each kernel its format and text, and after `--` what
                     the program makes of the input, without the four outermost rows and columns

The libvips is 8.14 (`vips conv --precision float`, of floats), ImageMagick 6.9.11 (`convert -morphology
Convolve`, on 16-bit samples, which clip at 0). That libvips takes a comma only with a space behind it.
"""

import subprocess
import tempfile
from array import array
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS, MARGIN = 12, 13, 4
INPUT = [[(r * 37 + c * c * 11 + r * c * 5) % 251 for c in range(COLUMNS)] for r in range(ROWS)]

VIPS = [
    "3 3\n0 -1 0\n-1 5 -1\n0 -1 0\n",
    "3 2 4 128\n1 2 3\n4 5 -6\n",
    "4 1 8\n1\t2\t3\t4\n",
    "2 4 1 -7.5\n1, 2\n3, 4\n5, 6\n7, 8\n",
]
IMAGEMAGICK = [
    "3x3: 1,2,3 4,5,6 7,8,9",
    "3: 0,-1,0 -1,5,-1 0,-1,0",
    "1 2 3 4 5 6 7 8 9",
    "2x2: 1 2 3 4",
    "4x2: 1 2 3 4 5 6 7 8",
    "3x1+0+0: 1 - 2",
    "3x2+2+1: 1 2 3 nan 5 6",
    "Sobel", "Roberts", "Prewitt", "Compass", "Kirsch", "Unity",
    "Square", "Diamond:2", "Octagon", "Disk:3", "Disk", "Plus", "Cross:2", "Disk:2,2",
    "3x3@: 1,2,3 4,5,6 7,8,9",
    "3x3>: 1,0,3 0,5,0 0,8,9",
    "3x1>: 1,2,4",
    "3x3<: 1,0,3 0,5,0 0,8,9",
    "3x3: 1,2,3 4,5,6 7,8,9; 2x1: 5 40",
    "Sobel:@", "Kirsch:>",
]


def inner(rows):
    return [row[MARGIN:-MARGIN] for row in rows[MARGIN:-MARGIN]]


def pgm(path, rows):
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    path.write_text(f"P2\n{COLUMNS} {ROWS}\n65535\n{text}\n")


def main():
    out = ["# Made by make_kernel_formats.py.", "== input"]
    out += [" ".join(map(str, row)) for row in INPUT]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pgm(folder / "in.pgm", INPUT)
        subprocess.run(["vips", "cast", "in.pgm", "in.v", "float"], cwd=folder, check=True)
        for text in VIPS:
            (folder / "k.mat").write_text(text)
            subprocess.run(
                ["vips", "conv", "in.v", "out.v", "k.mat", "--precision", "float"],
                cwd=folder, check=True)
            subprocess.run(["vips", "rawsave", "out.v", "out.raw"], cwd=folder, check=True)
            numbers = array("f", (folder / "out.raw").read_bytes())
            rows = [numbers[r * COLUMNS:(r + 1) * COLUMNS] for r in range(ROWS)]
            out += ["== vips", text.rstrip("\n"), "--"]
            out += [" ".join(f"{x:.9g}" for x in row) for row in inner(rows)]
        for text in IMAGEMAGICK:
            compose = ["-define", "morphology:compose=Lighten"]
            subprocess.run(
                ["convert", "in.pgm", *compose, "-morphology", "Convolve", text,
                 "-depth", "16", "-compress", "none", "out.pgm"],
                cwd=folder, check=True)
            words = [w for line in (folder / "out.pgm").read_text().split("\n")
                     if not line.startswith("#") for w in line.split()]
            numbers = [int(w) for w in words[4:]]
            rows = [numbers[r * COLUMNS:(r + 1) * COLUMNS] for r in range(ROWS)]
            out += ["== imagemagick", text, "--"]
            out += [" ".join(map(str, row)) for row in inner(rows)]
    (HERE / "kernel_formats.txt").write_text("\n".join(out) + "\n")


main()
