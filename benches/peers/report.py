"""Says what was measured: a line per row, the README's tables, a page of all figures."""

import json
import os
from pathlib import Path
from statistics import median

import plots
from common import cases
from common.results import conditions, ms, refresh, table

# NumPy's own ways are shown beside them: whoever computes windows in Python is no peer.
FAMILIES = ("OpenCV", "libblur", "imageproc", "SciPy")
ALL_FAMILIES = (*FAMILIES, "NumPy")
# Whom the targets are about.
AIMED_AT = ("OpenCV",)
MARKS = ("<!-- peers: written by benches/peers/run -->", "<!-- /peers -->")


# What rows of earlier results do not say.
UNSAID = {"sigma": None, "top": 1.0, "copy_ms": None, "two_threads_ms": None}


def completed(results):
    return results | {"rows": [UNSAID | row for row in results["rows"]]}


def best(row, families=FAMILIES):
    """(name, figures) of the fastest peer whose answers agree, or None."""
    agreeing = [(n, p) for n, p in row["peers"].items() if p["agrees"] and n.startswith(families)]
    return min(agreeing, key=lambda item: item[1]["ms"][0], default=None)


def is_of_threads(row):
    return len(row["threads"]) > 1


def ratio(row, families=FAMILIES):
    """How many times as long the fastest peer takes; of rows of threads, how many
    times as fast two threads are as one."""
    if is_of_threads(row):
        return row["ms"][0] / row["ms"][1]
    peer = best(row, families)
    return peer and peer[1]["ms"][0] / row["ms"][0]


def copies(row):
    """Our time as so many copies of the same bytes, or None."""
    return row["copy_ms"] and row["ms"][0] / row["copy_ms"]


def two_threads(row):
    """How many times as fast two threads are as one, where that was asked."""
    return row["two_threads_ms"] and row["ms"][0] / row["two_threads_ms"]


def checks(row):
    """(what, measured, wanted, whether it is met) of all that is aimed at."""
    found = []
    target = cases.GROUPS[row["group"]].target(row["sigma"] or row["size"], row["simd"])
    if target is not None:
        if is_of_threads(row):
            found.append(("two threads", ratio(row), target, ratio(row) >= target))
        elif (opencv := ratio(row, AIMED_AT)) is not None:
            copied = copies(row)
            bound = copied is not None and copied <= cases.COPY_COUNTS
            found.append(("OpenCV", opencv, target, bound or opencv >= target))
    beside = cases.GROUPS[row["group"]].beside
    if beside and beside[0] in row["peers"]:
        name, wanted = beside
        times = row["peers"][name]["ms"][0] / row["ms"][0]
        found.append((name, times, wanted, times >= wanted))
    if two_threads(row):
        found.append(("two threads", two_threads(row), cases.TWO_THREADS, two_threads(row) >= cases.TWO_THREADS))
    if row["group"] in cases.NAIVE_GROUPS and row["size"] in cases.NAIVE_SIZES and row["naive_ms"]:
        wanted = cases.NAIVE_TARGET * (cases.AVX2_SHARE if row["simd"] == "avx2" else 1)
        naive = row["naive_ms"] / row["ms"][0]
        found.append(("naive", naive, wanted, naive >= wanted))
    return found


def line(row):
    """One row as it is measured."""
    text = f"{row['id']:<14} stridekern {ms(row['ms'][0]):>6} ms ({row['method']} {row['lane']})"
    if ratio(row) is not None:
        beside = f"{len(row['threads'])} thread counts" if is_of_threads(row) else best(row)[0]
        text += f"  {ratio(row):6.2f}x  {beside}"
    for what, measured, wanted, met in checks(row):
        text += f"; {what} {measured:.2f}x, target {wanted:g}" + ("" if met else "  FALLS SHORT")
    if copies(row) is not None:
        text += f"; {copies(row):.2f} copies"
    text += "  (the machine has other work)" if row["busy"] else ""
    for name, peer in row["peers"].items():
        times = " ".join(ms(t) for t in peer["ms"])
        rows = "" if peer["timed_rows"] == row["height"] else f", scaled from {peer['timed_rows']} rows"
        counts = "" if peer["agrees"] else ", does not count"
        text += f"\n    {name:<20} {times:>9} ms{rows}; apart by up to {peer['max_abs_diff']:.3g}"
        text += f" in {peer['differing']:.2%} of samples{counts}"
    return text


def times_of(value):
    """A ratio; bold where the other is about as fast or faster."""
    return f"{value:.1f}x" if value >= 1.05 else f"**{value:.2f}x**"


def cell(row):
    """Our time, the ratio to OpenCV's, and to the fastest peer's where that is another."""
    opencv, fastest = best(row, AIMED_AT), best(row)
    text = f"{ms(row['ms'][0])} ms"
    text += f", {times_of(ratio(row, AIMED_AT))}" if opencv else ""
    if fastest and fastest != opencv:
        text += f" ({times_of(ratio(row))} {fastest[0]})"
    return text


def by_size(rows, groups, sizes, of):
    """A table of groups of work against kernel sizes."""
    lines = []
    for title, names in groups:
        found = {row["size"]: row for row in rows if row["group"] in names}
        if found:
            lines.append([title, *(of(found[size]) if size in found else "" for size in sizes)])
    return table(["", *(f"{size}x{size}" for size in sizes)], lines) if lines else ""


def by_sigma(rows):
    """A table of Gaussians."""
    found = [row for row in rows if row["sigma"]]
    if not found:
        return ""
    title = cases.GROUPS[found[0]["group"]].title
    return table(["", *(f"sigma {row['sigma']:g}" for row in found)], [[title, *map(cell, found)]])


def copying(rows):
    """What the bytes alone take."""
    parts = []
    for depth, name in (("u8", "8-bit"), ("u16", "16-bit"), ("f32", "float")):
        found = [
            row["copy_ms"] for row in rows
            if row["depth"] == depth and row["copy_ms"] and row["channels"] == 1 and row["group"] != "small"
        ]  # fmt: skip
        if found:
            parts.append(f"{ms(median(found))} ms ({name})")
    return f"Copying the image to memory that is there takes {', '.join(parts)}." if parts else ""


def numpy_ways(rows):
    """What those gain who come from articles on strides."""
    ways = ["NumPy loops", "NumPy broadcast", "NumPy einsum"]
    lines = []
    for group in ("u8-int", "f32"):
        for way in ways:
            found = {row["size"]: row for row in rows if row["group"] == group and way in row["peers"]}
            cells = [numpy_cell(found[size], way) if size in found else "" for size in cases.NAIVE_SIZES]
            if found:
                lines.append([f"{cases.GROUPS[group].title}: {way.removeprefix('NumPy ')}", *cells])
    if not lines:
        return []
    return [
        "What articles on strides show in NumPy, and how many times as long it takes: windows as a strided view, "
        "contracted with the kernel by Python loops over the windows (`loops`), by a broadcast product that is "
        "summed (`broadcast`), or by `einsum`; timed on some rows and scaled where it takes long.",
        table(["", *(f"{size}x{size}" for size in cases.NAIVE_SIZES)], lines),
    ]


def numpy_cell(row, way):
    theirs = row["peers"][way]["ms"][0]
    took = f"{ms(theirs)} ms" if theirs < 10_000 else f"{theirs / 1e3:.0f} s"
    return f"{took}, {theirs / row['ms'][0]:.0f}x"


def gain_by_threads(rows):
    found = [row for row in rows if two_threads(row)]
    if not found:
        return ""
    least = min(found, key=two_threads)
    return (
        f"Of the {len(found)} rows that take more than {cases.COPY_BINDS:g} times the copy, and so are not bound by "
        f"memory, two threads are {median(map(two_threads, found)):.2f} times as fast as one in the median, "
        f"{two_threads(least):.2f} times at least ({least['id']})."
    )


def about(results):
    versions = results["versions"]
    measured = {peer for row in results["rows"] for peer in row["peers"]}
    names = [name for name in ALL_FAMILIES if any(peer.startswith(name) for peer in measured)]
    peers = ", ".join(f"{name} {versions[name]}" for name in names if name in versions)
    return conditions(results, results["rows"][0]["simd"], peers)


def behind(rows):
    """Where a peer is ahead: computed, not told."""
    rows = [row for row in rows if not is_of_threads(row) and ratio(row) is not None]
    ahead = sorted((row for row in rows if ratio(row) < 1), key=ratio)
    if not ahead:
        return f"No peer is ahead in any of the {len(rows)} rows."
    lines = {}
    for row in ahead:
        at = f"sigma {row['sigma']:g}" if row["sigma"] else f"{row['size']}x{row['size']}"
        named = f"{best(row)[0]} at {at} ({ratio(row):.2f}x)"
        lines.setdefault(cases.GROUPS[row["group"]].title, []).append(named)
    listed = "\n".join(f"- {title}: {', '.join(named)}" for title, named in lines.items())
    return f"A peer is ahead in {len(ahead)} of {len(rows)} rows:\n\n{listed}"


def agreement(rows):
    counted = [(row, best(row)[1]) for row in rows if not is_of_threads(row) and best(row)]
    parts = []
    for depth, unit in (("u8", "of 255"), ("u16", "of 65535"), ("f32", "of 1")):
        # Floats to 255 and more have larger differences, and are not told here.
        peers = [peer for row, peer in counted if row["depth"] == depth and row["top"] == 1]
        if peers:
            apart, share = (max(peer[key] for peer in peers) for key in ("max_abs_diff", "differing"))
            within = f"within {apart:.2g} {unit}"
            if depth != "f32":
                within += f" (other than ours in up to {share:.2%} of samples)"
            parts.append("equal to ours" if apart == 0 else within)
    return "The answers of those fastest peers, with 8-bit, 16-bit and float samples: " + "; ".join(parts) + "."


def section(results, folder):
    """What stands between the README's marks, part by part."""
    rows = results["rows"]
    size = max((row["width"], row["height"]) for row in rows if row["group"] != "small")
    megapixels = size[0] * size[1] / 1e6
    text = [
        f"{megapixels:.0f} megapixels ({size[0]} x {size[1]}), one thread, borders reflected: milliseconds, how "
        "many times as long OpenCV takes for the same result and, in brackets, the fastest of OpenCV, libblur, "
        "imageproc and SciPy where that is another (bold where it is about as fast or faster). Beside each other in "
        "turn, median. " + copying(rows),
        about(results),
    ]
    groups = [
        ("8-bit, integer weights", ("u8-int", "large-u8")),
        ("8-bit, float weights", ("u8-float",)),
        ("16-bit, integer weights", ("u16-int",)),
        ("16-bit, float weights", ("u16-float",)),
        ("float, float weights", ("f32", "large-f32")),
        ("the same, samples 0 to 255", ("large-f32-8",)),
        ("the same, samples 0 to 65535", ("large-f32-16",)),
        ("8-bit, Gaussian", ("gauss-u8",)),
        ("float, Gaussian", ("gauss-f32",)),
    ]
    text.append(by_size(rows, groups, (3, 5, 7, 9, 11, 15, 31, 63), cell))
    text.append(by_sigma(rows))
    others = []
    for row in rows:
        if row["group"] in ("sobel", "rgb", "small", "box", "motion", "fresh"):
            name, peer = best(row) or ("", None)
            work = f"{cases.GROUPS[row['group']].title}, {row['size']}x{row['size']}"
            others.append([work, cell(row), f"{name} {ms(peer['ms'][0])} ms" if peer else ""])
    for row in rows:
        if is_of_threads(row):
            theirs = best(row)[1]["ms"]
            others.append(
                [
                    f"{cases.GROUPS[row['group']].title} against one, {row['size']}x{row['size']}",
                    f"{ms(row['ms'][1])} ms, {ratio(row):.1f}x",
                    f"OpenCV {ms(theirs[1])} ms, {theirs[0] / theirs[1]:.1f}x",
                ]
            )
    if others:
        text.append(table(["", "stridekern", "fastest peer"], others))
    naive = by_size(
        [row for row in rows if not is_of_threads(row)],
        [("8-bit", ("u8-int",)), ("16-bit", ("u16-int",)), ("float", ("f32",))],
        cases.NAIVE_SIZES,
        lambda row: f"{row['naive_ms'] / row['ms'][0]:.0f}x",
    )
    if naive:
        text += ["How many times as long the plain loop in the same crate takes:", naive]
    text += numpy_ways(rows)
    text.append(gain_by_threads(rows))
    text += [behind(rows), agreement(rows)]
    for name, shows in (("time", "Time against kernel size, every peer"), ("scaling", "How time grows")):
        if (folder / f"{name}.svg").exists():
            text.append(f"![{shows}]({folder_link(folder)}/{name}.svg)")
    pages = [f"[{page.stem}]({folder_link(folder)}/{page.name})" for page in pages_in(folder)]
    text.append(
        f"All figures of every peer: {', '.join(reversed(pages))}. `benches/peers/run` measures them "
        "again and rewrites this section; `--help` tells of parts of it."
    )
    return text


def pages_in(folder):
    return [path.with_suffix(".md") for path in sorted(folder.glob("*.json"))]


def folder_link(folder):
    root = Path(__file__).resolve().parent.parent.parent
    return os.path.relpath(folder, root if folder.is_relative_to(root / "benches") else folder.parent)


def page(results):
    """Every figure."""
    rows = []
    for row in results["rows"]:
        if not row["peers"]:
            continue
        line = [f"{row['id']}", f"{' / '.join(ms(t) for t in row['ms'])} ({row['method']}, {row['lane']})"]
        line.append("" if ratio(row) is None else f"{ratio(row):.2f}")
        naive = "" if row["naive_ms"] is None else ms(row["naive_ms"])
        line.append(naive + ("" if row["naive_rows"] in (row["height"], None) else "~"))
        line.append(ms(row["copy_ms"]) if row["copy_ms"] else "")
        for family in ALL_FAMILIES:
            cells = []
            for name, peer in row["peers"].items():
                if name.startswith(family):
                    variant = name.removeprefix(family).strip()
                    times = " / ".join(ms(t) for t in peer["ms"])
                    times += "" if peer["timed_rows"] == row["height"] else "~"
                    apart = f"±{peer['max_abs_diff']:.2g} in {peer['differing']:.1%}"
                    cells.append(f"{variant} {times} ({apart})".strip() + ("" if peer["agrees"] else " †"))
            line.append("<br>".join(cells))
        rows.append(line)
    head = ["row", "stridekern, ms", "ratio", "naive, ms", "copy, ms", *ALL_FAMILIES]
    return "\n\n".join(
        [
            f"# {results['simd']}",
            about(results),
            f"OpenCV: {results.get('opencv_simd', '')}, {results.get('opencv_ipp', '')}.",
            "Milliseconds; in brackets how far a peer's samples are from stridekern's, and how many of them, away "
            "from the borders. ~: timed on the first rows and scaled. †: too far apart to count. Rows of threads: "
            "1 / 2 / ... threads, the ratio is that of two. imageproc repeats the edge (the others reflect it) and "
            "makes a new image in every call; SciPy truncates where the others round; libblur's filter_2d gets "
            "the last four columns of 16-bit and float images wrong at these widths, though not at every one.",
            table(head, rows),
            *targets(results["rows"]),
        ]
    )


def targets(rows):
    """What is aimed at, and what falls short."""
    lines = []
    for row in rows:
        for what, measured, wanted, met in checks(row):
            bound = copies(row)
            lines.append(
                [
                    row["id"], what, f"{measured:.2f}", f"{wanted:g}",
                    "" if bound is None else f"{bound:.2f}", "" if met else "falls short",
                ]
            )  # fmt: skip
    if not lines:
        return []
    short = sum(bool(line[-1]) for line in lines)
    return [
        "## Targets",
        f"{len(lines) - short} of {len(lines)} are met. Ratios of a peer's time to ours, of one thread to two, and of "
        f"the naive loop; what takes up to {cases.COPY_COUNTS:g} copies of the same bytes meets OpenCV's, too.",
        table(["row", "beside", "measured", "at least", "copies", ""], lines),
    ]


def render(folder, readme, target):
    """Pages, plots, and the README between its marks."""
    for path in sorted(folder.glob("*.json")):
        (folder / f"{path.stem}.md").write_text(page(completed(json.loads(path.read_text()))) + "\n")
    path = folder / "native.json"
    if not path.exists():
        return
    results = completed(json.loads(path.read_text()))
    plots.draw(results, folder)
    refresh(readme, target, MARKS, section(results, folder))
