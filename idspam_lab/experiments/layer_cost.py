"""What a layer curve costs, counted in passes of one text forward through one block."""


def block_passes(L: int, seeds: int) -> tuple[int, int]:
    """Forward passes of a text in one epoch of a whole curve: every run by itself, and with the part below shared.

    A run at block m takes the text through m blocks below its prompt and L - m above, L in all. Below, the text is
    the same for all runs: one pass up to the input of the last block serves everybody. Above, every run has a
    sequence of its own. The backward pass goes through the blocks above alone, and nothing of it can be shared.

    Returns:
        (seeds L^2, (L - 1) + seeds L (L + 1) / 2)
    """
    above = seeds * L * (L + 1) // 2
    return seeds * L * L, L - 1 + above


def halved_runs(L: int, epochs: int) -> int:
    """Epochs of single runs that `choose_layer` trains with one seed: all blocks, then the better half, and so on."""
    going, total = L, 0
    for _ in range(epochs):
        total, going = total + going, (going + 1) // 2
    return total
