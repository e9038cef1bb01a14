"""One function per figure: tables in, plotly Figure out. Reads nothing, computes next to nothing."""

from muldml_lite.plots.compare import COMPARED, MOST_COMPARED, Compared, compare_curves, number_of
from muldml_lite.plots.convergence import convergence_map
from muldml_lite.plots.distributions import similarity_maps, threshold_distributions
from muldml_lite.plots.faces import distance_histogram, face_strip
from muldml_lite.plots.forest import forest_plot
from muldml_lite.plots.judgements import judgement_paths
from muldml_lite.plots.levels import judgement_rates, levels_plot
from muldml_lite.plots.maps import claim_map, ledger_map
from muldml_lite.plots.rows import NoNumbers, label_of
from muldml_lite.plots.style import EXPRESSION_COLOURS, EXPRESSION_SYMBOLS, class_styles, slice_colours
from muldml_lite.plots.thresholds import threshold_curves
from muldml_lite.plots.training import (
    SLICE_CURVES,
    accuracy_curves,
    loss_curves,
    slice_curve,
    slice_name,
    threshold_profile,
)
from muldml_lite.plots.verdicts import VERDICT_LOOKS, in_unit, regime_name, shown, signed, verdict_of

__all__ = [
    "COMPARED",
    "EXPRESSION_COLOURS",
    "EXPRESSION_SYMBOLS",
    "MOST_COMPARED",
    "SLICE_CURVES",
    "VERDICT_LOOKS",
    "Compared",
    "NoNumbers",
    "accuracy_curves",
    "claim_map",
    "class_styles",
    "compare_curves",
    "convergence_map",
    "distance_histogram",
    "face_strip",
    "forest_plot",
    "in_unit",
    "judgement_paths",
    "judgement_rates",
    "label_of",
    "ledger_map",
    "levels_plot",
    "loss_curves",
    "number_of",
    "regime_name",
    "shown",
    "signed",
    "similarity_maps",
    "slice_colours",
    "slice_curve",
    "slice_name",
    "threshold_curves",
    "threshold_distributions",
    "threshold_profile",
    "verdict_of",
]
