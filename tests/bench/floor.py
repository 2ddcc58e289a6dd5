"""The floor: what any Flask application needs to hand out a page that is ready. It reads a signed session and
compresses. FLOOR names the folder with the pages, such as record.html."""

import os
import zlib
from pathlib import Path

from flask import Flask, Response, abort, redirect, request, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for measuring " * 3
PAGES = {page.stem: page.read_text() for page in Path(os.environ["FLOOR"]).glob("*.html")}


@app.get("/sign-in")
def sign_in():
    session["sign_in"] = "somebody"
    return "signed in"


@app.route("/<name>", methods=["GET", "POST"])
def page(name: str):
    if "sign_in" not in session:
        abort(401)
    if request.method == "POST" and "next" in request.form:
        return redirect(request.form["next"], 303)
    return Response(PAGES[name], content_type="text/html; charset=utf-8")


@app.after_request
def compress(response: Response) -> Response:
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.data = zlib.compress(response.data, 6, wbits=31)
        response.headers["Content-Encoding"] = "gzip"
    return response
