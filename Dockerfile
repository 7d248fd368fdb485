# AhFai's images.
#
#   docker build -t ahfai .                            talks to your Ollama; for SQLite or PostgreSQL
#   docker build -t ahfai:builtin --target builtin .   has what runs the built-in model, too, whose
#                                                      file it fetches at the first start
#
# --build-arg PACKAGES=postgresql-client adds what `manage.py backup` needs for PostgreSQL (up to 15).

# --- Where it is made ------------------------------------------------------------------------

FROM python:3.11-slim-bookworm AS build
RUN python -m venv --without-pip /venv
WORKDIR /app
COPY requirements.lock deploy/slim ./
RUN pip --python /venv/bin/python install --no-cache-dir --require-hashes --no-deps --compile \
    -r requirements.lock \
    && ./slim /venv
COPY manage.py ./
COPY accounts accounts
COPY ahfai ahfai
COPY chats chats
COPY notes notes
COPY reminders reminders
COPY static static
COPY templates templates
RUN rm requirements.lock slim && python -m compileall -q accounts ahfai chats notes reminders

FROM build AS build-builtin
COPY requirements-builtin.lock /tmp/
RUN pip --python /venv/bin/python install --no-cache-dir --require-hashes --no-deps --compile \
    -r /tmp/requirements-builtin.lock

# --- What both images have -------------------------------------------------------------------

FROM python:3.11-slim-bookworm AS run
ARG PACKAGES=""
# Of Debian's packages the newest are wanted, which mend holes.
# hadolint ignore=DL3008
RUN if [ -n "$PACKAGES" ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends $PACKAGES \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && groupadd --gid 10001 ahfai \
    && useradd --uid 10001 --gid ahfai --home-dir /app --no-create-home --shell /usr/sbin/nologin ahfai \
    && install -d -o ahfai -g ahfai -m 0700 /data /keys /backups
COPY --from=build /app /app
WORKDIR /app
# Inside a container the port is reached through the host, which publishes it on its own address
# or through a proxy with TLS: see deploy/compose.yml.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENV_FILE=none DATA_DIR=/data KEYS_DIR=/keys BACKUP_DIR=/backups BIND=0.0.0.0 PORT=8000 \
    ALLOW_PLAIN_HTTP=yes MODEL_SERVER=ollama
VOLUME ["/data", "/keys", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen(r.Request(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', headers={'Host': 'localhost'}), timeout=4)"]
CMD ["python", "manage.py", "serve"]
LABEL org.opencontainers.image.title="AhFai" \
    org.opencontainers.image.description="A private assistant of your own: chats, notes, reminders" \
    org.opencontainers.image.licenses="MIT"

# --- The images ------------------------------------------------------------------------------

# Python's own pip stays in this one, for the model's file is fetched with it.
FROM run AS builtin
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build-builtin /venv /venv
ENV MODEL_SERVER=auto
USER 10001:10001

FROM run AS production
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip setuptools wheel
COPY --from=build /venv /venv
USER 10001:10001
