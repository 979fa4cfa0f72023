"""What was measured, and on what."""

import os
import platform
import subprocess
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

ROOT = Path(__file__).resolve().parent.parent.parent


def machine():
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(
            (part.strip() for part in line.split(":", 1))
            for line in cpuinfo.read_text().split("\n\n")[0].splitlines()
            if ":" in line
        )
        family = ", ".join(f"{key} {fields[key]}" for key in ("cpu family", "model") if key in fields)
        model = fields.get("model name", model) + (f" ({family})" if family else "")
    return {"processor": model, "cores": os.cpu_count(), "system": platform.system()}


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, text=True, capture_output=True).stdout.strip()


def commit():
    """Of the source, the last that changed it; a + tells of changes since."""
    source = ["--", "src", "kernels", "Cargo.toml", "Cargo.lock"]
    return git("log", "-1", "--format=%h", *source) + ("+" if git("status", "--porcelain", *source) else "")


def version(program):
    """Of stridekern, with the commit of its source."""
    said = subprocess.run([program, "--version"], check=True, text=True, capture_output=True).stdout.split()[1]
    return f"{said} ({commit()})" if commit() else said


def worked(me=True):
    """Seconds that processors have worked: all there are, and for this process and those it has
    waited for."""
    stat, busy = Path("/proc/stat"), 0
    if stat.exists():
        fields = [int(field) for field in stat.read_text().split("\n")[0].split()[1:9]]
        # Without idle and waiting for disks.
        busy = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
    whose = [RUSAGE_CHILDREN] + ([RUSAGE_SELF] if me else [])
    ours = sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, whose))
    return time.perf_counter(), busy, ours


def others_share(before, me=True):
    """The share of the processors that other work had since `before`, which `worked` said."""
    wall, busy, ours = (after - earlier for after, earlier in zip(worked(me), before))
    return max(0, busy - ours) / wall / (os.cpu_count() or 1)
