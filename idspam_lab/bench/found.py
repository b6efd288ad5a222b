"""What a part of the benchmark found: numbers of cases, and ratios beside what we reach for."""

from dataclasses import asdict, dataclass, field

from ..terminal import table


@dataclass(frozen=True)
class Ratio:
    """One number divided by another of the same run."""

    what: str
    value: float
    target: float | None = None
    at_most: bool = False  # the target is a bound from above

    @property
    def reached(self) -> bool | None:
        """None where there is no target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass
class Found:
    """A part's results."""

    title: str
    unit: str  # of the cases' numbers
    cases: dict[str, float] = field(default_factory=dict)  # medians
    all: dict[str, list[float]] = field(default_factory=dict)  # every single one
    ratios: list[Ratio] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict:
        ratios = [asdict(ratio) | {"reached": ratio.reached} for ratio in self.ratios]
        return asdict(self) | {"ratios": ratios}

    def __str__(self) -> str:
        """For a terminal."""
        rows = [{"case": name, self.unit: f"{value:,.4g}"} for name, value in self.cases.items()]
        parts = [f"== {self.title}", table(rows, ["case", self.unit])]
        if self.ratios:
            parts.append(table([ratio_row(ratio) for ratio in self.ratios], ["ratio", "here", "wanted", ""]))
        return "\n".join([*parts, *self.notes])


def ratio_row(ratio: Ratio) -> dict:
    """A ratio as a table's row."""
    wanted = None if ratio.target is None else f"{'at most' if ratio.at_most else 'at least'} {ratio.target:g}"
    said = {None: None, True: "reached", False: "not reached"}[ratio.reached]
    return {"ratio": ratio.what, "here": f"{ratio.value:.2f}", "wanted": wanted, "": said}
