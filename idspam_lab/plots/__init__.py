"""Pictures in seaborn's manner: data first, `ax=None`, the Axes come back. One file a picture.

    ax = training_curve(run.history, majority=0.5, linear_head=0.76)
    save(ax.figure, "training_curve.png")

Colours are seaborn's colour-blind palette, and nothing is told by colour alone. Texts are drawn as they are: a token
such as `$x^2$` is never read as a formula.
"""

from .attention import attention_matrix
from .counts import parameter_counts
from .faithfulness import changed_prompts, erasure, faithfulness
from .heatmap import token_heatmap
from .layers import layer_curve
from .leads import leads
from .methods import method_comparison
from .prompts import prompt_map
from .style import BLUE, DARK, GREEN, GREY, ORANGE, save, style
from .training import training_curve
from .transfer import transfer_matrix
from .weights import MOST, token_weights

__all__ = [
    "BLUE",
    "DARK",
    "GREEN",
    "GREY",
    "MOST",
    "ORANGE",
    "attention_matrix",
    "changed_prompts",
    "erasure",
    "faithfulness",
    "layer_curve",
    "leads",
    "method_comparison",
    "parameter_counts",
    "prompt_map",
    "save",
    "style",
    "token_heatmap",
    "token_weights",
    "training_curve",
    "transfer_matrix",
]
