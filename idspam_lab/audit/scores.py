"""What the paper says about its scores: means, "average improvement", on how many tasks its method is better."""

from collections.abc import Iterator

from ..paper_tables import as_text, paper_table
from .rows import OURS, Row, by_method, follows, half_step, lead, listed, mean, near, second, verdict

HALF = 0.05  # half a step of a score's last digit
SOFT_PROMPTS = ["Prompt Tuning", "P-Tuning", "SMoP", "LPT", "DEPT"]
BASE, LARGE = "roberta-base", "roberta-large"


def score_rows() -> Iterator[Row]:
    """Claims about Tables 2 to 6 and 8 to 11."""
    yield from mean_rows()
    yield from run_rows()
    yield from gain_rows()
    yield from lead_rows()
    yield from best_mean_rows()


def mean_rows() -> Iterator[Row]:
    """Every mean over tasks that the paper prints."""
    for number in (2, 4, 5, 8, 9, 10):
        for (backbone, method), rows in as_text(number).groupby(["backbone", "method"], sort=False):
            printed = rows.loc[rows["task"] == "Mean", "score"].item()
            with_decimal = printed if "." in printed else f"{printed}.0"
            scores = [float(score) for score in rows.loc[rows["task"] != "Mean", "score"]]
            found = mean(*scores)
            halfway = near(abs(found - float(printed)), half_step(with_decimal), 0)
            yield Row(
                name=f"{number}: mean, {backbone}, {method}",
                claim="the printed mean",
                printed=printed,
                recomputed=f"{found:.3f}",
                adds_up=follows(mean, scores, HALF, with_decimal),
                sentence=f"The {len(scores)} printed scores have the mean {found:.3f}"
                + (", half way between two printed steps." if halfway else "."),
            )


# --- what "3 runs" allows ------------------------------------------------------------------------


def run_rows() -> Iterator[Row]:
    """Table 2's standard deviations, and its RTE accuracies as means of three runs."""
    cells = paper_table(2).query("task != 'Mean'")
    without = [f"{x.method} on {x.task}, {x.backbone}" for x in cells[cells["std"].isna()].itertuples()]
    yield Row(
        name="2: a standard deviation in each cell",
        claim='"stddev for 3 runs (in the subscript) for all tasks"',
        printed=f"{len(cells)} of {len(cells)}",
        recomputed=f"{len(cells) - len(without)} of {len(cells)}",
        adds_up=verdict(not without),
        sentence=f"None is printed for {listed(without)}.",
    )
    rte, texts = cells[cells["task"] == "RTE"], paper_table(1).set_index("dataset").at["RTE", "dev"]
    off = [f"{x.score:g} ({x.method}, {x.backbone})" for x in rte.itertuples() if not reachable(x.score, 3 * texts)]
    by_chance = mean(*[reachable(tenths / 10, 3 * texts) for tenths in range(1001)])
    yield Row(
        name="2: RTE as a mean of 3 accuracies",
        claim=f'"the score, along with stddev for 3 runs", if the {texts} dev texts of Table 1 were scored',
        printed=f"{len(rte)} of {len(rte)}",
        recomputed=f"{len(rte) - len(off)} of {len(rte)}",
        adds_up=verdict(not off),
        sentence=f"The mean of three such accuracies is a whole number over {3 * texts}; none rounds to {listed(off)}. "
        f"{by_chance:.0%} of all numbers with one decimal could be such a mean, so those that fit prove little.",
    )


def reachable(percent: float, answers: int) -> bool:
    """Is there a number of right answers out of so many that rounds to the printed percentage?"""
    return near(100 * round(percent / 100 * answers) / answers, percent, HALF)


# --- improvements in percent ---------------------------------------------------------------------


def mean_of_gains(*values: float) -> float:
    """Percent: each task's gain relative to its baseline, then the mean. Values: the baselines, then ours."""
    tasks = len(values) // 2
    return mean(*[100 * (ours / base - 1) for base, ours in zip(values[:tasks], values[tasks:], strict=True)])


def gain_of_means(*values: float) -> float:
    """Percent: the gain of the mean relative to the baseline's mean."""
    tasks = len(values) // 2
    return 100 * (sum(values[tasks:]) / sum(values[:tasks]) - 1)


READINGS = {"the mean of the tasks' relative gains": mean_of_gains, "the relative gain of the mean": gain_of_means}
FITS = {"yes": "fits", "perhaps": "fits only before rounding", "no": "does not fit"}
GAINS = [  # table, backbone, baseline, the paper's words, the printed percentage
    (3, LARGE, "Mean-pooling", '"an average improvement of 5.82%"', "5.82"),
    (8, "gpt2", "LPT", '"an average performance improvement of 2.3%"', "2.3"),
    (10, "gpt2-large", "LoRA", '"an average improvement of 0.5% … compared to LoRA"', "0.5"),
    (10, "gpt2-large", "LPT", '"an average improvement of … 1.3% compared to … LPT"', "1.3"),
]


def gain_rows() -> Iterator[Row]:
    """Each "average improvement", in both usual readings."""
    for number, backbone, base, claim, printed in GAINS:
        scores, decimals = by_method(number, backbone=backbone), len(printed.partition(".")[2])
        values = [*scores.loc[base], *scores.loc[OURS]]
        found = {words: reading(*values) for words, reading in READINGS.items()}
        fits = {words: follows(reading, values, HALF, printed) for words, reading in READINGS.items()}
        said = [f"{words} is {found[words]:.{decimals + 1}f}% ({FITS[fits[words]]})" for words in READINGS]
        nearest = min(found.values(), key=lambda percent: abs(percent - float(printed)))
        points = (scores.loc[OURS] - scores.loc[base]).mean()
        yield Row(
            name=f"{number}: improvement over {base}",
            claim=claim,
            printed=f"{printed}%",
            recomputed=f"{nearest:.{decimals + 1}f}%",
            adds_up=verdict("yes" in fits.values(), "perhaps" in fits.values()),
            sentence=f"{said[0].capitalize()}; {said[1]}. In points it is {points:.2f}.",
        )


# --- on how many tasks, and in the mean ----------------------------------------------------------


def lead_rows() -> Iterator[Row]:
    """Claims that ID-SPAM is better, or second, on so many tasks."""
    base, large, gpt2 = by_method(2, backbone=BASE), by_method(2, backbone=LARGE), by_method(9)
    soft = '"outperforms all Parameter-Efficient Soft Prompt-based baselines on 4 out of 6 GLUE tasks"'
    yield lead("2: tasks ahead of soft prompts, roberta-base", soft, 4, base, SOFT_PROMPTS)
    yield lead("2: tasks ahead of soft prompts, roberta-large", soft, 4, large, SOFT_PROMPTS)
    close = '"a close second for 2 tasks"'
    yield second("2: second place, roberta-base", close, 2, base, SOFT_PROMPTS)
    yield second("2: second place, roberta-large", close, 2, large, SOFT_PROMPTS)
    lora = '"outperforms LoRA in 5/6 and 3/6 tasks"'
    yield lead("2: tasks ahead of LoRA, roberta-base", lora, 5, base, ["LoRA"])
    yield lead("2: tasks ahead of LoRA, roberta-large", lora, 3, large, ["LoRA"])
    pooling = '"outperforms mean-pooling on all 3 tasks"'
    yield lead("3: tasks ahead of mean pooling", pooling, 3, by_method(3), ["Mean-pooling"])
    superglue = '"outperforms the baselines on 2/4 and 3/4 tasks"'
    yield lead("4: tasks ahead of soft prompts", superglue, 2, by_method(4), SOFT_PROMPTS)
    yield lead("5: tasks ahead of soft prompts", superglue, 3, by_method(5), SOFT_PROMPTS)
    transfer = '"performs better than Soft Prompt-based baselines"'
    yield lead("6: pairs ahead of soft prompts", transfer, 4, by_method(6), SOFT_PROMPTS)
    tuned = '"even outperforms Fine-tuning in 3/4 pairs"'
    yield lead("6: pairs ahead of fine-tuning", tuned, 3, by_method(6), ["Fine-tuning"])
    yield lead("8: tasks ahead of LPT", '"outperforms LPT on 3/6 tasks"', 3, by_method(8), ["LPT"])
    yield lead("9: tasks ahead of soft prompts", '"performs the best on 2 tasks"', 2, gpt2, SOFT_PROMPTS)
    yield second("9: second place", '"performing the second best on one of them"', 1, gpt2, SOFT_PROMPTS)
    pair = by_method(11)[["QQP → MRPC"]]
    yield lead("11: ahead of LPT", '"performs better than LPT on QQP->MRPC"', 1, pair, ["LPT"])


BEST_MEANS = [  # table, backbone, rivals, their name, the paper's words
    (2, BASE, SOFT_PROMPTS, "soft prompts", '"outperforms all … baselines … w.r.t average task performance"'),
    (2, LARGE, SOFT_PROMPTS, "soft prompts", '"outperforms all … baselines … w.r.t average task performance"'),
    (2, BASE, ["LoRA"], "LoRA", '"gives better average score compared to LoRA"'),
    (2, LARGE, ["LoRA"], "LoRA", '"gives better average score compared to LoRA"'),
    (4, BASE, SOFT_PROMPTS, "soft prompts", '"giving the best average score"'),
    (5, LARGE, SOFT_PROMPTS, "soft prompts", '"giving the best average score"'),
    (8, "gpt2", ["LPT"], "LPT", '"giving better average score"'),
    (9, "gpt2", SOFT_PROMPTS, "soft prompts", '"gives the best average score"'),
    (10, "gpt2-large", ["LPT"], "LPT", '"performs better … on average when using a GPT-2 Large Backbone"'),
]


def best_mean_rows() -> Iterator[Row]:
    """Is the printed mean the highest?"""
    for number, backbone, rivals, whose, claim in BEST_MEANS:
        rows = paper_table(number).query("backbone == @backbone and task == 'Mean'")
        means = rows.set_index("method")["score"]
        best = means[rivals].idxmax()
        yield Row(
            name=f"{number}: mean above {whose}, {backbone}",
            claim=claim,
            printed="higher",
            recomputed=f"{means[OURS] - means[best]:+.1f}",
            adds_up=verdict(means[OURS] > means[best], means[OURS] == means[best]),
            sentence=f"The mean of ID-SPAM is {means[OURS]:g}, that of {best} {means[best]:g}.",
        )
