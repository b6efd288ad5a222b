"""(b) The layer curve and a grid of 15 runs, in shared passes and one run at a time."""

from collections.abc import Callable

from ..classifier import PromptClassifier
from ..frozen.many import train_many
from ..training import Settings
from ..training.batches import Row
from ..training.device import computes_bf16
from .clock import Case, interleaved, medians
from .contenders import ours, with_trainer
from .found import Found, Ratio
from .scale import Scale
from .shapes import backbone_of, texts

RATES, DECAYS = (1e-3, 5e-4, 1e-4, 5e-5, 1e-5), (0.0, 0.01, 0.1)  # Table 7
TOGETHER, KEPT, PLAIN = "together", "one by one, states kept", "one by one, plain path"
TRAINER, ALIKE = "one by one, Trainer's defaults", "one by one, Trainer, same precision and attention"

Builds = list[Callable[[], PromptClassifier]]


def layer_curve(scale: Scale) -> Found:
    """Seconds for one step of all runs: every block, `seeds` times."""
    rows = texts(scale.steps * scale.batch_size, scale.length)
    backbone, theirs = backbone_of(scale.shape), backbone_of(scale.shape, "sdpa")  # transformers' default
    runs = [(m, seed) for m in range(backbone.L) for seed in range(scale.seeds)]
    settings = [settings_of(scale, seed=seed) for _, seed in runs]
    builds, others = ([build(frozen, m, seed) for m, seed in runs] for frozen in (backbone, theirs))
    cases = {
        TOGETHER: all_at_once(builds, settings, rows),
        KEPT: one_by_one(builds, lambda clf: ours(clf, rows, scale.batch_size, "auto", "kept")),
        PLAIN: one_by_one(builds, lambda clf: ours(clf, rows, scale.batch_size, "auto", "plain")),
        TRAINER: one_by_one(others, lambda clf: with_trainer(clf, rows, scale.batch_size)),
        ALIKE: one_by_one(builds, lambda clf: with_trainer(clf, rows, scale.batch_size, computes_bf16(scale.device))),
    }
    title = f"(b) Layer curve, {len(runs)} runs: every block x {scale.seeds} seeds; {scale}"
    return compared(title, cases, scale, {TRAINER: {"cpu": 5.0, "cuda": 20.0}})


def grid(scale: Scale) -> Found:
    """Seconds for one step of 15 runs at m = L/2: five learning rates x three weight decays."""
    rows, backbone = texts(scale.steps * scale.batch_size, scale.length), backbone_of(scale.shape)
    settings = [settings_of(scale, lr=lr, weight_decay=decay) for lr in RATES for decay in DECAYS]
    builds = [build(backbone, backbone.L // 2, 0)] * len(settings)
    cases = {
        TOGETHER: all_at_once(builds, settings, rows),
        KEPT: one_by_one(builds, lambda clf: ours(clf, rows, scale.batch_size, "auto", "kept")),
        PLAIN: one_by_one(builds, lambda clf: ours(clf, rows, scale.batch_size, "auto", "plain")),
    }
    title = f"(b) Grid of {len(settings)} runs at m = L/2; {scale}"
    return compared(title, cases, scale, {PLAIN: {"cpu": 2.0, "cuda": 10.0}})


def compared(title: str, cases: dict[str, Case], scale: Scale, wanted: dict[str, dict[str, float]]) -> Found:
    """The cases, and each of them over the shared passes."""
    seconds = interleaved(cases, scale.repeats, title)
    found = medians(seconds)
    targets = {name: by_device.get(scale.device.type) for name, by_device in wanted.items()}
    ratios = [
        Ratio(f"{name} / {TOGETHER}", found[name] / found[TOGETHER], targets.get(name))
        for name in cases
        if name != TOGETHER
    ]
    return Found(title, "seconds a step of all runs", found, seconds, ratios)


def settings_of(scale: Scale, **changes) -> Settings:
    """One epoch on the texts, in the order that all share."""
    return Settings(epochs=1, batch_size=scale.batch_size, order_seed=0, **changes)


def build(backbone, m: int, seed: int) -> Callable[[], PromptClassifier]:
    """A classifier that is made when it is needed, and gone when it is not."""
    return lambda: PromptClassifier(backbone, "idspam", layer=m, seed=seed, read="first")


def one_by_one(builds: Builds, contender: Callable[[PromptClassifier], Case]) -> Case:
    """The steps of all runs, one run after the other."""
    return lambda: sum(contender(make())() for make in builds)


def all_at_once(builds: Builds, settings: list[Settings], rows: list[Row]) -> Case:
    """The steps of all runs in shared passes."""

    def case() -> float:
        runs = train_many([make() for make in builds], rows, None, settings, progress=False)
        return sum(run.history[0]["train_seconds"] for run in runs) / runs[0].history[0]["step"]

    return case
