"""The trial `foreign`: pictures of other programs are replaced by themselves."""

import collections
import subprocess

import numpy as np

# What is refused, and by which words: no result holds it.
CMYK = "CMYK"
COPIES = "pictures that belong to its first"
PAGES = "pages"
UNSUPPORTED = "not supported"


def pillow(folder, noise):
    from PIL import Image

    gray = noise.integers(0, 256, (37, 53), dtype=np.uint8)
    rgb = noise.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    rgba = noise.integers(0, 256, (37, 53, 4), dtype=np.uint8)
    images = {
        "L": Image.fromarray(gray),
        "RGB": Image.fromarray(rgb),
        "RGBA": Image.fromarray(rgba),
        "LA": Image.fromarray(rgba[:, :, :2].copy(), "LA"),
        "1": Image.fromarray(gray).convert("1"),
        "P": Image.fromarray(rgb).quantize(50),
        "CMYK": Image.fromarray(rgb).convert("CMYK"),
        "I;16": Image.fromarray(gray.astype(np.uint16) * 251),
    }
    images["P"].info.clear()
    variants = [
        ("png", ["L", "RGB", "RGBA", "LA", "1", "P", "I;16"], [{}, {"optimize": True}, {"dpi": (300, 300)}]),
        ("jpg", ["L", "RGB", "CMYK"], [{}, {"progressive": True}, {"quality": 30, "subsampling": 2},
                                       {"restart_marker_rows": 1}, {"optimize": True}]),
        ("tif", ["L", "RGB", "RGBA", "LA", "1", "I;16"],
         [{}] + [{"compression": name} for name in
                 ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "zstd")]),
        ("bmp", ["1", "L", "P", "RGB", "RGBA"], [{}]),
        ("tga", ["L", "LA", "P", "RGB", "RGBA"],
         [{}, {"compression": "tga_rle"}, {"orientation": -1}, {"id_section": b"a name"}]),
        ("gif", ["L", "P", "RGB", "RGBA", "1"], [{}, {"optimize": True}, {"interlace": 0}]),
        ("webp", ["RGB", "RGBA"], [{"lossless": True}, {"quality": 40}, {"lossless": True, "exact": True}]),
        ("ppm", ["RGB"], [{}]), ("pgm", ["L", "I;16"], [{}]), ("qoi", ["RGB", "RGBA"], [{}]),
    ]
    for form, modes, options in variants:
        for mode in modes:
            for at, option in enumerate(options):
                path = folder / f"pillow_{mode.replace(';', '')}_{at}.{form}"
                try:
                    images[mode].save(path, **option)
                except (OSError, KeyError, ValueError):
                    path.unlink(missing_ok=True)
                    continue
                # A fourth byte of a bitmap's pixels has no name, and is alpha to some.
                fourth = "4 channels" if (form, mode) == ("bmp", "RGBA") else None
                yield path, CMYK if mode == "CMYK" else fourth


def tifffile(folder, noise):
    import tifffile as tiff

    rgb = noise.integers(0, 256, (64, 80, 3))
    for kind in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"):
        data = rgb.astype(kind)
        for at, option in enumerate([
            {}, {"tile": (16, 32)}, {"bigtiff": True}, {"byteorder": ">"}, {"rowsperstrip": 7},
            {"compression": "zlib"}, {"compression": "lzw"}, {"compression": "packbits"},
            {"compression": "zlib", "predictor": True}, {"description": "words " * 40},
            {"metadata": None}, {"software": "a program", "datetime": True, "resolution": (300, 300)},
            {"extratags": [(65000, 2, 900, b"x" * 899 + b"\0", True)]}, {"iccprofile": b"p" * 700},
        ]):
            for channels in (1, 3):
                path = folder / f"tifffile_{kind}_{at}_{channels}.tif"
                array = data if channels == 3 else data[:, :, 0].copy()
                try:
                    tiff.imwrite(path, array, photometric="rgb" if channels == 3 else "minisblack", **option)
                except Exception:  # noqa: BLE001 (what it cannot write is no concern)
                    path.unlink(missing_ok=True)
                    continue
                yield path, None
    for name, array, option, reason in [
        ("planar", np.moveaxis(rgb, 2, 0).astype("u1"), {"planarconfig": "separate", "photometric": "rgb"}, None),
        ("imagej", rgb[:, :, 0].astype("u2"), {"imagej": True}, None),
        ("imagej_stack", np.moveaxis(rgb, 2, 0).astype("u2"), {"imagej": True}, PAGES),
        ("ome", rgb[:, :, 0].astype("u2"), {"ome": True}, None),
        ("ome_stack", np.moveaxis(rgb, 2, 0).astype("u2"), {"ome": True}, PAGES),
    ]:
        path = folder / f"tifffile_{name}.tif"
        tiff.imwrite(path, array, **option)
        yield path, reason


def vips(folder, noise):
    from PIL import Image

    data = noise.integers(0, 256, (70, 90, 3), dtype=np.uint8)
    rgb, gray = folder / "source.ppm", folder / "source.pgm"
    Image.fromarray(data).save(rgb)
    Image.fromarray(data[:, :, 0].copy()).save(gray)
    calls = [
        ("pngsave", "png", ["", "--interlace", "--compression 9", "--filter all", "--palette", "--bitdepth 4"]),
        ("tiffsave", "tif", ["", "--tile", "--compression deflate", "--compression jpeg", "--compression lzw",
                             "--predictor horizontal --compression lzw", "--bigtiff", "--squash", "--properties",
                             "--compression packbits", "--xres 11.8 --yres 11.8"]),
        ("jpegsave", "jpg", ["", "--interlace", "--optimize-coding", "--Q 20", "--subsample-mode off"]),
        ("webpsave", "webp", ["", "--lossless", "--near-lossless"]),
        ("gifsave", "gif", ["", "--interlace", "--dither 0"]),
        ("ppmsave", "ppm", ["", "--format ppm", "--ascii"]),
        ("radsave", "hdr", [""]),
    ]
    for call, form, options in calls:
        for at, option in enumerate(options):
            for source in (rgb, gray):
                path = folder / f"vips_{call}_{at}_{source.suffix[1:]}.{form}"
                made = subprocess.run(["vips", call, source, path, *option.split()], capture_output=True)
                if made.returncode == 0:
                    yield path, None
    for name in ("--pyramid --tile", "--pyramid --tile --subifd"):
        path = folder / f"vips_pyramid_{len(name)}.tif"
        Image.fromarray(np.tile(data, (6, 6, 1))).save(rgb)
        if subprocess.run(["vips", "tiffsave", rgb, path, *name.split()], capture_output=True).returncode == 0:
            yield path, COPIES


def openexr(folder, noise):
    import OpenEXR

    data = noise.random((70, 90, 4), dtype=np.float32)
    schemes = [name for name in dir(OpenEXR) if name.endswith("_COMPRESSION") and name.isupper()]
    for name in schemes:
        for kind in (np.float32, np.float16):
            for channels in ("RGB", "RGBA"):
                path = folder / f"openexr_{name}_{kind.__name__}_{channels}.exr"
                header = {"compression": getattr(OpenEXR, name), "type": OpenEXR.scanlineimage,
                          "comments": "words"}
                parts = {channels: data[:, :, : len(channels)].astype(kind)}
                try:
                    with OpenEXR.File(header, parts) as file:
                        file.write(str(path))
                except Exception:  # noqa: BLE001
                    path.unlink(missing_ok=True)
                    continue
                yield path, None


def pixels(path):
    """What another decoder reads; nothing of formats that are not exact."""
    if path.suffix == ".tif":
        import tifffile

        with tifffile.TiffFile(path) as file:
            if file.pages[0].compression == tifffile.COMPRESSION.JPEG:
                return None
        image = np.squeeze(tifffile.imread(path))
        if image.ndim == 3 and image.shape[0] < 5:
            image = np.moveaxis(image, 0, 2)
        # Those of one bit are written with eight.
        return image.astype(np.float64) * (255 if image.dtype == bool else 1)
    if path.suffix == ".exr":
        import OpenEXR

        channels = OpenEXR.File(str(path)).channels()
        return np.concatenate([channels[name].pixels for name in sorted(channels)], axis=-1).astype(np.float64)
    if path.suffix in (".jpg", ".gif", ".webp", ".hdr"):
        return None
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def foreign(fresh, program):
    """Each stays as it was or is replaced by what a run finds no fault with."""
    noise = np.random.default_rng(11)
    counts, exact, reasons = collections.Counter(), collections.Counter(), collections.Counter()
    archive = b"PK\x03\x04" + bytes(5000)
    wrong = []
    for maker in (pillow, tifffile, vips, openexr):
        folder = fresh(f"foreign/{maker.__name__}")
        try:
            made = list(maker(folder, noise))
        except ImportError as error:
            print(f"foreign: {error.name} is not installed: skipped")
            continue
        for path, reason in made:
            counts[maker.__name__] += 1
            whole = path.read_bytes()
            call = [path, "-k", "identity", "--photo", "--in-place", "-q"]
            # What follows it is found, whatever the picture is.
            for tail in (archive, whole):
                path.write_bytes(whole + tail)
                run = program(*call)
                if run.returncode != 1 or path.read_bytes() != whole + tail:
                    wrong.append(f"{path.name} and {len(tail)} bytes: {run.returncode} {run.stderr}")
            path.write_bytes(whole)
            before = None if reason else pixels(path)
            run = program(*call)
            said = run.stderr.strip()
            if UNSUPPORTED in said:
                reasons[said.split(": ", 2)[2]] += 1
                reason = UNSUPPORTED
            elif "is damaged" in said:
                wrong.append(f"{path.name}: {said}")
            if reason is None and run.returncode == 0 and not said:
                if before is not None:
                    after = pixels(path)
                    exact[maker.__name__] += 1
                    if before.shape != after.shape or not (before == after).all():
                        wrong.append(f"{path.name}: other pixels, {before.shape} {after.shape}")
                continue
            if reason and run.returncode == 1 and reason in said and path.read_bytes() == whole:
                continue
            wrong.append(f"{path.name}: {run.returncode} {said}")
    for line in wrong:
        print(line)
    for reason, count in reasons.items():
        print(f"  {count} x {reason}")
    assert not wrong, len(wrong)
    print(f"foreign: {dict(counts)} pictures replaced or refused for what they hold, none with a tail lost, "
          f"{dict(exact)} of them compared and equal")
