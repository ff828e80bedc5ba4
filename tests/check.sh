#!/bin/bash
# Every gate, as `./quickstart check` runs them: two lanes of stages side by side, each stage's output in
# build/logs/STAGE.log, the end of it shown when it fails. `tests/check.sh STAGE...` runs only those.
#
# Closes with `N passed, N failed`: the tests of all stages, and one for each stage that has none to count.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
logs=$root/build/logs
results=$root/build/results
jobs=$(nproc)
ccache=$(command -v ccache || true)
fuzz_seconds=${WARD_FUZZ_SECONDS:-3}
mkdir -p "$logs" && rm -rf "$results" && mkdir -p "$results"

# ---- builds: each in a folder of its own ---------------------------------------------------------
# build NAME CC CFLAGS CONFIGURE-OPTION...: everything, tests included, in build/NAME.
build() {
    local name=$1
    prepare "$@" && make -C "build/$name" && make -C "build/$name" check TESTS=
}
prepare() {
    local name=$1 cc=$2 cflags=$3
    shift 3
    mkdir -p "build/$name"
    if [ ! -e "build/$name/Makefile" ]; then
        (cd "build/$name" && "$root/configure" -q --enable-werror CC="${ccache:+$ccache }$cc" CFLAGS="$cflags" "$@")
    fi
}
rig() {
    local build=$1 sanitized=
    shift
    # A sanitizer's shadow is no figure of ours: tests of memory say theirs and judge nothing.
    case $build in asan | tsan) sanitized=1 ;; esac
    WARD_SANITIZED=$sanitized WARD=$root/build/$build/ward WARD_VECTORS=$root/tests/vectors \
        tests/run.py --logs "$logs/$build" "$@"
}
programs() { sed -n "/^$1 = /,/[^\\\\]\$/p" Makefile.am | grep -o 'tests/[^ ]*\.py[^ ]*'; }

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=0:exitcode=99:second_deadlock_stack=1

# Vectors whose licence keeps them out of this tree are checked too where they are at hand.
if [ -d ../shared/vectors ]; then
    WARD_EXTRA_VECTORS=$(cd ../shared/vectors && pwd) && export WARD_EXTRA_VECTORS
fi

# ---- stages --------------------------------------------------------------------------------------
# The program as users build it, where `quickstart` builds it. The unit tests are built and run with sanitizers, where
# they tell most.
stage_gcc() {
    grep -q -e --enable-werror build/ward/config.log 2>/dev/null || rm -f build/ward/Makefile
    prepare ward gcc "-O2 -g" && make -C build/ward
}
stage_unit() { make -C build/ward check; }
stage_story() { WARD_DEMO=$root/build/demo ./quickstart --once; }
# Several at a time: most of what these do is wait for each other.
# Programs that run in both modes run here on open nodes, with a sanitizer on closed ones; those of the client API
# run with sanitizers alone.
stage_integration() { rig ward --jobs 3 $(closed_only) $(programs INTEGRATION_OPEN_TESTS); }
closed_only() {
    local open
    open=$(programs INTEGRATION_OPEN_TESTS | sed 's/:open$//')
    programs INTEGRATION_TESTS | grep -vxF "$open" | grep -v /test_api
}
# Those that keep every thread busy at once are for ThreadSanitizer, the others for AddressSanitizer.
busy='_(api_push|api_streaming|groups|ingest_never_waits|many_peers|peer_down|signatures|threads|two_nodes)\.py'
stage_interop() { rig ward --jobs 2 $(programs INTEROP_TESTS); }
stage_crash() { rig ward --jobs 1 --timeout 900 $(programs KILL_TESTS); }
# With the flags of the fuzzers, which need most of it again.
stage_clang() { build clang clang "-O1 -g1" --enable-fuzzers; }
stage_analyzer() { prepare analyzer gcc "-O1 -g" --enable-analyzer && make -C build/analyzer; }
stage_asan() { build asan gcc "-O1 -g1" --enable-sanitizers=address,undefined; }
stage_asan_unit() { make -C build/asan check; }
stage_asan_integration() {
    rig asan --jobs 3 $(programs INTEGRATION_TESTS | grep -vE "$busy|_bounds") tests/integration/test_two_nodes.py
}
stage_tsan() { prepare tsan gcc "-O1 -g1" --enable-sanitizers=thread && make -C build/tsan; }
# Of the unit tests those that start threads: elsewhere there is no race to find.
stage_tsan_unit() {
    local programs
    programs=$(grep -lE 'pthread_create|workers_start|writer_start' tests/unit/*.c | sed 's/\.c$//' | tr '\n' ' ')
    make -C build/tsan check TESTS="$programs" check_PROGRAMS="$programs"
}
stage_tsan_integration() { rig tsan --jobs 2 $(programs INTEGRATION_TESTS | grep -E "$busy"); }
stage_format() {
    find storage federation node tests -name '*.[ch]' ! -path '*/vectors/*' -print0 |
        xargs -0 clang-format --dry-run --Werror
}
stage_source() { tests/run.py --logs "$logs" tests/tools/source.py; }
# From the tarball run those tests that read files: the others have all they need when they compile.
stage_distcheck() {
    local programs
    programs=$(grep -lE 'WARD_(VECTORS|CORPUS|DOCUMENTS)' tests/unit/*.c | sed 's/\.c$//' | tr '\n' ' ')
    # That it is whole is asked here; what the compiler thinks of it was asked before.
    make -C build/ward distcheck TESTS="$programs" check_PROGRAMS="$programs" \
        DISTCHECK_CONFIGURE_FLAGS="--disable-werror CFLAGS=-O0"
}
stage_fuzz() {
    stage_clang && make -C build/clang fuzzers || return 1
    local fuzzer name passed=0 failed=0
    for fuzzer in build/clang/tests/fuzz/fuzz_*; do
        [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
        name=${fuzzer##*/fuzz_}
        mkdir -p "build/found/$name"
        if "$fuzzer" -max_total_time="$fuzz_seconds" -rss_limit_mb=512 -timeout=5 -print_final_stats=1 \
            -artifact_prefix="build/found/$name-" "build/found/$name" "tests/fuzz/corpus/$name"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
        fi
    done
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}

lane_one=(gcc story integration interop crash distcheck clang fuzz)
lane_two=(source format asan asan_unit asan_integration tsan tsan_unit tsan_integration analyzer)

# ---- running and counting ------------------------------------------------------------------------
# count LOG STATUS: what a stage's output says, as "passed failed".
count() {
    awk -v status="$2" '
        /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; seen = 1 }
        /^# (PASS|XFAIL): / { passed += $3; seen = 1 }
        /^# (FAIL|XPASS|ERROR): / { failed += $3; seen = 1 }
        END {
            if (!seen || passed + failed == 0) passed = status == 0
            if (status != 0 && failed + 0 == 0) failed = 1
            print passed + 0, failed + 0
        }' "$1"
}

run_stage() {
    local stage=$1 log=$logs/$1.log started=$SECONDS status passed failed
    "stage_$stage" >"$log" 2>&1 </dev/null
    status=$?
    read -r passed failed < <(count "$log" $status)
    echo "$passed $failed" >"$results/$stage"
    {
        flock 9
        if [ "$failed" = 0 ]; then
            printf '[%4d s] %-18s ok: %d passed (%d s)\n' "$SECONDS" "$stage" "$passed" $((SECONDS - started))
            grep -hE ' MiB after the story|# figure:' "$log" | sed 's/^[# ]*/           /'
        else
            printf '[%4d s] %-18s FAILED: %d passed, %d failed (%d s); the end of %s:\n' "$SECONDS" "$stage" "$passed" \
                "$failed" $((SECONDS - started)) "${log#"$root"/}"
            tail -n 60 "$log" | cut -c1-300 | sed 's/^/    | /'
        fi
    } 9>"$results/.lock"
    [ "$status" = 0 ]
}

run_lane() {
    local stage
    for stage in "$@"; do
        # A lane whose first build is broken has nothing to say beyond that.
        run_stage "$stage" || [ "$stage" != gcc ] || return
    done
}

finish() {
    cat "$results"/[a-z]* | awk '{ passed += $1; failed += $2 }
        END { printf "%d passed, %d failed\n", passed, failed; exit failed || !passed }'
    exit $?
}

if [ ! -e configure ] || [ configure.ac -nt configure ] || [ Makefile.am -nt Makefile.in ]; then
    autoreconf -fi >"$logs/autoreconf.log" 2>&1 || { tail -n 30 "$logs/autoreconf.log" && exit 1; }
fi
if [ $# -gt 0 ]; then
    run_lane "$@"
    finish
fi
echo "Building and testing in two lanes; logs in build/logs."
run_lane "${lane_one[@]}" &
run_lane "${lane_two[@]}" &
wait
finish
