"""Ask for a sync run. It is performed by whichever process runs the jobs; the id lets the asker follow it."""

from difflib import get_close_matches

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import Conflict, NotFound
from registry.ids import new_id
from registry.store.interface import Transaction
from registry.store.records import Run, RunKind, RunState


def request_run(
    transaction: Transaction,
    upstream: str,
    *,
    kind: RunKind,
    trigger: str,
    actor: Actor,
    now_us: int,
    accepts: str | None = None,
) -> Done[Run]:
    """
    A run in state requested; the one already waiting if the same was asked for before.

    Args:
        accepts: The id of the refused run whose withdrawals may be carried out. Makes the run a full one.

    Raises:
        NotFound: no upstream of that name is configured, or no run of that id is known.
        Conflict: *accepts* is not the newest refused run of this upstream.
    """
    _require_configured(transaction, upstream)
    if accepts is not None:
        kind = RunKind.FULL
        _require_newest_refused(transaction, upstream, accepts)
    for waiting in transaction.runs_in(RunState.REQUESTED):
        if (waiting.upstream, waiting.kind, waiting.accepts) == (upstream, kind, accepts):
            return Done(value=waiting)
    run = Run(
        id=new_id("run", now_us),
        sequence=transaction.next_sequence(),
        upstream=upstream,
        kind=kind,
        state=RunState.REQUESTED,
        trigger=trigger,
        actor=actor.subject,
        requested_us=now_us,
        accepts=accepts,
    )
    transaction.put_run(run)
    event = actor.event(
        "sync.requested",
        upstream,
        # What the run becomes is in `sync.started`: without a watermark, or from a file, it is a full one.
        {"run": run.id, "asked": kind.value, "accepts": accepts},
    )
    return Done(value=run, event=event)


def _require_configured(transaction: Transaction, upstream: str) -> None:
    names = [source.id for source in transaction.sources()]
    if upstream in names:
        return
    if close := get_close_matches(upstream, names, n=1):
        raise NotFound(f"no upstream {upstream!r} is configured; did you mean {close[0]!r}?")
    known = ", ".join(names) or "none"
    raise NotFound(f"no upstream {upstream!r} is configured; configured: {known}")


def _require_newest_refused(transaction: Transaction, upstream: str, accepted: str) -> None:
    run = transaction.run(accepted)
    if run is None or run.upstream != upstream:
        raise NotFound(f"no run {accepted!r} of upstream {upstream} is known; `status` lists them")
    if run.state is not RunState.REFUSED:
        raise Conflict(f"cannot accept {accepted}: it is {run.state.value}, only a refused run can be accepted")
    # Newest first, so what comes before the first refused or completed walk does not matter here.
    for newer in transaction.runs(upstream=upstream, limit=100):
        if newer.id == accepted:
            return
        if newer.state is RunState.REFUSED:
            raise Conflict(f"cannot accept {accepted}: {newer.id} was refused after it; look at that one")
        if newer.state is RunState.COMPLETED and newer.kind is RunKind.FULL:
            raise Conflict(f"cannot accept {accepted}: the full walk {newer.id} was completed after it")
    raise Conflict(f"cannot accept {accepted}: it is too long ago; ask for a full run and look at what that finds")
