#!/usr/bin/env bash
# Runs unit tests and scenarios in a coverage build and reports lines and branches of impl and mocks.
#
#     BUILD=build-cover ci/cover.sh        report in $BUILD/report/index.html
set -eu
build=${BUILD:-build-cover}
find "$build" -name '*.gcda' -delete
ci/check.sh
lcov --quiet --capture --directory "$build" --output-file "$build/all.info" --rc lcov_branch_coverage=1
lcov --quiet --extract "$build/all.info" "$PWD/impl/*" "$PWD/mocks/*" --output-file "$build/ours.info" --rc lcov_branch_coverage=1
lcov --quiet --remove "$build/ours.info" '*_test.c' --output-file "$build/ours.info" --rc lcov_branch_coverage=1
genhtml --quiet --branch-coverage --output-directory "$build/report" "$build/ours.info"
lcov --list "$build/ours.info" --rc lcov_branch_coverage=1
