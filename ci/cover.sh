#!/usr/bin/env bash
# Runs unit tests (the fuzz corpora among them) and scenarios in a coverage build and reports lines and
# branches of impl and mocks. Fails below 85 % of the lines of all, and below 95 % of those of any file
# of fuzz/parsers.list; lines that only say that memory ran out or a library failed do not count.
#
#     BUILD=build-cover ci/cover.sh        report in $BUILD/report/index.html
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build-cover}
whole=85
parser=95
find "$build" -name '*.gcda' -delete
bad=0
ci/check.sh || bad=1

lcov=(lcov --quiet --rc lcov_branch_coverage=1 --rc 'lcov_excl_line=ERR_SYS_NOMEM|ERR_SYS_INTERNAL|no_memory\(')
"${lcov[@]}" --capture --directory "$build" --output-file "$build/all.info" 2>"$build/lcov.log"
"${lcov[@]}" --extract "$build/all.info" "$PWD/impl/*" "$PWD/mocks/*" --output-file "$build/ours.info"
"${lcov[@]}" --remove "$build/ours.info" '*_test.c' '*_test_*.h' '*test_lab.h' '*test_kit.h' --output-file "$build/ours.info"
genhtml --quiet --branch-coverage --output-directory "$build/report" "$build/ours.info" 2>>"$build/lcov.log"

# FILE LINES RUN BRANCHES TAKEN NOT-RUN, one a line; NOT-RUN is "-" or line numbers with commas.
awk -F '[:,]' -v root="$PWD/" '
    $1 == "SF" {file = substr($2, length(root) + 1); lines = run = branches = taken = 0; missed = ""}
    $1 == "DA" {lines++; if ($3 > 0) run++; else missed = missed (missed == "" ? "" : ",") $2}
    $1 == "BRDA" {branches++; if ($5 != "-" && $5 > 0) taken++}
    $0 == "end_of_record" {print file, lines, run, branches, taken, missed == "" ? "-" : missed}' \
    "$build/ours.info" | sort >"$build/files"

percent='function percent(a, b) {return b == 0 ? 100 : 100 * a / b}'
echo
awk "$percent"'
    {folder = $1; sub(/\/[^\/]*$/, "", folder)
     lines[folder] += $2; run[folder] += $3; branches[folder] += $4; taken[folder] += $5}
    END {for (f in lines) printf "%-20s %6.1f %% of %5d lines, %5.1f %% of %5d branches\n",
             f, percent(run[f], lines[f]), lines[f], percent(taken[f], branches[f]), branches[f] | "sort"}' "$build/files"
echo
grep -v '^#' fuzz/parsers.list | sort | join -a 1 -e missing -o 0,2.2,2.3,2.6 - "$build/files" | awk -v floor="$parser" "$percent"'
    $2 == "missing" {print $1 ": no such file, or nothing runs it"; bad = 1; next}
    percent($3, $2) < floor {printf "%s: %.1f %% of its lines, less than %d %%; not run: %s\n", $1, percent($3, $2), floor, $4; bad = 1}
    END {exit bad}' || bad=1
awk -v floor="$whole" "$percent"'
    {lines += $2; run += $3; branches += $4; taken += $5}
    END {printf "%.1f %% of %d lines, %.1f %% of %d branches\n", percent(run, lines), lines, percent(taken, branches), branches
         exit percent(run, lines) < floor}' "$build/files" || { bad=1 && echo "less than $whole % of the lines"; }
[ "$bad" = 0 ]
