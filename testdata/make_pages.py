"""Makes the files of pages/: TIFF files of several pictures, and beside each what its pages are.

`NAME-1.npy` and so on are the pages of `NAME.tif`, as tifffile reads them.

    pip install -r requirements.txt
    python3 make_pages.py
"""

import re
import struct
from pathlib import Path

import numpy as np
import tifffile

FOLDER = Path(__file__).parent / "pages"
FOLDER.mkdir(exist_ok=True)

rng = np.random.default_rng(9)


def noise(*shape, dtype=np.uint8):
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def save(name: str, pages) -> None:
    for number, page in enumerate(pages, 1):
        np.save(FOLDER / f"{name}-{number}.npy", np.ascontiguousarray(page))


# As tifffile writes a stack: its data, then the directories.
stack = noise(5, 13, 17)
tifffile.imwrite(FOLDER / "stack.tif", stack, photometric="minisblack")
save("stack", stack)

# Pages of all kinds, and between them a reduced copy and a mask, which are no pages.
mixed = [
    noise(12, 20),
    noise(9, 31, 3, dtype=np.uint16),
    noise(6, 7, dtype=np.float32),
    noise(12, 20, 4),
    noise(40, 33),
]
for big in [False, True]:
    name = "mixed_big" if big else "mixed"
    with tifffile.TiffWriter(FOLDER / f"{name}.tif", bigtiff=big) as file:
        gray = {"photometric": "minisblack", "metadata": None}
        file.write(mixed[0], **gray)
        file.write(mixed[1], photometric="rgb", metadata=None, compression="zlib")
        file.write(noise(3, 4), subfiletype=1, **gray)
        file.write(mixed[2], **gray)
        file.write(noise(12, 24) > 127, subfiletype=4, photometric="mask", metadata=None)
        file.write(mixed[3], photometric="rgb", extrasamples=["unassalpha"], metadata=None)
        file.write(mixed[4], compression="lzw", predictor=True, tile=(16, 16), **gray)
    if not big:
        save(name, mixed)

# A stack of ImageJ; and one with a single directory, as ImageJ itself writes it.
imagej = noise(4, 10, 11, dtype=np.uint16)
tifffile.imwrite(FOLDER / "imagej.tif", imagej, imagej=True, metadata={"axes": "TYX"})
save("imagej", imagej)
data = bytearray((FOLDER / "imagej.tif").read_bytes())
order = ">" if data[:2] == b"MM" else "<"
(first,) = struct.unpack_from(order + "I", data, 4)
(entries,) = struct.unpack_from(order + "H", data, first)
(second,) = struct.unpack_from(order + "I", data, first + 2 + 12 * entries)
struct.pack_into(order + "I", data, first + 2 + 12 * entries, 0)
(FOLDER / "imagej_planes.tif").write_bytes(data[:second])
with tifffile.TiffFile(FOLDER / "imagej_planes.tif") as file:
    assert len(file.pages) == 1
    assert (file.asarray() == imagej).all()
# The same, but the file says that it has a million planes.
data = data[:second].replace(b"images=4\nframes=4", b"images=1000000\n#3")
assert len(data) == second
(FOLDER / "imagej_claims.tif").write_bytes(data)

# An OME file of two times and three channels.
ome = noise(2, 3, 10, 11)
tifffile.imwrite(FOLDER / "ome.ome.tif", ome, metadata={"axes": "TCYX"})
path = FOLDER / "ome.ome.tif"
# Made anew in every run.
path.write_bytes(re.sub(rb"(?<=urn:uuid:)[0-9a-f-]{36}", b"0" * 36, path.read_bytes()))
save("ome", ome.reshape(6, 10, 11))

# Pages of one size that carry different things.
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="needle-xmp"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
tags = noise(5, 12, 20)
carried = [
    [(315, 2, 0, "needle-artist", True), (285, 2, 0, "needle-page", True)],
    [(285, 2, 0, "needle-page", True), (700, 1, len(XMP), XMP, True)],
    [],
    [(285, 2, 0, "needle-page", True), (65000, 2, 0, "needle-private", True)],
    [(65000, 2, 0, "needle-private", True), (33432, 2, 0, "needle-copyright", True), (42113, 2, 0, "7", True)],
]
with tifffile.TiffWriter(FOLDER / "tags.tif") as file:
    for number, (page, extra) in enumerate(zip(tags, carried)):
        density = {"resolution": (300, 300), "resolutionunit": 2} if number == 1 else {}
        file.write(page, photometric="minisblack", metadata=None, software=False, extratags=extra, **density)
save("tags", tags)
