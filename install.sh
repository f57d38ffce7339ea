#!/bin/sh
# Installs persona into .venv beside this file. Run it again at any time: what is done already is passed over.
#
#   ./install.sh          for use            (no torch; weighs about 0.8 GB with the compiler's one wheel)
#   ./install.sh --full   with torch, for other embedding models
#   ./install.sh demo     for use, then runs `persona demo`
#   ./install.sh test     with all that the tests need, then runs them
set -eu
cd "$(dirname "$0")"

fail() { printf 'install: %s\n' "$1" >&2; exit 1; }
step() { printf '\033[1m==>\033[0m %s\n' "$1" >&2; }
[ -t 2 ] && [ -z "${NO_COLOR:-}" ] || step() { printf '==> %s\n' "$1" >&2; }

case "${1:-}" in
  ''|demo) what=plain extras='' need_mb=2000 ;;
  --full)  what=full extras='[embeddings]' need_mb=6000 ;;
  test)    what=test extras='[dev]' need_mb=6000 ;;
  *) fail "unknown word '$1'. Use ./install.sh, ./install.sh --full, ./install.sh demo or ./install.sh test." ;;
esac
action=${1:-}

# --- what the machine must have -------------------------------------------------------------------------------------
find_python() {
  for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}; do
    command -v "$name" >/dev/null 2>&1 || continue
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && { printf '%s\n' "$name"; return; }
  done
  return 1
}

llama=$(sed -n 's/.*"llama-cpp-python\[server\]==\([0-9.]*\)".*/\1/p' pyproject.toml)
[ -n "$llama" ] || fail "pyproject.toml does not pin llama-cpp-python; this checkout is damaged. Clone it again."
wheels=${XDG_CACHE_HOME:-$HOME/.cache}/persona/wheels

if [ ! -x .venv/bin/python ]; then
  python=$(find_python) || fail "no Python of 3.10 or later was found. Install one, or name it: PYTHON=/path/to/python ./install.sh"
  "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "this Python has no venv module. Install it (Debian: apt install python3-venv)."
  free_mb=$(df -Pm . | awk 'NR==2 {print $4}')
  [ "$free_mb" -ge "$need_mb" ] || fail "only $free_mb MB are free here and $need_mb MB are needed. Make room and run this again."
  step "making .venv with $("$python" --version 2>&1)"
  "$python" -m venv .venv || fail "the virtual environment could not be made. Remove .venv and run this again."
fi
python=.venv/bin/python
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  fail ".venv does not work or holds a Python before 3.10. Remove .venv and run this again."

# --- what is installed already --------------------------------------------------------------------------------------
# The stamp names what was installed from which pyproject.toml: when both are the same there is nothing to do.
stamp=.venv/installed-$what
state=$(cksum < pyproject.toml)
satisfied() { [ "$(cat "$1" 2>/dev/null)" = "$state" ]; }
if satisfied "$stamp" || { [ "$what" != test ] && satisfied .venv/installed-test; } || { [ "$what" = plain ] && satisfied .venv/installed-full; }; then
  :
else
  log=.venv/install.log
  pip() { PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip "$@"; }
  explain() {
    tail -n 15 "$log" >&2
    if grep -qiE 'No space left' "$log"; then fail "the disk is full. Make room and run this again; what is there is kept."
    elif grep -qiE 'Temporary failure in name resolution|Failed to establish a new connection|Connection refused|Network is unreachable|NewConnectionError|ConnectTimeout|Could not fetch URL' "$log"; then
      fail "the package index cannot be reached. Check the network (and proxy) and run this again."
    else fail "$1 The whole log is in $log."
    fi
  }
  installed=$("$python" -c 'import importlib.metadata as m; print(m.version("llama-cpp-python"))' 2>/dev/null || true)
  if [ "$installed" != "$llama" ]; then
    tag=$("$python" -c 'import platform, sys; print(f"{sys.platform}-{platform.machine()}")')
    wheel=$(ls "$wheels/$tag"/llama_cpp_python-"$llama"-*.whl 2>/dev/null | head -n 1 || true)
    if [ -z "$wheel" ]; then
      command -v "${CC:-cc}" >/dev/null 2>&1 && command -v "${CXX:-c++}" >/dev/null 2>&1 ||
        fail "no C/C++ compiler was found, and llama.cpp must be compiled once. Install one (Debian: apt install build-essential; macOS: xcode-select --install)."
      mkdir -p "$wheels/$tag"
      step "compiling llama.cpp $llama (once, about 10 minutes on 2 cores; the wheel is kept in $wheels)"
      start=$(date +%s)
      pip wheel --no-deps --progress-bar off -w "$wheels/$tag" "llama-cpp-python==$llama" >"$log" 2>&1 &
      building=$!
      trap 'kill $building 2>/dev/null; exit 130' INT TERM
      while kill -0 "$building" 2>/dev/null; do
        sleep 5
        [ $(( ($(date +%s) - start) % 30 )) -lt 5 ] && printf '    still compiling, %s s\n' $(( $(date +%s) - start )) >&2
      done
      wait "$building" || explain "llama.cpp could not be compiled."
      trap - INT TERM
      wheel=$(ls "$wheels/$tag"/llama_cpp_python-"$llama"-*.whl | head -n 1)
    fi
    step "installing llama.cpp"
    pip install --progress-bar off "$wheel" >"$log" 2>&1 || explain "llama.cpp could not be installed."
  fi
  case $what in test|full)
    # The CPU build of torch: the index's newest build would bring gigabytes of CUDA along.
    torch=$(sed -n 's/.*"torch==\([0-9.]*\)".*/\1/p' pyproject.toml)
    if ! "$python" -c "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '$torch')" 2>/dev/null; then
      step "installing torch $torch (CPU)"
      pip install --progress-bar off "torch==$torch" ${PERSONA_TORCH_INDEX:+--index-url "$PERSONA_TORCH_INDEX"} >"$log" 2>&1 || explain "torch could not be installed."
    fi ;;
  esac
  step "installing persona and what it needs"
  pip install --progress-bar off -e ".$extras" >"$log" 2>&1 &
  installing=$!
  start=$(date +%s)
  while kill -0 "$installing" 2>/dev/null; do
    sleep 1
    [ $(( ($(date +%s) - start) % 15 )) -eq 14 ] && printf '    still installing: %s\n' "$(grep -E '^(Collecting|Downloading|Installing)' "$log" | tail -n 1 | cut -c1-100)" >&2
  done
  wait "$installing" || explain "the packages could not be installed."
  printf '%s\n' "$state" > "$stamp"
fi

# --- what was asked for ---------------------------------------------------------------------------------------------
case $action in
  demo) exec .venv/bin/persona demo ;;
  test)
    shift
    step "checking style and types"
    .venv/bin/ruff format --check . || fail "ruff format found files to format: run .venv/bin/ruff format ."
    .venv/bin/ruff check . || fail "ruff found faults; they are named above."
    .venv/bin/mypy || fail "mypy found faults; they are named above."
    step "running the tests"
    # Two at a time, for they wait more than they work. With names of tests there is nothing to share out.
    [ $# -gt 0 ] || set -- -n 2 --dist loadfile
    exec .venv/bin/python -m pytest "$@" ;;
  *)
    step "persona is installed: $PWD/.venv/bin/persona"
    printf '    To have it on the PATH:  mkdir -p ~/.local/bin && ln -sf "%s" ~/.local/bin/persona\n' "$PWD/.venv/bin/persona" >&2
    printf '    Then:                    persona demo   or   persona chat\n' >&2
    printf '    Its manual:              man "%s"\n' "$PWD/docs/persona.1" >&2 ;;
esac
