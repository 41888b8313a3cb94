"""The statements on people, by what they are about."""
