"""Two pictures: everyone's time against kernel size, and how our time grows."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

plt.rcParams |= {
    # Text stays text: small, and searchable.
    "svg.fonttype": "none",
    # The same figures give the same file.
    "svg.hashsalt": "stridekern",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

STYLE = {
    "stridekern": dict(color="#d62728", linewidth=2.2, marker="o", zorder=5),
    "OpenCV": dict(color="#1f77b4", marker="s"),
    "libblur": dict(color="#2ca02c", marker="^"),
    "libblur FFT": dict(color="#2ca02c", marker="^", linestyle=":"),
    "imageproc": dict(color="#9467bd", marker="v"),
    "SciPy": dict(color="#8c564b", marker="D"),
    "SciPy oaconvolve": dict(color="#8c564b", marker="D", linestyle=":"),
    "naive": dict(color="#7f7f7f", marker=".", linestyle="--"),
}


def line(axes, points, name, **more):
    points = sorted(points)
    if points:
        style = dict(markersize=4, linewidth=1.2) | STYLE.get(name, {}) | more
        axes.plot(*zip(*points), label=name, **style)


def logarithmic(axes, ticks, label, form=str):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: form(x)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 30 * low else (1,)))
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(label)


def save(figure, path):
    figure.tight_layout()
    # White behind it, for readers of dark pages.
    figure.savefig(path, metadata={"Date": None}, facecolor="white")
    plt.close(figure)


def of(rows, *groups):
    return [row for row in rows if row["group"] in groups]


def draw(results, folder):
    rows = results["rows"]
    time_by_size(rows, folder / "time.svg")
    if of(rows, "pixels-u8", "pixels-f32"):
        scaling(rows, folder / "scaling.svg")


def time_by_size(rows, path):
    panels = [
        ("8-bit samples, integer weights", of(rows, "u8-int", "large-u8")),
        ("float samples, float weights", of(rows, "f32", "large-f32")),
    ]
    panels = [(title, found) for title, found in panels if found]
    if not panels:
        return
    figure, all_axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 3.9), sharey=True, squeeze=False)
    for axes, (title, found) in zip(all_axes[0], panels):
        line(axes, [(row["size"], row["ms"][0]) for row in found], "stridekern")
        for name in list(STYLE)[1:-1]:
            line(axes, [(row["size"], row["peers"][name]["ms"][0]) for row in found if name in row["peers"]], name)
        line(axes, [(row["size"], row["naive_ms"]) for row in found], "naive")
        sizes = sorted({row["size"] for row in found})
        logarithmic(axes, sizes, "kernel size (not separable)", lambda x: f"{x:.0f}")
        axes.set_title(title, fontsize=10)
    all_axes[0][0].set_ylabel(f"ms for {found[0]['width'] * found[0]['height'] / 1e6:.0f} megapixels, one thread")
    all_axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    save(figure, path)


def scaling(rows, path):
    figure, (by_size, by_pixels, by_threads) = plt.subplots(1, 3, figsize=(11, 3.6))
    kinds = [
        ("8-bit", "#d62728", ("u8-int", "large-u8")),
        ("float", "#1f77b4", ("f32", "large-f32")),
        ("8-bit Gaussian", "#ff9896", ("gauss-u8",)),
        ("float Gaussian", "#aec7e8", ("gauss-f32",)),
    ]
    for name, color, groups in kinds:
        line(by_size, [(r["size"], r["ms"][0]) for r in of(rows, *groups)], name, color=color, marker="o")
    points = [(r["size"], r["ms"][0]) for r in of(rows, "f32", "large-f32")]
    ideal(by_size, points, lambda k: k * k, "as taps grow")
    ideal(by_size, points, lambda k: k, "as sides grow", ":")
    sizes = sorted({r["size"] for r in of(rows, *sum((groups for *_, groups in kinds), ()))})
    logarithmic(by_size, sizes, "kernel size", lambda x: f"{x:.0f}")
    by_size.set_ylabel("ms, stridekern")

    for name, color, group in (("8-bit, 5x5", "#d62728", "pixels-u8"), ("float, 5x5", "#1f77b4", "pixels-f32")):
        points = [(r["width"] * r["height"] / 1e6, r["ms"][0]) for r in of(rows, group)]
        line(by_pixels, points, name, color=color, marker="o")
        ideal(by_pixels, points, lambda p: p, "as pixels grow" if group == "pixels-f32" else None)
    sizes = sorted({r["width"] * r["height"] / 1e6 for r in of(rows, "pixels-u8", "pixels-f32")})
    logarithmic(by_pixels, sizes, "megapixels", lambda x: f"{x:.2g}")

    counts = set()
    for row, color in zip(of(rows, "threads-u8", "threads-f32"), ("#d62728", "#ff9896", "#1f77b4", "#aec7e8")):
        name = f"{'8-bit' if row['depth'] == 'u8' else 'float'}, {row['size']}x{row['size']}"
        points = list(zip(row["threads"], row["ms"]))
        counts |= set(row["threads"])
        line(by_threads, points, name, color=color, marker="o")
        ideal(by_threads, points, lambda t: 1 / t, None)
    logarithmic(by_threads, sorted(counts), "threads", lambda x: f"{x:.0f}")
    for axes in (by_size, by_pixels, by_threads):
        if axes.lines:
            axes.legend(fontsize=7.5)
    save(figure, path)


def ideal(axes, points, growth, name, style="--"):
    """From the first point on, as `growth` has it."""
    if len(points) > 1:
        points = sorted(points)
        x0, y0 = points[0]
        xs = [x for x, _ in points]
        label = {"label": name} if name else {}
        axes.plot(xs, [y0 * growth(x) / growth(x0) for x in xs], style, color="#999999", linewidth=0.8, zorder=1, **label)
