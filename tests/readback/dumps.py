"""Adds what cameras and programs add to the photographs of testdata, filters them, and compares
ExifTool's full dump of each with that of its result: every difference must be on the list of those
that are intended (intended.py), and none of what is said to be kept may be among them."""

import collections
import itertools
import json
import re
import struct
import subprocess

from PIL import Image

from intended import INTENDED

FORMATS = ("jpg", "png", "tif", "webp")
FILTERS = ("gaussian5", "box9")

TEXT = {
    "IFD0:Make": "Apple", "IFD0:Model": "a model", "IFD0:Software": "a program", "IFD0:Artist": "an artist é",
    "IFD0:Copyright": "rights", "IFD0:ImageDescription": "a description", "IFD0:ModifyDate": "2026:01:02 03:04:05",
    "IFD0:XResolution": 300, "IFD0:YResolution": 300, "IFD0:ResolutionUnit": 2, "IFD0:Rating": 4,
    "IFD0:XPTitle": "a title", "IFD0:HostComputer": "a computer", "ExifIFD:DateTimeOriginal": "2026:01:02 03:04:05",
    "ExifIFD:OffsetTimeOriginal": "+01:00", "ExifIFD:ExposureTime": 0.004, "ExifIFD:FNumber": 2.8,
    "ExifIFD:ISO": 200, "ExifIFD:UserComment": "a comment 中", "ExifIFD:LensModel": "a lens",
    "ExifIFD:ColorSpace": 1, "ExifIFD:SubjectArea": "10 20 30 40", "ExifIFD:BodySerialNumber": "1234",
    "InteropIFD:InteropIndex": "R98", "GPS:GPSLatitude": 52.5, "GPS:GPSLatitudeRef": "N",
    "GPS:GPSLongitude": 13.4, "GPS:GPSLongitudeRef": "E", "GPS:GPSAltitude": 34, "GPS:GPSTimeStamp": "03:04:05",
    "GPS:GPSProcessingMethod": "GPS", "GPS:GPSImgDirection": 123.25, "XMP-dc:Title": "a title",
    "XMP-dc:Creator": "somebody", "XMP-xmp:Rating": 4, "XMP-xmp:CreatorTool": "a tool",
    "XMP-photoshop:City": "a town", "XMP-photoshop:ColorMode": 3, "XMP-tiff:Orientation": 1,
    "XMP-tiff:BitsPerSample": 8, "XMP-crs:Exposure2012": 0.5,
    "XMP-xmp:Thumbnails": "{Format=JPEG,Height=120,Image=b2xkIGZhY2U=,Width=160}", "XMP-xmpMM:DocumentID": "xmp.did:1",
    "IPTC:Caption-Abstract": "a caption", "IPTC:City": "a town", "IPTC:By-line": "somebody", "Comment": "a comment",
}
LISTS = {"XMP-dc:Subject": ["one", "two"], "IPTC:Keywords": ["one", "two"]}


def exif_with_maker_note():
    """EXIF data with a maker note that ExifTool knows: Apple's, of one value."""
    note = b"Apple iOS\0\0\x01MM" + struct.pack(">HHHIII", 1, 1, 9, 1, 14, 0)
    at = 8 + 2 + 12 + 4
    first = struct.pack("<HHHIII", 1, 0x8769, 4, 1, at, 0)
    second = struct.pack("<HHHIII", 1, 0x927C, 7, len(note), at + 2 + 12 + 4, 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second + note


def exiftool(*arguments):
    return subprocess.run(["exiftool", *arguments], capture_output=True, text=True)


def make_input(path, photo, root, work):
    """A photograph in this format, with everything that ExifTool can add to it."""
    image = Image.open(photo)
    options = {"jpg": {"quality": 90, "exif": exif_with_maker_note()}, "png": {"exif": exif_with_maker_note()},
               "tif": {}, "webp": {"lossless": True, "exif": exif_with_maker_note()}}[path.suffix[1:]]
    image.save(path, **options)
    thumbnail = work / "thumbnail.jpg"
    image.resize((160, 120)).save(thumbnail)
    width, height = image.size
    arguments = [f"-{tag}#={value}" for tag, value in TEXT.items()]
    arguments += [f"-{tag}={value}" for tag, values in LISTS.items() for value in values]
    for tag in ["ExifIFD:ExifImageWidth", "XMP-tiff:ImageWidth", "XMP-exif:ExifImageWidth"]:
        arguments.append(f"-{tag}={width}")
    for tag in ["ExifIFD:ExifImageHeight", "XMP-tiff:ImageHeight", "XMP-exif:ExifImageHeight"]:
        arguments.append(f"-{tag}={height}")
    # Another is for colours, which it would be false of; a gray photograph gets none.
    if image.mode == "RGB":
        arguments.append(f"-ICC_Profile<={root / 'testdata/blocks/rgb.icc'}")
    if path.suffix != ".tif":
        arguments.append(f"-IFD1:ThumbnailImage<={thumbnail}")
    if path.suffix == ".jpg":
        arguments += [f"-Photoshop:PhotoshopThumbnail<={thumbnail}", "-Photoshop:CopyrightFlag#=1",
                      "-Photoshop:IPTCDigest=new"]
    ran = exiftool("-q", "-m", "-overwrite_original", "-charset", "utf8", *arguments, str(path))
    assert ran.returncode == 0, ran.stderr


def dumps(paths):
    """All that ExifTool finds in each file, by group and name."""
    ran = exiftool("-j", "-a", "-u", "-U", "-n", "-b", "-struct", "-G1", "-m", *map(str, paths))
    all_tags = {}
    for tags in json.loads(ran.stdout):
        source = tags.pop("SourceFile")
        outside = ("ExifTool:", "System:", "Composite:")
        all_tags[source] = {tag: value for tag, value in tags.items() if not tag.startswith(outside)}
    return all_tags


def groups_of(part):
    """The groups of a part of a file, by the name that the program has for it."""
    return {
        "EXIF data": r"(IFD0|ExifIFD|GPS|InteropIFD):", "maker note": r"Apple:", "XMP data": r"XMP-",
        "ICC profile": r"ICC", "Photoshop and IPTC data": r"(Photoshop|IPTC):", "IPTC data": r"IPTC:",
        "comment": r"File:Comment|IFD0:ImageDescription", "pixel density": r"JFIF:|PNG-pHYs:",
    }.get(part)


def differences(before, after):
    for tag in sorted({*before, *after}):
        if tag not in after:
            yield tag, "gone", before[tag], None
        elif tag not in before:
            yield tag, "new", None, after[tag]
        elif before[tag] != after[tag]:
            yield tag, "changed", before[tag], after[tag]


def is_intended(entry, conversion, tag, kind, after, size):
    to, pattern, kinds, wanted, _ = entry
    if not (re.fullmatch(to, conversion) and re.fullmatch(pattern, tag) and kind in kinds.split()):
        return False
    width, height = size
    wanted = {"width": width, "height": height}.get(wanted, wanted)
    return wanted is None or after == wanted or str(after) == str(wanted)


def check(program, root, work):
    """Says what differs beside what is intended; returns the lines, and counts."""
    folder = work / "dumps"
    folder.mkdir(parents=True, exist_ok=True)
    counts, wrong = collections.Counter(), []
    inputs = []
    for photo in sorted((root / "testdata/photos").iterdir()):
        for form in FORMATS:
            path = folder / form / f"{photo.stem}.{form}"
            path.parent.mkdir(exist_ok=True)
            make_input(path, photo, root, folder)
            inputs.append(path)
    objects = []
    for source, form in itertools.product(FORMATS, FORMATS):
        of_source = [str(path) for path in inputs if path.suffix == f".{source}"]
        output = folder / f"{source}-{form}"
        output.mkdir(exist_ok=True)
        call = [program, *of_source, *(f"-k{name}" for name in FILTERS), "-f", form, "-o", f"{output}/",
                "--json", "--overwrite", "-q"]
        ran = subprocess.run(call, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr[-2000:]
        objects += [(form, json.loads(line)) for line in ran.stdout.splitlines()]
    before = dumps(inputs)
    after = dumps([made["output"] for _, made in objects])
    used = set()
    for form, made in objects:
        source, output = made["input"], made["output"]
        conversion = f"{source.rsplit('.', 1)[1]}-{form}"
        counts["results compared"] += 1
        with Image.open(output) as image:
            size = image.size
        fates = {part["name"]: part["fate"] for part in made["metadata"]}
        lost = [groups_of(name) for name, fate in fates.items() if fate == "lost"]
        lost = [groups for groups in lost if groups]
        for tag, kind, old, new in differences(before[source], after[output]):
            counts["differences"] += 1
            found = [at for at, entry in enumerate(INTENDED)
                     if is_intended(entry, conversion, tag, kind, new, size)]
            used.update(found)
            if found or (kind == "gone" and any(re.match(groups, tag) for groups in lost)):
                continue
            wrong.append(f"{conversion} {tag}: {kind}, {str(old)[:60]} -> {str(new)[:60]}")
        kept = (after[output].get(tag) == value for tag, value in before[source].items())
        counts["tags that stay"] += sum(kept)
    for at, entry in enumerate(INTENDED):
        if at not in used:
            wrong.append(f"intended, but never so: {entry}")
    for line, count in collections.Counter(wrong).items():
        print("WRONG:", line, f"({count} times)" if count > 1 else "")
    return wrong, counts
