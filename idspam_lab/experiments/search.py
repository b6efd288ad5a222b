"""The search of Table 7 by Optuna (an optional extra: pip install ".[search]").

Trials that lag behind the median of the earlier ones end after an epoch. All is kept in one SQLite file, which several
processes can work on at once and which a later call goes on with.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..backbones import Backbone
from ..classifier import PromptClassifier
from ..errors import BadInput
from ..files import check_writable, first_line
from ..methods import METHODS, options_of
from ..methods.spelled import read_method
from ..tasks import TaskData
from .layer_curve import in_a_row

# Table 7, but for the layers, which are 1 to L - 1 there.
SPACE = {
    "epochs": (1, 5, 10, 20, 30),
    "batch_size": (16, 32, 64),
    "lr": (1e-3, 5e-4, 1e-4, 5e-5, 1e-5),
    "dropout": (0.1, 0.2, 0.3),
    "weight_decay": (0.0, 0.01, 0.1),
}
FIRST = 5  # trials that are never ended early: the median has to come from somewhere


def search(
    data: TaskData,
    backbone: Backbone,
    *,
    storage: str | Path,
    trials: int,
    method: str = "idspam",
    lr: float | Sequence[float] = SPACE["lr"],
    seed: int = 0,
    say: Callable[[str], None] = print,
    **settings,
) -> pd.DataFrame:
    """Trains with settings of SPACE until there are `trials` of them, those of earlier calls and other processes
    counted; the best is the one with the best epoch on the validation texts. The test texts are not looked at.

    Args:
        storage: the SQLite file.
        method: as `read_method` reads it, without a layer; one that has a dropout (ID-SPAM, mean pooling, LPT).
        lr: the learning rates to search among. Table 7's are too small for MiniLM.
        seed: of what is drawn for each trial, and of every training.
        settings: fixed in place of searched ones (a dropout is that of the bottleneck and of the head), or beside them
            (max_length). Other texts or other fixed settings are another study, which may lie in the same file.

    Returns:
        A row a trial: number, state (COMPLETE, PRUNED, FAIL), value (the validation score), what was chosen.

    Raises:
        BadInput: fewer trials than one, Optuna is not installed, there are no validation texts, the method has no layer
            or no dropout or names one, a setting is out of range, the file is no study, or no trial came to its end.
    """
    if trials < 1:
        raise BadInput(f"trials is {trials}, but a search needs at least 1.")
    optuna = installed()
    if data.validation is None or not len(data.validation):
        raise BadInput("There are no validation texts to search by: hold some training texts out (--holdout).")
    name, options = searchable(method)
    rates = tuple(sorted(set(in_a_row(lr)), reverse=True))  # whoever goes on may list them in another order
    searched = {key: values for key, values in (SPACE | {"lr": rates}).items() if key not in settings}
    dropout = both_dropouts(settings.pop("dropout")) if "dropout" in settings else {}

    made = options | {"layer": 1} | (dropout or both_dropouts(SPACE["dropout"][0]))
    for rate in rates:  # a wrong option or setting is found out at once
        PromptClassifier(backbone, name, labels=data.task.labels, **made).preset(**settings, lr=rate, seed=seed)

    def objective(trial) -> float:
        chosen = {key: trial.suggest_categorical(key, values) for key, values in searched.items()}
        made = options | {"layer": trial.suggest_int("layer", 1, backbone.L - 1)} | dropout
        if "dropout" in chosen:
            made |= both_dropouts(chosen.pop("dropout"))
        clf = PromptClassifier(backbone, name, labels=data.task.labels, seed=seed, **made)

        def told(progress) -> None:
            if progress.metrics:
                trial.report(progress.metrics["validation_score"], progress.epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned

        run = clf.fit(
            data.train,
            data.validation,
            clf.preset(**settings, **chosen, seed=seed),
            metric=data.task.metric,
            callbacks=[told],
            progress=False,
        )
        if run.stopped:
            raise KeyboardInterrupt
        return run.best["validation_score"]

    def ended(study, trial) -> None:
        value = "" if trial.value is None else f" {trial.value:.1%} on the validation texts"
        say(f"trial {trial.number}: {trial.state.name.lower()}{value}, {in_words(trial.params)}")

    states = tuple(optuna.trial.TrialState[name] for name in ("COMPLETE", "PRUNED", "FAIL"))
    among = {} if rates == SPACE["lr"] else {"rates": "/".join(f"{rate:g}" for rate in rates)}
    fixed = in_words(settings | dropout | among | {"seed": seed})
    study = opened(optuna, storage, ", ".join([*named(data, backbone), method, fixed]), seed)
    enough = optuna.study.MaxTrialsCallback(trials, states=states)
    if sum(trial.state in states for trial in study.trials) < trials:
        study.optimize(objective, callbacks=[ended, enough], catch=(BadInput,))
    found = table_of(study)
    if found["value"].isna().all():
        raise BadInput(f"None of the {len(found)} trials came to its end, see above.")
    return found


def searchable(method: str) -> tuple[str, dict]:
    """What `read_method` reads, of a method that has what is searched and leaves it open.

    Raises:
        BadInput: otherwise.
    """
    name, options = read_method(method)
    able = [one for one in METHODS if {"layer", "dropout"} <= set(options_of(one))]
    if name not in able:
        raise BadInput(
            f"{name} cannot be searched: a search chooses a layer and a dropout, which of the methods "
            f"{', '.join(able)} have."
        )
    for option in ("layer", *both_dropouts(0)):
        if option in options:
            raise BadInput(f"The method {method!r} names {option}, which the search chooses: leave it out.")
    return name, options


def named(data: TaskData, backbone: Backbone) -> list[str]:
    """The task and the frozen model in a study's name: all that trials which are compared have in common."""
    labels, identity = "/".join(data.task.labels), backbone.identity()
    task = f"{data.task.name} {data.fingerprint} {data.task.metric} {labels}"
    return [task, f"{identity.name} {identity.weights_sha256[:16]} {backbone.reading()}"]


def both_dropouts(rate: float) -> dict[str, float]:
    """Table 7 has one rate: it is that of the bottleneck and of the head."""
    return {"dropout": rate, "head_dropout": rate}


def installed():
    """Optuna, which says no more than its warnings.

    Raises:
        BadInput: it is not there.
    """
    try:
        import optuna
    except ImportError as error:
        mend = 'pip install -c constraints.txt ".[search]"'
        raise BadInput(f"Optuna is not installed: in the project's folder, {mend}.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def opened(optuna, storage: str | Path, name: str, seed: int):
    """The study in the file, made if need be.

    Raises:
        BadInput: the file is something else, or cannot be written.
    """

    class Numbered(optuna.samplers.TPESampler):
        """Each trial is drawn by a seed that has its number in it: the same in every search that begins anew, and never
        the same in two processes, for they share the numbers."""

        def before_trial(self, study, trial) -> None:
            super().__init__(seed=int(np.random.SeedSequence([seed, trial.number]).generate_state(1)[0]))
            super().before_trial(study, trial)

    path = Path(storage)
    check_writable(path.parent)
    try:
        return optuna.create_study(
            storage=f"sqlite:///{path.absolute()}",
            study_name=name,
            direction="maximize",
            load_if_exists=True,
            sampler=Numbered(),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST),
        )
    except Exception as error:  # SQLAlchemy's and SQLite's have no common kind
        raise BadInput(
            f"{path} is no study that can be gone on with ({first_line(error)}): name another file."
        ) from error


def in_words(params: dict) -> str:
    """ "lr 0.001, layer 3" """
    told = {name: value for name, value in params.items() if value is not None}
    return ", ".join(f"{name} {value if isinstance(value, str) else f'{value:g}'}" for name, value in told.items())


def table_of(study) -> pd.DataFrame:
    """A row a trial, the best first."""
    rows = [
        {"number": trial.number, "state": trial.state.name, "value": trial.value, **trial.params}
        for trial in study.trials
    ]
    return pd.DataFrame(rows).sort_values("value", ascending=False, ignore_index=True)
