"""This project on this machine: the whole cloud, with Tidegate deployed to it from `template.yml`."""
