"""Function Compute on one machine: functions, their instances, their triggers, both vendor APIs."""
