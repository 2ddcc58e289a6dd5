"""The service with GOV.UK Frontend's script and without ours: every link and every form loads a whole page."""

from app import create_app
from web import static_files

static_files.files()["app.js"] = b"import { initAll } from './vendor/govuk-frontend.min.js'\ninitAll()\n"

app = create_app()
