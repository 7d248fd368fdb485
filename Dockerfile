# The production image: AhFai without the built-in model; it talks to your Ollama.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --compile -r requirements.lock \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin ahfai \
    && install -d -o ahfai -g ahfai -m 0700 /data /keys /backups

COPY manage.py ./
COPY accounts accounts
COPY ahfai ahfai
COPY chats chats
COPY notes notes
COPY reminders reminders
COPY static static
COPY templates templates
RUN python -m compileall -q accounts ahfai chats notes reminders

USER ahfai
# Inside a container the port is reached through the host, which publishes it on its own address
# or through a proxy with TLS: see deploy/compose.yaml.
ENV ENV_FILE=none DATA_DIR=/data KEYS_DIR=/keys BACKUP_DIR=/backups BIND=0.0.0.0 PORT=8000 \
    ALLOW_PLAIN_HTTP=yes MODEL_SERVER=ollama
VOLUME ["/data", "/keys", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/health', headers={'Host': 'localhost'}), timeout=4)"]
CMD ["python", "manage.py", "serve"]
