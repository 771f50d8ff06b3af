"""What runs when R hosts Python: join the running R and answer it from then on.

R starts Python, by reticulate or by any other way, and has it run::

    from odm_shiny.rbridge import attach
    attach.into_option("odmshiny.mailbox")

From then on ``.call`` in that environment is an R function that leads into Python by itself;
reticulate is not in its way and converts nothing.
"""

from __future__ import annotations

from odm_shiny.errors import BridgeError
from odm_shiny.rbridge import mailbox, r_memory, session
from odm_shiny.rbridge.r_memory import RObject


def into_option(name: str = "odmshiny.mailbox") -> None:
    """Join the R of this process, and answer in the environment that an R option holds.

    Parameters
    ----------
    name
        Name of the option: ``options(odmshiny.mailbox = new.env(parent = emptyenv()))``.

    Raises
    ------
    MissingDependency
        rpy2 is missing or does not fit R; the message holds the command that mends it.
    BridgeError
        No R runs in this process, or the option holds no environment.
    """
    if not r_memory.is_running():
        raise BridgeError("no R runs in this process: use odm-shiny r SCRIPT, or library(odmshiny)")
    session.start()
    into(_option(name))


def into(environment: RObject) -> None:
    """Answer R's calls in an environment with the functions of this package."""
    from odm_shiny.rbridge.functions import table

    if r_memory.kind_of(environment) != "environment":
        raise BridgeError("the mailbox is no R environment")
    mailbox.install(environment, table())


def _option(name: str) -> RObject:
    get_option = r_memory.rinterface.baseenv["getOption"]
    return session.apply(get_option, r_memory.few_strings([name]))
