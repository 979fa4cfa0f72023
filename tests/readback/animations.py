"""Frames of results, their delays and how often they are shown, read back by Pillow, ffmpeg,
gifsicle and tifffile."""

import json
import re
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import tifffile
from PIL import Image

from carried import Check

FORMATS = ("gif", "png", "tif")


def seconds(fraction):
    """A delay as the formats hold it: hundredths, halves up, or the fraction itself."""
    return {"gif": Fraction((2 * fraction.numerator * 100 + fraction.denominator)
                            // (2 * fraction.denominator), 100), "png": fraction}


def rgba(array):
    """Gray or colours with or without alpha, in 8 bits or 16, as RGBA."""
    array = array if array.ndim == 3 else array[..., None]
    most = np.iinfo(array.dtype).max
    colours, alpha = array, np.full((*array.shape[:2], 1), most, array.dtype)
    if array.shape[2] in (2, 4):
        colours, alpha = array[..., :-1], array[..., -1:]
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    return np.concatenate([colours, alpha], axis=2)


def visible(array):
    """RGBA without the colours of transparent pixels."""
    return np.where(array[..., 3:] > 0, array, 0)


def box3(frame):
    """Means of 3 x 3 pixels, the edge repeated."""
    wide = np.pad(frame.astype(np.int64), [(1, 1), (1, 1)] + [(0, 0)] * (frame.ndim - 2), mode="edge")
    rows, columns = frame.shape[:2]
    sums = sum(wide[i : i + rows, j : j + columns] for i in range(3) for j in range(3))
    return ((2 * sums + 9) // 18).astype(frame.dtype)


class Animations(Check):
    def sources(self):
        """Paths, canvases, delays and plays (0 means forever): those of testdata, by the
        specifications of the formats, and those that Pillow, ffmpeg and gifsicle make."""
        folder = self.root / "testdata/frames"
        for name, facts in json.loads((folder / "frames.json").read_text()).items():
            canvases = [np.load(folder / f"{name}-{number}.npy") for number in range(1, len(facts["delays"]) + 1)]
            path = next(path for path in folder.glob(f"{name}.*"))
            delays = [Fraction(delay).limit_denominator(65535) for delay in facts["delays"]]
            yield path, canvases, delays, facts["plays"]
        chance = np.random.default_rng(77)
        noise = lambda *shape: chance.integers(0, 256, shape, dtype=np.uint8)
        frames = [noise(13, 10, 3) for _ in range(5)]
        durations, pictures = [30, 120, 500, 30, 2000], [Image.fromarray(frame) for frame in frames]
        delays = [Fraction(duration, 1000) for duration in durations]
        for form, more in [("webp", {"lossless": True}), ("png", {})]:
            path = self.work / f"pillow.{form}"
            pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=durations, loop=2, **more)
            yield path, frames, delays, 2
        grays = [noise(13, 10) for _ in range(4)]
        path = self.work / "pillow.gif"
        pictures = [Image.fromarray(frame) for frame in grays]
        pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=70, loop=0, optimize=False)
        yield path, grays, [Fraction(7, 100)] * 4, 0
        if shutil.which("ffmpeg"):
            path = self.work / "ffmpeg.png"
            call = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "10x13", "-r", "12",
                    "-i", "-", "-f", "apng", "-plays", "4", str(path)]
            subprocess.run(call, input=b"".join(frame.tobytes() for frame in frames), check=True)
            yield path, frames, [Fraction(1, 12)] * 5, 4
        if shutil.which("gifsicle"):
            path = self.work / "gifsicle.gif"
            call = ["gifsicle", "-O3", "--loopcount=2", "-d", "9", str(self.work / "pillow.gif"), "-o", str(path)]
            subprocess.run(call, check=True)
            # It is shown once, and twice again.
            yield path, grays, [Fraction(9, 100)] * 4, 3

    def run(self):
        for source, canvases, delays, plays in self.sources():
            for form in FORMATS:
                if form == "gif" and canvases[0].dtype == np.uint16:
                    self.counts["16-bit frames that GIF does not hold"] += 1
                    continue
                opaque = rgba(canvases[0]).dtype == np.uint8 and all((rgba(c)[..., 3] == 255).all() for c in canvases)
                for kernel, wanted in [("identity", canvases), ("box3", [box3(c) for c in canvases])]:
                    if kernel == "box3" and not opaque:
                        continue
                    output = self.filtered(source, f"{source.stem}-{kernel}.{form}", "-f", form, "-k", kernel)
                    if output is None:
                        continue
                    what = f"{source.name} by {kernel} to {form}"
                    read = getattr(self, f"read_{form}")
                    read(what, output, wanted, [seconds(delay).get(form) for delay in delays], plays)
                    self.counts["animations read back"] += 1

    def frames(self, what, reader, found, wanted):
        self.same(f"{what}: frames by {reader}", len(found), len(wanted))
        for number, (one, other) in enumerate(zip(found, wanted), 1):
            self.same(f"{what}: frame {number} by {reader}", visible(one), visible(other))
            self.counts[f"frames compared by {reader}"] += 1

    def times(self, what, reader, found, wanted):
        found = [Fraction(time).limit_denominator(65535) for time in found]
        self.same(f"{what}: delays by {reader}", found, wanted)
        self.counts[f"delays compared by {reader}"] += len(wanted)

    def durations(self, what, found, wanted):
        """Those of ffmpeg, in 1/100000 of a second; it shows no frame for no time."""
        found = [Fraction(time) for time in found]
        close = [not wanted or abs(found - wanted) <= Fraction(1, 10**5) for found, wanted in zip(found, wanted)]
        self.same(f"{what}: delays by ffmpeg, {list(map(float, found))}", close, [True] * len(wanted))
        self.counts["delays compared by ffmpeg"] += len(wanted)

    def by_pillow(self, path):
        with Image.open(path) as image:
            found, times = [], []
            for number in range(image.n_frames):
                image.seek(number)
                image.load()
                found.append(np.asarray(image.convert("RGBA")))
                times.append(Fraction(image.info.get("duration", 0)).limit_denominator(10**6) / 1000)
            return found, times, image.info.get("loop"), image.mode

    def by_ffmpeg(self, path, demuxer, deep):
        """The frames, and the times from one to the next."""
        _, rows, columns = self.sides
        kind, layout = (np.dtype(">u2"), "rgba64be") if deep else (np.dtype(np.uint8), "rgba")
        # Its GIF reader makes short delays longer unless it is told not to.
        options = ["-min_delay", "0", "-default_delay", "0"] if demuxer == "gif" else []
        call = ["ffmpeg", "-v", "error", *options, "-f", demuxer, "-i", str(path), "-fps_mode", "passthrough",
                "-f", "rawvideo", "-pix_fmt", layout, "-"]
        ran = subprocess.run(call, capture_output=True)
        if ran.returncode:
            self.fail(f"{path.name}: ffmpeg: {ran.stderr[:300]}")
            return [], []
        found = np.frombuffer(ran.stdout, kind).reshape(-1, rows, columns, 4)
        call = ["ffprobe", "-v", "error", *options, "-f", demuxer, "-show_entries", "packet=duration_time", "-of",
                "csv=p=0", str(path)]
        times = subprocess.run(call, capture_output=True, text=True).stdout.replace(",", " ").split()
        return list(found.astype(kind.newbyteorder("="))), times

    def read_gif(self, what, path, wanted, delays, plays):
        wanted = [rgba(frame) for frame in wanted]
        # A pixel is opaque from half on.
        wanted = [np.concatenate([w[..., :3], np.where(w[..., 3:] < 128, 0, 255).astype(np.uint8)], axis=2)
                  for w in wanted]
        found, times, loop, _ = self.by_pillow(path)
        self.frames(what, "Pillow", found, wanted)
        self.times(what, "Pillow", times, delays)
        # It tells how often the file says it is shown again, which is forever for 0.
        self.same(f"{what}: plays by Pillow", 1 if loop is None else loop and loop + 1, plays)
        self.sides = (len(wanted), *wanted[0].shape[:2])
        if shutil.which("ffmpeg"):
            found, times = self.by_ffmpeg(path, "gif", False)
            self.frames(what, "ffmpeg", found, wanted)
            self.durations(what, times, delays)
        if shutil.which("gifsicle"):
            text = subprocess.run(["gifsicle", "--info", str(path)], capture_output=True, text=True).stdout
            # Without a delay it says nothing.
            images = re.split(r"\n +\+ image ", text)[1:]
            times = [re.search(r"delay ([0-9.]+)s", image) for image in images]
            self.times(what, "gifsicle", [Fraction(time[1]) if time else 0 for time in times], delays)
            loop = re.search(r"loop (forever|count (\d+))", text)
            told = 1 if not loop else 0 if loop[1] == "forever" else int(loop[2]) + 1
            self.same(f"{what}: plays by gifsicle", told, plays)

    def read_png(self, what, path, wanted, delays, plays):
        deep = wanted[0].dtype == np.uint16
        wanted = [rgba(frame) for frame in wanted]
        found, times, loop, mode = self.by_pillow(path)
        if not deep:
            self.frames(what, "Pillow", found, wanted)
        self.times(what, "Pillow", times, delays)
        self.same(f"{what}: plays by Pillow", loop, plays)
        self.sides = (len(wanted), *wanted[0].shape[:2])
        if shutil.which("ffmpeg"):
            found, times = self.by_ffmpeg(path, "apng", deep)
            self.frames(what, "ffmpeg", found, wanted)
            self.durations(what, times, delays)

    def read_tif(self, what, path, wanted, delays, plays):
        with tifffile.TiffFile(path) as file:
            found = [page.asarray() for page in file.pages]
        self.frames(what, "tifffile", [rgba(page) for page in found], [rgba(frame) for frame in wanted])


def check(program, root, work):
    """Returns what is wrong, and counts."""
    checks = Animations(program, root, work)
    left_out = [name for name in ("ffmpeg", "gifsicle") if not shutil.which(name)]
    if left_out:
        print("left out of animations:", ", ".join(left_out), flush=True)
    checks.run()
    return checks.wrong, checks.counts
