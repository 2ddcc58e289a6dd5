"""A real provider of identities on this machine, the service outside the demo, and the way from one to the other."""

import secrets
import warnings
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import authlib.deprecate  # noqa: F401 - it asks to be heard, so it has to come first
import requests
from werkzeug.serving import BaseWSGIServer

from app import create_app
from database import db
from tests.visitor import Visitor
from views import openid

openid.PATIENCE = 60  # a busy machine is no fault of the provider's

with warnings.catch_warnings():
    # What it uses of Authlib is going to change its name.
    warnings.simplefilter("ignore")
    import oidc_provider_mock

ST_JOHNS = {"id": "an-id", "name": "St John’s C of E Primary School", "urn": "900001", "category": {"id": "001"}}
NORTHBROOK = ST_JOHNS | {"name": "Northbrook Academy", "urn": 900002}
AVA = {
    "given_name": "Ava",
    "family_name": "Hart",
    "email": "ava.hart@example.org",
    "email_verified": True,
    "organisation": ST_JOHNS,
}


SETTINGS = {
    "DATABASE_URL": "sqlite:///:memory:",
    "SECRET_KEY": secrets.token_hex(32),
    "TRUSTED_HOSTS": ("localhost",),
    "OIDC_ISSUER": "https://localhost",
    "OIDC_CLIENT_ID": "register-ects",
    "OIDC_CLIENT_SECRET": "a secret of the tests",
    "PREFERRED_URL_SCHEME": "https",
    "PROPAGATE_EXCEPTIONS": False,
    "TESTING": True,
}


def outside_the_demo(issuer: str, **settings):
    """The service as it is deployed, on https://localhost, and on the database that is open."""
    opened = db.obj
    app = create_app(**SETTINGS | {"OIDC_ISSUER": issuer} | settings)
    db.initialize(opened)
    return app


def running(tokens_last: timedelta = timedelta(hours=1)):
    """Serves a provider for as long as the context lasts."""
    return oidc_provider_mock.run_server_in_thread(require_nonce=True, access_token_max_age=tokens_last)


def issuer_of(server: BaseWSGIServer) -> str:
    return f"http://localhost:{server.server_port}"


class Way:
    """From the sign-in page to the provider and back, as a browser goes it."""

    def __init__(self, visitor: Visitor, issuer: str, begins: str = "/sign-in/provider"):
        self.visitor, self.issuer, self.begins = visitor, issuer, begins

    def knows(self, subject: str, **claims) -> None:
        """The provider knows somebody by this subject, and tells these claims of them."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def there(self, next_page: str = "") -> str:
        """Where the service sends the browser."""
        response = self.visitor.send("get", self.begins, query_string={"next": next_page}, follow_redirects=False)
        assert response.status_code == 302, response.text
        return response.location

    def agreed(self, address: str, subject: str) -> str:
        """Where the provider sends the browser once somebody has signed in there."""
        return self._answered(address, {"sub": subject})

    def denied(self, address: str) -> str:
        return self._answered(address, {"action": "deny"})

    def _answered(self, address: str, form: dict) -> str:
        response = requests.post(address, data=form, allow_redirects=False, timeout=5)
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def back(self, address: str, status: int = 200) -> Visitor:
        return self.visitor.get(address.removeprefix("https://localhost"), status)

    def sign_in(self, subject: str, next_page: str = "/school/induction-tutor", status: int = 200) -> Visitor:
        return self.back(self.agreed(self.there(next_page), subject), status)


def changed(address: str, change: Callable[[dict], dict]) -> str:
    """The address with other parameters."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(change(dict(parse_qsl(parts.query))))).geturl()
