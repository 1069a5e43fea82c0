"""Before a command changes a store that no server may ever have opened: what is configured becomes what is in force."""

import os

from registry.cli.target import Local
from registry.commands.perform import perform
from registry.commands.webhooks import configure_webhooks
from registry.store.interface import Store
from registry.wiring import configured_upstreams, private_source
from sync.configure import put_in_force
from sync.lease import JOBS


async def bring_in_force(store: Store, chosen: Local) -> None:
    """
    Put the sources and webhooks of the configuration in force, unless a server has the jobs: its configuration is the
    one in force then, and a command must not change it under it.

    Raises ConfigFault for a secret that an upstream refers to and that is missing.
    """
    lease = store.snapshot().lease(JOBS)
    if lease is None or lease.expires_us <= chosen.clock.now_us():
        upstreams = configured_upstreams(chosen.settings, os.environ)
        await put_in_force(
            store,
            upstreams,
            private=private_source(chosen.settings),
            severities=chosen.settings.validation.severities(),
        )
        names = [webhook.name for webhook in chosen.settings.webhooks]
        await perform(store, lambda transaction: configure_webhooks(transaction, names))
