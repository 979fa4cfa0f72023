"""Talks to those who do the work: stridekern, and a worker per language."""

import json
import os
import subprocess
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter

from common.images import header
from common.worker import Library, Worker

HERE = Path(__file__).resolve().parent


def environment(simd):
    """What keeps everyone to AVX2, where that is asked for.

    OpenCV has paths of its own and Intel's IPP. libblur has no AVX-512 in a stable
    build; SciPy and imageproc have what the compiler made for every processor.
    """
    env = dict(os.environ)
    env.pop("STRIDEKERN_SIMD", None)
    if simd == "avx2":
        env |= {
            "STRIDEKERN_SIMD": "avx2",
            "OPENCV_CPU_DISABLE": "AVX512F,AVX512-COMMON,AVX512-SKX",
            "OPENCV_IPP": "avx2",
        }
    return env


class Peers(Worker):
    """A process that holds one case's image and runs its peers when told to."""

    def __init__(self, command, case, npy, env):
        order = {
            "npy": str(npy),
            "header": header(npy, case.width, case.height, case.channels, case.depth),
            "depth": case.depth,
            "width": case.width,
            "height": case.height,
            "channels": case.channels,
            "work": case.work,
            "size": case.size,
            "sigma": case.sigma,
            "numpy": case.numpy,
            "weights": case.scaled().tolist(),
            "line": list(case.line()),
        }
        super().__init__(command, order, env)

    def run(self, peer, seconds, rows, threads):
        """Milliseconds of each call on the first rows of the image."""
        order = {"do": "run", "peer": peer, "seconds": seconds, "rows": rows, "threads": threads}
        return self.ask(order)["ms"]

    def write(self, path):
        """The samples of the last run."""
        self.ask({"do": "write", "path": str(path)})


class Ours:
    """The program, called as a user calls it."""

    def __init__(self, program, case, npy, folder, env):
        kernel = case.kernel()
        if "weights" in kernel:
            kernel = folder / f"{case.id}.toml"
            kernel.write_text(case.kernel())
        self.command = [program, npy, "-k", kernel, "--pad", "reflect"]
        if case.channels == 3:
            self.command += ["--axes", "YXC", "--channel", "each"]
        self.env = env

    def bench(self, runs, threads):
        """What --bench says of the naive loop and of a normal run, and the share of
        the time that the program had a processor for each of its threads."""
        how = ["-j", str(threads), "--engine", "auto", "--bench", "--bench-runs", str(runs), "--json"]
        # Workers are not waited for yet, so these are the program's alone.
        before, began = getrusage(RUSAGE_CHILDREN), perf_counter()
        done = subprocess.run(
            [*self.command, *how], env=self.env, check=True, text=True, stdout=subprocess.PIPE
        )
        wall, after = perf_counter() - began, getrusage(RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["engine"]: line for line in lines}, worked / wall / threads

    def close(self):
        """Nothing is left running."""

    def write(self, path):
        subprocess.run([*self.command, "-q", "--overwrite", "-o", path], env=self.env, check=True)


class OursInMemory:
    """The library in a process of ours: where every result is in memory that is allocated for it, as
    the program keeps its own; and where the naive loop, which --bench always runs, would take
    hours."""

    SECONDS = 0.4

    def __init__(self, program, case, npy, folder, env):
        self.files = Ours(program, case, npy, folder, env)
        self.fresh, self.simd = case.work == "fresh", env.get("STRIDEKERN_SIMD")
        self.library = Library(
            program.with_name("worker"), npy, case.kernel(), case.width, case.height, case.channels, case.depth
        )

    def bench(self, runs, threads):
        """As the program's; what it takes is counted by seconds, so `runs` is none of its."""
        before, began = self.processor_seconds(), perf_counter()
        times = self.library.run(self.SECONDS, simd=self.simd, threads=threads, fresh=self.fresh)
        share = (self.processor_seconds() - before) / (perf_counter() - began) / threads
        plan = self.library.plan(self.simd, threads)
        auto = {key: plan[key] for key in ("method", "lane", "simd")}
        return {"auto": auto | {"median_ms": median(times), "max_abs_diff": None}, "naive": None}, share

    def processor_seconds(self):
        fields = Path(f"/proc/{self.library.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def write(self, path):
        self.files.write(path)

    def close(self):
        self.library.close()
