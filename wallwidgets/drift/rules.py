"""The rules of the service that are constants, and what we decided where no recording decides.

The arithmetic follows version 1 of the service. It is proved on recorded numbers for Density with
PSI, MaxDiff and SumDiff, for Cumulative with PSI and MaxDiff, for weighted Density/PSI, for bins of
Quantile, Equal and Provided, for statistics, edge names and windows. The rest is decided here:

- **Missing values** (NaN and null) are minus infinity, as version 2 of the service documents: they
  are rows, they count in ``left_outlier``, and no statistic but ``count`` sees them. Their number
  is reported beside. So a feature that goes missing is drift, and one that always was is none.
- **Infinite values** count in the outlier bins; statistics and edges are those of finite values.
- **A score equal to a threshold** has reached it.
- **SumDiff is half of the sum** and **MaxDiff the largest**, whatever the aggregation; only the PSI
  of values that are no shares (Cumulative, Edges) is the sum of plain differences.
- **Weights** act on each bin's score before the sum or the maximum, for every metric.
- **bin_index** is the first of equally large bins.
- **Edges** aggregates to the right edges of the values' own bins, made as those of the baseline.
  ``right_outlier`` has none; it stands at the largest value and scores 0.
- **bin_mode None** has no bins and nothing to score: the score is NaN, which reaches no threshold.
- **Quantile names** are rounded percentages, as 33 and 67 for three bins.
- **Fewer values than bins**: the rank of an edge is at least 1, so edges repeat and bins are empty.
- **Provided edges without e_0** (``num_bins`` of them) begin at the baseline's minimum, or at their
  own first edge if that is smaller.
- **A window** holds its start and not its end.
"""

from __future__ import annotations

ZERO_SHARE = 0.005
"""Stands for a share of exactly zero in PSI: a substitution, not a lower bound."""

DEFAULT_BINS = 5
DEFAULT_ALERT = 0.25
DEFAULT_WIDTH = "24 hours"

CHANCE = 0.95
"""The confidence at which a window is said to be more than chance."""

MAX_BINS = 10_000
MAX_WINDOWS = 1_000_000
MAX_COUNTS = 50_000_000
"""Cells times bins of one assay: 400 MB of counts."""

PIECE_ROWS = 1 << 19
"""Rows that are read and counted as one piece of work, where a file allows it: 8 MB to send."""
READ_BACK_ROWS = 1 << 22
"""Rows of neighbouring windows that are read back at once for statistics."""
