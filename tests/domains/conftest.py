import pytest

from central_server.domains.service import DomainService
from support.place import Stack
from support.signing_in import provider

__all__ = ["provider"]


@pytest.fixture
async def domains(stack: Stack) -> DomainService:
    """The service behind the API."""
    return await stack.central.container.get(DomainService)
