#!/usr/bin/env bash
# Foreign clients against the running lab: curl (NTLM and Basic) against certsrv, curl and strongSwan's
# pki against the RA, openssl s_client against CAPF. What somebody else wrote must work unchanged.
#
#     BUILD=build ci/interop.sh
set -u
build=${BUILD:-build}
out=${OUT:-out/interop}
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
started=()
passed=0
failed=0

finish() { # each server ends by its id, and is waited for
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
    wait
}
trap finish EXIT

try() { # TITLE COMMAND...
    local title=$1
    shift
    if "$@" >"$out/last.log" 2>&1; then
        printf 'ok      %s\n' "$title"
        passed=$((passed + 1))
    else
        printf 'FAILED  %s\n' "$title"
        tail -n 20 "$out/last.log" | sed 's/^/        /'
        failed=$((failed + 1))
    fi
}

start() { # FIRST-LINE-PATTERN FILE COMMAND...: starts it and waits until its output shows the pattern
    local pattern=$1 file=$2
    shift 2
    mkfifo "$file.fifo"
    "$@" >"$file.fifo" 2>"$file.err" &
    started+=($!)
    exec {lines}<"$file.fifo"
    while IFS= read -r -t 60 line <&"$lines"; do
        printf '%s\n' "$line" >>"$file"
        [[ $line == *"$pattern"* ]] && return 0
    done
    cat "$file.err"
    echo "interop: $1 did not get ready" >&2
    exit 1
}

address_of() { awk -v name="$1" '$2 ~ name {print $1; exit}' "$out/up"; }

# --- the lab, and a certsrv of its own with Basic ---

start 'The lab runs until' "$out/up" "$build/bin/capflab" up -o "$out/lab" scenarios/healthy/online-ca.yaml
certsrv=$(address_of lab-dc) ra=$(address_of '^ra[.]') capf=$(address_of cucm)
pki=$out/lab/pki
user='MICHAMEN\ciscora:Cisco123!'

cat >"$out/basic.yaml" <<YAML
authentication: [basic]
log: $out/basic-iis.log
state: $out/basic
users: [{name: ciscora, password: Cisco123!}]
templates: [{name: CiscoRA}]
YAML
start '"ready":' "$out/basic.ready" "$build/bin/capflab" certsrv --config "$out/basic.yaml" --listen 127.0.0.1:0 --ready-fd 1
basic=$(jq -r .listen "$out/basic.ready") basic_ca=$(jq -r .ca "$out/basic.ready")

openssl req -new -newkey rsa:2048 -nodes -keyout "$out/key.pem" -out "$out/request.pem" -subj /CN=SEP001122334455 2>/dev/null
openssl req -in "$out/request.pem" -outform DER -out "$out/request.der"
openssl rsa -in "$out/key.pem" -outform DER -traditional -out "$out/key.der" 2>/dev/null

# --- certsrv ---

web() { # AUTHENTICATION ADDRESS CA-FILE PATH [CURL-OPTION...]
    local scheme=$1 address=$2 ca=$3 path=$4
    shift 4
    curl -sS --fail "$scheme" -u "$user" --cacert "$ca" --connect-to "lab-dc.michamen.com:443:$address" \
        "https://lab-dc.michamen.com$path" "$@"
}
enrol_at_certsrv() { # AUTHENTICATION ADDRESS CA-FILE
    local page id
    web "$@" /certsrv/certrqxt.asp -A 'Mozilla/5.0' | grep -q ';CiscoRA;' || return 1
    page=$(web "$@" /certsrv/certfnsh.asp -A 'Mozilla/5.0' --data-urlencode Mode=newreq --data-urlencode "CertRequest@$out/request.pem" \
        --data-urlencode 'CertAttrib=CertificateTemplate:CiscoRA') || return 1
    id=$(sed -n 's/.*certnew\.cer?ReqID=\([0-9]*\)&.*/\1/p' <<<"$page" | head -n 1)
    [ -n "$id" ] || { echo "$page"; return 1; }
    web "$@" "/certsrv/certnew.cer?ReqID=$id&Enc=b64" >"$out/certnew.cer" &&
        web "$@" "/certsrv/certnew.p7b?ReqID=$id&Enc=bin" >"$out/certnew.p7b" &&
        openssl pkcs7 -inform DER -in "$out/certnew.p7b" -print_certs >"$out/chain.pem" &&
        openssl verify -CAfile "$out/chain.pem" "$out/certnew.cer" &&
        diff <(openssl x509 -in "$out/certnew.cer" -noout -pubkey) <(openssl req -in "$out/request.pem" -noout -pubkey)
}
refused() { # AUTHENTICATION ADDRESS CA-FILE: a wrong password is a 401
    [ "$(user='MICHAMEN\ciscora:wrong' web "$@" /certsrv/ -o /dev/null -w '%{http_code}' 2>/dev/null)" = 401 ]
}
try 'certsrv: curl --ntlm enrols, fetches certificate and chain' enrol_at_certsrv --ntlm "$certsrv" "$pki/web-trust.pem"
try 'certsrv: curl --ntlm with a wrong password' refused --ntlm "$certsrv" "$pki/web-trust.pem"
try 'certsrv: curl --basic enrols, fetches certificate and chain' enrol_at_certsrv --basic "$basic" "$basic_ca"
try 'certsrv: curl --basic with a wrong password' refused --basic "$basic" "$basic_ca"

# --- the RA ---

est() { # OPERATION [CURL-OPTION...]
    local operation=$1
    shift
    curl -sS --fail --cacert "$pki/ra-trust.pem" --connect-to "ra.michamen.com:8084:$ra" \
        "https://ra.michamen.com:8084/.well-known/est/$operation" "$@"
}
decode() { openssl base64 -d "$@" | openssl pkcs7 -inform DER -print_certs; }
cacerts_by_curl() { est cacerts | decode -A | grep -q 'CN = LAB-DC-RTP'; }
cacerts_wrapped_for_libest() { est cacerts -A 'Cisco EST client 1.0' | decode | grep -q 'CN = LAB-DC-RTP'; }
enrol_by_curl() { # BODY-FILE [CURL-OPTION...]
    local body=$1
    shift
    est simpleenroll -u "$user" -H 'Content-Type: application/pkcs10' --data-binary "@$body" "$@" | tr -d '\n' |
        decode -A >"$out/est.pem" && openssl verify -partial_chain -CAfile "$pki/lab-dc-rtp.pem" "$out/est.pem"
}
openssl base64 -in "$out/request.der" -out "$out/request.wrapped"
openssl base64 -A -in "$out/request.der" -out "$out/request.line"
try 'EST: curl gets the CA certificates' cacerts_by_curl
try 'EST: a libest client gets them wrapped' cacerts_wrapped_for_libest
try 'EST: curl enrols, PEM' enrol_by_curl "$out/request.pem"
try 'EST: curl enrols, DER' enrol_by_curl "$out/request.der"
try 'EST: curl enrols, base64 on one line' enrol_by_curl "$out/request.line"
try 'EST: curl enrols, wrapped base64, chunked' enrol_by_curl "$out/request.wrapped" -H 'Transfer-Encoding: chunked'

# strongSwan reads DER trust anchors, and checks the host of the URL against the certificate.
openssl x509 -in "$pki/ra-trust.pem" -outform DER -out "$out/ra-ca.der"
for file in lab-ca lab-dc-rtp; do openssl x509 -in "$pki/$file.pem" -outform DER -out "$out/$file.der"; done
strongswan_cacerts() {
    pki --estca --url "https://$ra" --cacert "$out/ra-ca.der" --caout "$out/estca" --force --outform pem &&
        cat "$out"/estca* | grep -q 'BEGIN CERTIFICATE'
}
strongswan_enrol() {
    pki --est --url "https://$ra" --in "$out/request.der" --cacert "$out/ra-ca.der" --cacert "$out/lab-ca.der" \
        --cacert "$out/lab-dc-rtp.der" --userpass "$user" --outform pem >"$out/strongswan.pem" &&
        openssl verify -partial_chain -CAfile "$pki/lab-dc-rtp.pem" "$out/strongswan.pem"
}
strongswan_refused() {
    ! pki --est --url "https://$ra" --in "$out/request.der" --cacert "$out/ra-ca.der" --userpass 'MICHAMEN\ciscora:wrong'
}
try "EST: strongSwan's pki --estca" strongswan_cacerts
try "EST: strongSwan's pki --est" strongswan_enrol
try "EST: strongSwan's pki --est with a wrong password" strongswan_refused

# --- CAPF ---

capf_greets() { # AUTH_REQ with version 3 (capf-protocol.md 12), after a handshake that verifies
    (exec 3<>"$out/hold"; openssl s_client -connect "$capf" -CAfile "$pki/capf.pem" -verify_return_error -quiet <&3 2>"$out/s_client.err" |
        head -c 12 | od -An -tx1 | tr -d ' \n') | grep -qE '^5501[0-9a-f]{8}000407000103$'
}
mkfifo "$out/hold"
try 'CAPF: openssl s_client verifies it and gets AUTH_REQ' timeout 20 bash -c "$(declare -f capf_greets); out='$out' capf='$capf' pki='$pki' capf_greets"

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
