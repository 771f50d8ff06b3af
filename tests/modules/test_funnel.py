from __future__ import annotations

from odm_shiny.client.funnel import Funnel, FunnelStep
from odm_shiny.modules.funnel import funnel_tag


def test_bars_are_shares_of_the_samples_and_bounds_are_told():
    drawn = str(
        funnel_tag(
            Funnel(
                (
                    FunnelStep("studies", 2),
                    FunnelStep("samplesInStudies", 200),
                    FunnelStep("samplesMatching", 50, exact=False),
                    FunnelStep("<b>", 0),
                )
            )
        )
    )
    assert "width:25.0%" in drawn
    assert "at least 50" in drawn
    assert "<b>" not in drawn.replace("<b></b>", "")
    assert drawn.count("<li>") == 4


def test_no_samples_at_all_is_no_division_by_zero():
    assert "width:0.0%" in str(funnel_tag(Funnel((FunnelStep("samplesInStudies", 0),))))
