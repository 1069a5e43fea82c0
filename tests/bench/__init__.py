"""What this registry costs, measured: `python -m tests.bench [NAME …]`. docs/BENCHMARKS.md says what and how."""
