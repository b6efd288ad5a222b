"""Tells a method's code from what it was before a change, so that no old result is taken for its own."""

import ast
import hashlib
import io
import sys
import tokenize
from functools import cache
from pathlib import Path

OTHERS = ("torch", "transformers", "peft", "numpy", "builtins", "typing", "abc")  # their versions stand in a result


@cache
def code_of(kind: type) -> str:
    """Of the modules that a method's class is written in, and of what these take from other modules of their package.

    Comments and docstrings do not count. 16 hex digits; of a class that is in no file (a notebook's) always the same.
    """
    written = {base.__module__ for base in kind.__mro__}
    taken = {
        getattr(value, "__module__", None) or ""
        for name in written
        if name.split(".")[0] not in OTHERS
        for value in vars(sys.modules[name]).values()
    }
    package = kind.__module__.split(".")[0]
    digest = hashlib.sha256()
    for name in sorted(written | {name for name in taken if name.split(".")[0] == package}):
        path = getattr(sys.modules.get(name), "__file__", None)
        if name.split(".")[0] not in OTHERS and path:
            digest.update(what_it_does(Path(path).read_text(encoding="utf-8")).encode())
    return digest.hexdigest()[:16]


def what_it_does(source: str) -> str:
    """A module without its comments, docstrings and empty lines: the same under every version of Python."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            before = lines[first.lineno - 1][: first.col_offset]  # of a class on one line; else blank
            lines[first.lineno - 1 : first.end_lineno] = [before, *[""] * (first.end_lineno - first.lineno)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT and lines[row - 1]:
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())
