"""What Tidegate decides: pure. Nothing in here reads a clock, the environment, a network or a log."""
