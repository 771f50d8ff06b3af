"""What is told while a long call works."""

from __future__ import annotations


def tell(sentence: str) -> None:
    """Tell R a step; R shows it as progress."""
    # The mailbox loads rpy2, which only a call from R needs.
    from odm_shiny.rbridge import mailbox

    mailbox.notify("progress", sentence)
