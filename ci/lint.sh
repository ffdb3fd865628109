#!/usr/bin/env bash
# Layout and style rules that no compiler knows. Prints each breach; exits 1 when there is one.
set -u
cd "$(git rev-parse --show-toplevel)" || exit 2
breaches=$(mktemp)
trap 'rm -f "$breaches"' EXIT
sources() { git ls-files "$@" -- '*.c' '*.h'; }

report() { # TITLE, breaches on standard input
    local found
    found=$(cat)
    [ -n "$found" ] || return 0
    printf '%s\n%s\n\n' "$1" "$found" | tee -a "$breaches"
}

sources | xargs clang-format --dry-run 2>&1 | grep 'code should be' | report 'layout (make format mends it):'

# One owner each: clock, randomness, resolver. Nothing sleeps, nothing copies without a bound.
git ls-files '*.c' '*.h' | grep -v '^impl/base/' | xargs grep -nE \
    '(^|[^a-z_])(time|clock_gettime|gettimeofday|RAND_bytes|getaddrinfo|gethostbyname|rand|random)\(' |
    report 'belongs into impl/base:'
git ls-files '*.c' '*.h' | xargs grep -nE '(^|[^a-z_])(usleep|nanosleep|strcpy|strcat|sprintf|vsprintf|gets|system)\(' |
    grep -vE '^[^:]*_test[._][^:]*:.*system\(' |
    report 'not to be called:'
git ls-files '*.c' '*.sh' | grep -v '^ci/lint.sh' | xargs grep -nE '(^|[^a-z_])sleep[ (]' | grep -v '^[^:]*:[0-9]*: *\(#\|/\?\*\)' | report 'sleep:'

# Dependencies point one way.
git ls-files 'impl/*.[ch]' | xargs grep -nE '#include "(mocks|scenarios|bench|fuzz)/' | report 'impl/ looking upward:'
git ls-files 'impl/base/*.[ch]' | xargs grep -nE '#include "(pki|capf|est|certsrv|ra|itl|diagnose)/' | report 'impl/base looking upward:'
git ls-files 'mocks/*.[ch]' | xargs grep -nE '#include "scenarios/' | report 'mocks/ looking upward:'

# Size: what does not fit in a head.
sources | xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines"}' | report 'files over 600 lines:'
git ls-files '*.c' | xargs awk 'FNR == 1 {name = ""} /^[a-zA-Z_].*\(/ && !/;[ \t]*$/ {name = $0; from = FNR}
    /^}/ {if (name != "" && FNR - from > 70) print FILENAME ":" from ": " FNR - from " lines: " name; name = ""}' |
    report 'functions over 70 lines:'
git ls-files '*.c' | xargs awk 'FNR == 1 {inside = 0} /^[a-zA-Z_].*\)? \{$/ {inside = 1} /^}/ {inside = 0}
    inside && /^#[ ]*if/ {print FILENAME ":" FNR ": " $0}' | report '#if inside a function:'
git ls-files '*.c' | while read -r f; do [ "$(head -c 2 "$f")" = '/*' ] || echo "$f"; done | report 'no header comment:'

ci/coverage-table.sh --check 2>&1 | report 'coverage table:'

if command -v cppcheck >/dev/null; then
    # The list macros are syntax; cppcheck reads no other system header.
    queue=/usr/include/$(cc -print-multiarch)/sys/queue.h
    cppcheck --quiet --std=c17 --language=c --enable=warning,portability --inline-suppr --error-exitcode=1 -j "$(nproc)" \
        --suppress=missingIncludeSystem --suppress=nullPointerOutOfMemory --suppress=normalCheckLevelMaxBranches \
        -D_GNU_SOURCE -Iimpl -I. --include="$queue" $(git ls-files '*.c' | grep -v _test.c) 2>&1 | report 'cppcheck:'
fi
[ ! -s "$breaches" ] && echo 'lint: clean'
