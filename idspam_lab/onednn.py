"""oneDNN, which multiplies for torch on a CPU, keeps the code that it makes for every new shape of a batch."""

import os

# Up to 1,024 of them by default. With 32 of them nine runs of a grid that share passes took 71 s and 2.6 GB, with all
# of them 71 and 72 s and 4.5 and 4.8 GB (two cores, torch 2.13, MiniLM, 1,000 texts, 3 epochs). The demo: 0.6 GB less.
KEPT = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32"


def keep_few_shapes() -> None:
    """For this process and those that it starts; what the user has set stays. Read when oneDNN is first used."""
    os.environ.setdefault(*KEPT)
