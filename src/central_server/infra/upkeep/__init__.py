"""Deleting what has ended, a batch at a time: what the domains' activities for it share."""
