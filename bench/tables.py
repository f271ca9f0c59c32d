# SPDX-License-Identifier: MIT
"""Figures as tables in Markdown that also read well on a terminal."""
import statistics
import textwrap
from dataclasses import dataclass, field

WIDTH = 120


@dataclass
class Part:
    """A part of the report: what was measured how, and its tables with their titles."""
    title: str
    about: str
    tables: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    def add(self, title, head, rows):
        self.tables.append((title, head, rows))

    def text(self):
        pieces = [f"## {self.title}", textwrap.fill(self.about, WIDTH)]
        for title, head, rows in self.tables:
            pieces += [f"{title}:", table(head, rows)]
        pieces += ["\n".join(f"- {remark}" for remark in dict.fromkeys(self.remarks))] if self.remarks else []
        return "\n\n".join(pieces) + "\n"


def table(head, rows):
    """The first column to the left, figures to the right; empty cells are what was not measured."""
    lines = [[str(cell) for cell in line] for line in (head, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def row(cells):
        first, *others = (cell.rjust(width) for cell, width in zip(cells, widths))
        return f"| {' | '.join([first.strip().ljust(widths[0]), *others])} |"

    rule = f"|{'-' * (widths[0] + 2)}|{'|'.join('-' * (width + 1) + ':' for width in widths[1:])}|"
    return "\n".join([row(lines[0]), rule, *map(row, lines[1:])])


def median(values):
    """None of nothing."""
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def geometric_mean(values):
    values = [value for value in values if value]
    return statistics.geometric_mean(values) if values else None


def count(value):
    return "" if value is None else f"{value:,.0f}"


def decimal(value):
    return "" if value is None else f"{value:.2f}"


def span(low, high):
    """Two figures of one cell, with decimals while they are small."""
    if low is None or high is None:
        return ""
    return " / ".join(f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value in (low, high))
