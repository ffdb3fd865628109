#!/usr/bin/env bash
# Foreign clients against the running lab: curl (NTLM and Basic) against certsrv, curl and strongSwan's
# pki against the RA, openssl s_client against CAPF and TVS, dig and ntpdig (or chronyd -Q) against the
# mocks of DNS and NTP, tftp and curl against the file service, Chromium with the page of
# `capflab run --html`. What somebody else wrote must work unchanged.
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

# --- TVS: frames as tvs-protocol.md 5 has them, made without our code ---

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$out/tvs.key" -out "$out/tvs.pem" -subj /CN=ao115pub -set_serial 0x0a0b 2>/dev/null
cat >"$out/tvs.yaml" <<YAML
certificate: $out/tvs.pem
key: $out/tvs.key
idle-timeout: 2s
client-certificate: yes
store: [{certificate: $out/tvs.pem, roles: [sast, tftp]}]
YAML
start '"ready":' "$out/tvs.ready" "$build/bin/capflab" tvs --config "$out/tvs.yaml" --listen 127.0.0.1:0 --ready-fd 1
tvs=$(jq -r .listen "$out/tvs.ready")
tvs_cert=$(openssl x509 -in "$out/tvs.pem" -outform DER | od -An -v -tx1 | tr -d ' \n')
tvs_device=010018$(printf '\001CP-8861-SEPB000B4BA0AEE' | od -An -v -tx1 | tr -d ' \n')
tvs_name=$(printf 'CN=ao115pub\0' | od -An -v -tx1 | tr -d ' \n')
tvs_yes=080002000309000400015180

tvs_says() { # REQUEST ANSWER, in hexadecimal; the server ends the connection
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" >"$out/tvs.request"
    openssl s_client -connect "$tvs" -CAfile "$out/tvs.pem" -verify_return_error -cert "$out/tvs.pem" -key "$out/tvs.key" \
        -quiet <"$out/tvs.request" 2>"$out/tvs.err" | od -An -v -tx1 | tr -d ' \n' >"$out/tvs.answer"
    printf '%s\n' "$(<"$out/tvs.answer")" "$2"
    [ "$(<"$out/tvs.answer")" = "$2" ]
}
tvs_frame() { # COMMAND BODY
    printf '5701%s00000003e9%04x%s' "$1" $((${#2} / 2)) "$2"
}
tvs_element() { # TAG VALUE
    printf '%s%04x%s' "$1" $((${#2} / 2)) "$2"
}
verify=$(tvs_frame 01 "$tvs_device$(tvs_element 02 "$tvs_cert")")
query=$(tvs_frame 03 "$tvs_device$(tvs_element 03 "$tvs_name")$(tvs_element 04 "$tvs_name")0500020a0b")
unknown=$(tvs_frame 03 "$tvs_device$(tvs_element 03 "$tvs_name")$(tvs_element 04 "$tvs_name")0500020a0c")
verified=$(tvs_frame 02 "07000100$tvs_yes")
try 'TVS: openssl s_client, VERIFY and QUERY on one connection' tvs_says "$verify$query" \
    "$verified$(tvs_frame 04 "07000100$(tvs_element 02 "$tvs_cert")$tvs_yes")"
try 'TVS: openssl s_client, a certificate that is not there' tvs_says "$unknown" "$(tvs_frame 04 07000101)"

# --- names ---

cat >"$out/dns.yaml" <<'YAML'
records:
  - {name: lab-dc.michamen.com, a: 127.0.0.1, aaaa: '::1'}
  - {name: pki.michamen.com, cname: lab-dc.michamen.com}
faults:
  - {at: dns.query, name: servfail.michamen.com, times: always, do: servfail}
  - {at: dns.query, name: refused.michamen.com, times: always, do: refused}
  - {at: dns.query, name: silent.michamen.com, times: always, do: silence}
  - {at: dns.query, name: garbage.michamen.com, times: always, do: garbage}
  - {at: dns.query, name: moved.michamen.com, nth: 2, times: always, do: address 192.0.2.7}
  - {at: dns.query, name: pki.michamen.com, times: always, do: truncate}
YAML
start '"ready":' "$out/dns.ready" "$build/bin/capflab" dns --config "$out/dns.yaml" --ready-fd 1
dns=$(jq -r .listen "$out/dns.ready")

dig_says() { # PATTERN DIG-ARGUMENT...
    local pattern=$1
    shift
    dig "@${dns%:*}" -p "${dns##*:}" +tries=1 +time=20 "$@" | tee "$out/dig" | grep -E -- "$pattern" || { cat "$out/dig"; return 1; }
}
try 'DNS: dig gets an address, whatever the case' dig_says '^LAB-dc[.]michamen[.]com[.].*IN.A.127[.]0[.]0[.]1$' LAB-dc.michamen.com
try 'DNS: dig gets an address of version 6' dig_says '^::1$' +short lab-dc.michamen.com AAAA
try 'DNS: dig +tcp' dig_says '^127[.]0[.]0[.]1$' +short +tcp lab-dc.michamen.com
try 'DNS: dig without EDNS' dig_says '^127[.]0[.]0[.]1$' +short +noedns lab-dc.michamen.com
try 'DNS: dig comes again over TCP when truncated' dig_says 'Truncated, retrying in TCP mode' pki.michamen.com
try 'DNS: dig follows an alias, over TCP' dig_says '^127[.]0[.]0[.]1$' +short pki.michamen.com
try 'DNS: no such name' dig_says 'status: NXDOMAIN' lab-dcc.michamen.com
try 'DNS: no such type' dig_says 'status: NOERROR' lab-dc.michamen.com MX
try 'DNS: server failure' dig_says 'status: SERVFAIL' servfail.michamen.com
try 'DNS: refused' dig_says 'status: REFUSED' refused.michamen.com
try 'DNS: no answer' dig_says 'timed out' +time=1 silent.michamen.com
try 'DNS: an answer that cannot be read' dig_says 'Got bad packet' garbage.michamen.com
try 'DNS: first no such name' dig_says 'status: NXDOMAIN' moved.michamen.com
try 'DNS: then another address' dig_says '^192[.]0[.]2[.]7$' +short moved.michamen.com

# --- time: ntpdig knows no other port than 123; where that may not be had, chronyd asks if it is there ---

cat >"$out/ntp.yaml" <<'YAML'
faults:
  - {at: ntp.request, nth: 2, do: offset -400d}
  - {at: ntp.request, nth: 3, do: kiss RATE}
  - {at: ntp.request, nth: 4, do: unsynchronised}
  - {at: ntp.request, nth: 5, do: silence}
YAML
ntpdig_offset() { # SECONDS: within two of it
    ntpdig -j -t 20 127.0.0.123 | tee /dev/stderr | jq -e "(.offset - ($1)) | fabs < 2"
}
ntpdig_drops() { # PATTERN [OPTION...]
    local pattern=$1
    shift
    ntpdig "$@" 127.0.0.123 2>&1 | tee /dev/stderr | grep -q -- "$pattern"
}
chronyd_offset() { # HOST:PORT SECONDS
    chronyd -Q -t 20 "server ${1%:*} port ${1##*:} iburst maxsamples 1" 2>&1 | tee /dev/stderr |
        awk -v wanted="$2" '/System clock wrong by/ {d = $6 - wanted; found = d < 2 && d > -2} END {exit !found}'
}
if [ "$(id -u)" = 0 ] || [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -le 123 ]; then
    start '"ready":' "$out/ntp.ready" "$build/bin/capflab" ntp --config "$out/ntp.yaml" --listen 127.0.0.123:123 --ready-fd 1
    try 'NTP: ntpdig sees the right time' ntpdig_offset 0
    try 'NTP: ntpdig sees the offset' ntpdig_offset -34560000
    try "NTP: ntpdig sees the kiss-o'-death" ntpdig_drops 'probable KOD' -t 20
    try 'NTP: ntpdig takes no time from an unsynchronised server' ntpdig_drops 'stratum too high' -t 20
    try 'NTP: ntpdig gets no answer' ntpdig_drops 'no eligible servers' -t 1
fi
if command -v chronyd >/dev/null; then
    start '"ready":' "$out/chrony.ready" "$build/bin/capflab" ntp --config "$out/ntp.yaml" --ready-fd 1
    ntp=$(jq -r .listen "$out/chrony.ready")
    try 'NTP: chronyd -Q sees the right time' chronyd_offset "$ntp" 0
    try 'NTP: chronyd -Q sees the offset' chronyd_offset "$ntp" -34560000
fi

# --- files: tftp and curl get over TFTP what curl gets over HTTP ---

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$out/cucm.key" -out "$out/cucm.pem" -subj /O=Cisco/CN=cucm 2>/dev/null
mkdir -p "$out/tftp" "$out/fetched"
head -c 300000 "$build/bin/capflab-tftp" >"$out/tftp/large"
head -c 1024 "$build/bin/capflab-tftp" >"$out/tftp/blocks"
: >"$out/tftp/empty"
cat >"$out/tftp.yaml" <<YAML
signer: {certificate: $out/cucm.pem, key: $out/cucm.key}
itl: [{certificate: $out/cucm.pem, roles: [sast, tftp]}, {certificate: $pki/capf.pem, roles: capf}]
files: $out/tftp
devices: {template: {capf: [{host: cucm.michamen.com}], tvs: [{host: cucm.michamen.com}]}}
faults:
  - {at: tftp.request, name: lost, times: always, do: drop-block 2}
YAML
cp "$out/tftp/blocks" "$out/tftp/lost"
start '"ready":' "$out/tftp.ready" "$build/bin/capflab" tftp --config "$out/tftp.yaml" --ready-fd 1
tftp=$(jq -r .listen "$out/tftp.ready") files=$(jq -r .http "$out/tftp.ready")

by_http() { curl -sS --fail -o "$out/fetched/$1.http" "http://$files/$1"; }
by_tftp_client() { # NAME MODE
    rm -f "$out/fetched/$1.tftp"
    timeout 60 tftp -m "$2" "${tftp%:*}" "${tftp##*:}" -c get "$1" "$out/fetched/$1.tftp" 2>&1 | grep . && return 1
    [ -e "$out/fetched/$1.tftp" ]
}
tftp_client_gets() { by_http "$1" && by_tftp_client "$1" binary && cmp "$out/fetched/$1.http" "$out/fetched/$1.tftp"; }
curl_gets() { # NAME [CURL-OPTION...]
    local name=$1
    shift
    by_http "$name" && curl -sS "$@" -o "$out/fetched/$name.curl" "tftp://$tftp/$name" && cmp "$out/fetched/$name.http" "$out/fetched/$name.curl"
}
tftp_client_is_refused() { # NAME TEXT
    timeout 60 tftp -m binary "${tftp%:*}" "${tftp##*:}" -c get "$1" "$out/fetched/none" 2>&1 | tee /dev/stderr | grep -q "$2"
}
curl_is_refused() { # NAME EXIT-CODE
    curl -sS --path-as-is "tftp://$tftp/$1"
    [ $? = "$2" ]
}
for file in ITLFile.tlv ITLSEP001122334455.tlv SEP001122334455.cnf.xml blocks large lost; do
    try "TFTP: tftp gets $file" tftp_client_gets "$file"
    try "TFTP: curl gets $file" curl_gets "$file"
done
for size in 8 512 1428 65464; do try "TFTP: curl gets blocks of $size" curl_gets ITLFile.tlv --tftp-blksize "$size"; done
try 'TFTP: curl without options' curl_gets large --tftp-no-options
curl_gets_signed() { curl -sS "tftp://$tftp/blocks.sgn" | tail -c 1024 | cmp - "$out/tftp/blocks"; }
try 'TFTP: curl gets a signed file' curl_gets_signed
try 'TFTP: tftp gets an empty file' tftp_client_gets empty
try 'TFTP: tftp in netascii' by_tftp_client SEP001122334455.cnf.xml netascii
try 'TFTP: tftp is told that there is no file' tftp_client_is_refused CTLFile.tlv 'File not found'
try 'TFTP: tftp may not leave the folder' tftp_client_is_refused ../tftp.yaml 'Access violation'
try 'TFTP: curl is told that there is no file' curl_is_refused CTLFile.tlv 68
try 'TFTP: curl may not leave the folder' curl_is_refused ../tftp.yaml 69

# --- the report as a page: a browser reads it, without a network ---

report_page() {
    "$build/bin/capflab" run -o "$out/page" --html "$out/page.html" scenarios/phone/wrong-auth-string.yaml
}
page_in_chromium() {
    HOME=$out timeout 120 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --disable-dev-shm-usage --host-resolver-rules='MAP * ~NOTFOUND' \
        --user-data-dir="$out/chromium" --dump-dom "file://$out/page.html" >"$out/page.dom" &&
        grep -q '<span class="verdict ok">ok</span>' "$out/page.dom" && grep -q '<strong class="ok">1 passed</strong>' "$out/page.dom" &&
        grep -q '<svg class="rows"' "$out/page.dom" && grep -q '>END_SESSION</text>' "$out/page.dom" &&
        ! grep -qE '<script|(src|href)="[^#]' "$out/page.dom"
}
try 'page: capflab run --html' report_page
if command -v chromium >/dev/null; then
    try 'page: Chromium shows the verdicts and the chart' page_in_chromium
else
    echo 'skipped page: chromium is not installed'
fi

echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
