"""What is compared: commits, which are built here, or programs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from common.machine import ROOT, git
from common.worker import Library

WORKER = ROOT / "benches" / "common" / "worker"


class Commit:
    """The library of a commit, in a process of ours; `.` is the working tree as it is."""

    def __init__(self, name, cache):
        self.cache = cache
        self.is_tree = name == "."
        self.hash = git("rev-parse", "--verify", "--quiet", ("HEAD" if self.is_tree else name) + "^{commit}")
        if not self.hash:
            sys.exit(f"{name} is neither a commit nor a program")
        self.short = git("rev-parse", "--short", self.hash)
        changed = self.is_tree and git("status", "--porcelain", "--", "src", "kernels", "Cargo.toml", "Cargo.lock")
        self.name = self.short + ("+" if changed else "")
        self.program = self.build()

    def build(self):
        """Kept by commit, but that of the working tree."""
        files = ("Cargo.toml", "src/main.rs")
        sources = hashlib.sha256(b"".join((WORKER / file).read_bytes() for file in files)).hexdigest()[:8]
        kept = self.cache / "bin" / f"{self.hash}-{sources}"
        if self.is_tree:
            return self.compile(ROOT, self.cache / "bin" / "tree")
        if kept.exists():
            return kept
        print(f"building {self.short}: {git('log', '-1', '--format=%s', self.hash)}", flush=True)
        source = self.cache / "sources" / self.hash
        if source.exists():
            git("worktree", "remove", "--force", str(source))
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--force", "--detach", source, self.hash], cwd=ROOT, check=True
        )
        try:
            return self.compile(source, kept)
        finally:
            git("worktree", "remove", "--force", str(source))

    def compile(self, source, to):
        """The worker as it is now, with the library of `source` in the versions that it has."""
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            worker = Path(folder)
            shutil.copytree(WORKER / "src", worker / "src")
            shutil.copy(source / "Cargo.lock", worker)
            manifest = (WORKER / "Cargo.toml").read_text()
            (worker / "Cargo.toml").write_text(manifest.replace('"../../.."', json.dumps(str(source))))
            built = self.cache.parent / "bench-worker"
            how = ["cargo", "build", "--release", "--quiet", "--target-dir", built]
            if subprocess.run([*how, "--manifest-path", worker / "Cargo.toml"]).returncode:
                sys.exit(f"benches/common/worker does not build with {self.name}: its library has another interface")
            shutil.copy(built / "release" / "bench-worker", to)
        return to

    def start(self, case, npy, simd):
        library = Library(self.program, npy, case.kernel(), case.width, case.height, case.channels, case.depth)
        return Held(library, simd, case.work == "fresh")


class Held:
    """The library of a commit with its image."""

    def __init__(self, library, simd, fresh):
        self.library, self.simd, self.fresh = library, simd, fresh

    def ms(self, seconds):
        return median(self.library.run(seconds, simd=self.simd, fresh=self.fresh))

    def about(self):
        """The engine, and a hash of the result."""
        plan = self.library.plan(self.simd)
        return f"{plan['engine']} {plan['lane']}", self.library.hash()

    def close(self):
        self.library.close()


class Program:
    """A program that is built already, by its --bench: slower, as the naive loop runs beside."""

    def __init__(self, path, cache):
        self.path, self.cache = Path(path).resolve(), cache
        said = subprocess.run([self.path, "--version"], text=True, capture_output=True)
        if not said.stdout.startswith("stridekern"):
            sys.exit(f"{path} is no stridekern: it does not say so with --version")
        self.name = str(path)

    def start(self, case, npy, simd):
        kernel = case.kernel()
        if "weights" in kernel:
            kernel = self.cache / "kernel.toml"
            kernel.write_text(case.kernel())
        channels = ["--axes", "YXC", "--channel", "each"] if case.channels > 1 else []
        env = os.environ | ({"STRIDEKERN_SIMD": simd} if simd else {})
        return Called([self.path, npy, "-k", kernel, "--pad", "reflect", "-j", "1", *channels], env)


class Called:
    """The program with its image, started anew each time."""

    def __init__(self, command, env):
        self.command, self.env, self.runs, self.last = command, env, 1, None

    def ms(self, seconds):
        how = ["--engine", "auto", "--bench", "--bench-runs", str(self.runs), "--json"]
        done = subprocess.run([*self.command, *how], env=self.env, check=True, text=True, stdout=subprocess.PIPE)
        self.last = json.loads(done.stdout.splitlines()[-1])
        ms = self.last["median_ms"]
        self.runs = int(min(max(seconds * 1e3 / ms, 1), 1000))
        return ms

    def about(self):
        return f"{self.last['method']} {self.last['lane']}", None

    def close(self):
        """Nothing is left running."""


def side(name, cache):
    is_program = Path(name).is_file() and os.access(name, os.X_OK)
    return Program(name, cache) if is_program else Commit(name, cache)
