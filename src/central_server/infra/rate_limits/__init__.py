"""Token buckets: how often somebody may ask. `policy.py` says who is counted where, the rest how it is kept."""
