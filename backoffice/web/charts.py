"""Chart specifications. The data is never in them: a chart reads the table that stands beside it in the page.

Vega-Lite is compiled to Vega here, so the browser only interprets; it does so without `eval` (vega-embed's `ast`
option), as the Content-Security-Policy demands. Colours are names of our palette; the script puts the values in.
"""

from functools import cache
from typing import Any

import vl_convert

from backoffice.web.assets import VEGA_LITE_VERSION

# Palette names of static/css/tokens.css; charts.js replaces each `var(--name)` by its value of the moment.
_BAR, _NOW, _GRID, _TEXT = "var(--chart-bar)", "var(--chart-bar-now)", "var(--chart-grid)", "var(--chart-text)"

Spec = dict[str, Any]


def _use_by_day() -> Spec:
    hover: Spec = {"name": "hover", "select": {"type": "point", "on": "pointerover", "clear": "pointerout"}}
    return {
        "width": 400,
        "height": 200,
        "autosize": {"type": "fit", "contains": "padding", "resize": True},
        "data": {"name": "rows"},
        "params": [hover],
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {
                "field": "label",
                "type": "ordinal",
                "sort": None,
                "scale": {"paddingInner": 0.25, "paddingOuter": 0.1},
                "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 12},
            },
            "y": {
                "field": "count",
                "type": "quantitative",
                "scale": {"nice": True, "domainMin": 0, "zero": True},
                "axis": {"title": None, "tickMinStep": 1, "tickCount": 4, "format": ",d"},
            },
            "color": {
                "condition": [
                    {"param": "hover", "empty": False, "value": _NOW},
                    {"test": "datum.today", "value": _NOW},
                ],
                "value": _BAR,
            },
            "tooltip": {"field": "tip", "type": "nominal"},
        },
        "config": _config(),
    }


def _config() -> Spec:
    return {
        "background": None,
        "view": {"stroke": None},
        "axis": {
            "labelColor": _TEXT,
            "labelFont": "var(--font)",
            "labelFontSize": 12,
            "gridColor": _GRID,
            "domainColor": _GRID,
            "tickColor": _GRID,
        },
        "axisX": {"grid": False, "ticks": False, "labelPadding": 8},
        "axisY": {"domain": False, "ticks": False, "labelPadding": 8},
    }


_CHARTS = {"use-by-day": _use_by_day}


@cache
def chart(name: str) -> Spec | None:
    """The Vega specification of a chart; None when there is no chart of that name."""
    make = _CHARTS.get(name)
    return vl_convert.vegalite_to_vega(make(), vl_version=VEGA_LITE_VERSION) if make else None
