"""Keeps results as JSON, and renders them."""

import json
import re
from textwrap import TextWrapper


def load(path):
    return json.loads(path.read_text()) if path.exists() else None


def save(path, results):
    """A line for every row, so that changes can be read."""
    rows = ",\n  ".join(json.dumps(row) for row in results["rows"])
    head = json.dumps(results | {"rows": []}, indent=1)
    path.write_text(head.replace('"rows": []', f'"rows": [\n  {rows}\n ]') + "\n")


def kept(before, machine):
    """The rows of earlier results, by id; those of another machine are dropped."""
    rows = before["rows"] if before and before["machine"] == machine else []
    return {row["id"]: row for row in rows}


def ms(value):
    """About three digits."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:.{digits}f}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def conditions(results, level, peers):
    """When, on what, and who: `level` of SIMD, `peers` with their versions."""
    machine = results["machine"]
    days = sorted({row["date"] for row in results["rows"]})
    date = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    cores = f"{machine['cores']} core" + ("s" if machine["cores"] > 1 else "")
    rows = results["rows"]
    ours = " and ".join(sorted({row["stridekern"] for row in rows}))
    busy = sum(row["busy"] for row in rows)
    note = f" In {busy} of {len(rows)} rows the machine had other work too." if busy else ""
    return f"{date}, {machine['processor']}, {cores}, {level}: stridekern {ours} beside {peers}.{note}"


def wrapped(part):
    """Prose in lines of the README's length; tables and pictures as they are."""
    if part.startswith(("|", "!")):
        return part
    fill = TextWrapper(88, break_long_words=False, break_on_hyphens=False).fill
    lines = [fill(line) if line[:1] != "-" else fill(line).replace("\n", "\n  ") for line in part.split("\n")]
    return "\n".join(lines)


def refresh(readme, target, marks, parts):
    """The README with these parts between its marks, written to `target`."""
    begin, end = marks
    section = "\n\n".join(wrapped(part) for part in parts if part)
    between = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    text, found = between.subn(lambda _: f"{begin}\n\n{section}\n\n{end}", readme.read_text())
    if found != 1:
        raise SystemExit(f"{readme} needs the marks {begin} and {end}, once")
    target.write_text(text)
