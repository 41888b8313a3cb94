from central_client import AsyncCentral


async def test_oldest_first_in_pages(owner: AsyncCentral) -> None:
    """Each endpoint comes once, with its own secrets, whatever the size of a page."""
    made = [(await owner.webhooks.create_endpoint(url=f"https://{n}.example/")).endpoint for n in range(5)]
    await owner.webhooks.rotate_secret(endpoint=made[2].id)
    listed = [endpoint async for endpoint in owner.webhooks.list_endpoints(limit=2)]
    assert [endpoint.id for endpoint in listed] == [endpoint.id for endpoint in made]
    assert [len(endpoint.signing_secrets) for endpoint in listed] == [1, 1, 2, 1, 1]


async def test_others_are_not_listed(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A tenant sees its own."""
    await owner.webhooks.create_endpoint(url="https://hooks.example/")
    assert [endpoint async for endpoint in other_tenant.webhooks.list_endpoints()] == []
