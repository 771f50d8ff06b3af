"""Shiny for Python modules that edit and show one query."""
