#!/usr/bin/env bash
# Our RA as somebody else's: started by hand with a certsrv of its own, reached through --sut; then as a
# command that the runner starts, with an excuse, and with one that has expired.
#
#     BUILD=build ci/sut.sh
set -u
build=${BUILD:-build}
out=${OUT:-out/sut}
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
started=()
passed=0
failed=0

finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    wait
}
trap finish EXIT

start() { # NAME COMMAND...: starts it and reads the address that it serves on
    local name=$1
    shift
    mkfifo "$out/$name.ready"
    "$@" --ready-fd 3 3>"$out/$name.ready" >"$out/$name.out" 2>&1 &
    started+=($!)
    IFS= read -r -t 60 line <"$out/$name.ready" || { cat "$out/$name.out"; echo "sut: $name did not get ready" >&2; exit 1; }
    address=$(sed 's/.*"listen":"\([^"]*\)".*/\1/' <<<"$line")
}

try() { # TITLE EXIT-STATUS PATTERN COMMAND...
    local title=$1 status=$2 pattern=$3
    shift 3
    "$@" >"$out/last.log" 2>&1
    local got=$?
    if [ "$got" = "$status" ] && grep -qF -e "$pattern" "$out/last.log"; then
        printf 'ok      %s\n' "$title"
        passed=$((passed + 1))
    else
        printf 'FAILED  %s: exit status %s, expected %s and "%s"\n' "$title" "$got" "$status" "$pattern"
        sed 's/^/        /' "$out/last.log"
        failed=$((failed + 1))
    fi
}

run() { "$build/bin/capflab" run -o "$out/run" "$@"; }
scenario=scenarios/healthy/online-ca.yaml

# An earlier run leaves certificates and configurations of a site of its own.
"$build/bin/capflab" run -o "$out/site" "$scenario" >"$out/site.log" 2>&1 || { cat "$out/site.log"; exit 1; }
rm -f "$out"/site/db/ca.sqlite* "$out"/site/db/ra.sqlite*
start certsrv "$build/bin/capflab-certsrv" --config "$out/site/config/certsrv.yaml" --listen 127.0.0.1:0
certsrv=$address
sed "s/^\( *via:\).*/\1 $address/" "$out/site/config/ra.yaml" >"$out/ra.yaml"
start ra "$build/bin/capflab-ra" --config "$out/ra.yaml" --listen 127.0.0.1:0
ra=$address
sed "s/^\( *via:\).*/\1 $ra/" "$out/site/config/capf.yaml" >"$out/capf.yaml"
start capf "$build/bin/capflab-capf" --config "$out/capf.yaml" --listen 127.0.0.1:0
capf=$address
for device in SEP74A02FC0A675 SEP74A02FC0A676 SEP74A02FC0A677; do
    "$build/bin/capflab-capf" device set "$device" --operation install --config "$out/capf.yaml" || exit 1
done

cat >"$out/sut.yaml" <<END
ra:
  host: ra.michamen.com
  username: 'MICHAMEN\\ciscora'
  password: Cisco123!
  trust: $out/site/pki/ra-trust.pem
  issuer: $out/site/pki/chain.pem
certsrv: {host: lab-dc.michamen.com, trust: $out/site/pki/web-trust.pem, issuer: $out/site/pki/chain.pem}
capf: {trust: $out/site/pki/capf.pem, issuer: $out/site/pki/chain.pem}
END
sed 's/^  host:.*/  host: elsewhere.michamen.com/' "$out/sut.yaml" >"$out/wrong.yaml"
excuse() { printf 'excuses: [{scenario: "healthy/*", reason: its name is wrong, expires: %s}]\n' "$1"; }
{ cat "$out/wrong.yaml"; excuse 2999-12-31; } >"$out/excused.yaml"
{ cat "$out/wrong.yaml"; excuse 2001-01-01; } >"$out/expired.yaml"

printf '#!/bin/sh\nexit "$1"\n' >"$out/ends"
chmod +x "$out/ends"

try 'an RA behind an address' 0 '1 passed, 0 failed' run --sut "ra=https://$ra" --sut-config "$out/sut.yaml" "$scenario"
try 'what is not judged is told' 0 'not judged: log ra, log ra-error' run --sut "ra=https://$ra" --sut-config "$out/sut.yaml" "$scenario"
try 'an RA that is not who it should be fails' 1 '0 passed, 1 failed' run --sut "ra=https://$ra" --sut-config "$out/wrong.yaml" "$scenario"
try 'an excused failure is skipped, and told' 77 'its name is wrong' run --sut "ra=https://$ra" --sut-config "$out/excused.yaml" "$scenario"
try 'an expired excuse is a mistake' 2 'expired on 2001-01-01' run --sut "ra=https://$ra" --sut-config "$out/expired.yaml" "$scenario"
try 'a scenario that needs more is skipped' 77 'it needs ' run --sut "ra=https://$ra" --sut-config "$out/sut.yaml" scenarios/online-ca/process-ra-killed.yaml
try 'an RA as a command' 0 '1 passed, 0 failed' run --sut "ra=$build/bin/capflab-ra --config {config} --listen {listen}" "$scenario"
try 'certsrv behind an address' 0 '1 passed, 0 failed' run --sut "certsrv=https://$certsrv" --sut-config "$out/sut.yaml" "$scenario"
try 'certsrv as a command' 0 '1 passed, 0 failed' run --sut "certsrv=$build/bin/capflab-certsrv --config {config} --listen {listen}" "$scenario"
try 'CAPF behind an address' 0 '1 passed, 0 failed' run --sut "capf=$capf" --sut-config "$out/sut.yaml" "$scenario"
try 'exit status 77 skips' 77 'it skips this' run --sut "ra=$out/ends 77" "$scenario"
try 'exit status 89 skips' 77 'not implemented' run --sut "ra=$out/ends 89" "$scenario"

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
