# The container of template.yaml (WithContainer): `augmed-server`, and `augmed` for operators, in an image with nothing
# else in it. They are one file, which goes by the name it is called. docs/operations.md says how it is built where there is no registry.
ARG BUILD_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm

# ---- the workspace without its code: what dependencies are compiled for ------------------------------------------
FROM ${BUILD_IMAGE} AS manifests
WORKDIR /augmed
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -path './.cargo/*' \
        ! -path '*/src/lib.rs' ! -path '*/src/main.rs' ! -path '*/src/bin/*.rs' ! -path './scripts/link-function.rs' -delete \
    && echo 'fn main() {}' | tee $(find . -name '*.rs') >/dev/null \
    && find . -type d -empty -delete \
    && find . -exec touch --date @0 {} +

# ---- the programs, and what they need at run time ----------------------------------------------------------------
FROM ${BUILD_IMAGE} AS build
WORKDIR /augmed
COPY --from=manifests /augmed .
RUN cargo build --locked --release --package cli
# the commit, for `augmed --version` and the record of what was shown
ARG AUGMED_COMMIT
COPY . .
# cargo goes by time, and the empty sources it has compiled are younger than those of a checkout
RUN find . -name '*.rs' ! -path './target/*' -exec touch {} + \
    && cargo build --locked --release --package cli
RUN scripts/image-root target/release/augmed /image

# ---- the image: no shell, no package manager, nothing to write to ------------------------------------------------
FROM scratch
COPY --from=build /image /
# RDS signs with authorities of its own: `sslmode=verify-full` in DATABASE_URL finds them here
ENV PATH=/usr/local/bin PGSSLROOTCERT=/etc/ssl/certs/rds-ca.pem
USER 10001:10001
EXPOSE 5000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/augmed-server"]
