"""Write what libvips makes of its matrices.

Usage: VIPS_NOVECTOR=1 python make_kernel_formats.py

kernel_formats.txt   the input; then for each matrix of libvips its text, and after `--` what the
                     program makes of the input, without the four outermost rows and columns

The libvips is 8.14 (`vips conv --precision float`, of floats). It takes a comma only with a space behind
it. For ImageMagick see make_imagemagick.py.
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
            out += ["== " + text.rstrip("\n"), "--"]
            out += [" ".join(f"{x:.9g}" for x in row) for row in inner(rows)]
    (HERE / "kernel_formats.txt").write_text("\n".join(out) + "\n")


main()
