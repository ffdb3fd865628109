#!/usr/bin/env bash
# Runs every unit test program of $BUILD, then every scenario, and sums up.
#
#     BUILD=build ci/check.sh
set -u
build=${BUILD:-build}
out=${OUT:-out}
jobs=${JOBS:-$(nproc)}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

run_one() {
    name=${1#"$build"/test/}
    "$1" >"$results/${name//\//.}" 2>&1
    status=$?
    line=$(grep -aoE 'Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+' "$results/${name//\//.}" | tail -n 1)
    read -r checks bad <<<"$(awk -F '[:,]' '{print $2+0, $4+$6}' <<<"${line:-Checks: 0, Failures: 0, Errors: 0}")"
    [ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
    [ "$checks" != 0 ] || bad=1
    printf '%d %d\n' "$((checks - bad < 0 ? 0 : checks - bad))" "$bad" >"$results/count.${name//\//.}"
    if [ "$bad" = 0 ]; then
        printf 'ok      %-40s %4d tests\n' "$name" "$checks"
    else
        printf 'FAILED  %-40s again: %s\n' "$name" "$1"
        grep -av '^Running suite' "$results/${name//\//.}" | tail -n 60 | sed 's/^/        /'
    fi
}
export -f run_one
export results build

# Fixed variables of the sanitizers: a leak is a failure, and its report says where.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

find "$build/test" -name '*_test' -type f | sort | xargs -P "$jobs" -I{} bash -c 'run_one {}'
read -r passed failed <<<"$(cat "$results"/count.* | awk '{p += $1; f += $2} END {print p + 0, f + 0}')"

for script in bench-compare bench-stages; do
    if "ci/$script.sh" >"$results/$script" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED  %-40s again: ci/%s.sh\n' "$script" "$script"
        sed 's/^/        /' "$results/$script"
    fi
done

"$build/bin/capflab" run -j "$jobs" -o "$out" --junit "$out/junit.xml" scenarios | tee "$results/scenarios"
status=${PIPESTATUS[0]}
read -r more bad <<<"$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$results/scenarios" | tail -n 1)"
if [ -z "${more:-}" ]; then
    more=0 bad=1
fi
[ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1

echo
echo "unit tests: $passed passed, $failed failed; scenarios: $more passed, $bad failed"
echo "$((passed + more)) passed, $((failed + bad)) failed"
[ "$((failed + bad))" = 0 ]
