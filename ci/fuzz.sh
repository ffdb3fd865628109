#!/usr/bin/env bash
# Builds the libFuzzer targets and runs each for a while, as many side by side as there are cores.
# What is newly reached goes into $BUILD/corpus, what is broken, made as small as it gets, into
# $OUT/fuzz, with the command that repeats it.
#
#     BUILD=build-fuzz ci/fuzz.sh [SECONDS] [TARGET...]      60 seconds, every target
set -u
cd "$(dirname "$0")/.." || exit 2
build=${BUILD:-build-fuzz}
out=${OUT:-out}/fuzz
jobs=${JOBS:-$(nproc)}
seconds=${1:-60}
[ $# -eq 0 ] || shift
case $seconds in
'' | *[!0-9]*) echo "ci/fuzz.sh: '$seconds' is no number of seconds" >&2 && exit 2 ;;
esac
known=$(printf '%s\n' fuzz/*_fuzz.c | sed 's|fuzz/\(.*\)_fuzz\.c|\1|')
mapfile -t targets <<<"$known"
[ $# -eq 0 ] || targets=("$@")
for target in "${targets[@]}"; do
    grep -qx "$target" <<<"$known" && continue
    printf "ci/fuzz.sh: no target '%s'; there are: %s\n" "$target" "${known//$'\n'/ }" >&2
    exit 2
done

make -s --no-print-directory -j"$jobs" BUILD="$build" CC=clang FUZZ=1 \
    "${targets[@]/#/$build/fuzz/}" || exit 1

progress=/dev/null
[ -t 2 ] && progress=/dev/tty
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export build out seconds progress results
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# libFuzzer's own lines ("#4096 pulse cov: 812 ...") as they come, on one line of the terminal.
show_progress() {
    awk -v target="$1" '/^#[0-9]/ {printf "\r%-14s %12s executions %.20s\033[K", target, substr($1, 2), $2; fflush()}
                        END {printf "\r\033[K"}' >"$progress"
}

# Smaller inputs that break the same way; leaks, timeouts and memory limits stay as they were found.
minimise() { # TARGET FOUND KEPT
    cp "$2" "$3"
    case $(basename "$2") in crash-*) ;; *) return 0 ;; esac
    "$build/fuzz/$1" -minimize_crash=1 -max_total_time=30 -exact_artifact_path="$3.smaller" "$2" >/dev/null 2>&1
    [ ! -s "$3.smaller" ] || mv "$3.smaller" "$3"
    rm -f "$3.smaller"
}

report_findings() { # TARGET
    local found kept
    for found in "$build/findings/$1"/*; do
        [ -e "$found" ] || continue
        mkdir -p "$out"
        kept=$out/$1-$(basename "$found" | cut -c 1-20)
        minimise "$1" "$found" "$kept"
        printf '        again: %s %s\n' "$build/fuzz/$1" "$kept"
    done
}

fuzz_one() {
    local target=$1 log=$build/log/$1.log status executions rate coverage
    local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    mkdir -p "$build/corpus/$target" "$build/findings/$target" "$build/log"
    rm -f "$build/findings/$target"/*
    [ ! -e "fuzz/dict/$target.dict" ] || options+=(-dict="fuzz/dict/$target.dict")
    "$build/fuzz/$target" "${options[@]}" -artifact_prefix="$build/findings/$target/" \
        "$build/corpus/$target" "fuzz/corpus/$target" 2>&1 | tee "$log" | show_progress "$target"
    status=${PIPESTATUS[0]}
    executions=$(awk '$1 == "stat::number_of_executed_units:" {print $2}' "$log")
    rate=$(awk '$1 == "stat::average_exec_per_sec:" {print $2}' "$log")
    coverage=$(awk '{for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1)} END {print c + 0}' "$log")
    echo "$status" >"$results/$target"
    {
        printf '%-7s %-14s %12s executions %8s/s %7s edges\n' "$([ "$status" = 0 ] && echo ok || echo FAILED)" \
            "$target" "${executions:-0}" "${rate:-0}" "$coverage"
        if [ "$status" != 0 ]; then
            grep -aE 'does not hold|ERROR: |runtime error|SUMMARY' "$log" | head -n 5 | sed 's/^/        /'
            report_findings "$target"
        fi
    } >"$results/$target.text"
    cat "$results/$target.text"
}
export -f fuzz_one show_progress minimise report_findings

printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -c 'fuzz_one {}'

total=${#targets[@]}
passed=$(cat "$results"/* 2>/dev/null | grep -cx 0)
echo
echo "$passed passed, $((total - passed)) failed"
[ "$passed" = "$total" ]
