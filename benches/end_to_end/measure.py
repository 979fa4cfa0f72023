"""Measures whole runs of stridekern beside its peers; ./run calls it. See --help."""

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import cv2

import check
import inputs
import report
import rows
from common.machine import ROOT, machine, others_share, version, worked
from common.results import kept, load, save

HERE = Path(__file__).resolve().parent
ROUNDS = 5
MEMORY_RUNS = 3


def arguments(known):
    parser = argparse.ArgumentParser(prog="benches/end_to_end/run", description=__doc__.split(";")[0])
    parser.add_argument("--quick", action="store_true", help="small images; nothing is committed")
    parser.add_argument("--rows", metavar="A,B", help="only these: " + ", ".join(known))
    parser.add_argument("--render-only", action="store_true", help="the README from the results that are there")
    args = parser.parse_args()
    args.rows = args.rows.split(",") if args.rows else known
    if unknown := [name for name in args.rows if name not in known]:
        parser.error(f"--rows has no {', '.join(unknown)}; choose from {', '.join(known)}")
    return args


def said(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def number(text):
    return re.search(r"\d+(\.\d+)+(-\d+)?", text).group()


def versions():
    magick = shlex.split(rows.imagemagick("", "").command)[0]
    return {
        "stridekern": version(Path(os.environ["CACHE"]) / "bin" / "stridekern"),
        "libvips": number(said("vips", "--version")),
        "OpenCV": cv2.__version__,
        "ImageMagick": number(said(magick, "-version")),
        "hyperfine": number(said("hyperfine", "--version")),
    }


def times(commands, folder, once):
    """Seconds of each command, everyone in turn, after one run that does not count; and
    the share of the processors that other work had meanwhile."""
    before = worked(me=False)
    found = [[] for _ in commands]
    for at in range(1 if once else ROUNDS):
        warm = int(at == 0 and not once)
        timed = folder / "hyperfine.json"
        how = ["hyperfine", "--shell=none", "--style=none", "--runs=1", f"--warmup={warm}", "--export-json", timed]
        # The disk is not to be at work on what the last run has left.
        how.append("--prepare=sync")
        subprocess.run([*how, *commands], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for seconds, result in zip(found, json.loads(timed.read_text())["results"]):
            seconds += result["times"]
    return found, others_share(before, me=False)


def peak(side, folder):
    """Bytes of the largest process at its peak, times the processes at a time."""
    told = folder / "memory"
    how = ["/usr/bin/time", "--format=%M", f"--output={told}"]
    subprocess.run([*how, *shlex.split(side.command)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return int(told.read_text()) * 1024 * side.processes


def private_peak(side, folder):
    """Bytes that are no file's, looked at again and again."""
    largest = 0
    process = subprocess.Popen(shlex.split(side.command), cwd=folder)
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if anonymous := re.search(r"RssAnon:\s+(\d+)", status):
            largest = max(largest, int(anonymous[1]) * 1024)
        time.sleep(0.002)
    if process.returncode:
        raise SystemExit(f"{side.command} ended with {process.returncode}")
    return largest


def size(path):
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size


def measure(row, folder, sizes):
    sides = {"ours": row.ours, "theirs": row.theirs}
    took, others = times([side.command for side in sides.values()], folder, row.once)
    largest, mean = check.agreement(row, folder)
    found = {}
    for (name, side), seconds in zip(sides.items(), took):
        look = private_peak if row.private else peak
        runs = 1 if row.once and name == "theirs" else MEMORY_RUNS
        found[name] = {
            "command": side.command.replace(sys.executable, "python").replace(f"{HERE}/", ""),
            "seconds": [round(value, 4) for value in seconds],
            "median": round(median(seconds), 4),
            "memory": int(median(look(side, folder) for _ in range(runs))),
            "file": size(folder / side.output),
        }
    if row.scaled:
        found["theirs"]["scale"] = sizes.large**2 / (sizes.one[0] * sizes.one[1])
    one, large = f"{sizes.megapixels():g} megapixels", f"{sizes.large} x {sizes.large}"
    named = {"count": sizes.count, "planes": inputs.PLANES, "large": large, "one": one}
    return found | {
        "id": row.id, "work": row.work.format(**named), "peer": row.peer.format(**named),
        "target": row.target, "memory_target": row.memory, "memory_mb": row.memory_mb,
        "file_target": row.file, "private": row.private, "once": row.once,
        "max_abs_diff": largest, "mean_abs_diff": round(mean, 4),
        "others_share": round(others, 3), "busy": others > 0.05, "date": datetime.date.today().isoformat(),
    }  # fmt: skip


def results(args, folder, sizes, before, every):
    """All there are after every row; other rows are kept if they are of this machine."""
    head = {"machine": machine(), "versions": versions(), "images": sizes.__dict__}
    head["files"] = said("df", "--output=fstype", folder).split()[-1]
    explained = said("stridekern", str(folder / "in" / "gray.png"), "-k", "sobel_x", "--explain", "--json")
    head["simd"] = json.loads(explained)["simd"]
    found = kept(before, head["machine"])
    for row in every:
        if row.id in args.rows:
            found[row.id] = measure(row, folder, sizes) | {"stridekern": head["versions"]["stridekern"]}
            print(report.line(found[row.id]), flush=True)
            yield head | {"rows": [found[other.id] for other in every if other.id in found]}


def main():
    every = rows.rows()
    args = arguments([row.id for row in every])
    cache = Path(os.environ["CACHE"])
    os.environ["PATH"] = f"{cache / 'bin'}:{os.environ['PATH']}"
    sizes = inputs.QUICK if args.quick else inputs.FULL
    folder = cache / ("quick" if args.quick else "full")
    # A quick run shows how everything will look and touches nothing that is committed.
    path = (folder if args.quick else HERE / "results") / "native.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not args.render_only:
        inputs.make(folder / "in", sizes)
        for made in ("ours/many", "peer/many"):
            (folder / made).mkdir(parents=True, exist_ok=True)
        (folder / "sobel_x.mat").write_text(rows.MATRIX)
        for measured in results(args, folder, sizes, load(path), every):
            save(path, measured)
    report.render(load(path), ROOT / "README.md", (folder if args.quick else ROOT) / "README.md")


main()
