"""CloudFlow on one machine: the flow language, an interpreter that asks for effects, and the `fnf` product."""
