"""A trained classifier as a folder: adapter.safetensors (what was trained) and config.json (how to build it again).

Saving and loading go through the hub's own mixin, so `push_to_hub` and a hub address in `from_pretrained` work too. The
frozen model is not in the folder: its name and its weights' hash are, and another model is refused.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from huggingface_hub import ModelHubMixin, hf_hub_download
from huggingface_hub.errors import HFValidationError
from torch import nn

from .adapter_checks import (
    CONFIG,
    FORMAT,
    WEIGHTS,
    fill,
    in_words,
    read_config,
    refuse_other_backbone,
    refuse_other_tokenizer,
    refuse_other_word_head,
    tokenizer_check,
)
from .backbones import Backbone, load_backbone
from .backbones.load import move
from .backbones.trust import hash_tensors
from .errors import BadInput
from .files import hash_file, read_tensors, why_not, write_json, write_tensors
from .hub import hub_reachable
from .training.device import training_device
from .verbalizer import Verbalizer

HUB_OPTIONS = ("revision", "cache_dir", "force_download", "local_files_only", "token")
BACKBONES_TOO = ("cache_dir", "local_files_only", "token")  # how the frozen model is asked for, too
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


CARD = """---
{{ card_data }}
---

# The trained part of a soft-prompt classifier

Trained with idspam_lab. `config.json` names the frozen model, the method and the classes; the frozen model is not here.

```python
from idspam_lab import PromptClassifier

clf = PromptClassifier.from_pretrained("this folder, or its hub address")  # refuses any frozen model but its own
clf.predict(["a text"])
```
"""


class AdapterFiles(ModelHubMixin, library_name="idspam_lab", tags=["soft-prompt", "id-spam"], model_card_template=CARD):
    """`save_pretrained`, `from_pretrained` and `push_to_hub` for PromptClassifier."""

    def adapter_config(self) -> dict:
        """All that builds the same classifier again, but for the weights."""
        return {
            "format": FORMAT,
            "method": self.method_name,
            "options": self.options,
            "layer": getattr(self.method, "layer", None),  # for readers; where it is an option it stands there too
            "read": self.read,
            "head_dropout": self.head_dropout,
            "verbalizer": self.verbalizer and asdict(self.verbalizer),
            "word_head_sha256": self.verbalizer and hash_tensors(self.backbone.word_head),
            "id2label": {str(i): name for i, name in self.id2label.items()},
            "label2id": self.label2id,
            "pairs": self.pairs,  # was it trained on pairs of texts? null: it was not trained here
            "max_length": self.max_length,  # tokens of a text that it was trained on; null: what the model takes
            "base_model": self.backbone.identity().to_dict(),
            "tokenizer_check": tokenizer_check(self.backbone),
        }

    def _save_pretrained(self, save_directory: Path) -> None:
        if type(self.head) is not nn.Linear and self.verbalizer is None:
            raise BadInput(
                f"The head is a {type(self.head).__name__}, but an adapter is built again with a linear one: save "
                "clf.head.state_dict() yourself and put nn.Linear back."
            )
        trained = {name: p for name, p in self.named_parameters() if p.requires_grad}
        weights = write_tensors(Path(save_directory) / WEIGHTS, trained, {"format": "pt"})
        write_json(Path(save_directory) / CONFIG, self.adapter_config() | {"adapter_sha256": hash_file(weights)})

    def save_pretrained(
        self,
        save_directory,
        *,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict | None = None,
        config=None,
        **push_options,
    ):
        """Writes the folder (made if need be).

        All files are written beside it first and then moved into it, so an older adapter stays until the new one is
        whole; if the power fails between the two moves, `from_pretrained` refuses the mixture.

        Raises:
            BadInput: the folder cannot be written or the disk is full; the classifier and older files stay as they are.
        """
        folder = Path(save_directory)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder, prefix=".saving-") as staging:
                super().save_pretrained(staging, model_card_kwargs=model_card_kwargs)
                for file in sorted(Path(staging).iterdir(), key=lambda file: file.name == CONFIG):  # the config last
                    os.replace(file, folder / file.name)
        except OSError as error:
            raise BadInput(why_not(folder, error)) from error
        if push_to_hub:
            return self.push_to_hub(repo_id or folder.name, model_card_kwargs=model_card_kwargs, **push_options)

    def push_to_hub(self, repo_id: str, **options):
        """Uploads what `save_pretrained` writes; options as huggingface_hub's ModelHubMixin has them.

        Raises:
            BadInput: the hub is out of reach.
        """
        if not hub_reachable():
            raise BadInput("The hub is out of reach: save_pretrained(FOLDER) keeps the same files; push them later.")
        return super().push_to_hub(repo_id, **options)

    def generate_model_card(self, *args, **kwargs):
        """The hub's card, which links the frozen model where that came from the hub (only then is its commit known)."""
        card = super().generate_model_card(*args, **kwargs)
        if self.backbone.revision:
            card.data.base_model = self.backbone.name
        return card

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *, backbone=None, device=None, **options):
        """The classifier of an adapter's folder, or a session's, or of a hub address.

        Args:
            backbone: a loaded Backbone, or a name for `load_backbone`; default: the adapter's own, or the folder that a
                session was trained on.
            device: where to put it; default: where a Backbone that was given is, else where training would be, on a
                GPU if there is one.
            options: of the hub: revision, cache_dir, force_download, local_files_only, token; cache_dir,
                local_files_only and token hold for the frozen model too.

        Raises:
            BadInput: not an adapter, damaged, or trained on another backbone; or an unknown option, or no such device.
        """
        for name in options:
            if name not in HUB_OPTIONS:
                known = ", ".join(("backbone", "device", *HUB_OPTIONS))
                raise BadInput(f"from_pretrained has no option {name!r}; it has {known}.")
        folder = Path(pretrained_model_name_or_path)
        backbone = backbone or own_folder(folder)
        asked = {name: options[name] for name in BACKBONES_TOO if name in options}
        if not os.path.isfile(folder / CONFIG) and os.path.isfile(folder / "adapter" / CONFIG):
            folder = folder / "adapter"  # a session's
        here = os.path.isdir(folder)  # unlike Path.is_dir it takes a word that is too long for a file's name
        if here:
            read_config(str(folder), lambda name: folder / name)
        options.setdefault("local_files_only", here or not hub_reachable())
        try:
            name = folder if here else pretrained_model_name_or_path
            return super().from_pretrained(name, backbone=backbone, device=device, asked=asked, **options)
        except (OSError, HFValidationError) as error:  # no such address, out of reach, or no address at all
            raise BadInput(f"{str(folder)!r} is not an adapter folder, nor a hub address within reach.") from error

    @classmethod
    def _from_pretrained(
        cls, *, model_id, revision, cache_dir, force_download, local_files_only, token, backbone, device, asked, **_
    ):
        def find(name: str) -> Path:
            if Path(model_id).is_dir():
                return Path(model_id) / name
            return Path(
                hf_hub_download(
                    model_id,
                    name,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    token=token,
                    local_files_only=local_files_only,
                )  # fmt: skip
            )

        config = read_config(str(model_id), find)
        tensors, _ = read_tensors(find(WEIGHTS))
        if config.get("adapter_sha256") not in (None, hash_file(find(WEIGHTS))):
            raise BadInput(
                f"{str(model_id)!r}: {WEIGHTS} is not the file that {CONFIG} was saved with: save it again, or take a "
                "copy that is whole."
            )
        identity = config["base_model"]
        verbalizer = config.get("verbalizer") and Verbalizer(**config["verbalizer"])
        loaded_here = not isinstance(backbone, Backbone)
        if loaded_here:
            backbone = load_own(identity, backbone, words=verbalizer is not None, **asked)
        refuse_other_backbone(identity, backbone)
        refuse_other_tokenizer(config.get("tokenizer_check"), backbone)
        if verbalizer:
            refuse_other_word_head(config.get("word_head_sha256"), backbone)
        labels = [config["id2label"][str(i)] for i in range(len(config["id2label"]))]
        model = cls(
            backbone,
            config["method"],
            labels=labels,
            read=None if verbalizer else config["read"],
            verbalizer=verbalizer,
            head_dropout=config["head_dropout"],
            **config["options"],
        )
        fill(model, tensors, str(model_id))
        model.pairs, model.max_length = config.get("pairs"), config.get("max_length")
        if device is None and loaded_here:
            device = training_device()
        return (model if device is None else move(model, device)).eval()


def own_folder(session: Path) -> str | None:
    """The folder of the user's own model that a session was trained on, if it is still there."""
    try:
        found = json.loads((session / "report.json").read_text(encoding="utf-8")).get("backbone_folder")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) and os.path.isdir(found) else None


def load_own(identity: dict, name: str | None, words: bool, **asked) -> Backbone:
    """The adapter's own frozen model, from where it came from or by another name, in the type it was trained with.

    Args:
        asked: of the hub, for `load_backbone`.

    Raises:
        BadInput: it cannot be loaded.
    """
    dtype = DTYPES.get(identity.get("dtype"), torch.float32)
    if name:
        return load_backbone(name, dtype=dtype, words=words, **asked)
    try:
        return load_backbone(identity["name"], dtype=dtype, revision=identity.get("revision"), words=words, **asked)
    except BadInput as error:
        raise BadInput(
            f"The adapter was trained on {in_words(identity)}. {error} If you have it, say where: backbone=FOLDER, or "
            "--backbone FOLDER on the command line."
        ) from error
