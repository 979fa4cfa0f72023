"""Records of how results were made, read by ExifTool and Pillow, and attributes of OpenEXR files, read
by the OpenEXR library itself."""

import importlib.util
import json
import subprocess

import numpy as np
import tifffile
from PIL import Image

from carried import Check
from dumps import exiftool

FORMATS = ("png", "jpg", "tif", "webp", "gif", "pgm", "ppm", "hdr", "bmp", "qoi", "tga", "npy")
# What is said of them in docs/files.md: those of the picture as it was.
OUTDATED = {"multiView", "cryptomatte/1/name", "preview"}
# Those that every file has, as its own samples want them.
STRUCTURE = {"channels", "compression", "dataWindow", "displayWindow", "lineOrder", "type", "chunkCount", "tiles"}


class Records(Check):
    def recorded(self, source, output, *options):
        """The record that the program says the result has."""
        depth = ("--depth", "f32") if output.suffix == ".hdr" else ("--depth", "8")
        channel = "luma" if output.suffix == ".pgm" else "each"
        call = [self.program, str(source), "-k", "gaussian3", "--pad", "edge", "--channel", channel, *depth, *options,
                "-o", str(output), "--overwrite", "--json", "-q"]
        ran = subprocess.run(call, capture_output=True, text=True)
        if ran.returncode:
            self.fail(f"{output.name}: {ran.stderr}")
            return None
        self.counts["results"] += 1
        return json.loads(ran.stdout).get("recorded")

    def read(self, path):
        """The records in a file, by other programs."""
        form = path.suffix[1:]
        tags = json.loads(exiftool("-j", "-G1", "-a", "-u", "-api", "LargeFileSupport=1", str(path)).stdout)[0]
        if form == "png":
            with Image.open(path) as image:
                yield "Pillow", image.text.get("stridekern")
            yield "ExifTool", tags.get("PNG:Stridekern")
        elif form in ("jpg", "tif", "webp"):
            commands = [value for name, value in tags.items() if name.split(":")[-1] == "Commands"]
            yield "ExifTool", joined(commands[0]) if len(commands) == 1 else commands
        elif form == "gif":
            yield "ExifTool", tags.get("File:Comment")
            with Image.open(path) as image:
                yield "Pillow", image.info.get("comment", b"").decode()
        elif form in ("pgm", "ppm"):
            yield "ExifTool", tags.get("File:Comment")
        elif form == "hdr":
            # Its reader keeps keys only, so the header is read here.
            header = path.read_bytes().split(b"\n\n")[0].decode().split("\n")
            yield "the header", "\n".join(line for line in header if line.startswith("stridekern "))

    def records(self):
        pixels = np.random.default_rng(8).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        first = self.work / "record.png"
        Image.fromarray(pixels).save(first)
        for form in FORMATS:
            output = self.work / f"recorded.{form}"
            told = self.recorded(first, output, "--record")
            if form in ("bmp", "qoi", "tga", "npy"):
                self.same(f"record of {form}", told, None)
                self.same(f"record in {form}", b"--kernel" in output.read_bytes(), False)
                continue
            for reader, found in self.read(output):
                self.same(f"record in {form} by {reader}", found, told)
                self.counts["records compared"] += 1
            self.same(f"start of the record in {form}", (told or "").startswith("stridekern record.png --kernel gaussian3"), True)
            # Of a result of the result: both commands, or none.
            again = self.work / f"again.{form}"
            second = self.recorded(output, again, "--record")
            for reader, found in self.read(again):
                self.same(f"records in {form} by {reader}", found, f"{told}\n{second}")
                self.counts["records compared"] += 1
            self.recorded(output, again)
            self.same(f"no record in {form}", b"--kernel" in again.read_bytes(), False)
        self.pages()

    def pages(self):
        """Each page of a TIFF has it, and an animation once."""
        source = self.root / "testdata/pages/stack.tif"
        output = self.work / "recorded-pages.tif"
        told = self.recorded(source, output, "--record")
        with tifffile.TiffFile(output) as file:
            for number, page in enumerate(file.pages):
                text = page.tags[700].value.decode()
                self.same(f"record of page {number}", text.count("--kernel gaussian3"), 1)
        for form in ["gif", "png"]:
            output = self.work / f"recorded-frames.{form}"
            told = self.recorded(source, output, "--record")
            for reader, found in self.read(output):
                self.same(f"record of frames in {form} by {reader}", found, told)
                self.counts["records compared"] += 1

    # --- attributes of OpenEXR -----------------------------------------------------

    def attributes(self):
        if not importlib.util.find_spec("OpenEXR"):
            print("left out of records: attributes of OpenEXR (no OpenEXR; pip install OpenEXR)", flush=True)
            return
        import OpenEXR

        source = self.root / "testdata/carried/full.exr"
        before = OpenEXR.File(str(source))
        wanted = {name: plain(value) for name, value in before.header().items() if name not in STRUCTURE}
        lines = (self.root / "docs/files.md").read_text().splitlines()
        documented = {line.split("|")[1].strip().removeprefix("attribute ") for line in lines
                      if line.startswith("| attribute ") and line.split("|")[12].strip() == "**kept**"}
        for options in [[], ["--metadata", "drop"]]:
            output = self.work / "attributes.exr"
            call = [self.program, str(source), "-k", "identity", "--pad", "edge", "--channel", "each", *options,
                    "-o", str(output), "--overwrite", "-q"]
            ran = subprocess.run(call, capture_output=True, text=True)
            if ran.returncode:
                self.fail(f"{source.name}: {ran.stderr}")
                continue
            self.counts["results"] += 1
            after = OpenEXR.File(str(output))
            found = {name: plain(value) for name, value in after.header().items() if name not in STRUCTURE}
            if options:
                texts = [name for name, value in found.items() if "needle" in str(value)]
                self.same("attributes that describe, dropped", texts, [])
                continue
            for name, value in wanted.items():
                if name in OUTDATED:
                    self.same(f"attribute {name}", name in found, False)
                else:
                    self.same(f"attribute {name}", found.get(name), value)
                self.counts["attributes compared"] += 1
            for name in documented:
                self.same(f"attribute {name}, documented as kept", name in found, True)
            self.counts["attributes documented as kept"] = len(documented)
            for name, channel in before.channels().items():
                self.same(f"channel {name}", after.channels()[name].pixels.astype(np.float32),
                          channel.pixels.astype(np.float32))


def joined(value):
    return "\n".join(value) if isinstance(value, list) else value


def plain(value):
    """Values of attributes that `==` compares."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (int, float, str)):
        return value
    if hasattr(value, "data"):
        return (type(value).__name__, bytes(value.data) if not isinstance(value.data, bytes) else value.data)
    return str(value)


def check(program, root, work):
    """Returns what is wrong, and counts."""
    checks = Records(program, root, work)
    checks.records()
    checks.attributes()
    return checks.wrong, checks.counts
