# Makes or reuses the virtual environment and activates it. Sourced, from the repository root:
#
#   source tools/environment.sh [--stack=2.17|2.21] [other arguments]
#
# Leaves the other arguments in the array ARGS. Environment variables:
#   PYTHON     the interpreter to build on; python3.11 or python3.12 from PATH without it
#   RWAE_VENV  the environment's folder; .venv/<stack> without it

fail() { echo "error: $*" >&2; exit 1; }

stack=2.17
ARGS=()
for argument in "$@"; do
  case "$argument" in
    --stack=*) stack="${argument#--stack=}" ;;
    *) ARGS+=("$argument") ;;
  esac
done
constraints="constraints/stack-$stack.txt"
[ -f "$constraints" ] || fail "--stack=$stack: choose one of $(ls constraints | sed 's/stack-//; s/.txt//' | xargs)"
venv="${RWAE_VENV:-$PWD/.venv/$stack}"
stamp="$venv/rwae_tf.stamp"

# Succeeds for an interpreter this stack runs on that can make environments. A pyenv shim that leads
# nowhere is on PATH too, so the interpreter is run and not only looked up.
usable() {
  local newest=12
  [ "$stack" = 2.17 ] || newest=13
  "$1" -c "import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $newest))" 2>/dev/null
}

# The first interpreter that serves: the one asked for, else the environment's own, else from PATH.
choose_python() {
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    usable "$PYTHON" && command -v "$PYTHON" && return
    fail "PYTHON=$PYTHON: not a Python that stack $stack runs on (3.11 or 3.12, with the venv module)"
  fi
  for candidate in "$venv/bin/python" python3.11 python3.12 python3 python; do
    usable "$candidate" && command -v "$candidate" && return
  done
  fail "no Python 3.11 or 3.12 with the venv module found; install one, or name it: PYTHON=/path/to/python3.11"
}

# What the installed packages depend on: one line that changes when the environment has to.
fingerprint() {
  "$1" - "$PWD" setup.py "$constraints" <<'EOF'
import hashlib, sys
text = b"".join(open(path, "rb").read() for path in sys.argv[2:])
print(".".join(map(str, sys.version_info[:3])), hashlib.sha256(text).hexdigest(), sys.argv[1])
EOF
}

# A bare environment in $venv, or the one that is there if it is whole and of the same Python.
make_venv() {
  local there=""
  [ ! -x "$venv/bin/python" ] || there="$("$venv/bin/python" --version)"
  if [ -n "${RWAE_VENV:-}" ]; then
    # Someone else's folder: filled if missing or empty, never cleared.
    [ "$there" != "$("$python" --version)" ] || return 0
    [ -z "$(ls -A "$venv" 2>/dev/null)" ] ||
      fail "RWAE_VENV=$venv: is there and not an environment of $("$python" --version); remove it or name another"
  elif [ -f "$stamp" ] && [ "$there" = "$("$python" --version)" ]; then
    return 0
  fi
  "$python" -m venv --clear "$venv"  # without a stamp it is what an interrupted installation left
}

install() {
  local started=$SECONDS
  make_venv
  echo "environment: installing the TensorFlow $stack stack for $("$python" --version) into $venv"
  echo "environment: about 2.4 GB on disk; a few minutes, more on a slow network"
  rm -f "$stamp"
  # -qq leaves errors alone; pip's warnings about places it does not look in help no one here.
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check -c "$constraints" -e '.[dev]' </dev/null ||
    fail "pip could not install the packages (its own message is above)"
  fingerprint "$venv/bin/python" > "$stamp.part"
  mv "$stamp.part" "$stamp"
  echo "environment: ready after $((SECONDS - started)) s"
}

python="$(choose_python)"
if [ -f "$stamp" ] && [ -x "$venv/bin/python" ] && [ "$(cat "$stamp")" = "$(fingerprint "$python")" ]; then
  echo "environment: $venv is current"
else
  install
fi

export PATH="$venv/bin:$PATH" VIRTUAL_ENV="$venv"
unset PYTHONHOME
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}"
