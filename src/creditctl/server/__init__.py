"""The gate as a service and as a class: a second front door beside the command line."""
