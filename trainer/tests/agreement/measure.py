"""Agreement of a table of raters by scikit-learn, statsmodels and krippendorff: reads rows of ratings (null: missing)."""

import json
import sys

import krippendorff
import numpy
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

rows = json.load(open(sys.argv[1]))
table = numpy.array([[numpy.nan if value is None else value for value in row] for row in rows], dtype=float)
whole = table[~numpy.isnan(table).any(axis=1)].astype(int)
first, second = whole[:, 0], whole[:, 1]
found = {
    "kappa": cohen_kappa_score(first, second),
    "kappa_linear": cohen_kappa_score(first, second, weights="linear"),
    "kappa_quadratic": cohen_kappa_score(first, second, weights="quadratic"),
    "fleiss": fleiss_kappa(aggregate_raters(whole)[0]),
}
for level in ["nominal", "ordinal", "interval", "ratio"]:
    found["alpha_" + level] = krippendorff.alpha(reliability_data=table.T, level_of_measurement=level)
json.dump({name: float(value) for name, value in found.items()}, sys.stdout)
