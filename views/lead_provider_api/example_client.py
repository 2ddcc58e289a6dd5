"""Keeps a copy of your participants in the file participants.json. Run it as often as you like: it asks only for what
has changed since the last time. It needs Python 3.11, and in the environment API and TOKEN."""

import json
import os
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

API = os.environ["API"]  # such as https://ects.example.org/api/v3
TOKEN = os.environ["TOKEN"]
COPY = Path("participants.json")
TRIES = 8


def send(address: str, method: str = "GET", body: dict | None = None, etag: str | None = None) -> tuple[int, dict, str]:
    """The status, what was answered, and its ETag. Waits where it is told to, and tries again where that helps."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    if etag:
        headers["If-None-Match"] = etag
    data = json.dumps(body).encode() if body else None
    for tried in range(TRIES):
        seconds = 2**tried
        try:
            with urlopen(Request(address, data, headers, method=method), timeout=60) as answer:
                return answer.status, json.load(answer), answer.headers.get("ETag", "")
        except HTTPError as error:
            if error.code == 304:
                return 304, {}, etag or ""
            if error.code not in (429, 500, 502, 503):
                return error.code, json.load(error), ""
            seconds = int(error.headers.get("Retry-After") or seconds)
        except (OSError, HTTPException):
            pass  # the line broke: nobody knows whether the request arrived
        time.sleep(seconds)
    raise SystemExit("The service does not answer. Everything is kept as it was.")


def follow() -> None:
    """Bring the copy up to date."""
    begin = {"people": {}, "next": f"{API}/participants?page[per_page]=3000", "etag": None}
    copy = json.loads(COPY.read_text()) if COPY.exists() else begin
    status, answer, copy["etag"] = send(copy["next"], etag=copy["etag"])
    changed = 0
    while status == 200:
        for person in answer["data"]:
            changed += copy["people"].get(person["id"]) != person
            copy["people"][person["id"]] = person
        if answer["links"]["next"] is None:
            if copy["next"] != answer["links"]["changes"]:
                copy |= {"next": answer["links"]["changes"], "etag": None}
            break
        status, answer, _ = send(answer["links"]["next"])
    if status not in (200, 304):
        raise SystemExit(f"{status}: {answer}")
    new = COPY.with_suffix(".new")
    new.write_text(json.dumps(copy))
    new.replace(COPY)  # all at once: what is stopped half-way begins again where it was
    print(f"{changed} of {len(copy['people'])} people are new or have changed.")


def report(participant_id: str, act: str, **attributes: str) -> dict:
    """Withdraw, defer, resume or change-schedule. Gives the participant as they are now."""
    address = f"{API}/participants/{participant_id}"
    body = {"data": {"type": f"participant-{act}", "attributes": attributes}}
    status, answer, _ = send(f"{address}/{act}", "PUT", body)
    if status == 422 and any(error["code"].startswith("already") for error in answer["errors"]):
        # It was so before: by this very request, if its first answer was lost. `meta` says since when.
        print(answer["errors"])
        status, answer, _ = send(address)
    if status != 200:
        raise SystemExit(f"{status}: {answer}")
    return answer["data"]


if __name__ == "__main__":
    follow()
