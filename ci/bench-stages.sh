#!/usr/bin/env bash
# Every stage of `capflab bench` once, with a few enrolments: they succeed, and the result has the
# keys that its readers rely on. No figure is judged.
#
#     BUILD=build ci/bench-stages.sh
set -euo pipefail

bin=${BUILD:-build}/bin
bench=$bin/capflab-bench
dir=$(mktemp -d)
lab=
trap '[ -z "$lab" ] || { kill "$lab" && wait "$lab" || :; }; rm -rf "$dir"' EXIT
failed=0

complain() {
    echo "$*"
    failed=1
}

shape='
  (.enrolments_per_second > 0) and (.latency_ms | keys == ["max", "p50", "p90", "p99"]) and
  (.cpu_ms_per_enrolment | has("total")) and (.rss_peak_mb | length > 0) and
  (.crypto_floor_ms_per_enrolment > 0) and has("cpu_over_floor") and .errors == {} and
  (.conditions | has("machine") and has("build") and has("libraries")) and
  (.latency_distribution_ms | length > 1) and (.runs | length == 1) and (.sweeps | type == "array")'

stage() { # OPTION...
    rm -f "$dir/result.json"
    if ! "$bench" --output "$dir/lab" --json "$dir/result.json" --warm-up 1 --phones 3 --repeat 1 \
        "$@" >"$dir/text" 2>&1; then
        complain "capflab bench $*:"
        cat "$dir/text"
    elif ! jq -e "$shape" "$dir/result.json" >/dev/null; then
        complain "capflab bench $*: the result has not the keys that it should have"
    fi
}

refused() { # TEXT OPTION...
    local text=$1 code=0
    shift
    "$bench" "$@" >"$dir/text" 2>&1 || code=$?
    if [ "$code" != 2 ] || ! grep -q -- "$text" "$dir/text"; then
        complain "capflab bench $*: exit $code instead of 2, or no \"$text\" in: $(cat "$dir/text")"
    fi
}

stage --stage all --session persistent --issued 5 --sweep concurrency=1,2 --html "$dir/page.html"
jq -e '.sweeps[0].points | map(.value) == [1, 2]' "$dir/result.json" >/dev/null ||
    complain "the sweep has other points"
grep -q '</html>' "$dir/page.html" || complain "there is no page"
stage --stage all --server-key ec256 --key ec256 --workers 2 --durability off
stage --issuer capf --keygen --rate 50 --duration 20
jq -e '.conditions.stage == "capf" and .conditions.issuer == "capf"' "$dir/result.json" >/dev/null ||
    complain "--issuer capf is not the stage capf"
stage --stage est --upstream persistent --html "$dir/page.html"
grep -q '<h2>est' "$dir/page.html" || complain "the page has not the name of its stage"
stage --stage certsrv --login basic --session persistent
stage --stage certsrv
stage --stage itl
stage --stage csr --key ec256
# A lab that is outside for the bench: what it says of itself is enough to drive each part.
address() { # NAME as the lab prints it
    awk -v name="$1" '$2 == name {print $1}' "$dir/up.txt"
}
outside() { # OPTION...
    shape='.errors == {} and .cpu_over_floor == null and .conditions.workers == null and
        (.cpu_ms_per_enrolment | keys == ["phones", "total"])' stage --warm-up 0 "$@"
}
coproc UP { exec "$bin/capflab-up" -o "$dir/up" scenarios/healthy/online-ca.yaml; }
lab=$UP_PID
while read -r line && echo "$line" >>"$dir/up.txt" && [[ $line != "The lab runs"* ]]; do :; done <&"${UP[0]}"
"$bin/capflab-capf" device add 'SEPBE%010X' --first 0 --count 3 --mode null-string --operation install \
    --store "$dir/up/db/devices.sqlite" || complain "no devices"
outside --capf "$(address cucm-pub.michamen.com:3804)" --trust "$dir/up/pki/capf.pem"
outside --stage est --est "$(address ra.michamen.com:8084)" --server-name ra.michamen.com \
    --trust "$dir/up/pki/ra-trust.pem" --user 'ciscora:Cisco123!'
outside --stage certsrv --certsrv "$(address lab-dc.michamen.com:443)" --server-name lab-dc.michamen.com \
    --trust "$dir/up/pki/web-trust.pem" --user 'MICHAMEN\ciscora:Cisco123!'

"$bench" --html "$dir/again.html" "$dir/result.json" || complain "no page of a result"

refused 'page.html: ' --html "$dir/again.html" "$dir/page.html"
refused 'give --html' "$dir/result.json"
refused 'no --json' --html "$dir/again.html" --json "$dir/x.json" "$dir/result.json"
refused '--issuer capf goes with' --stage est --issuer capf
refused '"1.5" is not a duration' --duration 1.5
refused 'goes with --chaos' --seed 7
refused '--chaos goes with' --chaos --phones 3
refused 'OPTION=N' --sweep phones=1
refused 'own lab' --sweep issued=1 --stage est --est a:1 --trust b.pem
refused 'did you mean --stage' --stagee all
"$bench" --json "$dir/nowhere/x.json" >"$dir/text" 2>&1 && complain "it measured for a file that cannot be written"
grep -q 'nowhere/x.json: No such' "$dir/text" || complain "nowhere/x.json: $(cat "$dir/text")"
exit $failed
