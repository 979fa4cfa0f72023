"""The trial `readback`: what the program writes, other programs read."""

import collections
import shutil

import numpy as np

# The edges of blocks of 8 rows and of strips of 64.
HEIGHTS = [1, 2, 7, 8, 9, 15, 16, 17, 55, 57, 63, 64, 65, 127, 128, 129]
DEPTHS = {"8": np.uint8, "16": np.uint16, "f32": np.float32}
LEVELS = [["--compression", level] for level in ("fast", "balanced", "best")]
# What each format holds: depths, channels; and the options that its writer has.
FORMATS = {
    "png": (["8", "16"], [1, 2, 3, 4], LEVELS),
    "tif": (["8", "16", "f32"], [1, 2, 3, 4], LEVELS),
    "webp": (["8"], [1, 2, 3, 4], [[]]),
    "bmp": (["8"], [1, 2, 3, 4], [[]]),
    "pgm": (["8", "16"], [1], [[]]),
    "ppm": (["8", "16"], [1, 3], [[]]),
    "pnm": (["8", "16"], [1, 3], [[]]),
    "pam": (["8", "16"], [1, 2, 3, 4], [[]]),
    "qoi": (["8"], [1, 2, 3, 4], [[]]),
    "tga": (["8"], [1, 2, 3, 4], [[]]),
    "exr": (["f32"], [1, 2, 3, 4], [[]]),
    "hdr": (["f32"], [1, 3], [[]]),
    "gif": (["8"], [1, 2, 3, 4], [[]]),
    "npy": (["8", "16", "f32"], [1, 2, 3, 4], [[]]),
    "jpg": (["8"], [1, 3], [["--quality", str(quality)] for quality in range(1, 101)]),
}


def pillow(path, form, image):
    from PIL import Image

    if form in ("pam", "exr", "hdr", "npy"):
        return None
    # It has no pictures of 16 bits or floats but gray ones.
    if image.dtype != np.uint8 and (image.shape[2] > 1 or form in ("ppm", "pam")):
        return None
    # It looks for a footer in the last 26 bytes, be there so many or not.
    if form == "tga" and path.stat().st_size < 26:
        return None
    with Image.open(path) as read:
        read.load()
        if read.mode == "P":
            read = read.convert("RGBA")
        # By its palette, which a gray picture has too.
        if form == "gif" and read.mode == "L":
            read = read.convert("RGB").getchannel("R")
        return np.asarray(read).astype(image.dtype)


def imagecodecs(path, form, image):
    import imagecodecs as codecs

    decode = {
        "png": codecs.png_decode, "jpg": codecs.jpeg8_decode, "webp": codecs.webp_decode,
        "bmp": codecs.bmp_decode, "qoi": codecs.qoi_decode, "hdr": codecs.rgbe_decode,
        "gif": codecs.gif_decode,
    }.get(form)
    return decode(path.read_bytes()) if decode else None


def tifffile(path, form, image):
    import tifffile

    return tifffile.imread(path) if form == "tif" else None


def netpbmfile(path, form, image):
    import netpbmfile

    return netpbmfile.imread(path) if form in ("pgm", "ppm", "pnm", "pam") else None


def openexr(path, form, image):
    import OpenEXR

    if form != "exr":
        return None
    with OpenEXR.File(str(path)) as file:
        channels = file.channels()
        # Colours are one array, gray and its alpha are two.
        names = [name for name in ("RGBA", "RGB", "Y", "A") if name in channels]
        return np.dstack([channels[name].pixels for name in names])


def numpy(path, form, image):
    return np.load(path) if form == "npy" else None


def libvips(path, form, image):
    import pyvips

    # It reads half floats of OpenEXR, and its alpha times 255.
    if form in ("npy", "qoi", "exr"):
        return None
    read = pyvips.Image.new_from_file(str(path))
    if form == "hdr":
        read = read.rad2float()
    kind = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32}[read.format]
    samples = np.frombuffer(read.write_to_memory(), kind)
    return samples.reshape(read.height, read.width, read.bands)


DECODERS = [pillow, imagecodecs, tifffile, netpbmfile, openexr, numpy, libvips]


def installed():
    """The decoders that are here, and the names of the others."""
    modules = {"pillow": "PIL", "openexr": "OpenEXR", "libvips": "pyvips"}
    here, lacking = [], []
    for decoder in DECODERS:
        name = decoder.__name__
        try:
            __import__(modules.get(name, name))
            here.append(decoder)
        # A library that pyvips loads may be missing.
        except (ImportError, OSError):
            lacking.append(name)
    return here, lacking


def picture(noise, form, depth, rows, columns, channels):
    """Noise, slopes and areas of one value, side by side."""
    shape = (rows, columns, channels)
    row, column, channel = np.indices(shape)
    kind = (row // 5 + column // 11) % 3
    bits = np.select(
        [kind == 0, kind == 1],
        [noise.integers(0, 1 << 32, shape), (row * 769 + column * 523 + channel * 40_000) * 65_537],
        (row // 5 * 7919 + column // 11 * 104_729 + channel) * 40_503,
    ) % (1 << 32)
    if form == "jpg":
        slope = (row * 3 + column * 4 + 30 * channel) % 480
        return (np.minimum(slope, 480 - slope) + noise.integers(0, 9, shape)).astype(np.uint8)
    if form == "gif" and channels > 1:
        # At most 125 colours; a pixel that is not seen has none.
        image = (bits >> 24).astype(np.uint8) // 52 * 51
        if channels in (2, 4):
            image[..., -1] = np.where(image[..., -1] < 102, 0, 255)
            image[..., :-1] &= image[..., -1:]
        return image
    if depth == "f32":
        floats = ((bits >> 8) / 1000.0) ** 2 + 1e-3
        return (floats if form == "hdr" else floats - 1e6).astype(np.float32)
    return (bits >> (32 - int(depth))).astype(DEPTHS[depth])


def rgba(image):
    """Red, green, blue and alpha of any picture."""
    image = image.reshape(*image.shape[:2], -1)
    white = 1 if image.dtype.kind == "f" else np.iinfo(image.dtype).max
    channels = image.shape[2]
    colors = image[..., : 3 if channels > 2 else 1]
    alpha = image[..., -1:] if channels in (2, 4) else np.full_like(image[..., :1], white)
    return np.concatenate([np.broadcast_to(colors, (*image.shape[:2], 3)), alpha], axis=2)


def compare(read, image, form, options):
    assert read.shape[:2] == image.shape[:2], f"{read.shape[:2]} of {image.shape[:2]}"
    if form == "jpg":
        read = read.reshape(image.shape)
        most = min(2.5 + 60 / int(options[1]), 25)
        differences = np.abs(read.astype(int) - image)
        for first in range(0, len(image), 64):
            error = differences[first : first + 64].mean()
            assert error <= most, f"rows from {first} differ by {error} of {most}"
        varies = (read != read[:, :1]).any(axis=(1, 2))
        assert varies.all(), f"rows {np.flatnonzero(~varies)} are constant"
        return
    assert read.dtype.newbyteorder("=") == image.dtype, read.dtype
    read, wanted = rgba(read), rgba(image)
    if form == "hdr":
        # Eight bits of the largest channel.
        most = wanted[..., :3].max(axis=2, keepdims=True) / 128
        assert (np.abs(read - wanted)[..., :3] <= most).all(), "other samples"
    else:
        assert np.array_equal(read, wanted), f"other samples at {np.argwhere(read != wanted)[0]}"


def readback(program, folder):
    noise = np.random.default_rng(7)
    decoders, lacking = installed()
    one = folder / "one.toml"
    one.write_text("weights = [[1]]\n")
    total = 0
    for form, (depths, counts, choices) in FORMATS.items():
        read = collections.Counter()
        files = 0
        images = {}
        for depth in depths:
            for channels in counts:
                widths = [41] if form == "jpg" else [1, 7, 33]
                sizes = [(rows, columns) for columns in widths for rows in HEIGHTS]
                if form in ("png", "tif"):
                    # A little less than 8 KiB: 64 such rows are a strip.
                    columns = 8192 // channels // DEPTHS[depth]().itemsize - 1 | 1
                    sizes += [(rows, columns) for rows in (64, 65, 129)]
                for rows, columns in sizes:
                    image = picture(noise, form, depth, rows, columns, channels)
                    path = folder / form / f"{depth}-{channels}-{rows}x{columns}.npy"
                    path.parent.mkdir(exist_ok=True)
                    np.save(path, image)
                    images[path.stem] = image
        for options in choices:
            out = folder / "out"
            for depth in depths:
                inputs = sorted((folder / form).glob(f"{depth}-*.npy"))
                maps = ["--map", "float"] if depth == "f32" else []
                run = program(*inputs, "-k", one, "--channel", "each", "-f", form, *options, *maps,
                              "-q", "-o", f"{out}/")
                assert run.returncode == 0 and not run.stderr, (form, options, run.stderr[:2000])
            made = sorted(out.iterdir())
            assert len(made) == len(images), (form, len(made), len(images))
            for path in made:
                image = images[path.name.split(".")[0]]
                files += 1
                for decoder in decoders:
                    try:
                        if (found := decoder(path, form, image)) is None:
                            continue
                        compare(found, image, form, options)
                    except Exception as error:
                        raise SystemExit(f"readback: {decoder.__name__} {path.name} {options}: {error}")
                    read[decoder.__name__] += 1
            shutil.rmtree(out)
        by = ", ".join(f"{name} {count}" for name, count in read.items())
        print(f"readback: {form}: {files} files, read by {by or 'no decoder that is installed'}", flush=True)
        total += sum(read.values())
    print(f"readback: {total} readings are what was written; not installed: {', '.join(lacking) or 'none'}")
