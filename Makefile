# Every task of this repository. `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
# The version that uv.lock pins; bootstraps itself from the package registry.
UV_VERSION := $(shell awk '/^name = "uv"$$/ {getline; gsub(/version = |"/, ""); print}' uv.lock)
# torch serves the recipes that tune the encoder, and the tests as the reference that our graphs are
# held to. On a machine without a GPU a CPU build is enough: set
# TORCH_INDEX=https://download.pytorch.org/whl/cpu where your pip would take the CUDA build.
TORCH_INDEX ?=
locked = $(1)==$(shell awk '/^name = "$(1)"$$/ {getline; gsub(/version = |"/, ""); print}' uv.lock)
# Where the demo's images come from; default: photographs that open-source packages ship.
IMAGES ?=
# How much make bench measures.
BENCH  ?= --images 192 --rounds 3
# What to train on, and how: docs/datasets.md, docs/recipes.md.
DATA   ?=
RECIPE ?= probe
# What to judge, and where the report goes: docs/evaluation.md.
DETECTOR ?= embedded
LADDER   ?= 25
OUT      ?= evaluation
# How to deploy: a config env of samconfig.toml, and more options of `sam deploy`.
CONFIG ?= default
DEPLOY ?=
# Which stack is meant, where it runs, and whether the smoke test also scores a batch on a GPU.
STACK   ?= aidetect
ON      ?= aws
BULK    ?=
# The jobs' images: docs/image.md.
TARGET  ?= scorer
EXTRA   ?= $(if $(filter scorer,$(TARGET)),gpu,trainer)
BASE    ?=
STAND_IN_BASE ?=
TAG     ?= $(if $(filter scorer,$(TARGET)),latest,$(TARGET))
# What is installed where: in the functions, in the jobs with and without a GPU, on this machine.
SBOMS   ?= lambda cpu gpu trainer demo
comma   := ,
IMAGE    = aidetect-$(TARGET):$(subst $(comma),-,$(EXTRA))
BUILDER ?= $(firstword $(foreach tool,buildah docker podman,$(if $(shell command -v $(tool)),$(tool))))
# A builder is passed on where it was named; else the command takes the first that works.
image_options = --target "$(TARGET)" --extra "$(EXTRA)" $(if $(filter file,$(origin BUILDER)),,--builder "$(BUILDER)")
base_options = $(if $(BASE),--base "$(BASE)") $(if $(STAND_IN_BASE),--stand-in-base)

.DEFAULT_GOAL := help
.PHONY: help demo train evaluate bench test docs figures setup setup-docs setup-tune setup-dev setup-browser setup-image browser lint format types validate unit integration e2e lock lock-bundles lock-tools grants scan sbom audit down deploy smoke image image-size image-push clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## Start the local stack and score real photographs (IMAGES=folder for your own)
	@$(BIN)/aidetect local up
	@$(if $(IMAGES),,$(BIN)/python -m aidetect.samples .aidetect/samples)
	@$(BIN)/aidetect score "$(or $(IMAGES),.aidetect/samples)"
	@echo; echo "Drop more: $(BIN)/aidetect score FOLDER     Stop: make down"

train: $(if $(filter-out probe,$(RECIPE)),setup-tune,setup) ## Train on labelled images (DATA=folder; RECIPE=probe, layernorm or lora)
	@test -n "$(DATA)" || { echo "Name a folder of labelled images: make train DATA=/path/to/folder"; exit 1; }
	@$(BIN)/aidetect local up --no-detector
	@$(BIN)/aidetect train "$(DATA)" --recipe $(RECIPE) --page training-report.html

evaluate: setup ## Judge a detector on labelled images (DATA=folder; DETECTOR=embedded, champion, NAME@VERSION or a folder)
	@test -n "$(DATA)" || { echo "Name a folder of labelled images: make evaluate DATA=/path/to/folder"; exit 1; }
	@$(BIN)/aidetect detector evaluate "$(DATA)" --detector "$(DETECTOR)" --ladder "$(LADDER)" --out "$(OUT)" $(if $(UNSEEN),--unseen)

bench: setup-dev ## Compare throughput with what others would use (BENCH="--images 16 --rounds 1" for a quick look)
	@$(BIN)/python -m benchmarks.throughput $(BENCH)

test: setup-dev lint types scan ## Run every check and every test, with coverage
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report= --cov-fail-under=0 tests/unit
	@$(BIN)/python -m pytest --cov --cov-append --cov-report=term --ignore tests/unit tests

docs: setup-docs ## Build the documentation into build/site (open build/site/index.html)
	@$(BIN)/python -m docs.hooks.blocks
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open build/site/index.html"

figures: setup-dev ## Draw the diagrams that changed (needs npm and Chromium)
	@$(BIN)/python -m docs.hooks.draw

down: ## Stop the local stack
	@$(BIN)/aidetect local down

setup: $(VENV)/.setup ## Make the virtual environment that runs the product

setup-docs: $(VENV)/.setup-docs ## Add what builds the documentation

setup-tune: $(VENV)/.setup-tune ## Add what the recipes layernorm and lora need (torch)

setup-dev: $(VENV)/.setup-dev setup-browser setup-image ## Make the one that also tests it

setup-browser: $(VENV)/.setup-browser ## Find Chromium for the tests of pages, or install it

setup-image: $(VENV)/.setup-image ## Find what makes and runs the job's image, or install it

$(UV): uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $(UV)

$(VENV)/.setup: $(UV) pyproject.toml uv.lock
	@echo "Installing the product's packages"
	@$(UV) sync --quiet --frozen --inexact --extra demo
	@touch $@

$(VENV)/.setup-smoke: $(VENV)/.setup
	@$(UV) sync --quiet --frozen --inexact --extra smoke
	@touch $@

$(VENV)/.setup-docs: $(VENV)/.setup
	@$(UV) sync --quiet --frozen --inexact --extra docs
	@touch $@

# pip and not uv for torch: it honours the machine's own settings about builds of torch.
$(VENV)/.setup-tune: $(VENV)/.setup
	@echo "Installing torch"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(call locked,torch)"
	@$(UV) export --quiet --frozen --no-emit-project --no-hashes --prune torch \
	  --extra tune --output-file $(VENV)/tune.txt
	@$(UV) pip install --quiet --python $(BIN)/python -r $(VENV)/tune.txt
	@touch $@

$(VENV)/.setup-dev: $(VENV)/.setup-tune
	@echo "Installing the test tools"
	@$(UV) sync --quiet --frozen --inexact --extra dev
	@touch $@

# The machine's own, else Playwright's, else (on Debian, as root) the distribution's. Without any the
# tests of pages fail, with these words, and the rest of the tests can run.
$(VENV)/.setup-browser: $(VENV)/.setup-dev
	@$(BIN)/python -m tests.browser.chromium >/dev/null 2>&1 || \
	  { echo "Installing Chromium, for the tests of pages"; \
	    $(BIN)/playwright install $$(test "$$(id -u)" != 0 || echo --with-deps) chromium \
	      >$(VENV)/browser.log 2>&1 && $(BIN)/python -m tests.browser.chromium >/dev/null 2>&1; } || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    apt-get -qq update >>$(VENV)/browser.log 2>&1 && \
	    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y chromium \
	      >>$(VENV)/browser.log 2>&1; } || true
	@if $(BIN)/python -m tests.browser.chromium >/dev/null; then touch $@; \
	  else echo "Its installation said: $(VENV)/browser.log"; fi

# Only root can make the stand-in base and run the image here; for others that test is skipped.
$(VENV)/.setup-image: $(VENV)/.setup-dev
	@{ command -v buildah && command -v debootstrap; } >/dev/null || test "$$(id -u)" != 0 || \
	  ! command -v apt-get >/dev/null || { \
	    echo "Installing buildah and debootstrap, for the test of the job's image"; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	      apt-get -qq install --no-install-recommends -y buildah debootstrap; } \
	      >$(VENV)/image.log 2>&1 || echo "Its installation said: $(VENV)/image.log"; }
	@touch $@

# In environments of their own: they pin old versions of what the product uses.
$(VENV)/.setup-%: local/requirements/%.txt $(UV)
	@$(UV) venv --quiet --python $(BIN)/python $(VENV)/$*
	@$(UV) pip install --quiet --require-hashes --python $(VENV)/$*/bin/python -r $<
	@touch $@

lint: setup-dev ## Check style and templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/cfn-lint template.yaml .github/aws-role.yaml
	@$(BIN)/hadolint Dockerfile

format: setup-dev ## Format the code
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

types: setup-dev ## Check types
	@$(BIN)/mypy

unit: setup-dev ## Run the unit tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile tests/unit

browser: setup-dev ## Test the pages in Chromium
	@$(BIN)/python -m pytest tests/browser

integration: setup-dev ## Run the template on the local stack
	@$(BIN)/python -m pytest tests/integration

e2e: setup-dev ## Use the product as a new user does
	@$(BIN)/python -m pytest tests/e2e --durations=0 --durations-min=1

grants: setup-dev ## Take the permissions that the last integration tests used into tests/policy
	@$(BIN)/python -m tests.policy

scan: $(VENV)/.setup-scan ## Check the template's security with checkov
	@$(VENV)/scan/bin/checkov --config-file .checkov.yaml

sbom: $(UV) ## List every locked package with its hashes in build/sbom (CycloneDX)
	@mkdir -p build/sbom
	@for part in $(SBOMS); do \
	  $(UV) export --quiet --frozen --no-emit-project --no-default-groups --format cyclonedx1.5 \
	    --preview-features sbom-export --extra $$part --output-file build/sbom/$$part.json || exit 1; done
	@echo "Written: $(SBOMS:%=build/sbom/%.json)"

audit: $(VENV)/.setup-audit ## Look every locked package up in the advisories (needs the network)
	@mkdir -p build
	@$(UV) export --quiet --frozen --all-extras --no-emit-project --output-file build/audit.txt
	@for list in build/audit.txt functions/requirements/*.txt; do \
	  $(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
	    --requirement "$$list" || { echo "$$list: a package has an advisory, or none could be looked up \
	(offline, or behind a mirror without advisories); the lines above say which."; exit 1; }; done

deploy: setup $(VENV)/.setup-sam ## Build and deploy the stack on AWS (CONFIG=dev or prod; DEPLOY="more options of sam deploy")
	@$(VENV)/sam/bin/sam build --config-env "$(CONFIG)"
	@$(VENV)/sam/bin/sam deploy --config-env "$(CONFIG)" $(DEPLOY)

smoke: $(VENV)/.setup-smoke ## Try out a deployed stack (STACK=name; ON=local; BULK=1: also a batch on the job queue)
	@$(BIN)/python -m pytest --verbose tests/smoke/after_deploy.py --on "$(ON)" --stack "$(STACK)" $(if $(BULK),--bulk)

# Without the environment: a container tool and any Python 3.11 are enough to build.
image: ## Build a job's container image (TARGET=scorer, trainer or sagemaker)
	@$(PYTHON) -m local.image build $(image_options) $(base_options)

image-size: ## Tell a built image's bytes by layer and by package (JSON=file keeps them)
	@$(PYTHON) -m local.image size $(image_options) $(if $(JSON),--json "$(JSON)")

image-push: setup image ## Build it, and push it to the stack's repository (STACK=aidetect)
	@repository=$$($(BIN)/python -c 'import sys, boto3; outputs = boto3.client("cloudformation").describe_stacks(StackName=sys.argv[1])["Stacks"][0]["Outputs"]; print(next(o["OutputValue"] for o in outputs if o["OutputKey"] == "JobRepositoryUri"))' "$(STACK)") && \
	  $(BIN)/python -c 'import base64, boto3; data = boto3.client("ecr").get_authorization_token()["authorizationData"]; print(base64.b64decode(data[0]["authorizationToken"]).decode().partition(":")[2])' | \
	  $(BUILDER) login --username AWS --password-stdin "$${repository%%/*}" && \
	  $(BUILDER) tag "$(IMAGE)" "$$repository:$(TAG)" && $(BUILDER) push "$$repository:$(TAG)"

lock: $(UV) ## Resolve all dependencies anew (not the emulator's, which is frozen)
	@$(UV) lock --upgrade
	@$(MAKE) --no-print-directory lock-bundles lock-tools

# The Lambda bundles hold the very versions of uv.lock.
lock-bundles: $(UV)
	@$(UV) export --quiet --frozen --all-extras --no-extra gpu --no-hashes --no-emit-project \
	  --output-file $(VENV)/constraints.txt
	@for name in light scorer; do \
	  $(UV) pip compile --quiet --generate-hashes --no-annotate --custom-compile-command "make lock" \
	    --python-platform x86_64-manylinux_2_28 --python-version 3.11 --only-binary :all: \
	    --constraints $(VENV)/constraints.txt functions/requirements/$$name.in \
	    --output-file functions/requirements/$$name.txt || exit 1; done

lock-tools: $(UV)
	@for name in sam lambda scan audit; do \
	  $(UV) pip compile --quiet --generate-hashes --no-annotate --custom-compile-command "make lock" \
	    --universal --python-version 3.11 --upgrade local/requirements/$$name.in \
	    --output-file local/requirements/$$name.txt || exit 1; done

clean: ## Remove the environment and everything built here
	@-test -x $(BIN)/aidetect && $(BIN)/aidetect local down --purge
	@rm -rf $(VENV) .aws-sam .aidetect .coverage* .mypy_cache .ruff_cache .pytest_cache build *.egg-info
