"""The main job on what is embedded: Rotten Tomatoes snippets, MiniLM-L6, and IMDB reviews that it never trained on."""

from pathlib import Path

from .backbones import load_backbone
from .experiments import Session, Target, run_session
from .experiments.session_folder import clear
from .methods.spelled import preset_of
from .onednn import keep_few_shapes
from .tasks import load_for_evaluation, load_task

REVIEWS, REVIEW_TOKENS = 1_000, 256  # of IMDB's 25,000 long reviews: a stratified choice, cut, for the time it takes


def run_demo(
    folder: str | Path = "runs/demo",
    *,
    seed: int = 0,
    epochs: int = 3,
    limit: int | None = None,
    reviews: int = REVIEWS,
    fresh: bool = False,
    command: str = "idspam-lab demo",
    say=print,
) -> Session:
    """Trains ID-SPAM on short reviews, evaluates it on held-out ones and zero-shot on long ones. Minutes on two cores.

    Args:
        limit: train on that many texts only.
        reviews: evaluate on that many of the long reviews.
        fresh: takes an earlier run out of the folder first.
        command: what the report says that it was made with.
    """
    keep_few_shapes()
    data = load_task("rotten_tomatoes", source="embedded", limit=limit)
    long = load_for_evaluation("imdb", source="embedded", whole=True, limit=reviews)
    backbone = load_backbone("minilm")
    settings = preset_of("idspam", seed=seed, max_length=64, epochs=epochs)
    if fresh:
        clear(Path(folder))
    note = f"{reviews:,} of 25,000 reviews, cut at {REVIEW_TOKENS} tokens"
    return run_session(
        data,
        backbone,
        folder=folder,
        settings=settings,
        transfer=Target(long, REVIEW_TOKENS, note),
        command=command,
        say=say,
    )
