"""The one exception that means: the input was wrong, not the program."""


class BadInput(ValueError):
    """What the user gave cannot be used; the message is one sentence saying why and what would be right."""
