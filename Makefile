# capflab: one hand-written Makefile. `make help` lists the targets.
#
# The targets that people call first see to the packages (ci/deps.sh), then call make again: what
# pkg-config says is only right once the packages are there.

BUILD  ?= build
CC     ?= cc
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)

# Folders, each with the folders it may use; the order is bottom up.
FOLDERS := impl/base impl/pki impl/itl impl/capf impl/est impl/certsrv impl/ra impl/diagnose impl/capflab \
           mocks/fault mocks/certsrv mocks/dns mocks/ntp mocks/tftp mocks/wire mocks/tvs mocks/phone \
           scenarios/runner bench
uses.impl/base        :=
uses.impl/pki         := impl/base
uses.impl/itl         := impl/pki impl/base
uses.impl/capf        := impl/est impl/pki impl/base
uses.impl/est         := impl/pki impl/base
uses.impl/certsrv     := impl/pki impl/base
uses.impl/ra          := impl/est impl/certsrv impl/pki impl/base
uses.impl/diagnose    := impl/base
uses.impl/capflab     := impl/base
uses.mocks/fault      := impl/base
uses.mocks/certsrv    := mocks/fault impl/pki impl/base
uses.mocks/dns        := mocks/fault impl/base
uses.mocks/ntp        := mocks/fault impl/base
uses.mocks/tftp       := mocks/fault impl/capf impl/itl impl/est impl/pki impl/base
uses.mocks/wire       := mocks/fault impl/base
uses.mocks/tvs        := mocks/fault impl/capf impl/est impl/itl impl/pki impl/base
uses.mocks/phone      := mocks/tftp mocks/tvs mocks/fault impl/capf impl/est impl/itl impl/pki impl/base
uses.scenarios/runner := mocks/phone mocks/tftp mocks/tvs impl/capf mocks/certsrv mocks/dns mocks/ntp \
                         mocks/wire mocks/fault impl/itl impl/est impl/pki impl/base
uses.bench            := impl/certsrv scenarios/runner $(uses.scenarios/runner)

# Fuzz targets: fuzz/NAME_fuzz.c, each with the folders it reaches into, and what those use.
FUZZ_TARGETS        := $(patsubst fuzz/%_fuzz.c,%,$(wildcard fuzz/*_fuzz.c))
fuzz.csr            := impl/pki impl/base
fuzz.csr_policy     := mocks/certsrv mocks/fault impl/pki impl/base
fuzz.p7             := impl/pki impl/base
fuzz.config         := impl/base
fuzz.certsrv_page   := impl/certsrv impl/pki impl/base
fuzz.ntlm           := mocks/certsrv mocks/fault impl/pki impl/base
fuzz.form           := mocks/certsrv mocks/fault impl/certsrv impl/pki impl/base
fuzz.dns            := mocks/dns mocks/fault impl/base
fuzz.sntp           := impl/base
fuzz.tvs            := mocks/tvs mocks/fault impl/capf impl/est impl/itl impl/pki impl/base
fuzz.tftp           := mocks/tftp mocks/fault impl/capf impl/itl impl/est impl/pki impl/base
fuzz.est_request    := impl/est impl/pki impl/base
fuzz.cnf_xml        := mocks/phone $(uses.mocks/phone)
fuzz.est_response   := impl/est impl/pki impl/base
fuzz.scenario       := scenarios/runner $(uses.scenarios/runner)
fuzz.rules          := impl/diagnose impl/base
fuzz.diagnose       := impl/diagnose impl/base
fuzz.capf_session   := impl/capf impl/est impl/pki impl/base
fuzz.capf_phone     := mocks/phone $(uses.mocks/phone)
fuzz.capf_auth      := impl/capf impl/est impl/pki impl/base
fuzz.capf_frame     := impl/capf impl/est impl/pki impl/base
fuzz.itl            := impl/itl impl/pki impl/base
fuzz.sgn            := impl/itl impl/pki impl/base

# Programs: the main.c (or NAME_main.c) that each is made from.
mains := $(wildcard $(addsuffix /*main.c,$(FOLDERS)))
program_of = capflab$(if $(filter impl/capflab/%,$(1)),,-$(if $(filter %/main.c,$(1)),$(patsubst runner,run,$(notdir $(patsubst %/,%,$(dir $(1))))),$(patsubst %_main.c,%,$(notdir $(1)))))

PACKAGES := libevent libevent_openssl libssl libcrypto libcurl libcares libmicrohttpd gnutls \
            sqlite3 yaml-0.1 libxml-2.0 jansson
package_cflags := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(shell pkg-config --cflags check 2>/dev/null)
package_libs   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
check_libs     := $(shell pkg-config --libs check 2>/dev/null)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Werror
HARDEN   := -fstack-protector-strong -fPIE
OPTIMISE := -O2 -D_FORTIFY_SOURCE=2
LINK     := -pie -Wl,-z,relro,-z,now
ifdef SAN
OPTIMISE := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LINK     += -fsanitize=address,undefined
endif
ifdef COVERAGE
OPTIMISE := -O0 --coverage
LINK     += --coverage
endif
ifdef FUZZ
OPTIMISE := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK     += -fsanitize=fuzzer,address,undefined
endif
CPPFLAGS_ALL = -D_GNU_SOURCE -Iimpl -I. $(package_cflags) $(CPPFLAGS)
CFLAGS_ALL   = -std=c17 -g $(OPTIMISE) $(WARNINGS) $(HARDEN) $(CFLAGS)

sources_of = $(filter-out %_test.c %main.c,$(wildcard $(1)/*.c))
tests_of   = $(wildcard $(1)/*_test.c)
lib_of     = $(BUILD)/lib/$(subst /,-,$(1)).a
libs_for   = $(foreach f,$(1) $(uses.$(1)),$(call lib_of,$(f)))

PROGRAMS := $(foreach m,$(mains),$(BUILD)/bin/$(call program_of,$(m)))
TESTS    := $(foreach f,$(FOLDERS),$(patsubst %.c,$(BUILD)/test/%,$(call tests_of,$(f)))) \
            $(FUZZ_TARGETS:%=$(BUILD)/test/fuzz/%_test)

# `make V=1` shows the commands.
ifeq ($(V),)
quiet = @printf '  %-4s %s\n' $(1) $(2);
endif

.DEFAULT_GOAL := all
.PHONY: programs
programs: $(PROGRAMS) $(BUILD)/lib/capflab-torture.so

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -DTESTDATA='"$(<D)/testdata"' -MMD -MP -c -o $@ $<

$(BUILD)/obj/impl/diagnose/embedded.o: impl/diagnose/rules.yaml

# Results of the bench name the commit that was measured, "+" where files differ from it.
commit := $(shell git describe --always --dirty=+ 2>/dev/null)
$(BUILD)/commit: force
	@mkdir -p $(@D)
	@echo '$(commit)' | cmp -s - $@ || echo '$(commit)' >$@
.PHONY: force
force:
$(BUILD)/obj/bench/conditions.o: $(BUILD)/commit
$(BUILD)/obj/bench/conditions.o: CPPFLAGS_ALL += -DCAPFLAB_COMMIT='"$(commit)"'

define folder_rules
$(call lib_of,$(1)): $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources_of,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call quiet,AR,$$@)ar rcs $$@ $$^

$(patsubst %.c,$(BUILD)/test/%,$(call tests_of,$(1))): $(BUILD)/test/%: $(BUILD)/obj/%.o $(call libs_for,$(1))
	@mkdir -p $$(@D)
	$$(call quiet,LINK,$$@)$(CC) $(CFLAGS_ALL) $(LINK) -o $$@ $$^ $(package_libs) $(check_libs) $(LDLIBS)

.PHONY: test-$(1)
test-$(1): $(patsubst %.c,$(BUILD)/test/%,$(call tests_of,$(1)))
	@set -e; for t in $$^; do $$$$t; done
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

define program_rule
$(BUILD)/bin/$(call program_of,$(1)): $(BUILD)/obj/$(1:.c=.o) $(call libs_for,$(patsubst %/,%,$(dir $(1))))
	@mkdir -p $$(@D)
	$$(call quiet,LINK,$$@)$(CC) $(CFLAGS_ALL) $(LINK) -o $$@ $$^ $(package_libs) $(LDLIBS)

.PHONY: bin/$(call program_of,$(1))
bin/$(call program_of,$(1)): $(BUILD)/bin/$(call program_of,$(1))
endef
$(foreach m,$(mains),$(eval $(call program_rule,$(m))))

replay_objects := $(patsubst %,$(BUILD)/obj/fuzz/%.o,replay inputs rate)

# What `run --torture` preloads into a component. It stands alone and is itself never instrumented.
TORTURE_LIBRARY := $(BUILD)/lib/capflab-torture.so
$(TORTURE_LIBRARY): $(wildcard scenarios/torture/*.c scenarios/torture/*.h)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) -std=c17 -g -O2 $(WARNINGS) -D_GNU_SOURCE -I. -U_FORTIFY_SOURCE -fno-builtin -fPIC -fvisibility=hidden \
		-ftls-model=initial-exec -shared -Wl,-z,now -o $@ $(filter %.c,$^)

$(BUILD)/test/scenarios/runner/torture_library_test: | $(TORTURE_LIBRARY)

# Each target is a program for libFuzzer (FUZZ=1) and, over its corpus, a unit test in any build.
define fuzz_rules
$(BUILD)/fuzz/$(1): $(BUILD)/obj/fuzz/$(1)_fuzz.o $(foreach f,$(fuzz.$(1)),$(call lib_of,$(f)))
	@mkdir -p $$(@D)
	$$(call quiet,LINK,$$@)$(CC) $(CFLAGS_ALL) $(LINK) -o $$@ $$^ $(package_libs) $(LDLIBS)

$(BUILD)/test/fuzz/$(1)_test: $(BUILD)/obj/fuzz/$(1)_fuzz.o $(replay_objects) $(foreach f,$(fuzz.$(1)),$(call lib_of,$(f)))
	@mkdir -p $$(@D)
	$$(call quiet,LINK,$$@)$(CC) $(CFLAGS_ALL) $(LINK) -o $$@ $$^ $(package_libs) $(check_libs) $(LDLIBS)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))

.PHONY: fuzz-programs test-fuzz
fuzz-programs: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)
test-fuzz: $(FUZZ_TARGETS:%=$(BUILD)/test/fuzz/%_test)
	@set -e; for t in $^; do $$t; done

.PHONY: tests
tests: $(TESTS)

# --- what people call ---

again = @$(MAKE) --no-print-directory -j$(JOBS)

.PHONY: all
all: ## build every program into build/bin
	@ci/deps.sh build
	$(again) programs

.PHONY: run
run: ## install what is missing, build, run every scenario (the first command)
	@ci/deps.sh build
	$(again) programs
	@$(BUILD)/bin/capflab run -j $(JOBS) -o out scenarios

.PHONY: check
check: ## the same for unit tests and scenarios
	@ci/deps.sh build check
	$(again) programs tests
	@BUILD=$(BUILD) ci/check.sh

.PHONY: determinism
determinism: ## every scenario once more: the same seed must give the same events (FIRST=DIR: a run to compare with)
	@ci/deps.sh build
	$(again) programs
	@BUILD=$(BUILD) ci/determinism.sh $(FIRST)

.PHONY: check-sanitize
check-sanitize: ## unit tests and scenarios with AddressSanitizer and UndefinedBehaviorSanitizer
	@ci/deps.sh build check
	$(again) BUILD=$(BUILD)-san SAN=1 programs tests
	@BUILD=$(BUILD)-san ci/check.sh

.PHONY: check-valgrind
check-valgrind: ## what reads bytes of peers, and a healthy phone of each issuer, under Valgrind
	@ci/deps.sh build check valgrind
	$(again) programs tests
	@BUILD=$(BUILD) ci/valgrind.sh

.PHONY: torture
torture: ## one healthy scenario of each issuer, each time with another failing call of CAPF or RA (two minutes)
	@ci/deps.sh build
	$(again) programs
	@BUILD=$(BUILD) ci/torture.sh

.PHONY: interop
interop: ## foreign clients against ours: curl, openssl, strongSwan's pki; our RA as a foreign one
	@ci/deps.sh build interop
	$(again) programs
	@BUILD=$(BUILD) ci/interop.sh
	@BUILD=$(BUILD) ci/sut.sh

.PHONY: clang
clang: ## build with clang, warnings are errors
	@ci/deps.sh build check clang
	$(again) BUILD=$(BUILD)-clang CC=clang OPTIMISE=-O0 programs tests

.PHONY: fuzz
fuzz: ## build the libFuzzer targets and try each for a few seconds (FUZZ_SECONDS=N)
	@ci/deps.sh build check clang
	@BUILD=$(BUILD)-fuzz PLAIN=$(BUILD) ci/fuzz.sh $(or $(FUZZ_SECONDS),5)

.PHONY: bench
bench: ## measure how fast phones are enrolled, into out/bench (under five minutes)
	@ci/deps.sh build
	$(again) programs
	@BUILD=$(BUILD) bench/standard out/bench

.PHONY: chaos
chaos: ## phones beside faults, kills and hostile peers (CHAOS="--duration 5m --seed 1")
	@ci/deps.sh build
	$(again) programs
	@$(BUILD)/bin/capflab-bench --chaos --output out/chaos --json out/chaos.json $(or $(CHAOS),--duration 5m)

.PHONY: format
format: ## lay out every C file with clang-format
	@ci/deps.sh format
	@git ls-files '*.c' '*.h' | xargs clang-format -i

.PHONY: lint
lint: ## layout, style rules, cppcheck
	@ci/deps.sh build format lint
	@ci/lint.sh

.PHONY: cover
cover: ## line and branch coverage, in build-cover/report; fails below 85 % of all lines, 95 % of a parser's
	@ci/deps.sh build check cover
	$(again) BUILD=$(BUILD)-cover COVERAGE=1 programs tests
	@BUILD=$(BUILD)-cover ci/cover.sh

.PHONY: install
install: ## install programs and scenarios below $(PREFIX), DESTDIR is honoured
	@ci/deps.sh build
	$(again) programs
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/share/capflab
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(TORTURE_LIBRARY) $(DESTDIR)$(PREFIX)/lib
	cp -r scenarios/*/ $(DESTDIR)$(PREFIX)/share/capflab/
	install -m 644 impl/diagnose/rules.yaml $(DESTDIR)$(PREFIX)/share/capflab
	rm -rf $(DESTDIR)$(PREFIX)/share/capflab/runner $(DESTDIR)$(PREFIX)/share/capflab/torture

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD) $(BUILD)-san $(BUILD)-clang $(BUILD)-cover $(BUILD)-fuzz out

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{printf "  make %-16s %s\n", $$1, $$2}'

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
