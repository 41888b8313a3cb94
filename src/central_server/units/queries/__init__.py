"""The statements on units: by what they are about."""
