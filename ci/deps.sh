#!/bin/sh
# Installs the Debian packages that the named groups need and that are missing. Root, or a user with
# sudo. Elsewhere than on Debian it only names what to install.
#
#     ci/deps.sh GROUP...        groups: build check clang valgrind interop format lint cover
set -eu

packages() {
    case $1 in
    build) echo gcc libc6-dev make pkg-config libssl-dev libmicrohttpd-dev libgnutls28-dev \
        libcurl4-openssl-dev libevent-dev libc-ares-dev libsqlite3-dev libyaml-dev libxml2-dev \
        libjansson-dev ;;
    check) echo check jq ;;
    clang) echo clang libclang-rt-14-dev llvm ;;
    valgrind) echo valgrind libc6-dbg ;;
    interop) echo curl openssl strongswan-pki libstrongswan-standard-plugins libcharon-extra-plugins jq \
        bind9-dnsutils ntpsec-ntpdig tftp-hpa chromium ;;
    format) echo clang-format ;;
    lint) echo cppcheck ;;
    cover) echo lcov ;;
    *) echo "ci/deps.sh: unknown group '$1'" >&2 && exit 2 ;;
    esac
}

wanted=
for group in "$@"; do
    wanted="$wanted $(packages "$group")"
done

if ! command -v dpkg-query >/dev/null; then
    echo "ci/deps.sh: not a Debian system; needed are:$wanted" >&2
    exit 0
fi

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    'install ok installed') ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$sudo apt-get update -qq >&2
# shellcheck disable=SC2086
$sudo apt-get install -qq -y --no-install-recommends $missing >&2
