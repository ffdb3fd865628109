#!/usr/bin/env bash
# Builds the libFuzzer targets and runs each for a while, as many side by side as there are cores.
# What is newly reached goes into $BUILD/corpus, what is broken, made as small as it gets, into
# $OUT/fuzz, with the command that repeats it.
#
#     BUILD=build-fuzz ci/fuzz.sh [SECONDS] [TARGET...]      60 seconds, every target
#
# SECONDS 0 runs the inputs in the tree only. Two floors fail a target, too: a function that its
# header names is not reached from the inputs in the tree, or it does fewer executions a second of CPU
# time (without sanitizers, in the build $PLAIN) than its header says.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${BUILD:-build-fuzz}
plain=${PLAIN:-build}
out=${OUT:-out}/fuzz
jobs=${JOBS:-$(nproc)}
default_floor=1000
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
tests=("${targets[@]/%/_test}")
make -s --no-print-directory -j"$jobs" BUILD="$plain" "${tests[@]/#/$plain/test/fuzz/}" || exit 1

progress=/dev/null
[ -t 2 ] && progress=/dev/tty
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export build plain out seconds progress results default_floor
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# The header is the first comment of a target: "Reaches NAME, NAME and NAME; ..." or "... NAME."; of
# its words those with an underscore are functions. "Floor: 20000/s." is the floor.
header_of() {
    sed '/\*\//q' "fuzz/$1_fuzz.c" | sed 's|^ *[/*]*||' | tr '\n' ' '
}

named_functions() {
    header_of "$1" | sed 's/^.*Reaches //; s/[;.].*//' | grep -oE '[a-z][a-z0-9]*(_[a-z0-9]+)+' | sort -u
}

floor_of() {
    header_of "$1" | grep -oE 'Floor: +[0-9]+/s' | tr -dc '0-9\n' | grep . || echo "$default_floor"
}

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

# Prints what breaks a floor; the figures go into $results/TARGET.{functions,rate}.
check_floors() { # TARGET
    local reached=$results/$1.reached named missing rate floor
    "$build/fuzz/$1" -runs=0 -print_coverage=1 "$build/seeds/$1" 2>&1 |
        awk '$1 == "COVERED_FUNC:" && $7 ~ /\/(impl|mocks|scenarios)\// {print $6}' | sort -u >"$reached"
    named=$(named_functions "$1")
    missing=$(comm -13 "$reached" <(printf '%s\n' "$named"))
    printf '%d/%d of %d' "$(comm -12 "$reached" <(printf '%s\n' "$named") | wc -l)" "$(wc -w <<<"$named")" \
        "$(wc -l <"$reached")" >"$results/$1.functions"
    rate=$("$plain/test/fuzz/$1_test" --rate)
    floor=$(floor_of "$1")
    printf '%s (floor %s)' "${rate:-0}" "$floor" >"$results/$1.rate"
    [ -n "$named" ] || echo '        the header names no function'
    [ -z "$missing" ] || printf '        not reached from the inputs in the tree: %s\n' "${missing//$'\n'/ }"
    [ "${rate:-0}" -ge "$floor" ] || echo "        fewer executions a second of CPU time than the floor"
}

fuzz_one() {
    local target=$1 log=$build/log/$1.log status=0 executions rate coverage floors
    local options=(-timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    mkdir -p "$build/corpus/$target" "$build/findings/$target" "$build/log"
    rm -rf "$build/findings/$target"/* "$build/seeds/$target"
    "$plain/test/fuzz/${target}_test" --copy "$build/seeds/$target" || status=1
    [ "$seconds" = 0 ] && options+=(-runs=0) || options+=(-max_total_time="$seconds")
    [ ! -e "fuzz/dict/$target.dict" ] || options+=(-dict="fuzz/dict/$target.dict")
    if [ "$status" = 0 ]; then
        "$build/fuzz/$target" "${options[@]}" -artifact_prefix="$build/findings/$target/" \
            "$build/corpus/$target" "$build/seeds/$target" 2>&1 | tee "$log" | show_progress "$target"
        status=${PIPESTATUS[0]}
    fi
    executions=$(awk '$1 == "stat::number_of_executed_units:" {print $2}' "$log")
    rate=$(awk '$1 == "stat::average_exec_per_sec:" {print $2}' "$log")
    coverage=$(awk '{for (i = 1; i < NF; i++) if ($i == "cov:") c = $(i + 1)} END {print c + 0}' "$log")
    floors=$(check_floors "$target")
    [ "$status" != 0 ] || [ -z "$floors" ] || status=1
    echo "$status" >"$results/$target"
    {
        printf "$row" "$([ "$status" = 0 ] && echo ok || echo FAILED)" "$target" "${executions:-0}" \
            "${rate:-0}" "$coverage" "$(cat "$results/$target.functions")" "$(cat "$results/$target.rate")"
        if [ "$status" != 0 ]; then
            grep -aE 'does not hold|ERROR: |runtime error|SUMMARY' "$log" | head -n 5 | sed 's/^/        /'
            report_findings "$target"
            [ -z "$floors" ] || printf '%s\n' "$floors"
        fi
    } >"$results/$target.text"
    cat "$results/$target.text"
}
row='%-7s %-14s %12s %9s %7s  %-14s %s\n'
export row
export -f header_of named_functions floor_of fuzz_one show_progress minimise report_findings check_floors

# functions: named ones reached / named, of all reached. Rates are executions a second.
printf "$row" '' target executions sanitized edges functions 'CPU time'
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -c 'fuzz_one {}'

total=${#targets[@]}
passed=0
for target in "${targets[@]}"; do
    [ "$(cat "$results/$target" 2>/dev/null)" = 0 ] && passed=$((passed + 1))
done
echo
echo "$passed passed, $((total - passed)) failed"
[ "$passed" = "$total" ]
