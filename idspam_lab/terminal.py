"""Numbers and tokens as people read them: percentages, token weights as bars of text, aligned tables.

Plain Python, so that a command can print without waiting for a plotting library. The pictures and the report page take
their words from here too, so that a number looks the same wherever it is shown.
"""

import math
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import BadInput

WIDTH = 100  # columns that everything here fits
MOST = 40  # tokens shown of a long text
FLAT = 0.1  # weights that all lie this near to uniform, relatively, are called so
SPECIAL = re.compile(r"\[(CLS|SEP|PAD|BOS|EOS)\]|</?s>|<(pad|bos|eos|cls|sep)>|<\|[^|]+\|>")
TURNS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # change reading direction
EIGHTHS = " ▏▎▍▌▋▊▉"
BLUE, DIM, PLAIN = "\x1b[36m", "\x1b[2m", "\x1b[0m"


class TokenWeight(NamedTuple):
    """One token of an explanation."""

    token: str  # harmless to print, see `visible`
    weight: float  # share of the prompt's pooled text; all tokens together 1
    times: float  # weight over 1/N: 1 is what plain mean pooling would give
    special: bool  # put there by the tokenizer, not by the writer


def visible(text: str, keep: str = "") -> str:
    """The text with every character that acts on its surroundings made a sign that only looks like one.

    A terminal obeys escape sequences, and any display obeys marks that turn the reading direction: a token may hold
    both. Control characters become their pictures (ESC is ␛), the others their number.

    Args:
        keep: characters to leave as they are, such as a newline.
    """
    return "".join(char if char in keep else harmless(char) for char in str(text))


def harmless(char: str) -> str:
    """One character, see `visible`."""
    code, kind = ord(char), unicodedata.category(char)
    if kind == "Cs":  # half of a pair: cannot be written as UTF-8
        return "\ufffd"
    if code < 0x20:
        return chr(0x2400 + code)
    if kind in ("Cc", "Zl", "Zp") or char in TURNS:
        return "␡" if code == 0x7F else f"<U+{code:04X}>"
    return char


def token_weights(explanation) -> list[TokenWeight]:
    """An explanation's tokens in order, special tokens included: they take part in the mean of eq. (1).

    Args:
        explanation: a classifier.Explanation, or the dict that report.json holds of one.

    Raises:
        BadInput: no tokens, not one weight for each, or a weight that is no number.
    """
    tokens, weights = part(explanation, "tokens"), part(explanation, "weights")
    if not len(tokens) or len(tokens) != len(weights):
        raise BadInput(
            f"There are {len(tokens)} tokens and {len(weights)} weights: an explanation has one weight a token."
        )
    if not all(math.isfinite(w) for w in weights):
        raise BadInput(
            "A token weight is no number, but the weights of a text sum to 1: train again with a smaller lr."
        )
    return [
        TokenWeight(visible(token), float(w), float(w) * len(tokens), bool(SPECIAL.fullmatch(token)))
        for token, w in zip(tokens, weights, strict=True)
    ]


def part(explanation, name: str):
    """A field of an Explanation or of its dict."""
    return explanation[name] if isinstance(explanation, Mapping) else getattr(explanation, name)


def verdict(explanation) -> str:
    """What was predicted, and how sure: "positive (90.3 %)"."""
    label = part(explanation, "label")
    return f"{visible(label)} ({percent(part(explanation, 'probabilities')[label])})"


def spread_sentence(rows: Sequence[TokenWeight]) -> str:
    """How far the weights of a text leave plain mean pooling."""
    low, high = min(rows, key=lambda row: row.times), max(rows, key=lambda row: row.times)
    off = max(1 - low.times, high.times - 1)
    if off < FLAT:
        return f"All weights are within {100 * off:.2g}\u00a0% of uniform: this prompt is nearly plain mean pooling."
    return f"From {times(low.times)} ({low.token}) to {times(high.times)} ({high.token}) of the uniform weight."


def digits(rows: Sequence[TokenWeight]) -> int:
    """Decimals that `times` needs to tell the weights of a text apart."""
    off = max(abs(row.times - 1) for row in rows)
    return min(4, math.ceil(-math.log10(off))) if 0 < off < FLAT else 1


def rest_sentence(rest: Sequence[TokenWeight]) -> str:
    """Tokens that are not shown one by one, summed up."""
    total = sum(row.weight for row in rest)
    tokens = "1 more token has" if len(rest) == 1 else f"{len(rest)} more tokens have"
    return f"{tokens} {percent(total)} together ({times(sum(row.times for row in rest) / len(rest))} on average)"


def percent(share: float | None) -> str:
    """0.784 -> "78.4 %", with a space that does not break."""
    return "–" if share is None else f"{100 * share:.1f}\u00a0%"


def times(factor: float, decimals: int = 1) -> str:
    """1.83 -> "x1.8": so many times the uniform weight."""
    return f"x{factor:.{decimals}f}"


def duration(seconds: float | None) -> str:
    """ "0.4 s", "21 s", "2 min 20 s"."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f}\u00a0s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}\u00a0min {seconds}\u00a0s" if minutes else f"{seconds}\u00a0s"


# Token weights -------------------------------------------------------------------------------------------------------


def show_weights(explanation, *, colour: bool = False, most: int = MOST, width: int = WIDTH) -> str:
    """One text's tokens, one a line: a bar, the weight in percent, and how often it holds the uniform weight 1/N.

    Args:
        explanation: a classifier.Explanation, or its dict of report.json.
        colour: with ANSI colours besides: bars above the uniform weight blue, special tokens dim.
        most: tokens shown one by one; the rest of a long text is summed up.
        width: columns of the terminal.

    Raises:
        BadInput: no tokens, or not one weight for each.
    """
    rows = token_weights(explanation)
    shown, rest = rows[:most], rows[most:]
    names = [shorten(row.token, 24) for row in shown]
    column, decimals = max(map(columns_of, names)), digits(rows)
    room = min(50, max(10, width - column - 22))  # for the bars
    scale = room / max(max(row.weight for row in shown), 2 / len(rows))  # columns per weight
    mark = round(scale / len(rows))  # where the uniform weight is
    lines = [f"predicted: {verdict(explanation)}; | marks the uniform weight 1/{len(rows)} = {percent(1 / len(rows))}"]
    lines += [spread_sentence(rows)]
    for row, name in zip(shown, names, strict=True):
        gap, drawn = fill(name, column), bar(row.weight * scale)
        after = fill(drawn, mark) + "|" if len(drawn) <= mark else ""
        if colour:
            name = f"{DIM}{name}{PLAIN}" if row.special else name
            drawn = f"{BLUE}{drawn}{PLAIN}" if row.times > 1 else drawn
        numbers = f"{percent(row.weight):>7}  {times(row.times, decimals):>7}"
        lines.append(f"  {name}{gap}  {numbers}  {drawn}{after}".rstrip())
    if rest:
        lines.append(f"  ... {rest_sentence(rest)}")
    return "\n".join(lines)


def bar(length: float) -> str:
    """A bar of so many columns, drawn to an eighth of one."""
    eighths = round(8 * max(length, 0))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def columns_of(text: str) -> int:
    """Terminal columns: East Asian wide characters take two, marks over a letter none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fill(text: str, column: int) -> str:
    """Spaces up to the column."""
    return " " * (column - columns_of(text))


def shorten(text: str, most: int) -> str:
    """The text in at most so many columns."""
    if columns_of(text) <= most:
        return text
    while columns_of(text) > most - 1:
        text = text[:-1]
    return text + "…"


# Tables --------------------------------------------------------------------------------------------------------------


def table(rows: Sequence[Mapping | Sequence], columns: Sequence[str], *, width: int = WIDTH) -> str:
    """Rows as an aligned table of plain text, at most `width` columns wide: long cells go on in the next line.

    Args:
        rows: dicts by column name, or cells in the columns' order. None is shown as a dash.
        columns: the headings. A column of numbers is aligned on the right.
    """
    cells = [[row.get(name) for name in columns] if isinstance(row, Mapping) else list(row) for row in rows]
    cells = [["–" if cell is None else visible(cell) for cell in row] for row in cells]
    right = [all(is_number(row[i]) for row in cells) and bool(cells) for i in range(len(columns))]
    heads = [visible(name) for name in columns]
    widths = [max(map(columns_of, column)) for column in zip(heads, *cells, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines = [*row_lines(heads, widths, right), "  ".join("-" * w for w in widths)]
    for row in cells:
        lines += row_lines(row, widths, right)
    return "\n".join(lines)


def row_lines(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """One row, on as many lines as its longest cell needs."""
    wrapped = [wrap(cell, w) for cell, w in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    lines = []
    for i in range(height):
        parts = [lines_[i] if i < len(lines_) else "" for lines_ in wrapped]
        parts = [fill(p, w) + p if r else p + fill(p, w) for p, w, r in zip(parts, widths, right, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return lines


def wrap(cell: str, width: int) -> list[str]:
    """A cell in lines of at most so many columns."""
    if columns_of(cell) <= width:
        return [cell]
    narrow = width if len(cell) == columns_of(cell) else width // 2  # textwrap counts a wide character as one
    return textwrap.wrap(cell, narrow) or [""]


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, with a unit or an interval behind it."""
    return bool(re.match(r"(–|x?-?\d[\d.,]*(\u00a0| |$))", cell))
