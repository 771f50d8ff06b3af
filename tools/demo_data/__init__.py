"""Parts of ``build_demo_data.py``: sources, one file a study, writing."""
