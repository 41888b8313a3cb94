"""Many operations while all that a server consists of is killed, stopped and continued; then a look at what is stored.

`nox -s crash`, or `PYTHONPATH=tests python -m crash --help`; docs/reliability.md says what is proven by it.
"""
