from importlib.util import find_spec
from typing import Final

LACKING: Final = "This server cannot write Parquet: `pyarrow` is not installed (`central[parquet]`)"


def writes_parquet() -> bool:
    """Whether this process can write Parquet."""
    return find_spec("pyarrow") is not None
