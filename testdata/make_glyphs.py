"""Makes src/plot/font/glyphs.txt: the outlines that plots of kernels are lettered with.

Of DejaVu Sans (its licence is beside the file), in thousandths of the size, y downwards. A line has the
character's number, its advance, and its contours: `M x y` begins one, `L x y` is a line and
`Q x y x y` a quadratic curve with its control point.

    pip install fonttools
    python3 make_glyphs.py [/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf]
"""

import sys
from pathlib import Path

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

FONT = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
OUT = Path(__file__).parent.parent / "src/plot/font/glyphs.txt"
# What plots say, and the letters of Western Europe that names may have.
CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x100), 0x2013, 0x2026, 0x25A1]


class Pen(BasePen):
    def __init__(self, glyphs, unit):
        super().__init__(glyphs)
        self.unit, self.words = unit, []

    def say(self, command, *points):
        numbers = (f"{round(v * 1000 / self.unit)}" for x, y in points for v in (x, -y))
        self.words.append(" ".join([command, *numbers]))

    def _moveTo(self, point):
        self.say("M", point)

    def _lineTo(self, point):
        self.say("L", point)

    def _qCurveToOne(self, control, point):
        self.say("Q", control, point)


font = TTFont(FONT)
glyphs, names, unit = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
with OUT.open("w") as out:
    for character in CHARACTERS:
        name = names[character]
        pen = Pen(glyphs, unit)
        glyphs[name].draw(pen)
        advance = round(font["hmtx"][name][0] * 1000 / unit)
        print(" ".join([str(character), str(advance), *pen.words]), file=out)
