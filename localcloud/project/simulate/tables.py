"""The result of a run as tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from localcloud.project.simulate.coverage import ENOUGH, expectations
from localcloud.project.simulate.places import SITES, troubles_of
from localcloud.project.simulate.run import Result


def print_tables(console: Console, result: Result, seconds: float, lacks: Sequence[str]) -> None:
    """Print what was met, what was lacking, and what was broken."""
    _print_calls(console, result)
    for name, expected in expectations().items():
        seen = getattr(result.coverage, name)
        told = ", ".join(f"{each} {seen[each]}" for each in expected)
        console.print(f"[bold]{name}[/]: {told}", highlight=False)
    counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in sorted(result.counts.items()))
    console.print(
        f"{result.runs:,} weeks in {seconds:.0f} s ({result.cpu_s:.0f} s of processors): {counts}", highlight=False
    )
    for invariant, times in Counter(one.invariant for one in result.broken).most_common():
        seeds = sorted({one.seed for one in result.broken if one.invariant == invariant})
        console.print(f"[bold red]BROKEN[/] {invariant}: {times} times, seeds {', '.join(map(str, seeds[:20]))}")
        console.print(f"  {next(one.why for one in result.broken if one.invariant == invariant)[:400]}", markup=False)
    for lack in lacks[:40]:
        console.print(f"[red]too little met:[/] {lack}", highlight=False)
    console.print("nothing was broken" if not result.broken else f"{len(result.broken)} violations")


def _print_calls(console: Console, result: Result) -> None:
    """One line for each place: how often it met what."""
    table = Table("place", "met", box=None, padding=(0, 1))
    for site in SITES:
        met = {trouble: result.coverage.met[f"{site}: {trouble}"] for trouble in troubles_of(site)}
        told = ", ".join(f"[{'green' if times >= ENOUGH else 'red'}]{name} {times}[/]" for name, times in met.items())
        table.add_row(site, told)
    console.print(table)
