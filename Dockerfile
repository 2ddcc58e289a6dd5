# The service as an image of its own: as nobody in particular, on a file system that can't be written to.
#   docker build -t register-ects .
#   docker run --read-only --tmpfs /tmp --env-file environment -v register-ects:/data -p 127.0.0.1:8000:8000 register-ects

FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/register-ects
COPY run.py requirements.txt package.json package-lock.json ./
# Python's packages, GOV.UK Frontend and htmx, by the same steps as everywhere.
RUN python3 run.py set-up && rm -rf node_modules instance && .venv/bin/pip uninstall -qy pip setuptools
COPY . .
RUN .venv/bin/python -m compileall -q -x '[.]venv' .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent register-ects \
    && install -d -o register-ects -m 0700 /data
WORKDIR /opt/register-ects
COPY --from=build /opt/register-ects .
ENV PATH=/opt/register-ects/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2 \
    FLASK_APP=app BIND=0.0.0.0:8000 PROXIES=1 DATABASE_URL=sqlite:////data/register.sqlite3
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "deploy/alive.py"]
CMD ["sh", "-c", "flask migrate && exec gunicorn"]
