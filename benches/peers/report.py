"""Says what was measured: a line per row, the README's tables, a page of all figures."""

import json
import os
from pathlib import Path

import cases
import plots
from common.results import conditions, ms, refresh, table

FAMILIES = ("OpenCV", "libblur", "imageproc", "SciPy")
MARKS = ("<!-- peers: written by benches/peers/run -->", "<!-- /peers -->")


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


def aimed_at(row):
    """The peers that the target is about."""
    return cases.AIMED_AT.get(row["group"], FAMILIES)


def short(row):
    aimed = ratio(row, aimed_at(row))
    return row["target"] is not None and aimed is not None and aimed < row["target"]


def line(row):
    """One row as it is measured."""
    text = f"{row['id']:<14} stridekern {ms(row['ms'][0]):>6} ms ({row['method']} {row['lane']})"
    if ratio(row) is not None:
        beside = f"{len(row['threads'])} thread counts" if is_of_threads(row) else best(row)[0]
        text += f"  {ratio(row):6.2f}x  {beside}"
    if row["target"] is not None:
        if not is_of_threads(row) and best(row, aimed_at(row)) != best(row):
            text += f", {ratio(row, aimed_at(row)):.2f}x {best(row, aimed_at(row))[0]}"
        text += f", target {row['target']}" + ("  FALLS SHORT" if short(row) else "")
    naive = row["naive_ms"] / row["ms"][0]
    wanted = row["group"] in cases.NAIVE_GROUPS and row["size"] in cases.NAIVE_SIZES
    target = cases.NAIVE_TARGET * (cases.AVX2_SHARE if row["simd"] == "avx2" else 1)
    text += f"; naive {naive:.1f}x" + (f", target {target:g}" if wanted else "")
    text += "  FALLS SHORT" if wanted and naive < target else ""
    text += "  (the machine has other work)" if row["busy"] else ""
    for name, peer in row["peers"].items():
        times = " ".join(ms(t) for t in peer["ms"])
        rows = "" if peer["timed_rows"] == row["height"] else f", scaled from {peer['timed_rows']} rows"
        counts = "" if peer["agrees"] else ", does not count"
        text += f"\n    {name:<20} {times:>9} ms{rows}; apart by up to {peer['max_abs_diff']:.3g}"
        text += f" in {peer['differing']:.2%} of samples{counts}"
    return text


def cell(row):
    """Our time and the ratio; bold where a peer is ahead."""
    if row is None:
        return ""
    times = f"{ratio(row):.1f}x" if ratio(row) >= 1.05 else f"**{ratio(row):.2f}x**"
    return f"{ms(row['ms'][0])} ms, {times}"


def by_size(rows, groups, sizes, of):
    """A table of groups of work against kernel sizes."""
    lines = []
    for title, names in groups:
        found = {row["size"]: row for row in rows if row["group"] in names}
        if found:
            lines.append([title, *(of(found[size]) if size in found else "" for size in sizes)])
    return table(["", *(f"{size}x{size}" for size in sizes)], lines) if lines else ""


def about(results):
    versions = results["versions"]
    names = ["OpenCV", "libblur", "imageproc", "SciPy"]
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
        named = f"{best(row)[0]} at {row['size']}x{row['size']} ({ratio(row):.2f}x)"
        lines.setdefault(cases.GROUPS[row["group"]][0], []).append(named)
    listed = "\n".join(f"- {title}: {', '.join(named)}" for title, named in lines.items())
    return f"A peer is ahead in {len(ahead)} of {len(rows)} rows:\n\n{listed}"


def agreement(rows):
    counted = [(row, best(row)[1]) for row in rows if not is_of_threads(row) and best(row)]
    parts = []
    for depth, unit in (("u8", "of 255"), ("u16", "of 65535"), ("f32", "of 1")):
        peers = [peer for row, peer in counted if row["depth"] == depth]
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
        f"{megapixels:.0f} megapixels ({size[0]} x {size[1]}), one thread, borders reflected: milliseconds, and how "
        "many times as long the fastest of OpenCV, libblur, imageproc and SciPy takes for the same result "
        "(bold where it is about as fast or faster). Beside each other in turn, median.",
        about(results),
    ]
    groups = [
        ("8-bit, integer weights", ("u8-int", "large-u8")),
        ("8-bit, float weights", ("u8-float",)),
        ("16-bit, integer weights", ("u16-int",)),
        ("16-bit, float weights", ("u16-float",)),
        ("float, float weights", ("f32", "large-f32")),
        ("8-bit, Gaussian", ("gauss-u8",)),
        ("float, Gaussian", ("gauss-f32",)),
    ]
    text.append(by_size(rows, groups, (3, 5, 7, 9, 11, 15, 31, 63), cell))
    others = []
    for row in rows:
        if row["group"] in ("sobel", "rgb", "small", "box", "motion"):
            name, peer = best(row) or ("", None)
            work = f"{cases.GROUPS[row['group']][0]}, {row['size']}x{row['size']}"
            others.append([work, cell(row), f"{name} {ms(peer['ms'][0])} ms" if peer else ""])
    for row in rows:
        if is_of_threads(row):
            theirs = best(row)[1]["ms"]
            others.append(
                [
                    f"{cases.GROUPS[row['group']][0]} against one, {row['size']}x{row['size']}",
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
        line.append(f"{ms(row['naive_ms'])}" + ("" if row["naive_rows"] == row["height"] else "~"))
        for family in FAMILIES:
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
    head = ["row", "stridekern, ms", "ratio", "naive, ms", *FAMILIES]
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
        ]
    )


def render(folder, readme, target):
    """Pages, plots, and the README between its marks."""
    for path in sorted(folder.glob("*.json")):
        (folder / f"{path.stem}.md").write_text(page(json.loads(path.read_text())) + "\n")
    path = folder / "native.json"
    if not path.exists():
        return
    results = json.loads(path.read_text())
    plots.draw(results, folder)
    refresh(readme, target, MARKS, section(results, folder))
