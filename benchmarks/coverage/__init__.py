"""How often intervals and promises hold: `python -m benchmarks.coverage --out benchmarks/COVERAGE.md`."""
