"""What is measured beside the requests."""
