"""The provider of identities, by OpenID Connect: the authorization code flow with PKCE, state and nonce, all of it
Authlib's, and what the provider says of somebody. The pages that lead there and back are in sign_in.py."""

import json
from contextlib import contextmanager
from functools import cache

from flask import Flask, current_app, request, session, url_for

from clock import now
from domain.participants import cleaned
from domain.sign_ins import Identity
from forms import sends_no_cookie
from vocabulary import visible

MOST_SECONDS = 3600
"""How long somebody may take at the provider."""
MOST_WAYS = 3
"""In how many windows one browser may be on its way there: its cookie holds what is to be compared for each."""
PATIENCE = 5
"""Seconds that the service waits for an answer from the provider."""
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
"""Ways of signing for which nobody but the provider has the key."""
LONGEST_ID_TOKEN = 4000
"""Characters. It travels in an address when its owner signs out."""


class NotSignedIn(Exception):
    """Signing in ended otherwise: `outcome` is one of sign_in.OUTCOMES, `facts` what its words need."""

    def __init__(self, outcome: str, **facts):
        self.outcome, self.facts = outcome, facts
        super().__init__(outcome)


@contextmanager
def provider_errors():
    """What goes wrong while the provider is asked, or with its answer, ends the signing in."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    try:
        yield
    except RequestException as error:
        raise NotSignedIn("unreachable") from error
    except (AuthlibBaseError, JoseError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise NotSignedIn("not_believed") from error


def authorization_url(next_page: str, returns_to: str = "sign_in.callback") -> str:
    """The address to send the browser to, whose cookie remembers what to compare when it comes back."""
    with provider_errors():
        provider, address = discovered_provider(), address_of(returns_to)
        way = provider.create_authorization_url(address)
        ways = [name for name in session if name.startswith("_state_")]
        for older in sorted(ways, key=lambda name: session[name]["data"]["at"])[: 1 - MOST_WAYS]:
            session.pop(older)
        there = way.pop("url")
        provider.save_authorize_data(**way, redirect_uri=address, next=next_page[:500], at=now().timestamp())
        return there


def returned_identity(*, of_an_organisation: bool = True) -> tuple[Identity, str]:
    """Whom the provider vouches for, who must be `of_an_organisation` or not, and the page they were going to."""
    if request.args.get("error") == "access_denied":
        raise NotSignedIn("refused")
    way = client().framework.get_state_data(session, request.args.get("state"))
    if not way or now().timestamp() - way["at"] > MOST_SECONDS:
        raise NotSignedIn("no_cookies" if sends_no_cookie() else "out_of_date")
    with provider_errors():
        provider = discovered_provider()
        wanted = {"iss": provider.server_metadata["issuer"], "aud": provider.client_id}
        options = {claim: {"essential": True, "value": value} for claim, value in wanted.items()}
        token = provider.authorize_access_token(claims_options=options)
        claims = dict(token["userinfo"])
        if (
            current_app.config["OIDC_ORGANISATION_CLAIM"] not in claims
            and "userinfo_endpoint" in provider.server_metadata
        ):
            more = provider.userinfo(token=token)
            if more["sub"] != claims["sub"]:
                raise ValueError("somebody else's claims")
            claims = more | claims
        return identity_in(claims, token["id_token"], of_an_organisation), way["next"]


def identity_in(claims: dict, id_token: str, of_an_organisation: bool) -> Identity:
    """What the provider's claims say of somebody."""
    config = current_app.config
    organisation = claims.get(config["OIDC_ORGANISATION_CLAIM"])
    if isinstance(organisation, str) and organisation.startswith("{"):
        organisation = json.loads(organisation)
    if not (isinstance(claims["sub"], str) and claims["sub"]):
        raise ValueError("nobody")
    email, is_verified = claims.get("email"), claims.get("email_verified", config["OIDC_EMAIL_IS_VERIFIED"])
    if not email or is_verified not in (True, "true"):
        raise NotSignedIn("no_email")
    if visible(email) != email:
        raise ValueError("an address that looks like another one")
    if not organisation and of_an_organisation:
        raise NotSignedIn("no_organisation")
    organisation = organisation or {}
    name = claims.get("name") or f"{claims.get('given_name', '')} {claims.get('family_name', '')}"
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        name=(cleaned(name) or email)[:255],
        email=cleaned(email)[:255],
        urn=str(organisation.get("urn") or ""),
        organisation=cleaned(str(organisation.get("name") or ""))[:255],
        id_token=id_token,
    )


def end_session_url(id_token: str | None) -> str | None:
    """Where somebody signs out at the provider too, if it offers that and can be asked."""
    if not current_app.config["OIDC_ISSUER"]:
        return None
    try:
        with provider_errors():
            hint = id_token if id_token and len(id_token) <= LONGEST_ID_TOKEN else None
            way = discovered_provider().create_logout_url(
                post_logout_redirect_uri=address_of("sign_in.signed_out"),
                id_token_hint=hint,
                client_id=client().client_id,
            )
            return way["url"]
    except NotSignedIn:
        return None


def discovered_provider():
    """The provider, after provider_errors it (once) what it can do."""
    provider = client()
    can = provider.load_server_metadata()
    if can["issuer"].rstrip("/") != current_app.config["OIDC_ISSUER"].rstrip("/"):
        raise ValueError("another issuer")
    can["id_token_signing_alg_values_supported"] = [
        way for way in can.get("id_token_signing_alg_values_supported", ["RS256"]) if way in ALGORITHMS
    ] or ["RS256"]
    return provider


def client():
    return _client(current_app._get_current_object())


@cache
def _client(app: Flask):
    # Loaded when somebody first signs in: a third of the service's memory would be this.
    from authlib.integrations.flask_client import OAuth

    return OAuth(app).register(
        "provider",
        client_id=app.config["OIDC_CLIENT_ID"],
        client_secret=app.config["OIDC_CLIENT_SECRET"],
        server_metadata_url=app.config["OIDC_ISSUER"].rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": app.config["OIDC_SCOPES"],
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
        },
    )


def address_of(endpoint: str) -> str:
    """A page of ours as the provider knows it: by https, except in the demo."""
    return url_for(endpoint, _external=True, **({} if current_app.config["DEMO"] else {"_scheme": "https"}))
