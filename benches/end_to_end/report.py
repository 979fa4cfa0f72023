"""Says what was measured: a line per row, and the README's table."""

from common.results import conditions, ms, refresh, table

MARKS = ("<!-- end to end: written by benches/end_to_end/run -->", "<!-- /end to end -->")
HEAD = ["work", "peer", "stridekern", "peer", "ratio", "target", "memory, ours / peer", "file, ours / peer"]


def ratio(row):
    """How many times as long the peer takes."""
    return row["theirs"]["median"] * row["theirs"].get("scale", 1) / row["ours"]["median"]


def share(row, key):
    return row["ours"][key] / row["theirs"][key]


def misses(row):
    """What falls short of its target, by column."""
    found = []
    if row["target"] is not None and ratio(row) < row["target"]:
        found.append("time")
    if row["memory_target"] is not None and share(row, "memory") > row["memory_target"]:
        found.append("memory")
    if row["memory_mb"] is not None and row["ours"]["memory"] > row["memory_mb"] * 1e6:
        found.append("memory")
    if row["file_target"] is not None and share(row, "file") > row["file_target"]:
        found.append("file")
    return found


def seconds(value):
    return f"{ms(value * 1e3)} ms" if value < 9.9995 else f"{value:.1f} s"


def beside(row, key):
    ours, theirs = (row[side][key] / 1e6 for side in ("ours", "theirs"))
    return f"{ms(ours)} / {ms(theirs)} MB"


def target(row):
    parts = [] if row["target"] is None else [f"{row['target']:g}x"]
    parts += [] if row["memory_mb"] is None else [f"{row['memory_mb']:g} MB"]
    parts += [] if row["file_target"] is None else [f"file {row['file_target']:g}x"]
    return ", ".join(parts)


def cells(row):
    def shown(column, text):
        return f"**{text}**" if column in misses(row) else text

    scaled = "scale" in row["theirs"]
    return [
        row["work"],
        row["peer"],
        seconds(row["ours"]["median"]),
        seconds(row["theirs"]["median"] * row["theirs"].get("scale", 1)),
        shown("time", f"{ratio(row):.2f}x" if ratio(row) < 9.995 else f"{ratio(row):.1f}x"),
        target(row),
        shown("memory", beside(row, "memory")),
        "" if scaled else shown("file", beside(row, "file")),
    ]


def line(row):
    """One row as it is measured."""
    work, peer, ours, theirs, _, _, _, _ = cells(row)
    text = f"{row['id']:<14} {work}: {ours}; {peer} {theirs}: {ratio(row):.2f}x"
    text += f", target {row['target']:g}x" if row["target"] is not None else ""
    text += f"\n    memory {beside(row, 'memory')}: {share(row, 'memory'):.2f}"
    text += f", target {row['memory_target']:g}" if row["memory_target"] is not None else ""
    text += f", target {row['memory_mb']:g} MB" if row["memory_mb"] is not None else ""
    text += f"; file {beside(row, 'file')}: {share(row, 'file'):.3f}"
    text += f", target {row['file_target']:g}" if row["file_target"] is not None else ""
    text += f"\n    samples apart by up to {row['max_abs_diff']}, {row['mean_abs_diff']:g} in the mean"
    text += "  (the machine has other work)" if row["busy"] else ""
    return text + (f"\n    FALLS SHORT in {' and '.join(misses(row))}" if misses(row) else "")


def about(results):
    names = ["libvips", "OpenCV", "ImageMagick"]
    peers = ", ".join(f"{name} {results['versions'][name]}" for name in names)
    return conditions(results, results["simd"], peers)


def section(results):
    """What stands between the README's marks, part by part."""
    rows, sizes = results["rows"], results["images"]
    exact = all(row["max_abs_diff"] == 0 for row in rows if "JPEG" not in row["work"])
    return [
        f"Whole runs, from file to file: {sizes['one'][0]} x {sizes['one'][1]} pixels of a photograph with the noise "
        f"of a sensor, many JPEGs of {sizes['many'][0]} x {sizes['many'][1]} each; Sobel 3x3, edges repeated, every "
        "colour of RGB, all cores. JPEG is of quality 90 and 4:2:0 on both sides, as the source is. Time is the "
        "median of five runs in turn after one that warms up (ImageMagick: of one run), memory the peak of the largest process (times their "
        "number where several run at a time; of `.npy`, which is mapped, private pages only). All files lie on one "
        f"disk ({results['files']}). Bold falls short of what is aimed at, which in memory is half the peer's, for "
        "JPEG the peer's.",
        about(results),
        table(HEAD, [cells(row) for row in rows]),
        "The pixels of both sides are " + ("the same" if exact else "within 1 of each other") + "; of JPEG, which "
        "decoders read differently, within "
        f"{max((row['mean_abs_diff'] for row in rows if 'JPEG' in row['work']), default=0):.2g} in the mean. "
        "`benches/end_to_end/run` makes the images, measures and rewrites this table.",
    ]  # fmt: skip


def render(results, readme, target_):
    """The table on standard output, and the README between its marks."""
    if results is None:
        return
    parts = section(results)
    print("\n" + parts[1] + "\n\n" + parts[2])
    refresh(readme, target_, MARKS, parts)
