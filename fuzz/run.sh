#!/bin/sh
# run.sh SECONDS [TARGET]...: runs every decoder, or the ones that are named, for some seconds each.
# Without a nightly toolchain: rustc's own coverage counters, libFuzzer from the crate.
set -eu
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- proof_structures proof_verifiers sealed_contents olm_and_megolm wire_cbor wire_json texts
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Ccodegen-units=1 -Cdebug-assertions=on -Coverflow-checks=on" \
    cargo build --quiet --release --target "$host" --bins
for target in "$@"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    echo "== $target"
    "target/$host/release/$target" "corpus/$target" -artifact_prefix="artifacts/$target/" \
        -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 -verbosity=0 2>&1 |
        grep -E 'stat::number_of_executed_units|SUMMARY|panicked' || true
    if [ -n "$(ls -A "artifacts/$target")" ]; then
        echo "found something: fuzz/artifacts/$target" >&2
        exit 1
    fi
done
