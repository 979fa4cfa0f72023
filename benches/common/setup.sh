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

# build_worker: the library as benchmarks call it (common/worker), at $CACHE/bin/worker.
build_worker() {
    # The versions that the program has.
    cp Cargo.lock benches/common/worker/
    cargo build --release --features engines --manifest-path benches/common/worker/Cargo.toml \
        --target-dir "$target/bench-worker"
    cp "$target/bench-worker/release/bench-worker" "$CACHE/bin/worker"
}
