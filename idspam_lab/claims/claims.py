"""The sentences, in our words, each with its place in the paper and what is asked for it."""

from dataclasses import dataclass

from . import attention, averages, blocks, counts, scores, times
from .scores import OTHERS, SOFT_PROMPTS
from .verdict import OURS, Evidence, no_worse, untested


@dataclass(frozen=True)
class Claim:
    """Something that can be so or not."""

    sentence: str
    where: str
    evidence: Evidence


CLAIMS = (
    Claim("Trained parameters: the counts that are printed for ID-SPAM.", "Tables 12 and 13", counts.sizes),
    Claim(
        "ID-SPAM is ahead of the other soft prompts.",
        "sections 3.2 and 3.3, Tables 2, 4 and 5: on 4 of 6 tasks of GLUE, and on 2 and 3 of 4 of SuperGLUE",
        scores.against(SOFT_PROMPTS, beside=OTHERS),
    ),
    Claim(
        "On the average of the tasks, ID-SPAM is ahead of the other soft prompts.",
        "section 3.2, Tables 2, 4 and 5",
        averages.on_average(SOFT_PROMPTS),
    ),
    Claim(
        "ID-SPAM is ahead of LoRA.",
        "section 3.2, Table 2: on 5 and 3 of 6 tasks with the two sizes of RoBERTa",
        scores.against(["LoRA"]),
    ),
    Claim(
        "On the average of the tasks, ID-SPAM is ahead of LoRA.",
        "section 3.2, Tables 2 and 10",
        averages.on_average(["LoRA"]),
    ),
    Claim("ID-SPAM trains fewer numbers than LoRA.", "appendix D, Table 12", counts.fewer_than_lora),
    Claim(
        "Attention is worth it: ID-SPAM is ahead of the same prompt from a plain mean.",
        "section 3.2, Table 3",
        scores.against(["mean pooling"]),
    ),
    Claim(
        "On the average of the tasks, attention is worth it.",
        "section 3.2, Table 3",
        averages.on_average(["mean pooling"]),
    ),
    Claim(
        "The larger the model, the more numbers ID-SPAM tends to save beside LoRA.",
        "appendix D, Table 13, where 4 of 5 steps go up",
        counts.saving_grows,
    ),
    Claim("The prompt works best at the middle blocks.", "section 3.5, Figure 2", blocks.middle_blocks),
    Claim("At any block the prompt does reasonably well.", "section 4, of Figure 2", blocks.any_block),
    Claim("It works better at earlier blocks than at later ones.", "section 3.5, Figure 2", blocks.earlier_blocks),
    Claim(
        "ID-SPAM is ahead of LPT at almost every block.", "section 3.5, Figure 2, said of RTE", blocks.over_lpt_by_block
    ),
    Claim(
        "Zero-shot on another task, ID-SPAM is ahead of the other soft prompts.",
        "section 3.4, Table 6",
        scores.on_another_task("transfer_*.csv", SOFT_PROMPTS, beside=[*OTHERS, "linear head"]),
    ),
    Claim(
        "Zero-shot on another task, ID-SPAM is ahead of LoRA or comparable.",
        "section 3.4, Table 6, with fewer trained numbers; here it trains eight times LoRA's",
        scores.on_another_task("transfer_*.csv", ["LoRA"], rule=no_worse),
    ),
    Claim(
        "Zero-shot on another task, ID-SPAM is ahead of fine-tuning.",
        "section 3.4, Table 6, where it is in three of four pairs",
        scores.on_another_task("transfer_*.csv", ["fine-tuning"]),
    ),
    Claim(
        "Zero-shot on another task, attention is worth it: ID-SPAM is ahead of the same prompt from a plain mean.",
        "introduction, contribution (iii); the paper does not test it",
        scores.on_another_task("transfer_*.csv", ["mean pooling"]),
    ),
    Claim(
        "Trained on QQP and then on 100 texts of MRPC, ID-SPAM is ahead of LPT on MRPC.",
        "appendix C, Table 11",
        scores.on_another_task("few_shot_qqp_mrpc.csv", ["LPT"], beside=["linear head"]),
    ),
    Claim(
        "Trained on MRPC and then on 100 texts of QQP, ID-SPAM is ahead of LPT on QQP or comparable.",
        "appendix C, Table 11",
        scores.on_another_task("few_shot_mrpc_qqp.csv", ["LPT"], beside=["linear head"], rule=no_worse),
    ),
    Claim(
        "The prompt attends to the tokens that matter.",
        "introduction; the paper does not test it",
        attention.weights_matter,
    ),
    Claim("A training step takes less time than LoRA's.", "appendix D, Table 14", times.faster_step_than_lora),
    Claim("A prediction takes less time than LoRA's.", "appendix D, Table 14", times.faster_prediction_than_lora),
    Claim("Training and prediction take about as long as LPT's.", "appendix D, Table 14", times.times_beside_lpt),
    Claim(
        "It converges earlier than LPT or about as early.",
        "appendix D, Table 15: on 4 of 6 tasks, and by 7.3 % in the mean",
        times.converges,
    ),
    Claim("LoRA's training loss falls until it has converged.", "appendix E, Table 16", times.lora_converges),
    Claim(
        "ID-SPAM trains fewer numbers than LPT with RoBERTa-base, and about as many with RoBERTa-large.",
        "appendix D, Table 12",
        counts.beside_lpt,
    ),
    Claim(
        "The same with RoBERTa-base and -large, GPT-2 and larger models.",
        "Tables 2 to 6, 8 to 11, 14 to 16 and Figure 2",
        untested("Nothing here was measured with these models; `grids/` has their runs, ready to start."),
    ),
)
VARIANTS = {
    "It does better without the outer ReLU of eq. (2).": "ID-SPAM (outer_relu=false)",
    "It does better with four heads.": "ID-SPAM (heads=4)",
    "It does better when the generator sees positions.": "ID-SPAM (positions=true)",
    "It does better with prompts at two blocks.": "ID-SPAM (layer=1+3)",
    "It does better with LoRA beside the prompt.": "ID-SPAM (lora=8)",
}
QUESTIONS = tuple(
    Claim(question, "section 5 and beyond", scores.against([OURS], name)) for question, name in VARIANTS.items()
)
