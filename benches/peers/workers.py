"""Talks to those who do the work: stridekern, and a worker per language."""

import json
import os
import subprocess
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

import numpy as np

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


class Worker:
    """A process that holds one case's image and runs its peers when told to."""

    def __init__(self, command, case, npy, env):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        order = {
            "npy": str(npy),
            "header": npy.stat().st_size - samples(case) * dtype(case).itemsize,
            "depth": case.depth,
            "width": case.width,
            "height": case.height,
            "channels": case.channels,
            "work": case.work,
            "size": case.size,
            "weights": case.scaled().tolist(),
            "line": list(case.line()),
        }
        self.hello = self.ask(order)

    def ask(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}")
        return json.loads(answer)

    def run(self, peer, seconds, rows, threads):
        """Milliseconds of each call on the first rows of the image."""
        order = {"do": "run", "peer": peer, "seconds": seconds, "rows": rows, "threads": threads}
        return self.ask(order)["ms"]

    def write(self, path):
        """The samples of the last run."""
        self.ask({"do": "write", "path": str(path)})

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def dtype(case):
    return np.dtype({"u8": "u1", "u16": "<u2", "f32": "<f4"}[case.depth])


def samples(case):
    return case.width * case.height * case.channels


class Ours:
    """The program, called as a user calls it."""

    def __init__(self, program, case, npy, folder, env):
        kernel = "sobel"
        if case.work != "sobel":
            kernel = folder / f"{case.group}-{case.size}.toml"
            kernel.write_text(case.toml())
        self.command = [program, npy, "-k", kernel, "--pad", "reflect"]
        if case.channels == 3:
            self.command += ["--channel", "each"]
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

    def write(self, path):
        subprocess.run([*self.command, "-q", "--overwrite", "-o", path], env=self.env, check=True)
