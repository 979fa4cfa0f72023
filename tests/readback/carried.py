"""Pages, tags, chunks, EXIF data and profiles of results, read back by tifffile, ExifTool and Pillow."""

import collections
import io
import json
import struct
import subprocess
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageCms

from dumps import exiftool


class Check:
    def __init__(self, program, root, work):
        self.program, self.root, self.work = program, root, work / "carried"
        self.work.mkdir(parents=True, exist_ok=True)
        self.counts, self.wrong = collections.Counter(), []

    def fail(self, text):
        self.wrong.append(text)
        print("WRONG:", text, flush=True)

    def same(self, what, found, wanted):
        self.counts["values compared"] += 1
        if not np.array_equal(found, wanted) if isinstance(wanted, np.ndarray) else found != wanted:
            self.fail(f"{what}: {str(found)[:200]}, not {str(wanted)[:200]}")

    def filtered(self, source, name, *options):
        """The result of a file; by default that of `identity` in all channels."""
        output = self.work / name
        if "-k" not in options:
            options = (*options, "-k", "identity")
        call = [self.program, str(source), *options, "--channel", "each", "--pad", "edge", "-o", str(output),
                "--overwrite", "--json", "-q"]
        ran = subprocess.run(call, capture_output=True, text=True)
        if ran.returncode != 0:
            self.fail(f"{source}: {ran.stderr}")
            return None
        self.counts["results"] += 1
        return output

    # --- pages -------------------------------------------------------------------

    def pages(self):
        for source in sorted((self.root / "testdata/pages").glob("*.tif")):
            output = self.filtered(source, source.name)
            if output is None:
                continue
            with tifffile.TiffFile(source) as before, tifffile.TiffFile(output) as after:
                # Reduced copies and masks are no pages.
                pages = [page for page in before.pages if not (page.subfiletype & 5)]
                planes = [page.asarray() for page in pages]
                # A stack of ImageJ may have one directory.
                if before.is_imagej and len(pages) == 1:
                    images = before.imagej_metadata.get("images", 1)
                    planes = list(before.asarray().reshape(-1, *planes[0].shape)) if images > 1 else planes
                self.same(f"{source.name}: pages", len(after.pages), len(planes))
                for number, (wanted, page) in enumerate(zip(planes, after.pages)):
                    self.same(f"{source.name}: page {number}", page.asarray(), wanted)
                    self.counts["pages compared"] += 1
                # A description that claims other pages than there are is lost.
                claims = before.imagej_metadata.get("images", 1) if before.is_imagej else len(planes)
                if claims != len(planes):
                    self.same(f"{source.name}: ImageJ's", after.is_imagej, False)
                    continue
                self.same(f"{source.name}: ImageJ's", after.is_imagej, before.is_imagej)
                if after.is_imagej != before.is_imagej:
                    continue
                self.same(f"{source.name}: OME's", after.is_ome, before.is_ome)
                if before.is_imagej:
                    keep = ("images", "channels", "slices", "frames", "unit", "spacing", "hyperstack", "mode")
                    for key in keep:
                        self.same(f"{source.name}: {key}", after.imagej_metadata.get(key),
                                  before.imagej_metadata.get(key))
                if before.is_ome:
                    self.same(f"{source.name}: OME", after.ome_metadata, before.ome_metadata)
                if before.is_imagej or before.is_ome:
                    self.same(f"{source.name}: axes", after.series[0].axes, before.series[0].axes)
                    self.same(f"{source.name}: array", after.asarray(), before.asarray())

    # --- places on the ground ----------------------------------------------------

    GEO = [
        (33550, 12, 3, (2.0, 3.0, 0.0), True), (33922, 12, 6, (4.0, 5.0, 0.0, 1000.0, 2000.0, 0.0), True),
        (34735, 3, 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 1026, 34737, 7, 0), True),
        (34736, 12, 2, (6378137.0, 298.257223563), True), (34737, 2, 0, "a name|", True),
        (42112, 2, 0, '<GDALMetadata>\n  <Item name="SCALE" sample="0">2</Item>\n</GDALMetadata>', True),
        (42113, 2, 0, "-9999", True), (50844, 12, 92, tuple(float(n) for n in range(92)), True),
    ]

    def geo(self):
        array = np.arange(40 * 50, dtype=np.float32).reshape(40, 50)
        for order in "<>":
            for big in [False, True]:
                source = self.work / f"geo{'le' if order == '<' else 'be'}{big}.tif"
                tifffile.imwrite(source, array, byteorder=order, bigtiff=big, metadata=None, extratags=self.GEO)
                # As they are, shifted and thinned: the ground of the pixels stays.
                for crop, step, options in [(0, 1, ("-k", "identity", "--pad", "edge")),
                                            (2, 1, ("-k", "box5", "--pad", "valid")),
                                            (0, 3, ("-k", "identity", "--pad", "edge", "--step", "3"))]:
                    call = [self.program, str(source), *options, "-o", str(self.work / "geo.tif"), "--overwrite", "-q"]
                    ran = subprocess.run(call, capture_output=True, text=True)
                    if ran.returncode:
                        self.fail(f"{source.name} {options}: {ran.stderr}")
                        continue
                    self.counts["results"] += 1
                    with tifffile.TiffFile(source) as before, tifffile.TiffFile(self.work / "geo.tif") as after:
                        before, after = before.pages[0].tags, after.pages[0].tags
                        for code in [34735, 34736, 34737, 42112]:
                            self.same(f"geo {options}: tag {code}", after[code].value, before[code].value)
                        # Its samples are filtered like others.
                        self.same(f"geo {options}: no data", 42113 in after, False)
                        def ground(tags, column, row):
                            scale, tie = tags[33550].value, tags[33922].value
                            # Pixels are areas, whose centres are these.
                            return (tie[3] + (column + 0.5 - tie[0]) * scale[0],
                                    tie[4] - (row + 0.5 - tie[1]) * scale[1])
                        for row, column in [(0, 0), (3, 7), (9, 11)]:
                            wanted = ground(before, crop + column * step, crop + row * step)
                            self.same(f"geo {options}: ground", ground(after, column, row), wanted)
                        rpc, was = after[50844].value, before[50844].value
                        wanted = list(was)
                        wanted[2], wanted[3] = (was[2] - crop) / step, (was[3] - crop) / step
                        wanted[7], wanted[8] = was[7] / step, was[8] / step
                        self.same(f"geo {options}: polynomials", list(rpc), wanted)

    # --- EXIF data ---------------------------------------------------------------

    EXIF = ["-IFD0:Make=maker", "-IFD0:Artist=somebody", "-ExifIFD:UserComment=a comment", "-ExifIFD:ISO=100",
            "-ExifIFD:ExifImageWidth=40", "-ExifIFD:ExifImageHeight=30", "-GPS:GPSLatitude=52.5",
            "-GPS:GPSLatitudeRef=N", "-GPS:GPSLongitude=13.4", "-GPS:GPSLongitudeRef=E", "-GPS:GPSAltitude=34"]

    def exif(self):
        pixels = np.random.default_rng(5).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        for form in ["jpg", "png", "webp", "tif"]:
            source = self.work / f"exif.{form}"
            Image.fromarray(pixels).save(source, **({"lossless": True} if form == "webp" else {}))
            ran = exiftool("-q", "-m", "-overwrite_original", *self.EXIF, str(source))
            assert ran.returncode == 0, ran.stderr
            for to in ["jpg", "png", "webp", "tif"]:
                output = self.filtered(source, f"exif-of-{form}.{to}", "-f", to)
                if output is None:
                    continue
                if "tif" not in (form, to):
                    # The block itself: its size and orientation are true, and no thumbnail is in it.
                    blocks = [subprocess.run(["exiftool", "-b", "-Exif", str(path)], capture_output=True).stdout
                              for path in (source, output)]
                    self.same(f"EXIF of {form} in {to}", blocks[1], blocks[0])
                    self.counts["EXIF blocks byte by byte"] += len(blocks[0]) > 100
                groups = ["-ExifIFD:all", "-GPS:all", "-IFD0:Make", "-IFD0:Artist", "-PNG:Author"]
                tags = [json.loads(exiftool("-j", "-n", "-b", "-G1", *groups, str(path)).stdout)[0]
                        for path in (source, output)]
                for one in tags:
                    del one["SourceFile"]
                    # Of a TIFF file the artist becomes a text of a PNG.
                    author = one.pop("PNG:Author", None)
                    one.setdefault("IFD0:Artist", author)
                self.same(f"EXIF and GPS tags of {form} in {to}", tags[1], tags[0])

    # --- chunks ------------------------------------------------------------------

    def chunks(self):
        def all_chunks(path):
            file = path.read_bytes()[8:]
            found = []
            while file:
                length = struct.unpack(">I", file[:4])[0]
                name, data, crc = file[4:8], file[8:8 + length], file[8 + length:12 + length]
                assert struct.unpack(">I", crc)[0] == zlib.crc32(name + data), name
                found.append((name, data))
                file = file[12 + length:]
            return found

        source = self.root / "testdata/carried/full.png"
        output = self.filtered(source, "chunks.png")
        before, after = all_chunks(source), all_chunks(output)
        dropped = (b"sBIT", b"cLLI", b"sPLT", b"tIME", b"unSA", b"IDAT", b"iCCP", b"eXIf", b"hIST")
        for name, data in before:
            if name in dropped or data.startswith((b"XML:com", b"Raw profile")):
                continue
            self.same(f"chunk {name.decode()}", (name, data) in after, True)
        names = {name for name, _ in after}
        for name in dropped[:5]:
            self.same(f"chunk {name.decode()}", name in names, False)

    # --- profiles ----------------------------------------------------------------

    def profiles(self):
        profile = (self.root / "testdata/blocks/rgb.icc").read_bytes()
        pixels = np.random.default_rng(6).integers(0, 256, (30, 40, 3), dtype=np.uint8)
        for form in ["jpg", "png", "webp", "tif"]:
            source = self.work / f"icc.{form}"
            Image.fromarray(pixels).save(source, icc_profile=profile)
            for to in ["jpg", "png", "webp", "tif"]:
                for how in ["each", "luma"]:
                    output = self.work / f"icc-of-{form}-{how}.{to}"
                    call = [self.program, str(source), "-k", "identity", "--channel", how, "-f", to, "-o", str(output),
                            "--overwrite", "-q"]
                    ran = subprocess.run(call, capture_output=True, text=True)
                    assert ran.returncode == 0, ran.stderr
                    self.counts["results"] += 1
                    with Image.open(output) as image:
                        found = image.info.get("icc_profile")
                        # WebP stores gray as colours.
                        if how == "each" or to == "webp":
                            self.same(f"profile of {form} in {to}, {how}", found, profile)
                            continue
                        self.same(f"mode of {form} in {to}, {how}", image.mode, "L")
                        gray = ImageCms.ImageCmsProfile(io.BytesIO(found))
                        self.same(f"space of {form} in {to}", gray.profile.xcolor_space.strip(), "GRAY")
                        # Mid gray is as light by both.
                        lab = ImageCms.createProfile("LAB")
                        lights = []
                        for one, mode, value in [(gray, "L", 128), (ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                                                                   "RGB", (128,) * 3)]:
                            transform = ImageCms.buildTransform(one, lab, mode, "LAB")
                            made = ImageCms.applyTransform(Image.new(mode, (1, 1), value), transform)
                            lights.append(made.getpixel((0, 0))[0])
                        self.same(f"lightness of {form} in {to}", abs(lights[0] - lights[1]) <= 1, True)


def check(program, root, work):
    """Returns what is wrong, and counts."""
    checks = Check(program, root, work)
    for one in [checks.pages, checks.geo, checks.exif, checks.chunks, checks.profiles]:
        one()
    return checks.wrong, checks.counts
