"""Reads template.yml, a ROS template, strictly, and deploys it to the cloud on one machine."""
