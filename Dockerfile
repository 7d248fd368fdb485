FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock .
# The built-in model's engine is not in the image: point OLLAMA_URL at a server that has models.
RUN pip install --require-hashes --no-deps -r requirements.lock \
    && useradd --system --uid 10001 ahfai \
    && install -d -o ahfai -m 700 /data /keys
COPY . .
USER ahfai

# The compose file publishes the port on 127.0.0.1 only; put a proxy with TLS in front of it.
ENV BIND=0.0.0.0 PORT=8000 ALLOW_PLAIN_HTTP=yes DATA_DIR=/data KEYS_DIR=/keys MODEL_SERVER=ollama
VOLUME ["/data", "/keys"]
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
CMD ["python", "manage.py", "serve"]
