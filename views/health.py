"""Whether the service is well, for whoever runs it: no names, no versions, nothing of anybody."""

import hmac

from flask import Blueprint, abort, current_app, request

from domain import maintenance, messages

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive():
    """Says that this process answers. Asks nothing of the database: starting again wouldn't mend that."""
    return {"service": "answers"}


@blueprint.get("/readyz")
def ready():
    """Says whether people can be served. A database that only can't be written to still lets them look."""
    state = maintenance.database_state()
    return state, 200 if state["migrations"] == "applied" else 503


@blueprint.get("/metrics")
def metrics():
    """Figures, for whoever has METRICS_TOKEN. Without that setting there is no such page."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    from web.metrics import shown

    return shown(current_app, messages.figures())
