"""`idspam-lab bench`: how fast, beside what, on this machine; every comparison within one run, side by side.

scale.py says how much is measured, shapes.py on what, contenders.py who races, clock.py how seconds are taken; each
part is a file: steps.py (a), together.py (b), prediction.py (c), memory.py (d), growth.py (e), flops.py (f),
choices.py (g), halved.py (h), profile.py (i).
"""

from .run import PARTS, run_bench
from .scale import Scale, quick

__all__ = ["PARTS", "Scale", "quick", "run_bench"]
