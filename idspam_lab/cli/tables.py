"""The verbs that read tables, the paper's and the measured ones, and train nothing."""

from pathlib import Path

from ..errors import BadInput
from ..files import write_text


def paper(chosen) -> None:
    from ..paper_tables import PAPER_TABLES, caption, pretty

    if chosen.all and chosen.what != "audit":
        raise BadInput("--all goes with audit: idspam-lab paper audit --all.")
    if chosen.what is None:
        print("\n".join(map(caption, PAPER_TABLES)))
    elif chosen.what == "audit":
        from ..audit import audit, shown

        print(shown(audit(), everything=chosen.all))
    elif chosen.what.isdecimal():
        print(pretty(int(chosen.what)))
    else:
        raise BadInput(f"{chosen.what!r} is no table: give a number of 1 to {max(PAPER_TABLES)}, or audit.")


def collect(chosen) -> None:
    from ..experiments.collect import check_place
    from ..experiments.collect import collect as gather

    check_place(Path(chosen.out))
    table = gather(chosen.reports)
    write_text(Path(chosen.out), table.to_csv(index=False))
    print(f"{len(table)} rows from {len(chosen.reports)} reports: {chosen.out}")


def summary(chosen) -> None:
    from ..experiments.summary import as_markdown, read_results, summarize

    print(as_markdown(summarize(read_results(chosen.table))))


def claims(chosen) -> None:
    from ..claims import page
    from ..experiments.summary import MEASURED

    target = Path(chosen.out or MEASURED / "RESULTS.md")
    write_text(target, page())
    print(f"Written to {target}")
