"""Plots of answers about many faces draw the figures of the tables."""

from pathlib import Path

import numpy as np
import pytest

import fer
from fer import insight

pytest.importorskip("matplotlib")

TABLES = Path(__file__).resolve().parents[2] / "examples" / "insight"


def lines(axes):
    """Return the lines of a panel that have a label of their own."""
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def test_a_trend_has_a_panel_for_each_group_with_the_shares_in_hundredths():
    trend = insight.trend(
        TABLES / "town_hall.csv",
        time="date",
        every="month",
        by="site",
        cluster="badge",
        consent="agreed",
        purpose="workplace",
        basis="outside-eu",
        draws=300,
    )
    panels = trend.plot().axes
    groups = {group["by"]["site"]: group["periods"] for group in trend.to_dict()["groups"]}
    assert [axes.get_title(loc="left") or axes.get_title() for axes in panels] == list(groups)
    for axes, (site, periods) in zip(panels, groups.items(), strict=True):
        hatched = [patch for patch in axes.patches if patch.get_hatch()]
        assert len(hatched) == sum(period["suppressed"] for period in periods)
        assert (len(hatched) == 9) == (site == "lab"), "the team of nine is not shown"
        for emotion in fer.EMOTIONS:
            drawn = lines(axes)[emotion].get_ydata()
            if site == "lab":
                assert np.isnan(drawn).all()
            else:
                expected = [100 * period["shares"][emotion]["estimate"] for period in periods]
                assert drawn == pytest.approx(expected)


def test_shares_and_comparisons_draw_estimates_and_intervals():
    table, options = TABLES / "campaign.csv", {"by": "campaign", "cluster": "customer_id", "draws": 300}
    for result in (insight.shares(table, **options), insight.compare(table, permutations=99, **options)):
        panels = result.plot().axes
        for axes, name in zip(panels, [*fer.EMOTIONS, "net"], strict=True):
            spans = [line.get_xdata() for line in axes.get_lines() if len(line.get_xdata()) == 2]
            for row in result.table:
                span = [100 * row[f"{name}_low"], 100 * row[f"{name}_high"]]
                assert any(np.allclose(drawn, span) for drawn in spans)


def test_a_conversation_is_drawn_as_probabilities_that_fill_the_height():
    told = insight.timeline(
        TABLES / "conversation.csv",
        where={"person": 0},
        purpose="customers",
        markers=[{"time": 38, "label": "greeting"}],
        draws=300,
    )
    figure = told.plot()
    (axes,) = figure.axes
    assert len(axes.collections) == len(fer.EMOTIONS)
    assert [text.get_text() for text in axes.texts] == ["greeting"]
    figure.draw_without_rendering()
    below = figure.legends[0].get_window_extent()
    assert below.y1 <= axes.xaxis.label.get_window_extent().y0, "the legend covers no label"
