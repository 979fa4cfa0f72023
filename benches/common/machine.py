"""What was measured, and on what."""

import os
import platform
import subprocess
from pathlib import Path

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


def version(program):
    """Of stridekern, with the commit of its source; a + tells of changes since."""
    said = subprocess.run([program, "--version"], check=True, text=True, capture_output=True).stdout.split()[1]
    source = ["--", "src", "kernels", "Cargo.toml", "Cargo.lock"]
    commit = git("log", "-1", "--format=%h", *source) + ("+" if git("status", "--porcelain", *source) else "")
    return f"{said} ({commit})" if commit else said
