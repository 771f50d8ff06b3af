"""Statistics over frames: pure functions, shared by modules, scripts and the server."""

from __future__ import annotations

from odm_shiny.analysis.differential import deseq2 as deseq2
from odm_shiny.analysis.differential import limma as limma
