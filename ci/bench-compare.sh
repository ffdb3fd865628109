#!/usr/bin/env bash
# Whether bench/compare tells better from worse: results made up here, as `capflab bench --json`
# writes them.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# result FILE STAGE RATE CPU... : a run for each CPU time
result() {
    local file=$1 stage=$2 rate=$3
    shift 3
    jq -n --arg stage "$stage" --argjson rate "$rate" '
      {conditions: {stage: $stage, key: "rsa2048"}, cpu_over_floor: 2, sweeps: [],
       runs: [$ARGS.positional[] | tonumber | {enrolments_per_second: $rate, p50: 5, p90: 6, p99: 9,
         max: 10, cpu_ms_per_enrolment: ., crypto_floor_ms_per_enrolment: 2, failed: 0,
         cpu_ms: {capf: .}}]}' --args "$@" >"$dir/$file.json"
}

expect() { # CODE TEXT BEFORE AFTER
    local out code=0
    out=$(bench/compare "$dir/$3.json" "$dir/$4.json" 2>&1) || code=$?
    if [ "$code" -ne "$1" ] || ! grep -qE "$2" <<<"$out"; then
        echo "bench/compare $3 $4: exit $code instead of $1, or no \"$2\" in:"
        echo "$out"
        failed=1
    fi
}

result base all 100 4.0 4.1 4.2
result noisy all 100 3.0 4.5 4.4
result slower all 100 5.0 5.1 5.2
result faster all 140 3.0 3.1 3.2
result other est 100 4.0 4.1 4.2
echo '{"a": 1}' >"$dir/stranger.json"
jq '.sweeps = [{over: "workers", points: [{value: 2, result: (. | del(.sweeps))}]}]' "$dir/base.json" >"$dir/swept.json"
jq '.sweeps[0].points[0].result.runs[].p99 = 90' "$dir/swept.json" >"$dir/stalls.json"
jq '.runs[1].failed = 1' "$dir/base.json" >"$dir/failing.json"
result once all 100 4.0
jq '.conditions.durability = "off"' "$dir/base.json" >"$dir/careless.json"

expect 0 'CPU in all, ms +4.1 \(4 to 4.2\) +4.1 \(4 to 4.2\) +same' base base
expect 0 'CPU in all.*same' base noisy
expect 1 'CPU of capf.*worse' base slower
expect 1 'CPU over floor.*worse' base slower
expect 0 'CPU in all.*better' slower base
expect 0 'enrolments a second +100 .* 140 .*better' base faster
expect 1 'enrolments a second.*worse' faster base
expect 2 'different stages' base other
expect 2 'stranger.json: not a result' base stranger
expect 2 'nowhere.json: cannot be read' base nowhere
expect 1 'latency p99.*worse' swept stalls
expect 0 'note: the conditions differ in durability: null and "off"' base careless
expect 1 'failed .*worse' base failing
expect 0 'failed .*better' failing base
expect 0 'note: fewer than three runs' base once
exit $failed
