#!/usr/bin/env bash
# Runs the unit tests and the healthy scenarios with every component under Valgrind. An error or a
# definite leak fails. Left to the sanitizers: the fuzz corpora, and what starts programs itself
# (runner, bench), because Valgrind has no pidfd_open.
#
#     BUILD=build ci/valgrind.sh
set -u
build=${BUILD:-build}
out=${OUT:-out/valgrind}
jobs=${JOBS:-$(nproc)}
mkdir -p "$out"
out=$(cd "$out" && pwd)
valgrind="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
export valgrind build out CAPFLAB_PATIENCE=20

run_one() {
    name=${1#"$build"/test/}
    log=$out/${name//\//.}.log
    # Each case is a fork of its own: its errors and leaks end it with 99, which Check reports.
    if CK_TIMEOUT_MULTIPLIER=20 $valgrind "$1" >"$log" 2>&1; then
        printf 'ok      %s\n' "$name"
    else
        printf 'FAILED  %s\n' "$name"
        tail -n 60 "$log" | sed 's/^/        /'
        echo "$name" >>"$out/failed"
    fi
}
export -f run_one

rm -f "$out/failed"
tests() {
    find "$build/test" \( -path '*/fuzz' -o -path '*/bench' -o -path '*/runner' \) -prune -o \
        -name '*_test' -type f -print | sort
}
tests | xargs -P "$jobs" -I{} bash -c 'run_one {}'
count=$(tests | wc -l)
failed=$([ -e "$out/failed" ] && wc -l <"$out/failed" || echo 0)

"$build/bin/capflab" run -j 2 -o "$out/scenarios" --wrap "$valgrind" scenarios/healthy | tee "$out/scenarios.txt"
status=${PIPESTATUS[0]}
read -r more bad <<<"$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$out/scenarios.txt" | tail -n 1)"
[ -n "${more:-}" ] || { more=0 bad=1; }
[ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1

echo
echo "$((count - failed + more)) passed, $((failed + bad)) failed"
[ "$((failed + bad))" = 0 ]
