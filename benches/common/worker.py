"""Processes that do the work when they are told to: a line each way."""

import json
import subprocess

from common.images import header


class Worker:
    """A process that holds one case and answers every line with one."""

    def __init__(self, command, order, env=None):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        self.hello = self.ask(order)

    def ask(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}")
        answer = json.loads(answer)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Library(Worker):
    """The library in a process of ours (benches/common/worker): no file is written, no naive
    loop runs, and every engine can be asked for."""

    def __init__(self, program, npy, kernel, width, height, channels, depth):
        super().__init__(
            [str(program)],
            {
                "npy": str(npy), "header": header(npy, width, height, channels, depth), "depth": depth,
                "width": width, "height": height, "channels": channels, "kernel": kernel,
            },
        )  # fmt: skip

    @property
    def levels(self):
        """SIMD levels of this machine, the slowest first."""
        return self.hello["levels"]

    def plan(self, simd=None, threads=1):
        """What is taken, and what every engine answers."""
        return self.ask({"do": "plan", "engine": None, "simd": simd, "threads": threads})

    def run(self, seconds, engine=None, simd=None, threads=1, fresh=False):
        """Milliseconds of each run; the first of all, which warms up, is left out."""
        how = {"engine": engine, "simd": simd, "threads": threads}
        return self.ask({"do": "run", "seconds": seconds, "fresh": fresh} | how)["ms"]

    def hash(self):
        """Of the samples of the last result."""
        return self.ask({"do": "hash"})["hash"]
