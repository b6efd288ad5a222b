"""Two CPU processes train what one process trains.

They are started by torch's own launcher: `accelerate launch` hands several GPUs to it, but wants MPI for several CPUs.
"""

import json
import os
import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
import json, sys
import torch
from accelerate import PartialState
from idspam_lab.backbones import load_backbone
from idspam_lab.classifier import PromptClassifier
from idspam_lab.training import Settings
from tests.conftest import reviews

torch.set_num_threads(1)
clf = PromptClassifier(load_backbone("minilm"), "idspam", layer=4, t=3, c=8, dropout=0.0, head_dropout=0.0)
settings = Settings(epochs=2, batch_size=16, lr=3e-3, precision="fp32")
run = clf.fit(reviews(70), reviews(32, 1000), settings, out=sys.argv[1], progress=False)
if PartialState().is_main_process:
    history = [[e["step"], e["train_loss"], e["validation_loss"], e["validation_score"]] for e in run.history]
    with open(sys.argv[1] + "/history.json", "w") as file:
        json.dump([PartialState().num_processes, history], file)
"""


@pytest.mark.slow
def test_two_processes_train_what_one_trains(tmp_path, request):
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    histories = []
    for processes in (1, 2):
        out = tmp_path / str(processes)
        out.mkdir()
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
        command = [*launcher, str(script), str(out)]
        environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "PYTHONPATH": str(request.config.rootpath)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0, done.stderr[-2000:]
        found, history = json.loads((out / "history.json").read_text())
        assert found == processes
        histories.append(history)
    for one, two in zip(*histories, strict=True):
        assert two == pytest.approx(one, rel=1e-4)
