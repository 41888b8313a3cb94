"""Reading which attributes users may have."""

from central_client import AsyncCentral


async def test_rules_are_those_that_were_set(owner: AsyncCentral, member: AsyncCentral) -> None:
    """At first there are none, which is version 0; then they are what was set, for every user to read."""
    assert (await member.users.get_attribute_rules()).version == 0
    assert (await member.users.get_attribute_rules()).json_schema == {}
    rules = await owner.users.set_attribute_rules(json_schema={"type": "object"})
    assert await member.users.get_attribute_rules() == rules
    assert (rules.json_schema, rules.version) == ({"type": "object"}, 1)
