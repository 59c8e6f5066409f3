# Image of the GPU scoring job (ScorerJob in template.yaml): docs/image.md.
# Python 3.11 on Debian 12: the version all tests run on, its wheels of onnxruntime-gpu and pyarrow
# are in uv.lock, and its glibc (2.36) is newer than the 2.28 they ask for.
ARG PYTHON_BASE=public.ecr.aws/docker/library/python:3.11-slim-bookworm

# hadolint ignore=DL3006
FROM ${PYTHON_BASE} AS build
# gpu or cpu: an extra of pyproject.toml.
ARG EXTRA=gpu
WORKDIR /build
COPY pyproject.toml uv.lock ./
# uv in the version, and with the hashes, that the lock file itself names.
RUN python3 -c 'import tomllib; uv = next(p for p in tomllib.load(open("uv.lock", "rb"))["package"] if p["name"] == "uv"); print("uv==" + uv["version"], *("--hash=" + w["hash"] for w in uv["wheels"]))' > uv.txt \
 && python3 -m venv /build/tools \
 && /build/tools/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes -r uv.txt
# Everything is compiled here, since the job cannot write its root. Hashed rather than dated, for
# registries and builders that change files' dates; unchecked, as nothing can change the sources.
ENV PYC_INVALIDATION_MODE=UNCHECKED_HASH
# The lock file's packages and no others, each held to its hash.
RUN UV_PROJECT_ENVIRONMENT=/opt/scorer UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    /build/tools/bin/uv sync --frozen --no-cache --no-dev --no-build --no-install-project \
    --extra "${EXTRA}" --python "$(command -v python3)" --compile-bytecode
COPY detector /app/detector
COPY batch_inference /app/batch_inference
# COPY keeps the modes of the checkout, which may be for its owner's eyes only.
RUN chmod -R a+rX /app \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /app

# hadolint ignore=DL3006
FROM ${PYTHON_BASE}
# The slim base leaves out the standard library's bytecode. Every decode worker would compile anew.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash -x 'site-packages|dist-packages|/tests?/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/scorer /opt/scorer
COPY --from=build /app /app
# HOME is the job's scratch. The driver's libraries are put in place by the NVIDIA container runtime.
ENV PATH=/opt/scorer/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
# By number: the base has no such account, and the job definition names the same.
USER 10001:10001
ARG EXTRA=gpu
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aidetect scorer" \
      org.opencontainers.image.description="Scores one shard of a batch of images" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      aidetect.extra="${EXTRA}"
CMD ["python", "-m", "batch_inference", "--help"]
