"""Makes the files of frames/: animations, and beside each what its frames look like.

`NAME-1.npy` and so on are the canvases of `NAME.gif`, `NAME.png` or `NAME.webp`, as Pillow shows
them. Those of `disposal.gif` and of PNG files follow from the specifications here, in NumPy:
Pillow forgets what is below a frame that is taken away after another one, and shows no canvas below
RGB.
Where alpha is 0 the colours are 0. `frames.json` has delays in seconds and loop counts.

    pip install -r requirements.txt
    python3 make_frames.py
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "frames"
FOLDER.mkdir(exist_ok=True)
ROWS, COLUMNS = 9, 12

rng = np.random.default_rng(12)
facts = {}


def save(name, canvases, delays, plays):
    facts[name] = {"delays": delays, "plays": plays}
    for number, canvas in enumerate(canvases, 1):
        canvas = np.array(canvas)
        if canvas.ndim == 3 and canvas.shape[2] in (2, 4):
            canvas[canvas[..., -1] == 0] = 0
        np.save(FOLDER / f"{name}-{number}.npy", canvas)


def pillow(name, mode):
    """The canvases as Pillow shows them."""
    with Image.open(FOLDER / name) as file:
        for number in range(file.n_frames):
            file.seek(number)
            yield np.array(file.convert(mode))


# GIF, block by block.


def lzw(indices, bits):
    """Codes of one size, with a clear code before each grows."""
    clear, size = 1 << bits, bits + 1
    codes, since = [clear], 0
    for index in indices:
        if since == (1 << bits) - 2:
            codes.append(clear)
            since = 0
        codes.append(int(index))
        since += 1
    codes.append(clear + 1)
    number = 0
    for at, code in enumerate(codes):
        number |= code << (at * size)
    data = number.to_bytes(-(-len(codes) * size // 8), "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return bytes([bits]) + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def gif(name, palette, frames, again=None):
    """`frames` are (top, left, indices, disposal, transparent, delay, palette)."""
    flags = 0x80 | (len(palette) // 3).bit_length() - 2
    file = b"GIF89a" + struct.pack("<HHBBB", COLUMNS, ROWS, flags, 0, 0) + bytes(palette)
    if again is not None:
        file += b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", again) + b"\0"
    for top, left, indices, disposal, transparent, delay, own in frames:
        flags = disposal << 2 | (transparent is not None)
        file += b"\x21\xf9\x04" + struct.pack("<BHB", flags, delay, transparent or 0) + b"\0"
        rows, columns = indices.shape
        flags = 0x80 | (len(own) // 3).bit_length() - 2 if own else 0
        file += b"\x2c" + struct.pack("<HHHHB", left, top, columns, rows, flags) + bytes(own or [])
        file += lzw(indices.flat, 3)
    (FOLDER / name).write_bytes(file + b";")


def gif_canvases(palette, frames, colours):
    """As ImageMagick's `-coalesce` has them."""
    canvas = np.zeros((ROWS, COLUMNS, 4), np.uint8)
    for top, left, indices, disposal, transparent, _, own in frames:
        part = np.s_[top : top + indices.shape[0], left : left + indices.shape[1]]
        before = canvas.copy()
        table = np.array(own or palette, np.uint8).reshape(-1, 3)
        drawn = indices != (-1 if transparent is None else transparent)
        canvas[part][drawn] = np.insert(table, 3, 255, axis=1)[indices[drawn]]
        yield canvas[..., :colours].copy()
        if disposal == 2:
            canvas[part] = 0
        elif disposal == 3:
            canvas = before


def indices(rows, columns):
    return rng.integers(0, 8, (rows, columns))


COLOURS = list(rng.integers(0, 256, 24))
OTHERS = list(rng.integers(0, 256, 24))
GRAYS = [int(gray) for gray in np.repeat(np.arange(8) * 36, 3)]

# All disposals, transparent pixels, a palette of a frame's own, on a canvas that shows.
frames = [
    (1, 1, indices(7, 9), 1, 5, 7, None),
    (0, 0, indices(4, 4), 2, 3, 0, OTHERS),
    (2, 3, indices(5, 6), 3, 1, 100, None),
    (4, 5, indices(3, 7), 0, None, 3, OTHERS),
    (3, 0, indices(6, 12), 3, 2, 12, None),
    (0, 0, indices(9, 12), 2, 6, 1, None),
    (5, 5, indices(2, 2), 1, None, 65535, None),
]
gif("disposal.gif", COLOURS, frames, again=4)
delays = [0.07, 0.0, 1.0, 0.03, 0.12, 0.01, 655.35]
save("disposal", gif_canvases(COLOURS, frames, 4), delays, 5)

# An opaque canvas, as encoders make it that store what changes; shown once.
gif(
    "opaque.gif",
    COLOURS,
    [
        (0, 0, indices(9, 12), 1, None, 5, None),
        (2, 2, indices(4, 5), 1, 0, 5, None),
        (0, 4, indices(9, 3), 3, 7, 5, OTHERS),
        (1, 0, indices(3, 12), 1, None, 5, None),
    ],
)
save("opaque", pillow("opaque.gif", "RGB"), [0.05] * 4, 1)

gif(
    "gray.gif",
    GRAYS,
    [(0, 0, indices(9, 12), 1, None, 10, None), (3, 3, indices(3, 3), 1, 4, 20, GRAYS[::-1])],
    again=0,
)
save("gray", pillow("gray.gif", "L"), [0.1, 0.2], 0)


# PNG, chunk by chunk.


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# First row and column, and steps, of the passes of an interlaced picture.
PASSES = [
    (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1),
]


def compressed(pixels, interlaced=False):
    if interlaced:
        parts = [pixels[top::down, left::across] for top, left, down, across in PASSES]
        rows = [row for part in parts if part.size for row in part]
        return zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 9)
    rows = [b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels]
    return zlib.compress(b"".join(rows), 9)


def png(name, depth, colour, frames, plays, fallback=None, interlaced=False):
    """`frames` are (top, left, pixels, dispose, blend, delay)."""
    file = b"\x89PNG\r\n\x1a\n"
    file += chunk(b"IHDR", struct.pack(">IIBBBBB", COLUMNS, ROWS, depth, colour, 0, 0, interlaced))
    file += chunk(b"acTL", struct.pack(">II", len(frames), plays))
    file += chunk(b"tEXt", b"Author\0somebody")
    number, has_data = 0, fallback is not None
    if has_data:
        file += chunk(b"IDAT", compressed(fallback))
    for top, left, pixels, dispose, blend, delay in frames:
        sides = (pixels.shape[1], pixels.shape[0], left, top)
        file += chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *sides, *delay, dispose, blend))
        number += 1
        data = compressed(pixels, interlaced)
        if has_data:
            file += chunk(b"fdAT", struct.pack(">I", number) + data)
            number += 1
        else:
            file += chunk(b"IDAT", data)
            has_data = True
    (FOLDER / name).write_bytes(file + chunk(b"tEXt", b"Comment\0after") + chunk(b"IEND", b""))


def canvases(frames, depth, channels):
    """PNG Specification, third edition, 12.12, in floats rounded at the end of each frame."""
    most = 2**depth - 1
    canvas = np.zeros((ROWS, COLUMNS, channels))
    for number, (top, left, pixels, dispose, blend, _) in enumerate(frames):
        part = np.s_[top : top + pixels.shape[0], left : left + pixels.shape[1]]
        before = canvas.copy()
        pixels = pixels.astype(float)
        if blend == 1:
            alpha, below = pixels[..., 3:] / most, canvas[part][..., 3:] / most
            sum = alpha + below * (1 - alpha)
            weighted = pixels * alpha + canvas[part] * below * (1 - alpha)
            mixed = np.divide(weighted, sum, out=np.zeros_like(pixels), where=sum > 0)
            mixed[..., 3:] = sum * most
            canvas[part] = np.floor(mixed + 0.5)
        else:
            canvas[part] = pixels
        yield canvas.astype(np.uint16 if depth == 16 else np.uint8)
        if dispose == 1 or (dispose == 2 and number == 0):
            canvas[part] = 0
        elif dispose == 2:
            canvas = before


def noise(rows, columns, channels, dtype=np.uint8):
    return rng.integers(0, np.iinfo(dtype).max + 1, (rows, columns, channels), dtype=dtype)


def binary(pixels):
    """With alpha on or off."""
    pixels = pixels.copy()
    pixels[..., 3] = np.where(pixels[..., 3] > 100, 255, 0)
    return pixels


# Alpha is on or off.
frames = [
    (0, 0, binary(noise(9, 12, 4)), 0, 0, (1, 4)),
    (2, 3, binary(noise(5, 4, 4)), 1, 1, (30, 1000)),
    (1, 1, binary(noise(3, 9, 4)), 2, 1, (7, 0)),
    (4, 0, binary(noise(5, 12, 4)), 2, 0, (1, 30)),
    (0, 8, binary(noise(9, 4, 4)), 0, 1, (0, 100)),
]
png("dispose.png", 8, 6, frames, 3)
delays = [0.25, 0.03, 0.07, 1 / 30, 0.0]
save("dispose", canvases(frames, 8, 4), delays, 3)

for name, depth, dtype in [("blend", 8, np.uint8), ("blend16", 16, np.uint16)]:
    frames = [
        (0, 0, noise(9, 12, 4, dtype), 0, 0, (1, 10)),
        (0, 2, noise(6, 9, 4, dtype), 1, 1, (1, 10)),
        (3, 1, noise(4, 4, 4, dtype), 2, 1, (1, 10)),
        (1, 1, noise(8, 11, 4, dtype), 0, 1, (1, 10)),
    ]
    png(f"{name}.png", depth, 6, frames, 0)
    save(name, canvases(frames, depth, 4), [0.1] * 4, 0)

# The picture for other viewers is none of the frames, the first of which leaves the canvas bare.
fallback = noise(9, 12, 3)
frames = [
    (2, 2, noise(4, 5, 3), 0, 0, (1, 2)),
    (0, 0, noise(9, 12, 3), 0, 0, (1, 2)),
]
png("fallback.png", 8, 2, frames, 2, fallback)
opaque = [(*frame[:2], np.insert(frame[2], 3, 255, axis=2), *frame[3:]) for frame in frames]
save("fallback", canvases(opaque, 8, 4), [0.5, 0.5], 2)

frames = [
    (0, 0, noise(9, 12, 3), 0, 0, (1, 5)),
    (3, 2, noise(5, 7, 3), 2, 0, (1, 5)),
    (1, 9, noise(1, 3, 3), 0, 0, (1, 5)),
]
png("interlaced.png", 8, 2, frames, 0, interlaced=True)
save("interlaced", canvases(frames, 8, 3), [0.2] * 3, 0)

# Opaque, of 16 bits.
frames = [
    (0, 0, noise(9, 12, 1, np.uint16), 0, 0, (1, 25)),
    (3, 4, noise(4, 4, 1, np.uint16), 2, 1, (1, 25)),
    (1, 0, noise(2, 12, 1, np.uint16), 0, 1, (1, 25)),
]
png("gray16.png", 16, 0, frames, 0)
opaque = [(*frame[:4], 0, frame[5]) for frame in frames]
save("gray16", [canvas[..., 0] for canvas in canvases(opaque, 16, 1)], [0.04] * 3, 0)

# WebP: Pillow stores what changes, with and without loss of colours, and clears.
def webp(name, channels, plays, **options):
    pictures = [noise(9, 12, channels) for _ in range(4)]
    for number in range(1, 4):
        pictures[number][number:] = pictures[number - 1][number:]
    if channels == 4:
        pictures = [binary(picture) for picture in pictures]
    first, *rest = [Image.fromarray(picture) for picture in pictures]
    durations = [40, 1000, 0, 333]
    first.save(
        FOLDER / name, save_all=True, append_images=rest, duration=durations, loop=plays, **options
    )
    name = name.split(".")[0]
    # As it shows them itself.
    shown = pillow(f"{name}.webp", "RGBA" if channels == 4 else "RGB")
    save(name, shown, [duration / 1000 for duration in durations], plays)


webp("clear.webp", 4, 0, lossless=True, exact=True)
webp("colours.webp", 3, 6, lossless=True)


def riff(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def u24(number):
    return struct.pack("<I", number)[:3]


def still(pixels):
    """The chunk of a lossless picture."""
    from io import BytesIO

    file = BytesIO()
    Image.fromarray(pixels).save(file, "webp", lossless=True, exact=True)
    file = file.getvalue()
    at = file.index(b"VP8L")
    return file[at:]


def disposed(name, frames, plays):
    """`frames` are (top, left, pixels, clears, blends, milliseconds)."""
    chunks = riff(b"VP8X", b"\x12\0\0\0" + u24(COLUMNS - 1) + u24(ROWS - 1))
    chunks += riff(b"ANIM", b"\0\0\0\0" + struct.pack("<H", plays))
    for top, left, pixels, clears, blends, milliseconds in frames:
        rows, columns, _ = pixels.shape
        numbers = [left // 2, top // 2, columns - 1, rows - 1, milliseconds]
        flags = bytes([clears | (not blends) << 1])
        chunks += riff(b"ANMF", b"".join(map(u24, numbers)) + flags + still(pixels))
    (FOLDER / name).write_bytes(riff(b"RIFF", b"WEBP" + chunks))


# Frames that are cleared, before one that covers the canvas and one that does not.
disposed(
    "disposed.webp",
    [
        (0, 0, binary(noise(9, 12, 4)), 0, 1, 10),
        (2, 4, binary(noise(5, 4, 4)), 1, 1, 20),
        (0, 0, binary(noise(9, 12, 4)), 0, 1, 30),
        (4, 2, noise(4, 6, 3), 1, 0, 40),
        (2, 6, noise(3, 3, 3), 0, 1, 50),
    ],
    1,
)
save("disposed", pillow("disposed.webp", "RGBA"), [0.01, 0.02, 0.03, 0.04, 0.05], 1)

# With loss, and alpha in a chunk of its own.
ramp = np.zeros((ROWS, COLUMNS, 4), np.uint8)
ramp[..., 0] = np.arange(COLUMNS) * 20
ramp[..., 1] = np.arange(ROWS)[:, None] * 25
ramp[..., 3] = np.where(np.arange(COLUMNS) > 3, 255, 0)
turned = ramp[::-1, ::-1].copy()
Image.fromarray(ramp).save(
    FOLDER / "lossy.webp", save_all=True, append_images=[Image.fromarray(turned)],
    duration=[50, 60], loop=0, quality=90, allow_mixed=False, minimize_size=False, kmax=1,
)
save("lossy", pillow("lossy.webp", "RGBA"), [0.05, 0.06], 0)

(FOLDER / "frames.json").write_text(json.dumps(facts, indent=1) + "\n")
