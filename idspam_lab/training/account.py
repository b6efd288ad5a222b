"""What one training step holds in memory, counted where it lies: the weights, the gradients, AdamW's two moments of
each number that trains, and the activations, which the backward pass needs of the forward pass.
"""

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from .checkpoint import trained_tensors
from .loop import make_optimizer
from .settings import Settings


def account(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, int]:
    """Bytes by kind: "weights", "gradients", "moments", "activations".

    Takes one step of training on the batch in fp32, so the model is another one afterwards.

    Args:
        batch: what the model's forward takes, labels included, where the model lies.
    """
    optimizer, kept = make_optimizer(model, Settings()), {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()  # views of one storage count once
        return tensor

    model.train()
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(**batch).loss
    for parameter in model.parameters():
        kept.pop(parameter.untyped_storage().data_ptr(), None)  # it is there anyway
    loss.backward()
    optimizer.step()
    model.eval()
    moments = [value for state in optimizer.state.values() for value in state.values() if value.ndim]  # no counters
    return {
        "weights": size(model.parameters()),
        "gradients": size(p.grad for p in trained_tensors(model).values() if p.grad is not None),
        "moments": size(moments),
        "activations": sum(kept.values()),
    }


def size(tensors) -> int:
    """Bytes of some tensors' numbers."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
