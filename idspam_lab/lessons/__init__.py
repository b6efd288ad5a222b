"""What the lessons call: the environment check, the map of the series, the exercises' checks."""

from .adapters import shipped_adapter, shipped_record
from .attention_checks import check_comprehensiveness, check_contributions
from .audit_checks import check_could_be_mean, check_gains, check_reachable
from .checks import Verdict, check_prompt, check_scores, check_weights
from .compare_checks import check_spread, check_told_apart
from .curve_checks import check_flattery, check_one_error, check_passes
from .environment import check_environment
from .first_result import demo_result, runs_folder
from .measured import measured_study, measured_tables, results_table_of
from .own_checks import check_leaks, check_macro_f1
from .random_decoder import write_random_decoder
from .series import SERIES, show_series
from .steps import step_memory, step_times
from .training_checks import check_lr_factor, check_training_bytes
from .transfer_checks import check_kept_share, check_mcnemar

__all__ = [
    "SERIES",
    "Verdict",
    "check_comprehensiveness",
    "check_contributions",
    "check_could_be_mean",
    "check_environment",
    "check_flattery",
    "check_gains",
    "check_kept_share",
    "check_leaks",
    "check_lr_factor",
    "check_macro_f1",
    "check_mcnemar",
    "check_one_error",
    "check_passes",
    "check_prompt",
    "check_reachable",
    "check_scores",
    "check_spread",
    "check_told_apart",
    "check_training_bytes",
    "check_weights",
    "demo_result",
    "measured_study",
    "measured_tables",
    "results_table_of",
    "runs_folder",
    "shipped_adapter",
    "shipped_record",
    "show_series",
    "step_memory",
    "step_times",
    "write_random_decoder",
]
