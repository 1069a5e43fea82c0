"""Governing, as the API and the command line both do it: decisions, previews of them, explanations, reports."""
