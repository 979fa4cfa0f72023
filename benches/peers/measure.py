"""Measures stridekern beside its peers; ./run calls it. See --help."""

import argparse
import datetime
import os
import sys
import tomllib
from pathlib import Path
from statistics import median

import numpy as np

import report
from common import cases
from common.images import DTYPES, image
from common.machine import ROOT, machine, version
from common.results import kept, load, save
from workers import HERE, Ours, OursInMemory, Peers, environment

# A peer that takes longer for one image is timed once, and on its first rows if these are enough.
PATIENCE_MS = {False: 3000, True: 400}
# How far samples may be apart (of floats: times the largest) for a peer to count: weights in fixed point and sums
# that are cut off stay below it, another picture does not.
AGREEMENT = {"u8": 2, "u16": 8, "f32": 1e-4}
COPY = "copy"


def arguments():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.split(";")[0])
    parser.add_argument("--quick", action="store_true", help="2 megapixels and few rounds; nothing is committed")
    parser.add_argument("--rows", metavar="A,B", help="only these: " + ", ".join(cases.GROUPS))
    parser.add_argument("--simd", choices=["avx2"], help="leave AVX-512 out, of the peers too; it has targets of its own")
    parser.add_argument("--rounds", type=int, help="rounds of everyone in turn (5, quick 2)")
    parser.add_argument("--render-only", action="store_true", help="README and plots from the results that are there")
    args = parser.parse_args()
    names = args.rows.split(",") if args.rows else list(cases.GROUPS)
    if unknown := [name for name in names if name not in cases.GROUPS]:
        parser.error(f"--rows has no {', '.join(unknown)}; choose from {', '.join(cases.GROUPS)}")
    args.rows = names
    args.rounds = args.rounds or (2 if args.quick else 5)
    return args


class Row:
    """One case: everyone measured in turn, round by round."""

    def __init__(self, case, args, build, cache):
        self.case, self.args = case, args
        self.seconds = 0.1 if args.quick else 0.4
        self.npy = image(cache / "images", case.width, case.height, case.channels, case.depth, case.top)
        self.folder = cache / "work"
        self.folder.mkdir(exist_ok=True)
        env = environment(args.simd)
        in_memory = case.work == "fresh" or case.sigma
        ours = OursInMemory if in_memory else Ours
        self.ours = ours(build / "stridekern", case, self.npy, self.folder, env)
        commands = [] if case.alone else [[sys.executable, str(HERE / "python_peers.py")]]
        # How threads help is a question to those who share work among them; none of the
        # others leaves memory to us.
        if not case.alone and case.threads == (1,) and case.work != "fresh":
            commands.append([str(build / "rust-peers")])
        self.workers = [Peers(command, case, self.npy, env) for command in commands]
        self.peers = {name: worker for worker in self.workers for name in worker.hello["peers"]}
        self.copier = self.peers.pop(COPY, None)
        # Where memory would not do for all.
        self.most_rows = {
            name: rows for worker in self.workers for name, rows in worker.hello.get("most_rows", {}).items()
        }
        if case.threads != (1,):
            self.peers = {n: w for n, w in self.peers.items() if n.startswith("OpenCV")}
        if case.size > cases.HUGE:
            self.peers = {n: w for n, w in self.peers.items() if n.startswith(cases.HUGE_PEERS)}
        self.runs = {}

    def measure(self):
        times = {name: {threads: [] for threads in self.case.threads} for name in ["stridekern", *self.peers]}
        rows, once = {}, set()
        for name in self.peers:
            rows[name], slow = self.bearable_rows(name)
            if slow:
                once.add(name)
        naive, shares, copies, two, agreement = [], [], [], [], {}
        for round_ in range(self.args.rounds):
            for threads in self.case.threads:
                bench, share = self.bench(threads)
                auto = bench["auto"]
                times["stridekern"][threads].append(auto["median_ms"])
                if threads == 1:
                    shares.append(share)
                    if bench["naive"]:
                        naive.append(bench["naive"]["median_ms"])
                    if self.copier:
                        copies.append(median(self.copier.run(COPY, self.seconds / 4, self.case.height, 1)))
                for name, worker in self.peers.items():
                    if name in once and round_ > 0:
                        continue
                    part = name in once
                    ms = median(worker.run(name, 0 if part else self.seconds, rows[name], threads))
                    times[name][threads].append(ms * self.case.height / rows[name])
                    if name not in agreement:
                        agreement[name] = self.agreement(name, rows[name])
            if self.case.threads == (1,) and self.gains_by_threads(auto["median_ms"], copies):
                two.append(self.bench(2)[0]["auto"]["median_ms"])
        return self.result(times, rows, naive, copies, two, median(shares), agreement, bench)

    def bench(self, threads):
        found, share = self.ours.bench(self.runs.get(threads, 3), threads)
        ms = found["auto"]["median_ms"]
        self.runs[threads] = int(min(max(self.seconds * 1e3 / ms, 3), 5000))
        return found, share

    def gains_by_threads(self, ms, copies):
        """Whether it is computing that takes the time; of small images it is starting threads."""
        large = self.case.width * self.case.height > cases.SMALL[0] * cases.SMALL[1]
        cores = os.cpu_count() or 1
        return cores >= 2 and large and bool(copies) and ms > cases.COPY_BINDS * copies[-1]

    def bearable_rows(self, name):
        """(rows, whether it is slow): all rows, or as many as take about a third of our
        patience, if that is enough of them."""
        height, least = self.case.height, 2 * self.case.size + 16
        most = self.most_rows.get(name, height)
        least = min(least, height)
        # The very first call may load and start things: the second tells.
        probes = [self.peers[name].run(name, 0, least, 1)[0] for _ in range(2)]
        predicted = min(probes) * height / least
        patience = PATIENCE_MS[self.args.quick]
        slow = predicted >= patience
        if slow and height >= 8 * least:
            most = min(most, max(least, int(height * patience / predicted / 3)))
        return most, slow or most < height

    def agreement(self, name, rows):
        """(largest difference, share of samples that differ), away from the
        borders that not every peer has."""
        # libblur's filter_2d gets the last four columns of 16-bit and float images wrong
        # at some widths, by comparison with SciPy too: with the borders they are left
        # out, as its work is the same.
        case, near = self.case, max(self.case.size, 8)
        ours, theirs = self.folder / "ours.npy", self.folder / "theirs.raw"
        ours.unlink(missing_ok=True)
        self.ours.write(ours)
        self.peers[name].write(theirs)
        a = np.load(ours).reshape(case.height, case.width, case.channels)[:rows]
        b = np.fromfile(theirs, DTYPES[case.depth]).reshape(a.shape)
        near = min(near, (rows - 1) // 2)
        a, b = (x[near:-near, near:-near] for x in (a, b))
        kind = np.float32 if case.depth == "f32" else np.int32
        apart = np.abs(a.astype(kind) - b.astype(kind))
        return float(apart.max()), float(np.count_nonzero(apart) / apart.size)

    def result(self, times, rows, naive, copies, two, processor, agreement, bench):
        case, threads = self.case, self.case.threads

        def ms(name):
            return [round(median(times[name][t]), 4) for t in threads]

        peers = {}
        for name in self.peers:
            apart, differing = agreement[name]
            peers[name] = {
                "ms": ms(name),
                "timed_rows": rows[name],
                "max_abs_diff": apart,
                "differing": round(differing, 6),
                "agrees": apart <= AGREEMENT[case.depth] * case.top,
            }
        auto = bench["auto"]
        naive_of = bench["naive"] or {"lane": None, "timed_rows": None}
        return {
            "id": case.id, "group": case.group, "size": case.size, "depth": case.depth,
            "width": case.width, "height": case.height, "channels": case.channels,
            "threads": list(threads),
            "sigma": case.sigma, "top": case.top, "ms": ms("stridekern"),
            "copy_ms": round(median(copies), 4) if copies else None,
            "two_threads_ms": round(median(two), 4) if two else None,
             "method": auto["method"], "lane": auto["lane"], "simd": auto["simd"],
            "naive_ms": round(median(naive), 4) if naive else None, "naive_lane": naive_of["lane"],
            "naive_rows": naive_of["timed_rows"], "naive_diff": auto["max_abs_diff"],
            # On a machine of its own the program has a processor all the time.
            "processor_share": round(processor, 3), "busy": processor < 0.9,
            "peers": peers, "date": datetime.date.today().isoformat(),
        }  # fmt: skip

    def close(self):
        self.ours.close()
        for worker in self.workers:
            worker.close()


def versions(build):
    """Who was measured; workers add what they know."""
    lock = tomllib.loads((HERE / "rust" / "Cargo.lock").read_text())
    crates = {p["name"]: p["version"] for p in lock["package"] if p["name"] in ("libblur", "imageproc")}
    return {"stridekern": version(build / "stridekern")} | crates


def main():
    args = arguments()
    cache = Path(os.environ["CACHE"])
    build = cache / "bin"
    level = args.simd or "native"
    # A quick run shows how everything will look and touches nothing that is committed.
    results = cache / "quick" if args.quick else HERE / "results"
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{level}.json"
    if not args.render_only:
        for measured in measure(args, build, cache, load(path)):
            save(path, measured)
    report.render(results, ROOT / "README.md", (cache / "quick" if args.quick else ROOT) / "README.md")


def measure(args, build, cache, before):
    """The results after every row; other rows are kept if they are of this machine."""
    full = cases.QUICK if args.quick else cases.FULL
    head = {"machine": machine(), "simd": args.simd or "native", "versions": versions(build)}
    rows = kept(before, head["machine"])
    order = [case.id for case in cases.cases(cases.GROUPS, full)]
    for case in cases.cases(args.rows, full):
        row = Row(case, args, build, cache)
        for worker in row.workers:
            hello = worker.hello
            head["versions"] |= hello.get("versions", {})
            for key in ("opencv_simd", "opencv_ipp"):
                if key in hello:
                    head[key] = hello[key]
        rows[case.id] = row.measure() | {"stridekern": head["versions"]["stridekern"]}
        row.close()
        print(report.line(rows[case.id]), flush=True)
        yield head | {"rows": [rows[id_] for id_ in order if id_ in rows]}


main()
