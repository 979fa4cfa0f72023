"""The table of what rows took: a line for every row, commit and machine."""

import csv
import datetime
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from common.machine import machine
from common.results import ms, table

PATH = Path(__file__).resolve().parent / "table.csv"


def here():
    found = machine()
    return f"{found['processor']}, {found['cores']} cores"


@dataclass
class Line:
    date: str
    machine: str
    simd: str
    commit: str
    row: str
    engine: str
    ms: float
    # A copy of the same bytes, in the same run.
    copy_ms: float

    @classmethod
    def of(cls, commit, row, plan, ms, copy_ms):
        date = datetime.date.today().isoformat()
        engine = f"{plan['engine']} {plan['lane']}"
        return cls(date, here(), plan["simd"], commit, row, engine, round(ms, 4), round(copy_ms, 4))


def append(line):
    names = [field.name for field in fields(Line)]
    begins = not PATH.exists() or PATH.stat().st_size == 0
    with PATH.open("a", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        if begins:
            writer.writeheader()
        writer.writerow(asdict(line))


def lines():
    if not PATH.exists():
        return []
    with PATH.open(newline="") as file:
        return [
            Line(**entry | {"ms": float(entry["ms"]), "copy_ms": float(entry["copy_ms"])})
            for entry in csv.DictReader(file)
        ]


def history():
    """Milliseconds by row and commit, on this machine, in the order of the table; the last of
    several."""
    of_machine = [line for line in lines() if line.machine == here()]
    if not of_machine:
        return f"the table has nothing of {here()}"
    parts = []
    for simd in dict.fromkeys(line.simd for line in of_machine):
        found = {(line.row, line.commit): line.ms for line in of_machine if line.simd == simd}
        commits = list(dict.fromkeys(line.commit for line in of_machine if line.simd == simd))
        rows = dict.fromkeys(row for row, _ in found)
        cells = [[row, *(ms(found[row, c]) if (row, c) in found else "" for c in commits)] for row in rows]
        parts.append(f"{simd}, ms:\n\n" + table(["row", *commits], cells))
    return "\n\n".join(parts)
