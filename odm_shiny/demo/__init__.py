"""Real, small studies to start with; ``docs/demo-data.md`` says where they come from."""

from odm_shiny.demo.studies import DemoGene, DemoMatrix, DemoStudy, demo_studies, demo_study

__all__ = ["DemoGene", "DemoMatrix", "DemoStudy", "demo_studies", "demo_study"]
