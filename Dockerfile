# Images of the jobs in template.yaml: docs/image.md. Targets: scorer (the default), trainer, sagemaker.
# Python 3.11 on Debian 12: the version all tests run on, its wheels of onnxruntime-gpu and pyarrow
# are in uv.lock, and its glibc (2.36) is newer than the 2.28 they ask for.
ARG PYTHON_BASE=public.ecr.aws/docker/library/python:3.11-slim-bookworm

FROM ${PYTHON_BASE} AS packages
# Extras of pyproject.toml, with commas between them. The trainer's is `trainer`.
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
RUN set -- && IFS=, && for extra in ${EXTRA}; do set -- "$@" --extra "${extra}"; done && unset IFS \
 && UV_PROJECT_ENVIRONMENT=/opt/job UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    /build/tools/bin/uv sync --frozen --no-cache --no-dev --no-build --no-install-project \
    "$@" --python "$(command -v python3)" --compile-bytecode

FROM ${PYTHON_BASE} AS scorer-code
COPY detector /app/detector
COPY batch_inference /app/batch_inference
# COPY keeps the modes of the checkout, which may be for its owner's eyes only.
RUN chmod -R a+rX /app \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /app

FROM scorer-code AS trainer-code
COPY training /app/training
RUN chmod -R a+rX /app \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${PYTHON_BASE} AS runtime
# The slim base leaves out the standard library's bytecode. Every worker would compile anew.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash -x 'site-packages|dist-packages|/tests?/' \
    "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=packages /opt/job /opt/job
# HOME is the job's scratch. The driver's libraries are put in place by the NVIDIA container runtime.
ENV PATH=/opt/job/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
# By number: the base has no such account, and the job definitions name the same.
USER 10001:10001
ARG EXTRA=gpu
ARG REVISION=unknown
LABEL org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      aidetect.extra="${EXTRA}"

FROM runtime AS trainer
COPY --from=trainer-code /app /app
LABEL org.opencontainers.image.title="aidetect trainer" \
      org.opencontainers.image.description="Does one stage of a training run"
CMD ["python", "-m", "training", "--help"]

# The trainer once more, for SageMaker: it runs the image's own user, and /opt/ml may be root's.
FROM trainer AS sagemaker
LABEL org.opencontainers.image.title="aidetect trainer for SageMaker"
# Root is why this target is there, so the linter's rule against it is left out here alone.
# hadolint ignore=DL3002
USER 0:0

FROM runtime AS scorer
COPY --from=scorer-code /app /app
LABEL org.opencontainers.image.title="aidetect scorer" \
      org.opencontainers.image.description="Scores one shard of a batch of images"
CMD ["python", "-m", "batch_inference", "--help"]
