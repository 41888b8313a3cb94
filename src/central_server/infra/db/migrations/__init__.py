"""The migrations, for `migrate` to run."""
