"""Resource Orchestration Service, `ROS` 2019-09-10: stacks made of templates, step by step, each step an event."""
