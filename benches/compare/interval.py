"""The 95 % interval of a ratio, by the bootstrap."""

from statistics import median

import numpy as np

RESAMPLES = 4000


def interval(ratios):
    """(low, median, high): of the median of the pairs' ratios, which a pair that was disturbed
    does not move."""
    logs = np.log(ratios)
    # The same pairs give the same interval.
    drawn = np.random.default_rng(7).choice(logs, (RESAMPLES, len(logs)))
    low, high = np.exp(np.percentile(np.median(drawn, axis=1), (2.5, 97.5)))
    return float(low), float(median(ratios)), float(high)
