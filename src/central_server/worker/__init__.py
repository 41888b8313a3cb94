"""Worker processes: one serves one queue; the core worker runs the outbox relay as well."""
