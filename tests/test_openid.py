"""Signing in through a provider of identities, against a real one: who gets in, as whom, and what everybody else is
told."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from time import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from clock import clock_at, now
from models import SchoolUser, SignIn
from tests.identity import AVA, NORTHBROOK, ST_JOHNS, Way, changed, issuer_of, outside_the_demo, running
from tests.visitor import Visitor
from views import openid

# What the provider of the tests uses of Authlib is going to change its name.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")


@pytest.fixture(scope="module")
def provider():
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def issuer(provider) -> str:
    return issuer_of(provider)


@pytest.fixture(scope="module")
def deployed(issuer):
    return outside_the_demo(issuer)


@pytest.fixture
def way(deployed, issuer, world) -> Way:
    return Way(Visitor(deployed), issuer)


# --- who gets in ---------------------------------------------------------------------------------------------


def test_the_way_in_says_what_it_is_and_leads_to_the_provider(way):
    way.visitor.get("/school/ects")
    assert way.visitor.heading == "Sign in"
    link = way.visitor.main.css_first("a[role=button]")
    assert link.attrs["href"] == "/sign-in/provider?next=/school/ects"
    way.visitor.post("/sign-in", {"person_id": "1"}, 405, token=False)


def test_somebody_new_is_signed_in_for_their_school(way):
    way.knows("ava", **AVA)
    way.sign_in("ava", "/school/mentors?page=1")
    assert way.visitor.path == "/school/mentors"
    assert way.visitor.response.request.query_string == b"page=1"
    assert "St John’s C of E Primary School" in way.visitor.page.css_first(".app-account").text()
    ava = SchoolUser.get(email="ava.hart@example.org")
    assert (ava.name, ava.school.urn) == ("Ava Hart", "900001")
    assert ava.subject == sha256(f"{way.issuer} ava".encode()).hexdigest()


def test_somebody_expected_is_known_by_their_email_address_the_first_time_and_by_their_subject_after(way):
    naomi = SchoolUser.get(name="Naomi Fletcher")
    way.knows("naomi", **AVA | {"name": "Naomi Reid", "email": "Naomi.Fletcher@example.org"})
    way.sign_in("naomi")
    assert SignIn.get().school_user == naomi
    way.knows("naomi", **AVA | {"name": "Naomi Reid", "email": "naomi.reid@example.org"})
    way.sign_in("naomi")
    naomi = SignIn.get().school_user
    assert (naomi.id, naomi.name, naomi.email) == (naomi.id, "Naomi Reid", "naomi.reid@example.org")
    way.knows("somebody-else", **AVA | {"email": "naomi.reid@example.org"})
    way.sign_in("somebody-else")
    assert SignIn.get().school_user != naomi, "an address that is somebody’s already makes nobody them"


def test_an_email_address_elsewhere_makes_nobody_known_here(way):
    way.knows("david", **AVA | {"email": SchoolUser.get(name="David Lowe").email})
    way.sign_in("david")
    assert SignIn.get().school_user != SchoolUser.get(name="David Lowe")
    assert SignIn.get().school_user.school.urn == "900001"


def test_one_person_may_act_for_two_schools_one_at_a_time(way, deployed):
    way.knows("ava", **AVA)
    way.sign_in("ava")
    way.knows("ava", **AVA | {"organisation": NORTHBROOK})
    elsewhere = Way(Visitor(deployed), way.issuer)
    elsewhere.sign_in("ava")
    assert (
        elsewhere.visitor.get("/school/induction-tutor").page.css_first(".app-account__item").text()
        == "Northbrook Academy"
    )
    assert "St John" in way.visitor.get("/school/induction-tutor").page.css_first(".app-account__item").text()
    assert SchoolUser.select().where(SchoolUser.email == AVA["email"]).count() == 2


@pytest.mark.parametrize(
    "claims",
    [
        {"organisation": '{"name": "St John’s", "urn": "900001"}', "name": "A" * 1000, "email_verified": "true"},
        {"organisation": {"urn": 900001}, "name": " ", "given_name": "", "family_name": ""},
        {"name": "A\u202eva"},
    ],
)
def test_what_providers_say_differently(way, claims):
    way.knows("ava", **AVA | claims)
    way.sign_in("ava")


def test_an_address_with_what_nobody_sees_is_not_taken_for_the_one_without(way):
    """A name may have been pasted; an address says who somebody is."""
    way.knows("ava", **AVA | {"email": "naomi.fletcher\u200b@example.org"})
    way.sign_in("ava", status=400)


def test_what_the_id_token_leaves_out_is_asked_for(way, monkeypatch):
    """Some providers tell the organisation only at their userinfo endpoint."""
    way.knows("ava", **AVA)
    monkeypatch.setattr("oidc_provider_mock._app.OpenIDCode.generate_user_info", lambda *_: {"sub": "ava"})
    assert way.sign_in("ava").path == "/school/induction-tutor"
    monkeypatch.setattr("oidc_provider_mock._app.OpenIDCode.generate_user_info", lambda *_: {"sub": "naomi"})
    way.sign_in("ava", status=400)
    assert way.visitor.heading == "We could not check who you are", "what is told there is of somebody else"


def test_a_provider_that_checks_every_address_need_not_say_so(way, deployed, monkeypatch):
    way.knows("ava", **{key: value for key, value in AVA.items() if key != "email_verified"})
    way.sign_in("ava", status=403)
    monkeypatch.setitem(deployed.config, "OIDC_EMAIL_IS_VERIFIED", True)
    way.sign_in("ava")


# --- who doesn't, and what they are told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "heading"),
    [
        ({"organisation": None}, "We cannot tell which school you work for"),
        ({"organisation": {}}, "We cannot tell which school you work for"),
        ({"organisation": {"name": "A Trust", "uid": "1"}}, "We do not know your school"),
        ({"organisation": ST_JOHNS | {"urn": "999999"}}, "We do not know your school"),
        ({"organisation": ["900001"]}, "We could not check who you are"),
        ({"organisation": "{" * 3000}, "We could not check who you are"),
        ({"email": None}, "We need your email address"),
        ({"email_verified": False}, "We need your email address"),
    ],
    ids=str,
)
def test_who_cannot_be_placed_is_told_what_to_do(way, claims, heading):
    users = SchoolUser.select().count()
    way.knows("ava", **AVA | claims)
    way.sign_in("ava", status=400 if heading.startswith("We could not") else 403)
    assert way.visitor.heading == heading
    assert way.visitor.links == ["try again"]
    assert "contact support (" in way.visitor.text
    assert way.visitor.response.headers["X-Request-Id"] in way.visitor.text
    assert (SignIn.select().count(), SchoolUser.select().count()) == (0, users)
    way.visitor.get("/school/ects")
    assert way.visitor.path == "/sign-in"


def test_who_changes_their_mind(way):
    way.back(way.denied(way.there()), 403)
    assert way.visitor.heading == "You did not sign in"


NEVER_BELIEVED = {
    "another service": {"aud": "another-service"},
    "several, for another": {"aud": ["another-service", "register-ects"], "azp": "another-service"},
    "another issuer": {"iss": "https://evil.example"},
    "too old": {"exp": 1_700_000_000},
    "not made yet": {"iat": 4_000_000_000},
    "not valid yet": {"nbf": 4_000_000_000},
    "another nonce": {"nonce": "of another sign-in"},
    "another access token": {"at_hash": "another"},
}


@pytest.mark.parametrize("claims", NEVER_BELIEVED.values(), ids=NEVER_BELIEVED)
def test_an_id_token_that_is_not_for_us_now_is_not_believed(way, claims):
    way.knows("ava", **AVA | claims)
    way.sign_in("ava", status=400)
    assert way.visitor.heading == "We could not check who you are"
    assert not SignIn.select().exists()


@pytest.mark.parametrize("subject", ["", None, 7])
def test_nobody_is_not_believed(way, monkeypatch, subject):
    way.knows("ava", **AVA)
    monkeypatch.setattr("oidc_provider_mock._app.OpenIDCode.generate_user_info", lambda *_: AVA | {"sub": subject})
    way.sign_in("ava", status=400)
    assert way.visitor.heading == "We could not check who you are"


@pytest.mark.parametrize("way_of_signing", ["HS256", "none"])
def test_only_the_provider_can_have_signed(way, monkeypatch, way_of_signing):
    """Neither with a secret that others have too, nor not at all, even if the provider says that it may be so."""

    def forged(_grant, _token, request):
        claims = AVA | {"iss": way.issuer, "aud": "register-ects", "sub": "ava", "iat": time(), "exp": time() + 60}
        claims["nonce"] = request.authorization_code.get_nonce()
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": way_of_signing}, claims)]
        signature = hmac.digest(b"a secret of the tests", ".".join(parts).encode(), "sha256")
        return ".".join([*parts, encoded(signature) if way_of_signing == "HS256" else ""])

    way.knows("ava", **AVA)
    with way.visitor.client.application.app_context():
        known = openid.discovered_provider().server_metadata
    monkeypatch.setitem(known, "id_token_signing_alg_values_supported", ["RS256", way_of_signing])
    monkeypatch.setattr("oidc_provider_mock._app.OpenIDCode.encode_id_token", forged)
    way.sign_in("ava", status=400)
    assert way.visitor.heading == "We could not check who you are"


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def test_a_nonce_of_another_sign_in_is_not_believed(way):
    way.knows("ava", **AVA)
    there = changed(way.there(), lambda query: query | {"nonce": "of another sign-in"})
    way.back(way.agreed(there, "ava"), 400)
    assert way.visitor.heading == "We could not check who you are"


def test_clocks_may_differ_by_two_minutes(deployed, world):
    for late, status in ((-60, 200), (-600, 400)):
        with running(timedelta(seconds=late)) as server:
            app = outside_the_demo(issuer_of(server))
            way = Way(Visitor(app), issuer_of(server))
            way.knows("ava", **AVA)
            way.sign_in("ava", status=status)


def test_a_way_back_that_did_not_begin_here_is_out_of_date(way):
    way.knows("ava", **AVA)
    address = way.agreed(way.there(), "ava")
    for change in (
        lambda query: query | {"state": "of another browser"},
        lambda query: {"code": query["code"]},
        lambda query: query | {"state": ""},
        lambda query: {},
    ):
        way.back(changed(address, change), 400)
        assert way.visitor.heading == "Sign in again"
    way.back(address)
    assert way.visitor.path == "/school/ects", "the true way back still holds"


def test_another_browser_cannot_use_the_way_back(way, deployed):
    way.knows("ava", **AVA)
    stolen = way.agreed(way.there(), "ava")
    other = Way(Visitor(deployed), way.issuer)
    other.back(stolen, 400)
    assert other.visitor.heading == "Allow cookies to sign in", "it sent none"
    other.visitor.get("/sign-in")
    other.there()
    other.back(stolen, 400)
    assert other.visitor.heading == "Sign in again"
    assert not SignIn.select().exists()


def test_a_way_back_holds_once_and_for_an_hour(way, deployed):
    way.knows("ava", **AVA)
    address = way.agreed(way.there(), "ava")
    way.back(address)
    assert way.back(address).path == "/school/ects", "the browser’s Back"
    way.visitor.submit("Sign out")
    way.back(address, 400)
    there = way.there()
    with clock_at(now() + timedelta(minutes=61)):
        way.back(way.agreed(there, "ava"), 400)
    assert way.visitor.heading == "Sign in again"


def test_a_code_that_was_used_is_not_believed(way, deployed):
    """Somebody saw the code and is quicker with it."""
    way.knows("ava", **AVA)
    address = way.agreed(way.there(), "ava")
    code = parse_qs(urlsplit(address).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://localhost/sign-in/return"}
    answer = requests.post(f"{way.issuer}/oauth2/token", data=form, auth=("register-ects", "x"), timeout=5)
    assert answer.ok, answer.text
    way.back(address, 400)
    assert way.visitor.heading == "We could not check who you are"


def test_an_error_of_the_provider(way):
    for error in ("server_error", "<b>odd</b>"):
        state = parse_qs(urlsplit(way.there()).query)["state"][0]
        way.back(f"https://localhost/sign-in/return?state={state}&error={error}&error_description=<script>", 400)
        assert way.visitor.heading == "We could not check who you are"
        assert "<b>" not in way.visitor.response.text


@pytest.mark.parametrize(
    ("issuer_is", "status"), [("http://localhost:1", 503), ("{issuer}/oauth2", 503), ("{issuer}/.", 400)]
)
def test_a_provider_that_is_away_or_another(world, issuer, issuer_is, status):
    visitor = Visitor(outside_the_demo(issuer_is.format(issuer=issuer)))
    visitor.get("/sign-in/provider", status)
    assert visitor.heading == {503: "You cannot sign in at the moment", 400: "We could not check who you are"}[status]
    visitor.get("/sign-in")


# --- what passes between us and the provider -----------------------------------------------------------------


def test_what_is_asked_of_the_provider(way):
    asked, again = (parse_qs(urlsplit(way.there("/school/mentors")).query) for _ in range(2))
    fresh = {name: (asked.pop(name)[0], again.pop(name)[0]) for name in ("state", "nonce", "code_challenge")}
    assert all(len(one) >= 20 and one != other for one, other in fresh.values())
    assert asked == again | {
        "response_type": ["code"],
        "client_id": ["register-ects"],
        "redirect_uri": ["https://localhost/sign-in/return"],
        "scope": ["openid email profile organisation"],
        "code_challenge_method": ["S256"],
    }


def test_the_code_is_redeemed_with_the_key_to_its_challenge(way, monkeypatch):
    sent = []
    post = requests.Session.send
    monkeypatch.setattr(
        "requests.Session.send",
        lambda self, prepared, **kwargs: sent.append(prepared) or post(self, prepared, **kwargs),
    )
    way.knows("ava", **AVA)
    there = way.there()
    challenge = parse_qs(urlsplit(there).query)["code_challenge"][0]
    way.back(way.agreed(there, "ava"))
    (redeemed,) = [request for request in sent if request.url.endswith("/oauth2/token")]
    verifier = parse_qs(redeemed.body)["code_verifier"][0]
    assert encoded(sha256(verifier.encode()).digest()) == challenge
    assert redeemed.headers["Authorization"].startswith("Basic ")


def test_the_cookie_holds_only_the_latest_ways(way):
    way.knows("ava", **AVA)
    ways = []
    for second in range(6):
        with clock_at(now() + timedelta(seconds=second)):
            ways.append(way.there("/school/mentors?q=" + "x" * 2000))
    assert len(way.visitor.client.get_cookie("__Host-session").value) < 4000
    way.back(way.agreed(ways[0], "ava"), 400)
    way.back(way.agreed(ways[-1], "ava"))


def test_signing_out_leads_through_the_provider(way):
    way.knows("ava", **AVA)
    way.sign_in("ava").submit("Sign out")
    assert way.visitor.heading == "You have signed out"
    seconds, _, address = way.visitor.response.headers["Refresh"].partition("; url=")
    assert seconds == "0"
    assert address.startswith(f"{way.issuer}/oauth2/end_session?")
    sent = parse_qs(urlsplit(address).query)
    assert sent["post_logout_redirect_uri"] == ["https://localhost/signed-out"]
    assert sent["id_token_hint"]
    way.visitor.get("/signed-out").click("Sign in again")
    assert way.visitor.heading == "Sign in"


def test_without_a_provider_its_addresses_lead_nowhere(visitor):
    for path in ("/sign-in/provider", "/sign-in/return"):
        visitor.get(path, 404)
