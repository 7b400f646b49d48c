# Sourced by ./build, ./run, ./test and .ci/run: small helpers that say what they do.

# What the native link of the binary needs.
BUILD_PACKAGES="gcc zlib1g-dev"
# For the tests of the panel, and for pictures of answers: a browser, and letters and signs for all languages.
BROWSER_PACKAGES="chromium fonts-noto-cjk fonts-noto-color-emoji fonts-dejavu-extra"
# What the backup and the chat API stand on: their unit tests use the real ones.
UNIT_PACKAGES="git python3 libsqlite3-0 postgresql $BROWSER_PACKAGES"
# Real programs and peers for the integration tests.
INTEGRATION_PACKAGES="$BUILD_PACKAGES xvfb x11-apps nginx-light redis-server postgresql python3 nodejs procps util-linux tini strace curl supervisor prometheus"
# Builds images and runs containers without an engine.
CONTAINER_PACKAGES="buildah podman runc debootstrap iproute2 tini git libsqlite3-0"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

need_dotnet() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  command -v dotnet > /dev/null && return
  echo "cannot find \"dotnet\": install the .NET SDK 10 first (https://dot.net)" >&2
  exit 1
}

# For the panel (web/). By command and not by package: Node's own packages bring npm along and conflict with Debian's.
need_node() {
  command -v node > /dev/null || need_packages nodejs
  command -v npm > /dev/null || need_packages npm
}

# Installs the Debian packages that are missing: with apt when root, else it says what is missing and stops.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "cannot go on without the Debian packages: ${missing[*]} (install them with: sudo apt-get install ${missing[*]})" >&2
    exit 1
  fi
  say "installing Debian packages: ${missing[*]}"
  # Services that come with a package must not start by themselves: the tests start their own.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy && made_policy=1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
  [ -z "$made_policy" ] || rm -f $policy
}
