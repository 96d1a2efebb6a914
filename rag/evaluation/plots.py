"""Plots as inline SVG: grouped bars, a curve, a histogram. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["bars", "curve", "histogram"]

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 16, 44  # room for the axes
FEW = 7  # names under the bars that a phone has room for
PLOT_W, PLOT_H = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Bars of values from 0 to 1: ``groups`` maps a series (a leg) to its value for each measure."""
    series = [name for name, values in groups.items() if values]
    if not series:
        return ""
    measures = list(groups[series[0]])
    slot = PLOT_W / len(measures)
    width = slot * 0.8 / len(series)
    parts = [_grid([0, 0.25, 0.5, 0.75, 1.0], 1.0)]
    for i, measure in enumerate(measures):
        left = LEFT + slot * (i + 0.1)
        for j, name in enumerate(series):
            value = groups[name][measure]
            x, y = left + j * width, _y(value, 1.0)
            parts.append(
                f'<rect class="s{j % 6}" x="{x:.1f}" y="{y:.1f}" width="{width * 0.92:.1f}"'
                f' height="{TOP + PLOT_H - y:.1f}"><title>{escape(f"{name} {measure} {value:.3f}")}</title></rect>'
            )
        parts.append(_label(left + slot * 0.4, HEIGHT - 26, measure))
    return _figure(title, parts + _legend(series), "many" if len(measures) > FEW else "")


def curve(title: str, points: Sequence[tuple[float, float]], x_name: str, y_name: str) -> str:
    """A line through ``points``, both coordinates from 0 to 1."""
    if not points:
        return ""
    path = " ".join(f"{LEFT + x * PLOT_W:.1f},{_y(y, 1.0):.1f}" for x, y in points)
    parts = [
        _grid([0, 0.25, 0.5, 0.75, 1.0], 1.0),
        f'<polyline class="l0" points="{path}"/>',
        *[_label(LEFT + x * PLOT_W, HEIGHT - 26, f"{x:g}") for x in (0, 0.25, 0.5, 0.75, 1)],
    ]
    return _figure(f"{title} (across: {x_name}; upwards: {y_name})", parts)


def histogram(title: str, values: Sequence[float], unit: str, bins: int = 24) -> str:
    """How often which value occurs, between 0 and the 99th percentile; slower ones are in the last bin."""
    if not values:
        return ""
    top = _nice(sorted(values)[min(len(values) - 1, int(0.99 * len(values)))])
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / top * bins))] += 1
    most, width = max(counts) + max(counts) % 2, PLOT_W / bins  # even, so that the middle is a count as well
    parts = [_grid([0, most // 2, most], most)]
    for i, count in enumerate(counts):
        y = _y(count, most)
        low, high = top * i / bins, top * (i + 1) / bins
        parts.append(
            f'<rect class="s0" x="{LEFT + i * width:.1f}" y="{y:.1f}" width="{width * 0.9:.1f}"'
            f' height="{TOP + PLOT_H - y:.1f}"><title>{low:.3g} to {high:.3g} {unit}: {count}</title></rect>'
        )
    parts += [_label(LEFT + PLOT_W * share, HEIGHT - 26, f"{top * share:.3g}") for share in (0, 0.5, 1)]
    return _figure(title, [*parts, _label(LEFT + PLOT_W / 2, HEIGHT - 8, unit)])


def _nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten, so that the axis ends on a round number."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power)


def _y(value: float, top: float) -> float:
    return TOP + PLOT_H * (1 - min(value, top) / (top or 1))


def _grid(ticks: Sequence[float], top: float) -> str:
    lines = []
    for tick in ticks:
        y = _y(tick, top)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    return "".join(lines)


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{escape(text)}</text>'


def _legend(names: Sequence[str]) -> list[str]:
    step = PLOT_W / len(names)
    parts = []
    for i, name in enumerate(names):
        x = LEFT + i * step
        parts.append(f'<rect class="s{i % 6}" x="{x:.1f}" y="{HEIGHT - 15}" width="10" height="10"/>')
        parts.append(f'<text x="{x + 15:.1f}" y="{HEIGHT - 6}">{escape(name)}</text>')
    return parts


def _figure(title: str, parts: Sequence[str], kind: str = "") -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg class="{kind}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )
