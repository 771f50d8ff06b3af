"""The command ``odm-shiny``: one small file a group of commands, joined in `odm_shiny.cli.main`."""
