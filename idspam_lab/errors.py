"""The one exception that means: the input was wrong, not the program."""


class BadInput(ValueError):
    """What the user gave cannot be used; the message is one sentence saying why and what would be right."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone. The way through the package that led to it would hide it."""
        return [f"{type(self).__name__}: {self}"]
