"""Pictures in seaborn's manner: data first, `ax=None`, the Axes come back. One file a picture.

    ax = training_curve(run.history, majority=0.5, linear_head=0.76)
    save(ax.figure, "training_curve.png")

Colours are seaborn's colour-blind palette, and nothing is told by colour alone. Texts are drawn as they are: a token
such as `$x^2$` is never read as a formula.
"""

from .style import BLUE, DARK, GREEN, GREY, ORANGE, save, style
from .training import training_curve
from .weights import MOST, token_weights

__all__ = ["BLUE", "DARK", "GREEN", "GREY", "MOST", "ORANGE", "save", "style", "token_weights", "training_curve"]
