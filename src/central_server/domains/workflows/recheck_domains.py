from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.domains.activities.recheck_domains import RecheckDomainsActivity
from central_server.domains.specs import RECHECK_DOMAINS, RecheckDomainsInput, RecheckDomainsOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=10,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=RECHECK_DOMAINS.name)
class RecheckDomainsWorkflow:
    """Looks for the proofs of all verified domains that are due, page after page."""

    @workflow.run
    async def run(self, input: RecheckDomainsInput) -> RecheckDomainsOutput:
        """Go on from where the input says to the last page."""
        while True:
            done = await workflow.execute_activity_method(
                RecheckDomainsActivity.recheck,
                input,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(minutes=1),
                retry_policy=_RETRIES,
            )
            if done.last is None:
                return done
            input = RecheckDomainsInput(after=done.last, checked=done.checked, changed=done.changed, failed=done.failed)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(input)
