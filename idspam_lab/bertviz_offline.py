"""bertviz's head view and model view without network: in a notebook, or as one file that opens from disk.

bertviz asks a CDN for require.js, d3 and jQuery. Here the two libraries come with the package (vendor/), a few lines
stand in for require.js, and the page is told to load nothing else.

    head_view(clf, "a gripping film")                       # lines from token to token, in the blocks above m
    model_view(clf, "a gripping film").save("blocks.html")  # all heads of these blocks at a glance
    generator_view(clf, "a gripping film")                  # the one head that makes the prompt, eq. (1)
"""

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

import torch

from .analysis.blocks import BlockAttention, block_attention
from .classifier import PromptClassifier
from .errors import BadInput
from .files import write_text
from .terminal import shorten, visible
from .vendor import read

MOST = 100  # tokens, the prompt's included, that can still be told apart
STAND_IN = "\ue000"  # for "<" in a token, until it lies in a script: there `</script>` would end it
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
REQUIRE = "const require = {config() {}}, requirejs = (names, run) => run(jQuery, d3);"
HINT = "Hover over a token for its lines alone; a click on a colour switches that head, a double click shows it alone."
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>body {{ font: 16px/1.4 system-ui, "Segoe UI", Roboto, sans-serif; margin: 12px }}
p {{ margin: 0 0 10px }} p + div {{ zoom: {zoom} }}</style>
<script>{jquery}</script>
<script>{d3}</script>
<script>{require}</script></head>
<body><p>{title}</p>
{view}</body></html>
"""


@dataclass(frozen=True)
class AttentionView:
    """A view that a notebook shows."""

    page: str  # a whole HTML page
    height: int  # in pixels

    def save(self, path: str | Path) -> Path:
        """Writes the page as one file that needs nothing else.

        Raises:
            BadInput: the folder cannot be written.
        """
        return write_text(Path(path), self.page)

    def _repr_html_(self) -> str:
        """The page in a frame of its own: its scripts run there and cannot reach the notebook."""
        frame = f'style="width: 100%; height: {self.height}px; border: 0" title="attention view"'
        return f'<div><iframe sandbox="allow-scripts" {frame} srcdoc="{escape(self.page)}"></iframe></div>'


def head_view(clf: PromptClassifier, text, *, layer: int | None = None, max_length: int | None = None) -> AttentionView:
    """Attention in the frozen blocks that the prompt passes, token by token: choose a block, choose heads, hover.

    Args:
        text: one text, or a pair.
        layer: the block that is shown first; default: the prompt's own, m.
        max_length: tokens at which the text is cut.

    Raises:
        BadInput: the method puts no prompt in front of the text, the text is too long to draw, or no such block.
    """
    from bertviz import head_view as draw

    found = drawable(block_attention(clf, text, max_length=max_length))
    layer = found.blocks[0] if layer is None else layer
    if layer not in found.blocks:
        raise BadInput(f"layer is {layer}, but the prompt passes blocks {found.blocks[0]} to {found.blocks[-1]}.")
    made = draw(**block_arguments(found), layer=layer, html_action="return")
    return view(made.data, f"{backbone_title(clf, found)} {HINT}", *heads_size(found.tokens))


def model_view(clf: PromptClassifier, text, *, max_length: int | None = None) -> AttentionView:
    """All heads of the blocks that the prompt passes, small; a click enlarges one.

    Raises:
        BadInput: as `head_view`.
    """
    from bertviz import model_view as draw

    found = drawable(block_attention(clf, text, max_length=max_length))
    made = draw(**block_arguments(found), display_mode="light", html_action="return")
    blocks, heads, T, _ = found.weights.shape
    height = max(blocks * (84 / heads * T + 10), 18 * T + 55) + 38  # as model_view.js reckons it
    return view(made.data, f"{backbone_title(clf, found)} A click enlarges a head.", height)


def generator_view(clf: PromptClassifier, text, *, max_length: int | None = None) -> AttentionView:
    """The generator's own attention, eq. (1): which token looks at which to make the prompt.

    Raises:
        BadInput: the method makes no prompt from tokens, or the text is too long to draw.
    """
    from bertviz import head_view as draw

    (found,) = clf.explain([text], max_length=max_length)
    check_length(len(found.tokens))
    made = draw([rounded(found.attention)[None, None]], names(found.tokens), html_action="return")
    title = f"The generator's attention: the prompt is made from the mean of these rows. It has this one layer. {HINT}"
    return view(made.data, title, *heads_size(found.tokens))


# How the pages are made ----------------------------------------------------------------------------------------------


def view(made: str, title: str, height: float, zoom: float = 1.0) -> AttentionView:
    """bertviz's HTML as a page that loads nothing. `height`: of what it draws, in its own pixels."""
    made = re.sub(r"<script src=[^>]*></script>", "", made)
    made = re.sub(r"require\.config\(\{.*?\}\);", "", made, flags=re.DOTALL)  # the CDN's addresses
    made = made.replace(escaped(STAND_IN), r"\u003c")
    page = PAGE.format(
        policy=POLICY,
        title=escape(title),
        jquery=read("jquery/jquery.min.js"),
        d3=read("d3/d3.min.js"),
        require=REQUIRE,
        view=made.strip(),
        zoom=zoom,
    )
    return AttentionView(page, int(zoom * height) + 90)


def heads_size(tokens: list[str]) -> tuple[float, float]:
    """Height and zoom of a head view: its lines are 22.5 pixels high, and narrow enough to be enlarged."""
    return 22.5 * len(tokens) + 60, 1.25


def block_arguments(found: BlockAttention) -> dict:
    """bertviz's arguments. It looks blocks up by their number, so something stands for those below m."""
    maps = [rounded(block)[None] for block in found.weights]  # (1, heads, t+N, t+N) each
    tokens = [f"<{name}>" for name in found.tokens[: found.t]] + found.tokens[found.t :]
    below = maps[:1] * found.blocks[0]
    return {"attention": below + maps, "tokens": names(tokens), "include_layers": found.blocks}


def backbone_title(clf: PromptClassifier, found: BlockAttention) -> str:
    """What a view of the blocks shows."""
    name = visible(clf.backbone.name or "The frozen model")
    return f"{name}, blocks {found.blocks[0]} to {found.blocks[-1]}, with the prompt's {found.t} positions in front."


def drawable(found: BlockAttention) -> BlockAttention:
    """The attention, if it is not too large."""
    check_length(len(found.tokens))
    return found


def check_length(tokens: int) -> None:
    """Raises BadInput if there are too many tokens to draw."""
    if tokens > MOST:
        raise BadInput(
            f"There are {tokens} tokens to draw, but beyond {MOST} nothing can be told apart: "
            "give a shorter text, or cut it with max_length."
        )


def names(tokens: list[str]) -> list[str]:
    """Tokens as a view shows them: harmless in a script, and on a page."""
    return [shorten(visible(token), 14).replace("<", STAND_IN) for token in tokens]


def escaped(char: str) -> str:
    """A character as JSON writes it."""
    return f"\\u{ord(char):04x}"


def rounded(weights) -> torch.Tensor:
    """Four decimals: a page of a fifth of the size."""
    return torch.as_tensor(weights).double().round(decimals=4)
