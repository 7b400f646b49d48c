"""Runs the chosen measures for the chosen peers, in turns, and writes the tables. bench/run starts it in its namespaces."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from . import loopback, machine, report
from .measures import ALL
from .model import CannotMeasure, Measure, Subject
from .report import Results
from .workshop import Workshop

BENCH = Path(__file__).resolve().parent.parent
# supervisord holds three pipes for each of 1000 children.
DESCRIPTORS = 8192
# Who breaks off that often in one measure is left out of its other rounds.
BROKEN_ROUNDS_MAX = 2


def main() -> int:
    arguments = parse()
    measures = chosen_measures(arguments.measures)
    families = {subject.family for measure in measures for subject in chosen_subjects(measure, arguments.peers)}
    raise_descriptor_limit()
    loopback.bring_up()
    facts = machine.facts(families)
    if not machine.is_quiet():
        say(f"the machine is busy (load {facts['load before']}): the figures will be too high")

    workshop = Workshop()
    all_results = []
    for measure in measures:
        results = run_measure(workshop, measure, chosen_subjects(measure, arguments.peers), arguments.rounds)
        all_results.append(results)

    is_whole = not arguments.measures and not arguments.peers
    directory = BENCH / "results" if is_whole else BENCH.parent / "out" / "bench"
    name = "latest" if is_whole else "partial"
    directory.mkdir(parents=True, exist_ok=True)
    text = report.markdown(facts, all_results)
    (directory / f"{name}.md").write_text(text)
    (directory / f"{name}.json").write_text(report.as_json(facts, all_results))
    print(text)
    say(f"written to {directory / name}.md and .json")
    return 1 if any(results.failures for results in all_results) else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures init and its peers side by side. A whole run writes bench/results/latest.*, a partial one out/bench/partial.*.",
        epilog="measures: " + ", ".join(measure.name for measure in ALL),
    )
    parser.add_argument("measures", metavar="MEASURE", nargs="*", help="only these (default: all)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of every measure (default: each has its own number)")
    parser.add_argument("--peers", type=lambda text: text.split(","), metavar="A,B", help="only these peers: init, supervisord, s6, runit, tini, dumb-init")
    parser.add_argument("--list", action="store_true", help="list the measures and leave")
    arguments = parser.parse_args()
    if arguments.list:
        for measure in ALL:
            print(f"{measure.name:18} {measure.title} ({', '.join(subject.name for subject in measure.subjects)})")
        parser.exit()
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    known_measures = {measure.name for measure in ALL}
    known_peers = {name for measure in ALL for subject in measure.subjects for name in (subject.name, subject.family)}
    for kind, given, known in [("measure", arguments.measures, known_measures), ("peer", arguments.peers or [], known_peers)]:
        for name in given:
            if name not in known:
                parser.error(f"unknown {kind} {name}; there are: {', '.join(sorted(known))}")
    return arguments


def chosen_measures(names: list[str]) -> list[Measure]:
    return [measure for measure in ALL if not names or measure.name in names]


def chosen_subjects(measure: Measure, peers: list[str] | None) -> list[Subject]:
    """Rows without a family ("cat", "true alone") are yardsticks and always there."""
    return [subject for subject in measure.subjects if peers is None or subject.family in [*peers, "none"] or subject.name in peers]


def run_measure(workshop: Workshop, measure: Measure, subjects: list[Subject], rounds: int | None) -> Results:
    """Round by round, each subject once per round, so that a slow minute of the machine hits all of them."""
    results = Results(measure, [subject.name for subject in subjects])
    broken: list[str] = []
    began = time.monotonic()
    for number in range(rounds or measure.rounds):
        # Each round starts with another subject: nobody always runs after the same neighbour.
        turn = number % max(len(subjects), 1)
        for subject in subjects[turn:] + subjects[:turn]:
            if number >= measure.rounds_at_most.get(subject.name, number + 1) or broken.count(subject.name) >= BROKEN_ROUNDS_MAX:
                continue
            try:
                # As one piece: a round that breaks off counts for nothing.
                for figure, value in list(measure.run(workshop, subject)):
                    results.add(figure, subject.name, value)
            except CannotMeasure as problem:
                broken.append(subject.name)
                results.failures[subject.name] = str(problem)
                say(f"{measure.name}: cannot measure {subject.name}: {problem}")
    say(f"{measure.name}: done in {time.monotonic() - began:.0f} s")
    return results


def raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < DESCRIPTORS:
        say(f"cannot open {DESCRIPTORS} files at once (the limit is {hard}): supervisord will not hold 1000 children")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, DESCRIPTORS), hard))


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
