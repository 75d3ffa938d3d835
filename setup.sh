#!/usr/bin/env bash
# Prepares this machine and runs padpos: ./setup.sh --help
set -euo pipefail
umask 022
CALLER=$PWD
cd "$(dirname "$(readlink -f "$0")")"
HERE=$PWD

VENV=.venv
VPCD=.cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so
DEMO_PACKAGES=(python3-venv python3-dev gcc libc6-dev swig libpcsclite-dev pcscd libccid mosquitto
  libtss2-dev pkg-config fonts-noto-cjk iproute2 util-linux libqrencode4 ca-certificates)
TEST_PACKAGES=(mosquitto-clients libzbar0 git openssl swtpm libtss2-tcti-swtpm0)

help() {
  cat <<'TEXT'
Usage: ./setup.sh COMMAND [OPTIONS]

  demo    prepare, then run a whole parcel counter on this machine; OPTIONS are the demo's own:
          --once            play a scenario without a person and exit (0 only if all went well)
          --scenario FILE   play another scenario (TOML), or `day`: 200 consignments and the day's end
          --cards FILE      take further ID cards (JSON)
          --keep DIR        leave everything in DIR, DIR/summary.json first
          ./setup.sh demo --help tells all of them
  test    prepare, then run linters, types, import rules and the whole test suite;
          OPTIONS go to pytest, e.g.  ./setup.sh test -k ledger
  prepare only prepare
  escape  say whether the driver of CCID readers passes commands to a security module inside
          (readers set as escape:NAME need it); "escape on" and "escape off" change it as root,
          in /etc/libccid_Info.plist, and restart pcscd where systemd runs it

Preparing installs Debian packages (as root or with sudo), a virtual environment in .venv with
hash-pinned packages, and unpacks (never installs) the virtual card reader into .cache.
It is idempotent: what is there already is left alone. PYTHON=/path/to/python3 chooses another
interpreter; it needs 3.11 or later.

用法：./setup.sh demo 运行完整演示；./setup.sh test 运行全部检查和测试。
TEXT
}

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "root or sudo is needed for: $*"
  fi
}

missing_packages() {
  local name
  for name in "$@"; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$name"
  done
}

packages() {
  command -v apt-get >/dev/null || fail "this is not Debian or Raspberry Pi OS: there is no apt-get"
  local missing
  missing=$(missing_packages "$@")
  if [ -z "$missing" ]; then say "Debian packages: all there"; return; fi
  say "Debian packages: installing $missing"
  as_root apt-get -q update >&2 || fail "apt-get update failed: is the network there?"
  # shellcheck disable=SC2086 # a list of names
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing >&2 ||
    fail "these packages could not be installed: $missing"
}

# vpcd listens on every interface, so it is never installed: only its library is unpacked, and the
# demo and the tests run it in a network namespace of its own.
virtual_reader() {
  if [ -e "$VPCD" ]; then say "virtual card reader: there"; return; fi
  say "virtual card reader: unpacking into .cache"
  rm -rf .cache/vpcd
  mkdir -p .cache/vpcd
  (
    cd .cache/vpcd
    apt-get -q download vsmartcard-vpcd >&2 2>/dev/null ||
      { as_root apt-get -q update >&2 && apt-get -q download vsmartcard-vpcd >&2; } ||
      fail "the package vsmartcard-vpcd could not be downloaded"
    dpkg -x vsmartcard-vpcd_*.deb . && rm vsmartcard-vpcd_*.deb
  )
}

interpreter() {
  local candidate
  for candidate in "${PYTHON:-}" /usr/bin/python3 python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
    then printf '%s' "$candidate"; return; fi
  done
  fail "no Python 3.11 or later with venv was found; set PYTHON to one"
}

environment() {
  local python stamp
  python=$(interpreter)
  stamp=$(cat requirements/build.lock requirements/dev.lock pyproject.toml \
    <("$python" -VV) <(pwd) | sha256sum | cut -d' ' -f1)
  if [ "$(cat $VENV/stamp 2>/dev/null)" = "$stamp" ]; then say "Python packages: all there"; return; fi
  say "Python packages: installing into $VENV with $("$python" -V) (a minute or two)"
  "$python" -m venv --clear "$VENV"
  local pip=("$VENV/bin/python" -m pip --disable-pip-version-check install -qq)
  # The build tools first, pinned too: pyscard and tpm2-pytss are built here, for this machine's
  # pcsc-lite and tpm2-tss.
  "${pip[@]}" --require-hashes -r requirements/build.lock || fail "pip could not install the build tools"
  "${pip[@]}" --no-build-isolation --require-hashes -r requirements/dev.lock ||
    fail "pip could not install the pinned packages"
  "${pip[@]}" --no-build-isolation --no-deps -e . || fail "pip could not install padpos itself"
  printf '%s' "$stamp" >"$VENV/stamp"
}

prepare() {
  packages "$@"
  virtual_reader
  environment
  export VPCD_DRIVER="$PWD/$VPCD" PATH="$PATH:/usr/sbin:/sbin"
}

# Namespaces and users of their own take root.
privileged() {
  as_root env "VPCD_DRIVER=$VPCD_DRIVER" "PATH=$PATH" PYTHONDONTWRITEBYTECODE=1 "$@"
}

demo() {
  prepare "${DEMO_PACKAGES[@]}"
  say "demo"
  cd "$CALLER" # files that OPTIONS name lie where they were typed
  privileged "$HERE/$VENV/bin/python" -m padpos_services.demo "$@"
}

tests() {
  prepare "${DEMO_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  say "ruff";            "$VENV/bin/ruff" check .
  say "ruff format";     "$VENV/bin/ruff" format --check --quiet .
  say "mypy --strict";   "$VENV/bin/mypy"
  say "import rules";    "$VENV/bin/lint-imports" >/dev/null || "$VENV/bin/lint-imports"
  say "pytest"
  privileged "$HERE/$VENV/bin/python" -m pytest "$@"
}

# Bit 0 of ifdDriverOptions. Debian ships it cleared, and it stays so where no reader needs it.
escape() {
  [ -x "$VENV/bin/python" ] || fail "run ./setup.sh prepare first"
  case "${1:-}" in
    "") "$VENV/bin/python" -m padpos_drivers.idcard.ccid ;;
    on | off)
      as_root "$HERE/$VENV/bin/python" -m padpos_drivers.idcard.ccid "--$1"
      if [ -d /run/systemd/system ]; then as_root systemctl try-restart pcscd.service; fi ;;
    *) fail "escape: on, off, or nothing" ;;
  esac
}

command=${1:-help}
[ $# -eq 0 ] || shift
case "$command" in
  demo)
    case " $* " in *" --help "* | *" -h "*) [ -x "$VENV/bin/python" ] || { help; exit 0; } ;; esac
    demo "$@" ;;
  test) case " $* " in *" --help "*) help; exit 0 ;; esac; tests "$@" ;;
  prepare) prepare "${DEMO_PACKAGES[@]}" "${TEST_PACKAGES[@]}" ;;
  escape) escape "$@" ;;
  help | -h | --help) help ;;
  *) help >&2; fail "there is no command $command" ;;
esac
