"""Measures the regret of the plan: the time of the engine that it takes over that of the best
one; ./run calls it. See --help."""

import argparse
import datetime
import os
import re
import sys
from pathlib import Path
from statistics import median

import grid
import report
from common.images import image
from common.machine import ROOT, commit, machine, others_share, worked
from common.results import kept, load, save
from common.worker import Library

HERE = Path(__file__).resolve().parent
# Engines that should take longer than this times the best are not run at all, and those that did so
# in their first runs are not run again.
HOPELESS = 20
BEHIND = 1.5
# What is above this is measured again, at more length, before it is believed.
DOUBTFUL = 1.05
# Seconds of a turn; one run at least.
TURN = 0.004
ROUNDS = {False: 9, True: 5}


def arguments():
    parser = argparse.ArgumentParser(
        prog="benches/regret/run",
        description=__doc__.split(";")[0] + ". One thread. Ends with 1 where the aims are missed: "
        f"a median of at most {report.MEDIAN} and a worst of at most {report.WORST}.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer kernels and no large image; nothing is committed")
    parser.add_argument("--levels", metavar="A,B", help="SIMD levels (native, avx2 and portable, quick native)")
    parser.add_argument("--only", metavar="REGEX", help="rows with this in their name, such as 'u8 (gauss|box).* 512x512'")
    parser.add_argument("--worst", type=int, default=20, metavar="N", help="how many of the worst rows are listed (20)")
    parser.add_argument("--no-aims", action="store_true", help="end with 0 even where the aims are missed")
    parser.add_argument("--worker", type=Path, help="a worker that is built already, see benches/common/setup.sh")
    parser.add_argument("--report-only", action="store_true", help="the report of the results that are there")
    return parser.parse_args()


class Row:
    """One point at one SIMD level."""

    def __init__(self, library, simd, rounds):
        self.library, self.simd, self.rounds = library, simd, rounds
        self.plan = library.plan(simd)
        self.predicted = {a["engine"]: a["ms"] for a in self.plan["engines"] if a["runs"] and a["ms"] is not None}
        least = min(self.predicted.values())
        self.hopeful = [name for name, ms in self.predicted.items() if ms <= HOPELESS * max(least, 1e-6)]

    def run(self, engine):
        return median(self.library.run(TURN, engine, self.simd))

    def measure(self):
        taken = self.plan["engine"]
        times = {engine: min(self.library.run(TURN / 2, engine, self.simd)) for engine in self.hopeful}
        least = min(times.values())
        near = [engine for engine in self.hopeful if engine == taken or times[engine] <= BEHIND * least]
        regret, repeated = 1.0, False
        if len(near) > 1:
            regret, best = self.compare(near, taken, times, self.rounds)
            if regret > DOUBTFUL:
                again, _ = self.compare([taken, best], taken, times, 3 * self.rounds)
                regret, repeated = min(regret, again), True
        return {
            "regret": round(regret, 4), "repeated": repeated, "engine": taken,
            "best": min(times, key=times.get) if regret > 1 else taken,
            "lane": self.plan["lane"], "simd": self.plan["simd"],
            "ms": {engine: float(f"{ms:.4g}") for engine, ms in times.items()},
            "predicted": {engine: float(f"{ms:.4g}") for engine, ms in self.predicted.items()},
        }  # fmt: skip

    def compare(self, engines, taken, times, rounds):
        """(regret, best engine): everyone in turn, round by round, so that what else the machine does
        concerns all; `times` gets the medians."""
        found = {engine: [] for engine in engines}
        for round_ in range(rounds):
            at = round_ % len(engines)
            for engine in engines[at:] + engines[:at]:
                found[engine].append(self.run(engine))
        times.update((engine, median(took)) for engine, took in found.items())
        best = min(engines, key=times.get)
        ratios = [ours / least for ours, least in zip(found[taken], found[best])]
        return max(1.0, median(ratios)), best


def measure(args, cache, path):
    """(all results there are, the names of the rows that were measured), after every point."""
    head = {"machine": machine(), "commit": commit()}
    rows = kept(load(path), head["machine"])
    points = [point for point in grid.points(args.quick) if not args.only or re.search(args.only, point.id)]
    if not points:
        sys.exit(f"no row has {args.only} in its name, such as {next(grid.points(args.quick)).id}")
    for point in points:
        npy = image(cache / "images", point.width, point.height, point.channels, point.depth)
        before = worked()
        library = Library(
            args.worker or cache / "bin" / "worker",
            npy, point.kernel, point.width, point.height, point.channels, point.depth,
        )  # fmt: skip
        found = {}
        for simd in levels(args, library.levels):
            found[f"{point.id} {simd}"] = Row(library, simd, ROUNDS[args.quick]).measure()
        library.close()
        others = others_share(before)
        about = {"date": datetime.date.today().isoformat(), "commit": head["commit"], "others_share": round(others, 3)}
        for id_, row in found.items():
            rows[id_] = {"id": id_} | row | about
            print(report.line(rows[id_]), flush=True)
        yield head | {"rows": list(rows.values())}, list(found)


def levels(args, known):
    wanted = args.levels.split(",") if args.levels else ["native"] if args.quick else ["native", "avx2", "portable"]
    wanted = [known[-1] if simd == "native" else simd for simd in wanted]
    if args.levels and (unknown := [simd for simd in wanted if simd not in known]):
        sys.exit(f"this machine has no {', '.join(unknown)}; choose from native, {', '.join(known)}")
    # The best may be one of the others.
    return [simd for simd in dict.fromkeys(wanted) if simd in known]


def main():
    args = arguments()
    cache = Path(os.environ["CACHE"])
    # A quick run, or a part, touches nothing that is committed.
    path = (cache if args.quick or args.only else HERE / "results") / "regret.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = []
    if args.report_only:
        measured = (load(path) or {"rows": []})["rows"]
    else:
        names = []
        for results, found in measure(args, cache, path):
            save(path, results)
            names += found
            measured = [row for row in results["rows"] if row["id"] in names]
    if not measured:
        sys.exit(f"{path.relative_to(ROOT)} has no results")
    print("\n" + report.summary(measured, args.worst))
    sys.exit(0 if args.no_aims or report.meets(measured) else 1)


main()
