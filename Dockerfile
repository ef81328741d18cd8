# syntax=docker/dockerfile:1
# Both daemons in one image, for linux/amd64 and linux/arm64:
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=0.1.0 -t REGISTRY/herald:0.1.0 --push .
# Each platform builds natively or under emulation; nothing is cross-compiled.
ARG SWIFT_VERSION=6.3.1

FROM swift:${SWIFT_VERSION}-bookworm AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY scripts/install-packages scripts/
RUN scripts/install-packages build
# Dependencies change seldom: fetch them in a layer of their own.
COPY Package.swift ./
RUN mkdir -p Sources Tests && swift package --scratch-path .build-release resolve
COPY Sources Sources
COPY Tests Tests
COPY scripts scripts
COPY LICENSE ./
ARG VERSION=0.0.0
RUN scripts/stamp-version "$VERSION" \
    && scripts/build-release lb-controller lb-speaker \
    && scripts/image-root /image .build-release/release/lb-controller .build-release/release/lb-speaker

# Nothing but the daemons, the shared libraries that they load, and a user: no shell, no package manager.
FROM scratch
ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="herald" \
      org.opencontainers.image.description="Layer-2 load balancer announcer for bare-metal Kubernetes" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
# The controller's; the speaker's manifest asks for user 0 with no capability but NET_RAW.
USER 65532:65532
ENV PATH=/usr/bin
CMD ["lb-controller"]
