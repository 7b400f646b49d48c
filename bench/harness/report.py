"""From samples to tables: Markdown for people, JSON for comparing runs."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field

from .model import Figure, Measure


@dataclass
class Results:
    """The samples of one measure."""

    measure: Measure
    subjects: list[str]
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # by figure key, then by subject
    failures: dict[str, str] = field(default_factory=dict)  # by subject: why a round gave nothing

    def add(self, figure: str, subject: str, value: float) -> None:
        self.samples.setdefault(figure, {}).setdefault(subject, []).append(value)

    def of(self, figure: Figure, subject: str) -> list[float]:
        return self.samples.get(figure.key, {}).get(subject, [])

    def medians(self, figure: Figure) -> dict[str, float]:
        return {subject: statistics.median(values) for subject, values in self.samples.get(figure.key, {}).items()}


def markdown(facts: dict[str, str], all_results: list[Results]) -> str:
    lines = ["# init and its peers, side by side", ""]
    lines += ["Written by `bench/run`; `docs/benchmarks.md` says what each measure is. All rows of a table were measured in turns, in one run.", ""]
    lines += table(["fact", "value"], [[key, value] for key, value in facts.items()])
    lines += goals(all_results)
    for results in all_results:
        lines += ["", f"## {results.measure.title}", "", f"`{results.measure.name}`: {results.measure.how}", ""]
        lines += one_figure(results) if len(results.measure.figures) == 1 else several_figures(results)
        for note in results.measure.notes:
            lines += ["", note]
        for subject, reason in results.failures.items():
            lines += ["", f"**{subject}** gave no figure in a round: {reason}"]
    return "\n".join(lines) + "\n"


def goals(all_results: list[Results]) -> list[str]:
    rows = []
    for results in all_results:
        for figure in results.measure.figures:
            medians = results.medians(figure)
            for subject, bound in figure.bounds.items():
                if subject not in results.subjects:
                    continue
                median = medians.get(subject)
                holds = None if median is None else bound.holds(median, medians)
                limit = bound.value(medians)
                goal = bound.describe() + (f" = {limit:.{figure.decimals}f}" if bound.peer is not None and limit is not None else "")
                rows.append(
                    [
                        f"{results.measure.title}{'' if len(results.measure.figures) == 1 else ': ' + figure.title}",
                        subject,
                        f"{goal} {figure.unit}".strip(),
                        "no figure" if median is None else f"{median:.{figure.decimals}f} {figure.unit}".strip(),
                        {True: "yes", False: "**no**", None: "cannot tell"}[holds],
                    ]
                )
    if not rows:
        return []
    return ["", "## Goals", "", *table(["measure", "who", "goal", "median", "reached"], rows)]


def one_figure(results: Results) -> list[str]:
    figure = results.measure.figures[0]
    rows = []
    for subject in results.subjects:
        values = results.of(figure, subject)
        if values:
            cells = [f"{value:.{figure.decimals}f}" for value in (min(values), statistics.median(values), max(values))]
            rows.append([subject, *cells, str(len(values))])
        else:
            rows.append([subject, "-", "-", "-", "0"])
    unit = f", {figure.unit}" if figure.unit else ""
    return table([figure.title + unit, "min", "median", "max", "samples"], rows)


def several_figures(results: Results) -> list[str]:
    """A column per figure: median (min … max)."""
    header = ["median (min … max)"] + [f"{f.title}{', ' + f.unit if f.unit else ''}" for f in results.measure.figures]
    rows = []
    for subject in results.subjects:
        row = [subject]
        for figure in results.measure.figures:
            values = results.of(figure, subject)
            if not values:
                row.append("-")
                continue
            low, middle, high = (f"{value:.{figure.decimals}f}" for value in (min(values), statistics.median(values), max(values)))
            row.append(middle if low == high else f"{middle} ({low} … {high})")
        rows.append(row)
    return table(header, rows)


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table that is also readable as it stands."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return [line(header), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)]


def as_json(facts: dict[str, str], all_results: list[Results]) -> str:
    document = {
        "machine": facts,
        "measures": [
            {
                "name": results.measure.name,
                "title": results.measure.title,
                "figures": [
                    {
                        "key": figure.key,
                        "title": figure.title,
                        "unit": figure.unit,
                        "goals": {subject: bound.describe() for subject, bound in figure.bounds.items()},
                        "subjects": {
                            subject: {"min": min(values), "median": statistics.median(values), "max": max(values), "samples": values}
                            for subject in results.subjects
                            if (values := results.of(figure, subject))
                        },
                    }
                    for figure in results.measure.figures
                ],
                "failures": results.failures,
            }
            for results in all_results
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
