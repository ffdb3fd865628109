#!/usr/bin/env bash
# One healthy scenario of each issuer, again and again, each time with another call of CAPF or of the
# RA that fails. What fails prints the command that repeats it. Starts the last round after
# SECONDS (95), so that two minutes are enough.
#
#     BUILD=build ci/torture.sh [SECONDS]
set -u
build=${BUILD:-build}
out=${OUT:-out/torture}
jobs=${JOBS:-$((2 * $(nproc)))} # a round waits as long as it works
seconds=${1:-95}
failed=0
passed=0

# The online CA's lab has more programs, and more ways to fail.
torture() { # SCENARIO HUNDREDTHS
    local log=$out/${1//\//-}.log status line
    "$build/bin/capflab" run --torture --torture-seconds $((seconds * $2 / 100)) -j "$jobs" \
        -o "$out" "scenarios/$1.yaml" | tee "$log"
    status=${PIPESTATUS[0]}
    line=$(tail -n 1 "$log")
    read -r ok bad <<<"$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' <<<"$line")"
    [ -n "${ok:-}" ] || { ok=0 bad=1; }
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    passed=$((passed + ok))
    failed=$((failed + bad))
}

mkdir -p "$out"
torture healthy/capf-issued 28
torture healthy/online-ca 44
torture healthy/offline-ca 28

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
