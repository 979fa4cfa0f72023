"""Compares the speed of two commits on this machine; ./run calls it. See --help."""

import argparse
import os
import sys
from pathlib import Path
from statistics import median

import table
from common import cases
from common.images import Copy, image
from common.machine import others_share, worked
from common.results import ms
from interval import interval
from sides import Commit, side

# A row of which even the upper end of the interval is below this has become slower.
SLOWER = 0.97
# Seconds of each half of a pair; one run at least.
TURN = 0.05
# No news beside other rows: those of the plots, and of threads.
LEFT_OUT = ("pixels-u8", "pixels-f32", "threads-u8", "threads-f32")
SIGMAS = (2, 10, 50)


def arguments():
    groups = [name for name in cases.GROUPS if name not in LEFT_OUT]
    parser = argparse.ArgumentParser(
        prog="benches/compare/run",
        description="Times two commits in interleaved pairs on one thread, row by row, and tells the ratio of the time "
        f"of OLD to that of NEW with its 95 % interval. Rows that lie wholly below {SLOWER} are measured again by new "
        "processes; if one is there again, it has become slower, and the command ends with 1. With --record it "
        "times one commit and adds it to the table that is kept in benches/compare/table.csv.",
    )
    parser.add_argument("old", metavar="OLD", nargs="?", help="a commit, . for the working tree, or a program")
    parser.add_argument("new", metavar="NEW", nargs="?", help="another; default: .")
    parser.add_argument("--record", metavar="COMMIT", nargs="?", const="HEAD", help="default: HEAD")
    parser.add_argument("--history", action="store_true", help="what the table has of this machine")
    parser.add_argument("--rows", metavar="A,B", help="only these groups: " + ", ".join(groups))
    parser.add_argument("--simd", help="a SIMD level such as avx2; default: the best of this machine")
    parser.add_argument("--pairs", type=int, default=20, help="of every row (20)")
    parser.add_argument("--quick", action="store_true", help="2 megapixels instead of 24")
    args = parser.parse_args()
    if sum((args.old is not None, args.record is not None, args.history)) != 1:
        parser.error("give OLD and NEW, --record or --history")
    args.new = args.new or "."
    if args.record and args.quick:
        parser.error("what is recorded is not --quick")
    args.rows = args.rows.split(",") if args.rows else groups
    if unknown := [name for name in args.rows if name not in groups]:
        parser.error(f"--rows has no {', '.join(unknown)}; choose from {', '.join(groups)}")
    return args


def rows(args, cache, sides):
    """Every case with its image."""
    full = cases.QUICK if args.quick else cases.FULL
    # Programs keep their results to themselves, and run the naive loop, which takes minutes.
    in_memory = all(isinstance(side, Commit) for side in sides)
    for case in cases.cases(args.rows, full):
        if (case.sigma is None or case.sigma in SIGMAS) and (in_memory or not (case.sigma or case.work == "fresh")):
            yield case, image(cache / "images", case.width, case.height, case.channels, case.depth, case.top)


def pairs(sides, case, npy, args):
    """Ratios of old to new, pair by pair, the medians of both, and what differs."""
    held = [side.start(case, npy, args.simd) for side in sides]
    try:
        for one in held:
            one.ms(0)
        times = []
        for at in range(args.pairs):
            pair = [0.0, 0.0]
            # Who goes first has no advantage in the end.
            for which in (0, 1) if at % 2 == 0 else (1, 0):
                pair[which] = held[which].ms(TURN)
            times.append(pair)
        about = [one.about() for one in held]
    finally:
        for one in held:
            one.close()
    olds, news = zip(*times)
    return [old / new for old, new in times], median(olds), median(news), about


def compare(args, cache):
    """Ends with the rows that became slower."""
    sides = [side(name, cache) for name in (args.old, args.new)]
    print(f"{sides[0].name} to {sides[1].name}, {args.pairs} pairs of each row: ms, and how many times as fast\n")
    slower, ratios_of_all = [], []
    for case, npy in rows(args, cache, sides):
        before = worked()
        ratios, old, new, about = pairs(sides, case, npy, args)
        low, middle, high = interval(ratios)
        note = ""
        if high < SLOWER:
            again = interval(pairs(sides, case, npy, args)[0])
            is_slower = again[2] < SLOWER
            note = f"  SLOWER, again {again[1]:.3f}" if is_slower else f"  not again: {again[1]:.3f}"
            if is_slower:
                slower.append(case.id)
        ratios_of_all.append(middle)
        (was, hash_was), (now, hash_now) = about
        engines = now if was == now else f"{was} -> {now}"
        note += "  other samples" if hash_was and hash_now and hash_was != hash_now else ""
        note += "  (the machine has other work)" if others_share(before) > 0.1 else ""
        print(f"{case.id:<18} {ms(old):>7} -> {ms(new):>6}  {middle:.3f} ({low:.3f} to {high:.3f})  {engines}{note}", flush=True)
    print(f"\n{len(ratios_of_all)} rows, {median(ratios_of_all):.3f} in the median; slower: {', '.join(slower) or 'none'}")
    return slower


def record(args, cache):
    commit = Commit(args.record, cache)
    if commit.name.endswith("+"):
        sys.exit("what is recorded is a commit, and the working tree has changes")
    for case, npy in rows(args, cache, [commit]):
        before = worked()
        held, copy = commit.start(case, npy, args.simd), Copy(npy)
        held.ms(0)
        times, copies = [], []
        for _ in range(args.pairs):
            times.append(held.ms(TURN))
            copies.append(copy.ms(TURN / 4))
        plan = held.library.plan(args.simd)
        held.close()
        line = table.Line.of(commit.short, case.id, plan, median(times), median(copies))
        table.append(line)
        busy = "  (the machine has other work)" if others_share(before) > 0.1 else ""
        print(f"{case.id:<18} {ms(line.ms):>6} ms, a copy {ms(line.copy_ms)} ms  {line.engine}{busy}", flush=True)


def main():
    args = arguments()
    cache = Path(os.environ["CACHE"])
    if args.history:
        print(table.history())
    elif args.record:
        record(args, cache)
    else:
        sys.exit(1 if compare(args, cache) else 0)


main()
