# The image: Init, and the applications it runs. docs/reference/image.md says how to build, run and change it; docs/decisions/0024-image.md why it is made so.
#
#   docker build -t init .                                        everything, downloaded at the versions below
#   docker build --build-arg APPS=none -t init-plain .            the supervisor alone
#   docker build --build-arg APPS="astrbot napcat" -t my-bots .   some of the applications
#   ./build && docker build --build-arg INIT=prebuilt …           with out/init as it is: no SDK is fetched
#   docker build --build-arg APPS_FROM=directory …                what is in apps/ instead of downloads

# Pin them by digest where builds are published: DEBIAN=docker.io/library/debian:bookworm-slim@sha256:…
ARG DEBIAN=docker.io/library/debian:bookworm-slim
ARG NODE=docker.io/library/node:22-bookworm-slim
ARG DOTNET=mcr.microsoft.com/dotnet/sdk:10.0
# Names of stages.
ARG INIT=build
ARG APPS_FROM=download

# --- The panel: pages that the binary has in it --------------------------------------------------------------------------------
FROM ${NODE} AS panel
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

# --- The binary -----------------------------------------------------------------------------------------------------------------
FROM ${DOTNET} AS sdk

# On the Debian that it will run on: the images of the SDK have a newer C library, and what is linked against that does not start here.
FROM ${DEBIAN} AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev libstdc++6 zlib1g-dev && rm -rf /var/lib/apt/lists/*
COPY --from=sdk /usr/share/dotnet /usr/share/dotnet
# ./build looks for npm, and finds that the stage above has done everything already.
COPY --from=panel /usr/local/bin/node /usr/local/bin/
COPY --from=panel /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s /usr/share/dotnet/dotnet /usr/local/bin/dotnet
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
WORKDIR /src
COPY build .editorconfig global.json Directory.Build.props Directory.Packages.props ./
COPY src ./src
COPY --from=panel /src/web ./web
RUN touch web/node_modules/.package-lock.json && find web/dist -name '*.gz' -exec touch {} + && ./build

FROM scratch AS prebuilt
COPY out/init /src/out/init

FROM ${INIT} AS init

# --- The applications: /out/home becomes /home/user, /out/packages names Debian packages --------------------------------------
FROM ${DEBIAN} AS download
ARG APPS="astrbot napcat gemini-balance"
ARG ASTRBOT_VERSION=4.27.3
ARG ASTRBOT_SHA256=
ARG NAPCAT_VERSION=4.8.124
ARG NAPCAT_QQ=40990
ARG NAPCAT_SHA256=
ARG GEMINI_BALANCE_REPO=snailyp/gemini-balance
ARG GEMINI_BALANCE_VERSION=2.1.6
ARG GEMINI_BALANCE_SHA256=
ARG PYTHON_VERSION=3.12
COPY image/download-apps /usr/local/bin/
RUN download-apps

FROM scratch AS directory
COPY apps/ /out/

FROM ${APPS_FROM} AS apps

# --- The image ------------------------------------------------------------------------------------------------------------------
FROM ${DEBIAN}
ARG EXTRA_PACKAGES=
COPY --from=apps /out/packages /usr/share/init/packages
COPY image/install /usr/share/init/install
RUN sh /usr/share/init/install ${EXTRA_PACKAGES}
COPY --from=apps --chown=1000:1000 /out/home/ /home/user/
# With another user (docker run --user) nobody but him is in the container, so what programs write to is open. Only directories: the layer is empty but for their modes.
RUN cd /home/user && mkdir -p AstrBot config gemini-data gemini-balance-main nginx /app/.config/QQ /app/napcat/config \
    && chown 1000:1000 config gemini-data nginx AstrBot gemini-balance-main /app /app/.config /app/.config/QQ /app/napcat /app/napcat/config \
    && chmod 777 . AstrBot config gemini-data gemini-balance-main nginx /app /app/.config /app/.config/QQ /app/napcat /app/napcat/config
COPY rootfs/ /
COPY LICENSE /usr/share/doc/init/copyright
COPY supervisor.toml /etc/init/supervisor.toml
COPY --from=init /src/out/init /init

ENV HOME=/home/user \
    STACK_HOME=/home/user \
    PATH=/home/user/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    TZ=Asia/Shanghai
WORKDIR /home/user
USER 1000:1000
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s --retries=3 CMD ["/init", "health", "http://127.0.0.1:7860/healthz"]
ENTRYPOINT ["/init"]
CMD ["run"]

ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
ARG DEBIAN
LABEL org.opencontainers.image.title="init" \
      org.opencontainers.image.description="PID 1, supervisor, gateway and backup of a bot container" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${DEBIAN}"
