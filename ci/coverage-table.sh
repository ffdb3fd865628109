#!/usr/bin/env bash
# Joins scenarios/coverage.tsv with the `covers:` of the scenario files.
#
#     ci/coverage-table.sh            prints the Markdown table
#     ci/coverage-table.sh --write    puts it between the markers in README.md
#     ci/coverage-table.sh --check    says whether README.md has it
set -eu
cd "$(dirname "$0")/.."
begin='<!-- coverage table: made by ci/coverage-table.sh --write -->'
end='<!-- end of coverage table -->'

claims() { # ROW <TAB> SCENARIO
    find scenarios -name '*.yaml' | sort | while read -r file; do
        name=${file#scenarios/}
        sed -n 's/^covers: *\[\(.*\)\].*/\1/p' "$file" | tr ',' '\n' | tr -d ' ' | while read -r row; do
            [ -z "$row" ] || printf '%s\t%s\n' "$row" "${name%.yaml}"
        done
    done
}

table() {
    claims | awk -F '\t' '
        NR == FNR { if ($0 !~ /^#/) { order[++n] = $1; document[$1] = $2; heading[$1] = $3 } next }
        !($1 in heading) { print "scenarios/" $2 ".yaml: covers an unknown row: " $1 > "/dev/stderr"; bad = 1; next }
        { link = "[" $2 "](scenarios/" $2 ".yaml)"; where[$1] = where[$1] (where[$1] == "" ? "" : ", ") link }
        END {
            print "| document | failure | scenario |"
            print "|---|---|---|"
            for (i = 1; i <= n; i++) {
                row = order[i]
                print "| " document[row] " | " heading[row] " | " (where[row] == "" ? "not yet" : where[row]) " |"
            }
            exit bad
        }' scenarios/coverage.tsv -
}

inside() {
    awk -v begin="$begin" -v end="$end" '$0 == end {on = 0} on {print} $0 == begin {on = 1}' README.md
}

case ${1:-} in
'') table ;;
--check)
    diff <(inside) <(table) >/dev/null && exit 0
    echo 'README.md: the coverage table is not the one of the scenarios; ci/coverage-table.sh --write' >&2
    exit 1
    ;;
--write)
    new=$(mktemp)
    table >"$new"
    awk -v begin="$begin" -v end="$end" -v new="$new" '
        $0 == end {on = 0}
        !on {print}
        $0 == begin {on = 1; while ((getline line < new) > 0) print line}' README.md >"$new.readme"
    cat "$new.readme" >README.md
    rm -f "$new" "$new.readme"
    ;;
*)
    echo "usage: ci/coverage-table.sh [--write|--check]" >&2
    exit 2
    ;;
esac
