# One library's node, in the foreground, as an ordinary user.
#   docker build -t tongjie .
#   docker run -v ./node:/etc/tongjie:ro -v books:/var/lib/tongjie tongjie

# A tag can be moved to other contents, a digest can't. `make base-image` looks the digest up and writes it here.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/tongjie
COPY requirements.lock ./
RUN /opt/tongjie/bin/pip install --no-cache-dir --require-hashes --no-build-isolation -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY sip2 sip2
COPY federation federation
COPY node node
COPY kiosk_sim kiosk_sim
RUN /opt/tongjie/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/tongjie/bin/pip check && /opt/tongjie/bin/pip uninstall --yes setuptools

FROM ${PYTHON}
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tongjie \
 && install -d -o tongjie -g tongjie -m 0750 /var/lib/tongjie
COPY --from=build /opt/tongjie /opt/tongjie
ENV PATH=/opt/tongjie/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TONGJIE_HEALTH_URL=http://127.0.0.1:8080/healthz
USER tongjie
WORKDIR /var/lib/tongjie
VOLUME /var/lib/tongjie
# SIP2, federation, HTTP: as the example in deploy/ has them.
EXPOSE 6001 6002 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['TONGJIE_HEALTH_URL'], timeout=2)"]
ENTRYPOINT ["tongjie"]
CMD ["node", "--config", "/etc/tongjie/node.toml"]
