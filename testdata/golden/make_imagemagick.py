"""Write what ImageMagick makes of kernel strings.

Usage: CONVERT=convert-im6.q16hdri python make_imagemagick.py

imagemagick.txt   the input; then for each kernel its text, and after `--` what the program makes of
                  the input by `-morphology Convolve`, without the eight outermost rows and columns

The program is 6.9.11-60 with HDRI, whose samples are 32-bit floats: nothing clips, and sums are
rounded once, for several kernels once each. What stands before `;` with an `=` is given by -define.

Two faults of that version are left out: a hole in a kernel of one column ends its sum, and a Disk
whose radius ends on .5 to .9 holds what was in memory.
"""

import os
import subprocess
import tempfile
from array import array
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONVERT = os.environ.get("CONVERT", "convert")
ROWS, COLUMNS, MARGIN = 20, 21, 8
INPUT = [[(r * 37 + c * c * 11 + r * c * 5) % 251 for c in range(COLUMNS)] for r in range(ROWS)]

KERNELS = """
3x3: 1,2,3 4,5,6 7,8,9
3: 0,-1,0 -1,5,-1 0,-1,0
1 2 3 4 5 6 7 8 9
1 2 3 4
2x2: 1 2 3 4
4x2: 1 2 3 4 5 6 7 8
3x1+0+0: 1 - 2
3x2+2+1: 1 2 3 nan 5 6
3x3+1: 1 2 3 - 5 - 7 8 -
2x3+1+2: .5 -1.25 1e1 -2.5e-1 0 7
Unity
Unity:2.5
Gaussian:0x1
Gaussian:0x0.5
Gaussian:2x1
Gaussian:1,3
Gaussian:0.5x1
Gaussian:0x0
Gaussian:0x1.7
gaussian 0x1
DoG:0,1,1.6
DoG:0x1.2+0.6
DoG:3,0,1
LoG:0x1
LoG:2x0.8
LoG:0x1.4
Blur:0x1
Blur:0x2
Blur:3x5
Blur:0x1+90
Blur:0,1,-90
Blur:0x0.3
Blur:2x0
Comet:0x2
Comet:5x2
Comet:0x1.5+90
Comet:4x3+180
Comet:3x1-90
Binomial
Binomial:2
Binomial:8
Laplacian
Laplacian:1
Laplacian:2
Laplacian:3
Laplacian:5
Laplacian:7
Laplacian:15
Laplacian:19
Sobel
Sobel:90
Sobel:45
Sobel:30
Sobel:-135
Roberts
Roberts:135
Prewitt
Prewitt:270
Compass
Compass:225
Kirsch
Kirsch:315
FreiChen
FreiChen:1
FreiChen:2
FreiChen:11
FreiChen:12
FreiChen:13
FreiChen:14
FreiChen:15
FreiChen:16
FreiChen:17
FreiChen:18
FreiChen:19
FreiChen:1,90
FreiChen:45
Square
Square:2
Square:1.5
Square:1,0.25
Diamond:2
Diamond:3x2
Octagon
Octagon:3
Disk
Disk:1
Disk:3
Disk:2.4
Disk:2,2
Plus
Plus:1
Cross
Cross:2,3
Ring
Ring:1,2
Ring:3,1.5
Ring:1,2,3
Rectangle:4x2
Rectangle:3x2+2+0
Rectangle
convolve:scale=!; 3x3: 1,2,3 4,5,6 7,8,9
convolve:scale=!; 3x1: -1 0 1
convolve:scale=^; 3x1: -1 4 -2
convolve:scale=50%!; Sobel
convolve:scale=50%,100%; LoG:0x1
convolve:scale=-1; Kirsch
convolve:scale=50%^,25%; 3x1: -1 4 -2.5
convolve:scale=!,-1; Disk:2
3x3: 1,2,3 4,5,6 7,8,9; 2x1: 5 40
Blur:0x1; Blur:0x1+90
Blur:0x1>
3x1+0+0: 1 2 4; 1x2: 3 -1; 2x2: 1 2 3 4
3x3@: 1,2,0 0,1,0 0,0,1
3x3>: 1,0,3 0,5,0 0,8,9
3x1>: 1,2,4
3x3<: 1,0,3 0,5,0 0,8,9
3x1<: 1,2,4
2x2>: 1 2 3 4
2x2+1+0<: 1 2 3 4
3x3+0+1@: 1,0,0 0,1,0 0,0,0
Roberts:@
Octagon:1@
Disk:2@
Plus:2<
Comet:2x1>
Laplacian:1; Unity:0.5; Diamond
morphology:compose=Lighten; 3x3: 1,2,3 4,5,6 7,8,9; 2x1: 5 40
morphology:compose=Lighten; 3x3@: 1,2,3 4,5,6 7,8,9
morphology:compose=Lighten; Sobel:@
morphology:compose=Lighten; Kirsch:>
morphology:compose=Lighten; convolve:scale=!; Comet:3x1<
morphology:compose=Plus; 3x3: 1,2,3 4,5,6 7,8,9; 2x1: 5 40
morphology:compose=Plus; FreiChen:10
"""


def main():
    version = subprocess.run([CONVERT, "-version"], capture_output=True, text=True, check=True)
    assert "HDRI" in version.stdout, "set CONVERT to a program with HDRI"
    out = ["# Made by make_imagemagick.py.", "== input"]
    out += [" ".join(map(str, row)) for row in INPUT]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        text = "\n".join(" ".join(map(str, row)) for row in INPUT)
        (folder / "in.pgm").write_text(f"P2\n{COLUMNS} {ROWS}\n65535\n{text}\n")
        for text in KERNELS.strip().split("\n"):
            pieces = [piece.strip() for piece in text.split(";")]
            settings = [piece for piece in pieces if "=" in piece]
            kernels = ";".join(piece for piece in pieces if "=" not in piece)
            defines = [word for setting in settings for word in ("-define", setting)]
            ran = subprocess.run(
                [CONVERT, "in.pgm", "-define", "compose:clamp=off", *defines, "-morphology",
                 "Convolve", kernels, "out.mpc"],
                cwd=folder, check=True, capture_output=True, text=True)
            assert not ran.stderr, ran.stderr
            # Its own memory: blue, green, red and opacity of each pixel. Other formats would scale.
            numbers = array("f", (folder / "out.cache").read_bytes())[::4]
            assert len(numbers) == ROWS * COLUMNS
            rows = [numbers[r * COLUMNS:(r + 1) * COLUMNS] for r in range(ROWS)]
            out += ["== " + text, "--"]
            out += [" ".join(f"{x:.9g}" for x in row[MARGIN:-MARGIN]) for row in rows[MARGIN:-MARGIN]]
    (HERE / "imagemagick.txt").write_text("\n".join(out) + "\n")


main()
