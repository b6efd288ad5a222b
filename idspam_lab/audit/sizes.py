"""What the paper says about trainable parameters, Tables 12 and 13, beside counts from the models' published shapes."""

from collections.abc import Iterator

from ..backbones.shapes import SHAPES
from ..paper_tables import paper_table
from .rows import OURS, Row, follows, near, verdict

t, c = 10, 34  # prompt tokens; the bottleneck's width, which the paper does not state but Table 12 gives away
RANK = 16  # of LoRA: not stated either; it gives all eight printed counts
LPT_WIDTH = 256
VOCABULARY = {"roberta": 50_265, "gpt2": 50_257, "t5": 32_128}
POSITIONS = 1_024  # GPT-2
# Published totals of the two models whose blocks are not all n x n and n x 4n.
GEMMA_2B, FLAN_T5_XL = 2_506_172_416, 2_849_757_184


def size_rows() -> Iterator[Row]:
    """Claims about Tables 12 and 13."""
    yield from exact_counts()
    yield both_biases()
    yield from fewer_than_others()
    yield from idspam_in_millions()
    yield from lora_in_millions()
    yield from backbones_in_millions()
    yield from ratios()


# --- the counts ----------------------------------------------------------------------------------


def idspam_size(n: int, width: int = c) -> int:
    """W_Q, W_K, W_V, then the bottleneck: no bias on the way down, one on the way up."""
    return 3 * n * n + n * width + (width + 1) * t * n


def lora_size(backbone: str) -> int:
    """LoRA of rank 16 on every linear layer: rank * (inputs + outputs) each.

    RoBERTa: as a masked language model, its head (a dense layer and the decoder to the vocabulary) included.
    GPT-2 and Gemma: without the head. FLAN-T5: with the dense layer of a classification head.
    """
    n, L = SHAPES[backbone]
    if backbone.startswith("roberta"):  # query, key, value, output; n to 4n and back
        return RANK * (L * (4 * 2 * n + 2 * 5 * n) + 2 * n + n + VOCABULARY["roberta"])
    if backbone.startswith("gpt2"):  # query, key and value in one; output; n to 4n and back
        return RANK * L * (4 * n + 2 * n + 5 * n + 5 * n)
    if backbone == "google/gemma-2b":  # one key-value head of 256; gate, up and down to 16,384
        return RANK * L * (2 * 2 * n + 2 * (n + 256) + 3 * (n + 16_384))
    # FLAN-T5-xl: 24 encoder and 24 decoder blocks, 72 attentions, a gated feed-forward of 5,120
    return RANK * (3 * L * 4 * 2 * n + 2 * L * 3 * (n + 5_120) + 2 * n)


def published_size(backbone: str) -> int:
    """All parameters of the language model, shared ones once."""
    if backbone.startswith("gpt2"):
        n, L = SHAPES[backbone]
        return (VOCABULARY["gpt2"] + POSITIONS) * n + L * (12 * n * n + 13 * n) + 2 * n
    return {"google/gemma-2b": GEMMA_2B, "google/flan-t5-xl": FLAN_T5_XL}[backbone]


# --- Table 12 ------------------------------------------------------------------------------------


def exact_counts() -> Iterator[Row]:
    """Each number of Table 12."""
    readings = {
        OURS: "3n² + (c+1)(t+1)n - n with t = 10 and c = 34 (not stated)",
        "LPT": "p(t+1)n with t = 10, no bias, and a bottleneck p = 256 (not stated)",
        "LoRA": "Rank 16 on every linear layer of the masked language model, its head included (not stated),",
    }
    for row in paper_table(12).itertuples():
        n = SHAPES[row.backbone][0]
        found = {OURS: idspam_size(n), "LPT": LPT_WIDTH * (t + 1) * n, "LoRA": lora_size(row.backbone)}[row.method]
        yield Row(
            name=f"12: parameters of {row.method}, {row.backbone}",
            claim="the printed count",
            printed=f"{row.parameters:,}",
            recomputed=f"{found:,}",
            adds_up=verdict(found == row.parameters),
            sentence=f"{readings[row.method]} gives {found:,}.",
        )


def both_biases() -> Row:
    """Section 2 writes two biases; does Table 12 count both?"""
    n, printed = SHAPES["roberta-base"][0], count_of(OURS)["roberta-base"]
    fits = any(idspam_size(n, width) + width == printed for width in range(1, n))
    found = idspam_size(n) + c
    return Row(
        name="12: ID-SPAM with both biases",
        claim="section 2: a bias on the down-projection and one on the up-projection",
        printed=f"{printed:,}",
        recomputed=f"{found:,}",
        adds_up=verdict(fits),
        sentence=f"With both, c = 34 gives {found:,} on RoBERTa-base, {found - printed} more, and no other c fits: "
        "Table 12 seems to be counted without the bias of the down-projection.",
    )


def count_of(method: str):
    """A column of Table 12."""
    return paper_table(12).query("method == @method").set_index("backbone")["parameters"]


def fewer_than_others() -> Iterator[Row]:
    """ID-SPAM trains fewer than LoRA, and than LPT on RoBERTa-base."""
    for other, on, claim in (
        ("LoRA", ["roberta-base", "roberta-large"], '"is lesser than that of LoRA for both backbones"'),
        (
            "LPT",
            ["roberta-base"],
            '"is lesser than that of LPT using RoBERTa-BASE … comparable in case of RoBERTa-LARGE"',
        ),
    ):
        more = count_of(OURS) / count_of(other) - 1
        yield Row(
            name=f"12: ID-SPAM below {other}",
            claim=claim,
            printed=f"less on {len(on)} of {len(on)}",
            recomputed=f"less on {sum(more[on] < 0)} of {len(on)}",
            adds_up=verdict(all(more[on] < 0)),
            sentence="{:+.1%} on RoBERTa-base, {:+.1%} on RoBERTa-large.".format(*more),
        )


# --- Table 13 ------------------------------------------------------------------------------------


def in_millions(name: str, claim: str, printed: float, found: int, sentence: str) -> Row:
    """A number of Table 13: one decimal of a million."""
    fits = near(found / 1e6, printed, 0.05)
    return Row(f"13: {name}", claim, f"{printed:.1f} M", f"{found / 1e6:.2f} M", verdict(fits), sentence)


def idspam_in_millions() -> Iterator[Row]:
    """ID-SPAM's count by the formula that gives Table 12."""
    for row in paper_table(13).query("method == 'ID-SPAM'").itertuples():
        n = SHAPES[row.backbone][0]
        found = idspam_size(n)
        said = f"The formula that gives Table 12 exactly gives {found:,}."
        if not near(found / 1e6, row.millions, 0.05):
            widths = [width for width in range(1, n) if near(idspam_size(n, width) / 1e6, row.millions, 0.05)]
            said += (
                f" The printed {row.millions} would need a bottleneck of {widths[0]} to {widths[-1]} instead of {c}; "
                f"it may be a slip for {found / 1e6:.1f}."
            )
        yield in_millions(f"parameters of {OURS}, {row.backbone}", "the printed count", row.millions, found, said)


def lora_in_millions() -> Iterator[Row]:
    """LoRA's count by the rank that gives Table 12."""
    for row in paper_table(13).query("method == 'LoRA'").itertuples():
        found = lora_size(row.backbone)
        said = f"Rank 16 on every linear layer of the blocks (not stated) gives {found:,}"
        if row.backbone.startswith("gpt2"):
            said += "; rank 64 on GPT-2's c_attn alone gives the same number."
        elif row.backbone == "google/flan-t5-xl":
            said += ", the dense layer of a classification head included."
        else:
            said += "."
        yield in_millions(f"parameters of LoRA, {row.backbone}", "the printed count", row.millions, found, said)


def backbones_in_millions() -> Iterator[Row]:
    """The backbones' sizes."""
    for row in paper_table(13).query("method == 'LoRA'").itertuples():
        name, printed, lora = row.backbone, row.backbone_millions, lora_size(row.backbone)
        size = here = published_size(name)
        said = f"The published {name} has {size / 1e6:.1f} M."
        if name == "google/flan-t5-xl":
            n = SHAPES[name][0]
            here = size - VOCABULARY["t5"] * n + (n + 1) * n + (n + 1) * 2
            said += f" With a classification head of two layers in place of its own it has {here / 1e6:.1f} M."
        total = (here + lora) / 1e6
        said += f" With LoRA's {lora / 1e6:.2f} M it is {total:.1f} M"
        said += ": the column seems to include LoRA." if near(total, printed, 0.05) else "."
        yield in_millions(f"size of {name}", '"No. of Parameters in Backbone LM"', printed, size, said)
    size, claim = published_size("gpt2-large"), '"GPT-2 Large (around 0.8 Billion Parameters)"'
    fits = verdict(near(size / 1e9, 0.8, 0.05))
    yield Row("10: size of gpt2-large", claim, "0.8 B", f"{size / 1e9:.3f} B", fits, f"It has {size:,}.")


def ratios() -> Iterator[Row]:
    """The brackets of Table 13: LoRA's parameters over ID-SPAM's."""
    for name, rows in paper_table(13).groupby("backbone", sort=False):
        ours, lora = rows.set_index("method").loc[[OURS, "LoRA"], "millions"]
        printed = f"{rows['ratio'].max():g}"
        yield Row(
            name=f"13: ratio, {name}",
            claim='"The decrease in the number of trainable parameters … is written within brackets"',
            printed=f"{printed}x",
            recomputed=f"{lora / ours:.2f}x",
            adds_up=follows(lambda ours, lora: lora / ours, [ours, lora], 0.05, printed),
            sentence=f"LoRA's {lora:g} M over ID-SPAM's {ours:g} M is {lora / ours:.3f}.",
        )
