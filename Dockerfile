# The application, for producers, workers, migrations and the pretend systems alike: `docker build -t joorsync .`
# Another base, or another way to packages, by build arguments: --build-arg PYTHON_IMAGE=... --build-arg PIP_INDEX_URL=... (any PIP_ below).
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS build
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ARG PIP_CERT
ARG PIP_PROXY
ARG PIP_DEFAULT_TIMEOUT
WORKDIR /source
COPY requirements.lock ./
# Everything that is locked is fetched and checked against its hash; what the application itself needs is then installed from that alone.
RUN pip download --quiet --require-hashes -r requirements.lock -d /wheels
COPY . .
RUN python -m venv /opt/joorsync \
 && /opt/joorsync/bin/pip install --quiet --no-index --find-links /wheels . \
 && /opt/joorsync/bin/python -m compileall -q /opt/joorsync/lib

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/joorsync --create-home joorsync
COPY --from=build /opt/joorsync /opt/joorsync
ENV PATH=/opt/joorsync/bin:$PATH PYTHONUNBUFFERED=1 LOG_FORMAT=json
USER joorsync
WORKDIR /var/lib/joorsync
ENTRYPOINT ["joorsync"]
CMD ["--help"]
