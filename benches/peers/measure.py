"""Measures stridekern beside its peers; ./run calls it. See --help."""

import argparse
import datetime
import os
import sys
import tomllib
from pathlib import Path
from statistics import median

import numpy as np

import cases
import report
from common.machine import ROOT, machine, version
from common.results import kept, load, save
from workers import HERE, Ours, Worker, dtype, environment

# A peer that takes longer for one image is timed once, on its first rows.
PATIENCE_MS = {False: 3000, True: 400}
# How far samples may be apart for a peer to count: weights in fixed point and sums
# that are cut off stay below it, another picture does not.
AGREEMENT = {"u8": 2, "u16": 8, "f32": 1e-4}


def arguments():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.split(";")[0])
    parser.add_argument("--quick", action="store_true", help="2 megapixels and few rounds; nothing is committed")
    parser.add_argument("--rows", metavar="A,B", help="only these: " + ", ".join(cases.GROUPS))
    parser.add_argument("--simd", choices=["avx2"], help="leave AVX-512 out, of the peers too; targets are times 0.7")
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
        self.npy = cases.image(cache / "images", case)
        self.folder = cache / "work"
        self.folder.mkdir(exist_ok=True)
        env = environment(args.simd)
        self.ours = Ours(build / "stridekern", case, self.npy, self.folder, env)
        commands = [] if case.alone else [[sys.executable, str(HERE / "python_peers.py")]]
        # How threads help is a question to those who share work among them.
        if not case.alone and case.threads == (1,):
            commands.append([str(build / "rust-peers")])
        self.workers = [Worker(command, case, self.npy, env) for command in commands]
        self.peers = {name: worker for worker in self.workers for name in worker.hello["peers"]}
        if case.threads != (1,):
            self.peers = {n: w for n, w in self.peers.items() if n.startswith("OpenCV")}
        self.runs = {threads: 3 for threads in case.threads}

    def measure(self):
        times = {name: {threads: [] for threads in self.case.threads} for name in ["stridekern", *self.peers]}
        rows = {name: self.bearable_rows(name) for name in self.peers}
        naive, shares, agreement = [], [], {}
        for round_ in range(self.args.rounds):
            for threads in self.case.threads:
                bench, share = self.ours.bench(self.runs[threads], threads)
                auto = bench["auto"]
                times["stridekern"][threads].append(auto["median_ms"])
                self.runs[threads] = int(min(max(self.seconds * 1e3 / auto["median_ms"], 3), 5000))
                if threads == 1:
                    naive.append(bench["naive"]["median_ms"])
                    shares.append(share)
                for name, worker in self.peers.items():
                    part = rows[name] < self.case.height
                    if part and round_ > 0:
                        continue
                    ms = median(worker.run(name, 0 if part else self.seconds, rows[name], threads))
                    times[name][threads].append(ms * self.case.height / rows[name])
                    if name not in agreement:
                        agreement[name] = self.agreement(name, rows[name])
        return self.result(times, rows, naive, median(shares), agreement, bench)

    def bearable_rows(self, name):
        """All rows, or as many as take about a third of our patience."""
        height, least = self.case.height, 2 * self.case.size + 16
        if height < 8 * least:
            return height
        # The very first call may load and start things: the second tells.
        probes = [self.peers[name].run(name, 0, least, 1)[0] for _ in range(2)]
        predicted = min(probes) * height / least
        patience = PATIENCE_MS[self.args.quick]
        return height if predicted < patience else max(least, int(height * patience / predicted / 3))

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
        b = np.fromfile(theirs, dtype(case)).reshape(a.shape)
        a, b = (x[near:-near, near:-near] for x in (a, b))
        kind = np.float32 if case.depth == "f32" else np.int32
        apart = np.abs(a.astype(kind) - b.astype(kind))
        return float(apart.max()), float(np.count_nonzero(apart) / apart.size)

    def result(self, times, rows, naive, processor, agreement, bench):
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
                "agrees": apart <= AGREEMENT[case.depth],
            }
        auto = bench["auto"]
        target = case.target and round(case.target * (cases.AVX2_SHARE if self.args.simd == "avx2" else 1), 2)
        return {
            "id": case.id, "group": case.group, "size": case.size, "depth": case.depth,
            "width": case.width, "height": case.height, "channels": case.channels,
            "threads": list(threads), "target": target,
            "ms": ms("stridekern"), "method": auto["method"], "lane": auto["lane"], "simd": auto["simd"],
            "naive_ms": round(median(naive), 4), "naive_lane": bench["naive"]["lane"],
            "naive_rows": bench["naive"]["timed_rows"], "naive_diff": auto["max_abs_diff"],
            # On a machine of its own the program has a processor all the time.
            "processor_share": round(processor, 3), "busy": processor < 0.9,
            "peers": peers, "date": datetime.date.today().isoformat(),
        }  # fmt: skip

    def close(self):
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
