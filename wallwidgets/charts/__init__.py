"""Drift results as Plotly figures: no widgets, no HTTP.

Each function gives a ``Chart``: a figure, its heading, the finding in words, and a table twin.
"""

from wallwidgets.charts.chart import Chart
from wallwidgets.charts.heat_map import features
from wallwidgets.charts.legend import Key
from wallwidgets.charts.over_time import scores
from wallwidgets.charts.per_bin import bins
from wallwidgets.charts.spread import distribution

__all__ = ["Chart", "Key", "bins", "distribution", "features", "scores"]
