#!/usr/bin/env bash
# Runs under Valgrind what reads bytes of peers, and a healthy phone of each issuer with every
# component. An error or a definite leak fails. The sanitizers run everything (make check-sanitize);
# Valgrind adds what they do not see: values that nobody set, also inside of libraries.
#
#     BUILD=build ci/valgrind.sh
set -u
build=${BUILD:-build}
out=${OUT:-out/valgrind}
jobs=${JOBS:-$(nproc)}

# Left out of impl/base: what measures time, or is slow by its nature (servers and their clients).
tests=(
    impl/base/{base64,bytes,config,config_mistake,datagram,err,file,key,log,program,random,resolver,sntp_packet,sql,trust_store,x509}
    impl/pki/pki
    impl/itl/{itl,itl_lists,sgn,show}
    impl/capf/{wire,auth,auth_limits,auth_request,store,trace}
    impl/est/{est_check,est_http,est_path}
    impl/certsrv/{certsrv_form,certsrv_page}
    impl/diagnose/{pattern,records}
    mocks/certsrv/{ntlm,text}
    mocks/dns/message
    mocks/phone/cnf_xml
    mocks/tftp/{packet,session}
    mocks/tvs/tvs_wire
)
scenarios=(scenarios/healthy/{capf-issued,online-ca,offline-ca}.yaml)

mkdir -p "$out"
out=$(cd "$out" && pwd)
valgrind="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
export valgrind build out CAPFLAB_PATIENCE=20

run_one() {
    log=$out/${1//\//.}_test.log
    # Each case is a fork of its own: its errors and leaks end it with 99, which Check reports.
    if CK_TIMEOUT_MULTIPLIER=20 $valgrind "$build/test/$1_test" >"$log" 2>&1; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s\n' "$1"
        tail -n 60 "$log" | sed 's/^/        /'
        echo "$1" >>"$out/failed"
    fi
}
export -f run_one

rm -f "$out/failed"
printf '%s\n' "${tests[@]}" | xargs -P "$jobs" -I{} bash -c 'run_one {}'
count=${#tests[@]}
failed=$([ -e "$out/failed" ] && wc -l <"$out/failed" || echo 0)

"$build/bin/capflab" run -j "$jobs" -o "$out/scenarios" --wrap "$valgrind" "${scenarios[@]}" | tee "$out/scenarios.txt"
status=${PIPESTATUS[0]}
read -r more bad <<<"$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$out/scenarios.txt" | tail -n 1)"
[ -n "${more:-}" ] || { more=0 bad=1; }
[ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1

echo
echo "$((count - failed + more)) passed, $((failed + bad)) failed"
[ "$((failed + bad))" = 0 ]
