"""`idspam-lab`: one verb for each thing that a user wants (verbs.py), and how it is typed (grammar.py)."""

import os
import re
import sys
import warnings

from ..errors import BadInput
from ..onednn import keep_few_shapes
from .grammar import parser


def main(arguments: list[str] | None = None) -> int:
    """Runs a command. Exit status: 0, 2 for bad input (one sentence on stderr), 130 when stopped by hand."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a pipe on Windows cannot take every character
    warnings.showwarning = lambda message, *_, **__: print(f"note: {message}", file=sys.stderr)
    chosen = parsed(arguments)
    if getattr(chosen, "device", None) == "cpu":
        os.environ["ACCELERATE_USE_CPU"] = "true"  # read by accelerate when it picks the device
    keep_few_shapes()
    try:
        chosen.run(chosen)
    except BadInput as error:
        print(f"idspam-lab: {as_options(str(error), chosen)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        going_on = "where runs are kept, the same command goes on from the last whole epoch"
        print(f"idspam-lab: stopped by hand; {going_on}.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0


def as_options(sentence: str, chosen) -> str:
    """The columns that the package asks for, (text=...), as they are typed where the verb has such an option."""
    asked = [name for name in ("text", "pair", "label") if hasattr(chosen, name)]
    return re.sub(rf"\(({'|'.join(asked)})=\.\.\.\)", r"(--\1 ...)", sentence) if asked else sentence


def parsed(arguments: list[str] | None):
    """What was typed. Texts may stand behind an option too, which argparse alone does not take."""
    grammar = parser()
    chosen, rest = grammar.parse_known_args(arguments)
    if rest and (not hasattr(chosen, "texts") or any(word.startswith("-") for word in rest)):
        grammar.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        chosen.texts = [*chosen.texts, *rest]
    return chosen
