#!/usr/bin/env bash
# Runs every scenario twice with the same seed and compares the events of each program: what it
# exchanged with whom, in which order. Times and ports are left out.
#
#     BUILD=build ci/determinism.sh [DIR of a run that was made with the default seed]
set -u
build=${BUILD:-build}
jobs=${JOBS:-$(nproc)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() {
    "$build/bin/capflab" run -j "$jobs" -o "$1" scenarios >"$1.log" 2>&1 && return
    grep -A 12 'FAILED' "$1.log"
    echo "determinism: a run failed"
    exit 1
}

events_of() { # FILE
    sed -E 's/"at":"[^"]*","mono":[0-9]+,//; s/(127\.0\.0\.1|\[::1\]):[0-9]+/\1:PORT/g' "$1"
}

# Phones that come all at once come in any order: then only what happened is compared.
normal() { # FILE
    case $(find "${1%/*}" -name 'SEP*' | wc -l) in
    0 | 1) events_of "$1" ;;
    *) events_of "$1" | sort ;;
    esac
}

first=${1:-$work/first}
[ -n "${1:-}" ] || run "$first"
run "$work/second"

differ=0
files=0
while read -r file; do
    files=$((files + 1))
    if ! diff <(normal "$first/$file" 2>&1) <(normal "$work/second/$file") >"$work/diff"; then
        differ=$((differ + 1))
        printf '%s differs:\n' "$file"
        head -n 6 "$work/diff" | sed 's/^/    /'
    fi
done < <(cd "$work/second" && find . -path '*/events/*.ndjson' | sort)
echo "determinism: $files event logs compared, $differ differ"
[ "$files" -gt 0 ] && [ "$differ" = 0 ]
