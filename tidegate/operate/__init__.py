"""Operating a real account: what is deployed, whether it works, and what it did. None of it runs in a function."""
