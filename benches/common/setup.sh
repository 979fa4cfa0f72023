# source benches/common/setup.sh NAME, in the repository's root: what the benchmark NAME
# makes and installs stays below $CACHE.
target="${CARGO_TARGET_DIR:-$PWD/target}"
export CACHE="$target/$1"
mkdir -p "$CACHE/bin"
python="$CACHE/venv/bin/python"
# For the modules of benches/common.
export PYTHONPATH="$PWD/benches"

# install PACKAGE...: a Python of our own with these from PyPI.
install() {
    if [ ! -x "$python" ]; then
        python3 -m venv "$CACHE/venv"
    fi
    "$python" -m pip install --quiet --disable-pip-version-check "$@"
}

# build: the program as it is released, at $CACHE/bin/stridekern.
build() {
    cargo build --release --target-dir "$target"
    cp "$target/release/stridekern" "$CACHE/bin/"
}
