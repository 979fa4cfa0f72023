"""Says what was measured: a line per row, and what all come to."""

from statistics import median

from common.results import ms, table

# What the regret is to be, at most.
MEDIAN, WORST = 1.02, 1.15


def times(row):
    """Every engine's, the fastest first; with ! that of the plan."""
    order = sorted(row["ms"], key=row["ms"].get)
    return ", ".join(f"{name}{'!' if name == row['engine'] else ''} {ms(row['ms'][name])}" for name in order)


def line(row):
    """One row as it is measured."""
    text = f"{row['id']:<36} {row['regret']:.3f}  {times(row)} ms"
    text += "  ABOVE THE AIM" if row["regret"] > WORST else ""
    return text + ("  (the machine has other work)" if row["others_share"] > 0.1 else "")


def regrets(rows):
    return [row["regret"] for row in rows]


def meets(rows):
    return median(regrets(rows)) <= MEDIAN and max(regrets(rows)) <= WORST


def summary(rows, most):
    worst = sorted(rows, key=lambda row: -row["regret"])
    worst = [row for row in worst if row["regret"] > 1][:most]
    above = sum(regret > WORST for regret in regrets(rows))
    parts = [
        f"{len(rows)} rows: the plan takes the fastest engine in {sum(r == 1 for r in regrets(rows))}; regret "
        f"{median(regrets(rows)):.3f} in the median (at most {MEDIAN}), {max(regrets(rows)):.3f} at worst (at most "
        f"{WORST}), above that in {above}."
    ]
    by_level = {}
    for row in rows:
        by_level.setdefault(row["simd"], []).append(row["regret"])
    parts += [
        f"{simd}: median {median(found):.3f}, worst {max(found):.3f}, {len(found)} rows"
        for simd, found in by_level.items()
    ]
    if worst:
        lines = [
            [row["id"], f"{row['regret']:.2f}", row["engine"], row["best"], times(row), predicted(row)] for row in worst
        ]
        parts.append(table(["row", "regret", "taken", "best", "ms, ! taken", "ms by the model"], lines))
    return "\n\n".join(parts)


def predicted(row):
    order = sorted(row["predicted"], key=row["predicted"].get)
    return ", ".join(f"{name} {ms(row['predicted'][name])}" for name in order)
