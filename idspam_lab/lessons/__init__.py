"""What the lessons call: the environment check, the map of the series, the exercises' checks."""

from .attention_checks import check_comprehensiveness, check_contributions
from .audit_checks import check_could_be_mean, check_gains, check_reachable
from .checks import Verdict, check_prompt, check_scores, check_weights
from .compare_checks import check_spread, check_told_apart
from .environment import check_environment
from .first_result import demo_result, runs_folder
from .measured import measured_study, results_table_of
from .series import SERIES, show_series

__all__ = [
    "SERIES",
    "Verdict",
    "check_comprehensiveness",
    "check_contributions",
    "check_could_be_mean",
    "check_environment",
    "check_gains",
    "check_prompt",
    "check_reachable",
    "check_scores",
    "check_spread",
    "check_told_apart",
    "check_weights",
    "demo_result",
    "measured_study",
    "results_table_of",
    "runs_folder",
    "show_series",
]
