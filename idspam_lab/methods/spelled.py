"""A method and its options in one word, as it is typed and as it stands in tables: idspam:heads=4,outer_relu=false."""

from ..errors import BadInput
from ..training.settings import Settings
from . import LABELS, METHODS

Value = bool | int | float | str | list[int]
ELSEWHERE = {  # no options of a method, though a classifier is built with them
    "seed": "--seed, or seed=",
    "read": "--read, or read=",
    "labels": "the task",
    "verbalizer": "verbalizer= in Python",
    "method": "its name in front of the colon",
    "backbone": "--backbone",
}


def read_method(word: str) -> tuple[str, dict[str, Value]]:
    """ "idspam:layer=1+3,lora=8" -> ("idspam", {"layer": [1, 3], "lora": 8})

    Raises:
        BadInput: no such method, an option without a value, or what is no method's option.
    """
    name, _, rest = word.partition(":")
    if name not in METHODS:
        raise BadInput(f"There is no method {name!r}; there are {', '.join(METHODS)}.")
    options = {}
    for part in filter(None, rest.split(",")):
        option, equals, value = part.partition("=")
        if not equals or not value:
            raise BadInput(f"{part!r} in {word!r} has no value: write {name}:{option or 'option'}=VALUE.")
        if option in ELSEWHERE:
            raise BadInput(f"{option!r} in {word!r} is no option of a method: it is said by {ELSEWHERE[option]}.")
        options[option] = read_value(value)
    return name, options


def read_value(text: str) -> Value:
    """ "true" or Python's "True", "8", "0.1", "1+3" or any other word."""
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    if "+" in text and all(part.isdigit() for part in text.split("+")):
        return [int(part) for part in text.split("+")]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def write_method(name: str, options: dict[str, Value]) -> str:
    """What `read_method` reads. None, the default of every option that takes it, is left out."""
    parts = [f"{option}={write_value(value)}" for option, value in options.items() if value is not None]
    return ":".join([name, ",".join(parts)]) if parts else name


def write_value(value: Value) -> str:
    """One value."""
    if isinstance(value, bool):
        return str(value).lower()
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def title_of(word: str) -> str:
    """How a spelled method is called in tables: "ID-SPAM (heads=4)"."""
    name, _, rest = word.partition(":")
    return LABELS.get(name, name) + (f" ({rest.replace(',', ', ')})" if rest else "")


def preset_of(word: str, **changes) -> Settings:
    """The settings that suit a spelled method, with changes.

    Raises:
        BadInput: see `read_method` and Settings.
    """
    return Settings(**(METHODS[read_method(word)[0]].preset | changes))
