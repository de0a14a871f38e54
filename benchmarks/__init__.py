"""How fast the parts are that run often: `python -m benchmarks [--json] [--quick] [NAME...]`."""
