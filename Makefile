# Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

# interimap and pullimap. Read from top to bottom: flags, programs, rules, tests, packages, install.
# A program contains the folders it is linked from, so that `sync` cannot grow a TLS stack unnoticed.

PREFIX  ?= /usr/local
BUILD   ?= build
CXX     ?= g++
OPT     ?= -O2 -g1
WERROR  ?= $(if $(CI),-Werror)
VERSION := 0.7.0
# CPPFLAGS, CXXFLAGS and LDFLAGS are left to who builds: they come after ours, so that the last word is theirs.

bin     := $(BUILD)/bin
libexec := $(BUILD)/libexec/interimap
folders := ipc sandbox store transport net sync delivery launch
schemas := $(wildcard ipc/*.capnp)

# What guards indirect branches has a name of its own on each processor. Fortification is for builds that optimise.
target   := $(firstword $(subst -, ,$(shell $(CXX) -dumpmachine 2>/dev/null)))
branches  = $(if $(filter x86_64,$(target)),-fcf-protection,$(if $(filter aarch64,$(target)),-mbranch-protection=standard))
fortify   = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CXXFLAGS))$(filter -O0,$(CXXFLAGS)),,-D_FORTIFY_SOURCE=2)
HARDEN   ?= $(fortify) -D_GLIBCXX_ASSERTIONS -fstack-protector-strong -fstack-clash-protection $(branches) -fPIE
flags     = -std=c++20 $(OPT) $(HARDEN) -Wall -Wextra -Wshadow=local -Wno-missing-field-initializers $(WERROR) \
            -I. -isystem $(BUILD) -MMD -MP
compile   = $(CXX) $(flags) $(CPPFLAGS) $(CXXFLAGS) $(finally)
ldflags   = -fPIE -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

# A short line per file; the whole command with V=1.
tree      = $(if $(filter-out build,$(BUILD)), [$(BUILD)])
step      = $(if $(V),,@echo '$(1) $(2)$(tree)' && )mkdir -p $(@D) &&

objs  = $(foreach d,$(1),$(patsubst %.cc,$(BUILD)/%.o,$(filter-out %_test.cc,$(wildcard $(d)/*.cc $(d)/*/*.cc))))
tests = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard $(1)/*_test.cc $(1)/*/*_test.cc)) $(BUILD)/tests/main.o
lib   = $(filter-out $(BUILD)/%/main.o $(BUILD)/launch/interimap.o $(BUILD)/launch/pullimap.o,$(call objs,$(1)))
link  = $(call step,LD,$(@:$(BUILD)/%=%)) $(CXX) $(OPT) $(CXXFLAGS) $(ldflags) $(LDFLAGS) -o $@ $^
ipc  := $(call objs,ipc) $(schemas:%=$(BUILD)/%.o)

# Linked in where there are archives: to find the symbols of C++ libraries was a third of the processor time of a run
# with nothing to do. Not libgcc: libc would load it, behind the sandbox's back, to unwind frames of its own.
# `make SHARED=1` is for distributions, whose updates of the libraries are to reach programs that are built.
archives      := $(if $(SHARED),,$(filter /%,$(foreach l,capnp kj,$(shell $(CXX) -print-file-name=lib$l.a 2>/dev/null))))
ifeq ($(words $(archives)),2)
ldflags       += -static-libstdc++
libs_ipc      := -Wl,-Bstatic -lcapnp -lkj -Wl,-Bdynamic
else
libs_ipc      := -lcapnp -lkj
endif
libs_sandbox  := -lseccomp
libs_store    := -lsqlite3
libs_tls      := -lssl -lcrypto
libs_net      := $(libs_tls) -lz
libs_sync     := -lpcre2-8

programs := $(bin)/interimap $(bin)/pullimap $(libexec)/net $(libexec)/sync $(libexec)/delivery

all: $(programs)
objects: $(call objs,$(folders)) $(schemas:%=$(BUILD)/%.o)

$(bin)/interimap:    $(ipc) $(call lib,sandbox launch) $(BUILD)/launch/interimap.o     ; $(link) $(libs_ipc) $(libs_sandbox)
$(bin)/pullimap:     $(ipc) $(call lib,sandbox launch) $(BUILD)/launch/pullimap.o      ; $(link) $(libs_ipc) $(libs_sandbox)
$(libexec)/net:      $(ipc) $(call objs,sandbox transport net)                         ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_net)
$(libexec)/sync:     $(ipc) $(call objs,sandbox store sync)                            ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_store) $(libs_sync)
$(libexec)/delivery: $(ipc) $(call objs,sandbox transport delivery)                    ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_tls)

# Unit tests stand beside what they test, NOUN_test.cc; one program per folder, linked with what that folder may use.
tls_server := $(BUILD)/transport/tls_server_test.o
$(BUILD)/unit/ipc:       $(ipc) $(call tests,ipc)                                      ; $(link) $(libs_ipc)
$(BUILD)/unit/sandbox:   $(ipc) $(call lib,sandbox) $(call tests,sandbox)              ; $(link) $(libs_ipc) $(libs_sandbox)
$(BUILD)/unit/store:     $(ipc) $(call lib,store) $(call tests,store)                  ; $(link) $(libs_ipc) $(libs_store)
$(BUILD)/unit/transport: $(ipc) $(call lib,transport) $(call tests,transport)          ; $(link) $(libs_ipc) $(libs_tls)
$(BUILD)/unit/net:       $(ipc) $(call lib,sandbox transport net) $(call tests,net) $(tls_server) ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_net)
simulated  := $(patsubst %,$(BUILD)/tests/model/%.o,account simulated_net witness)
$(BUILD)/unit/sync:      $(ipc) $(call lib,sandbox store sync) $(call tests,sync) $(simulated)      ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_store) $(libs_sync)
$(BUILD)/unit/delivery:  $(ipc) $(call lib,sandbox transport delivery) $(call tests,delivery) $(tls_server) | $(libexec)/delivery ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_tls)
$(BUILD)/unit/launch:    $(ipc) $(call lib,sandbox launch) $(call tests,launch)        ; $(link) $(libs_ipc) $(libs_sandbox)

# The sandbox tried from inside: the driver starts the prober, locked in as each worker is.
$(BUILD)/tests/sandboxed/prober: $(call lib,sandbox) $(patsubst %,$(BUILD)/tests/sandbox/%.o,prober attempts_on_processes attempts_on_files attempts_on_memory honest_work) ; $(link) $(libs_sandbox) $(libs_store)
$(BUILD)/tests/sandboxed/driver: $(call lib,sandbox) $(patsubst %,$(BUILD)/tests/sandbox/%.o,confined sandbox_test) $(BUILD)/tests/main.o                                ; $(link) $(libs_sandbox)

# What workers do, against the lists of what they may.
$(BUILD)/tests/sandbox/audit: $(call lib,sandbox) $(BUILD)/tests/sandbox/audit.o ; $(link) $(libs_sandbox)

# End to end, against real servers; the demo is made of the same bricks, those without doctest.
bricks := $(filter-out %/pull_bed.o,$(call objs,tests/e2e))
$(BUILD)/tests/e2e/e2e:   $(call lib,tests/e2e tests/soak) $(call tests,tests/e2e) | $(BUILD)/tests/compromised/worker $(BUILD)/tests/clock/jumping.so ; $(link) -lssl -lcrypto -lz -lsqlite3
$(BUILD)/tests/demo/demo: $(bricks) $(call objs,tests/demo)               ; $(link) -lssl -lcrypto -lz -lsqlite3
$(BUILD)/tests/bench/bench: $(bricks) $(call objs,tests/bench)            ; $(link) -lssl -lcrypto -lz -lsqlite3

$(BUILD)/tests/soak/soak: $(bricks) $(call objs,tests/soak)            ; $(link) -lssl -lcrypto -lz -lsqlite3

# A worker that lies to another, for the end-to-end tests.
$(BUILD)/tests/compromised/worker: $(ipc) $(call objs,tests/compromised) ; $(link) $(libs_ipc)

# A clock that jumps, loaded into the programs.
$(BUILD)/tests/clock/jumping.so: tests/clock/jumping.cc ; $(call step,LD,$(@:$(BUILD)/%=%)) $(compile) -fPIC -shared -o $@ $<

# The engine between two simulated servers, under random histories.
$(BUILD)/tests/model/histories: $(ipc) $(call lib,store sync) $(call objs,tests/model) ; $(link) $(libs_ipc) $(libs_store) $(libs_sync)

# Fuzz targets, a program per folder: it replays their corpora, or, with FUZZER, looks for more.
fuzzed    := ipc store net delivery launch sync
fuzz_main := $(if $(FUZZER),$(BUILD)/tests/fuzz/libfuzzer.o,$(BUILD)/tests/fuzz/replay_test.o $(BUILD)/tests/main.o)
fuzz       = $(ipc) $(call lib,tests/fuzz/$(1)) $(BUILD)/tests/fuzz/target.o $(fuzz_main)
$(BUILD)/fuzz/%: ldflags += $(if $(FUZZER),-fsanitize=fuzzer)
$(BUILD)/fuzz/ipc:      $(call fuzz,ipc)                                                                        ; $(link) $(libs_ipc)
$(BUILD)/fuzz/store:    $(call lib,store) $(call fuzz,store)                                                    ; $(link) $(libs_ipc) $(libs_store)
$(BUILD)/fuzz/net:      $(call lib,net transport sandbox) $(call fuzz,net)                                      ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_net)
$(BUILD)/fuzz/delivery: $(call lib,delivery transport sandbox) $(call fuzz,delivery)                            ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_tls)
$(BUILD)/fuzz/launch:   $(call lib,launch sandbox) $(call fuzz,launch)                                          ; $(link) $(libs_ipc) $(libs_sandbox)
$(BUILD)/fuzz/sync:     $(BUILD)/sync/mailboxes/hierarchy.o $(BUILD)/sync/mailboxes/ignore.o $(call fuzz,sync)                      ; $(link) $(libs_ipc) $(libs_sync)

# Generated headers first: they are system headers to us, so that our warnings stay ours.
$(BUILD)/%.capnp.c++ $(BUILD)/%.capnp.h: %.capnp
	$(call step,CAPNP,$<) capnp compile -oc++:$(BUILD) $<
$(BUILD)/%.capnp.o: $(BUILD)/%.capnp.c++
	$(call step,CXX,$(<:$(BUILD)/%=%)) $(compile) -w -c -o $@ $<
$(BUILD)/%.o: %.cc | $(schemas:%=$(BUILD)/%.h)
	$(call step,CXX,$<) $(compile) -c -o $@ $<
$(BUILD)/launch/%.o: flags += -DVERSION='"$(VERSION)"'
# The compiler's time is worth more than that of a test.
$(BUILD)/%_test.o: finally := -O0 -U_FORTIFY_SOURCE

# make check installs what is missing, builds, and runs everything, spread over the cores; the slowest first. 100,000
# histories of the model; once more under ASan and UBSan what needs no servers, and some of what does; and the fuzz targets,
# TIME seconds each, 20 if it says nothing: between the cases, which wait more than they work.
e2e       := $(BUILD)/tests/e2e/e2e
histories := $(BUILD)/tests/model/histories
slow      := bad_servers soak versions deadlines kill watch large
cases     := $(filter-out $(slow),$(patsubst tests/e2e/%_test.cc,%,$(wildcard tests/e2e/*_test.cc)))
scripts   := tests/completions tests/guides tests/dashboard tests/newcomer tests/site tests/engines
hermetic  := $(folders:%=unit/%) $(fuzzed:%=fuzz/%) tests/sandboxed/driver
checked   := $(histories) $(e2e) $(hermetic:%=$(BUILD)/%) $(BUILD)/tests/sandboxed/prober
model     := '$(histories) --histories 25000' '$(histories) --test-case=exhaustive* --one-in 1' \
             $(foreach n,25001 50001 75001,'$(histories) --test-case=random* --from $n --histories 25000')

# Of clang, as that has the fuzzer, too: one tree for all that is sanitized.
san        := $(BUILD)-san
san_flags  := BUILD=$(san) CXX=clang++ FUZZER=1 SHARED=1 WERROR= HARDEN='-fPIE -D_GLIBCXX_ASSERTIONS -Wno-unknown-warning-option' \
              OPT='-O1 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
san_tested := $(filter-out fuzz/%,$(hermetic))
san_built  := $(programs:$(BUILD)/%=$(san)/%) $(hermetic:%=$(san)/%) $(san)/tests/sandboxed/prober $(san)/tests/model/histories
san_tests  := $(san_tested:%=$(san)/%) '$(san)/tests/model/histories --histories 2000' \
              $(patsubst %,'INTERIMAP_BIN=$(abspath $(san)/bin/interimap) $(e2e)@%_test',first_sync connection pull_delivery)
targets     = $(patsubst tests/fuzz/%.cc,%,$(shell grep -lw '^FUZZ' tests/fuzz/*/*.cc))
between     = $(subst |, ,$(join $(1),$(foreach t,$(2),| |$t)))  # a word of $(2) after every other one of $(1)

# What the compiler takes, on as many cores as there are: minutes of one core, and what says that it has been done.
announce = @[ -e $(2) ] || echo "building, about $$(($(1) / $$(nproc) + 1)) minutes"

check: deps
	$(call announce,32,$(san)/tests/model/histories)
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(checked)
	@$(MAKE) --no-print-directory -j$$(nproc) $(san_flags) $(san_built)
	@$(MAKE) --no-print-directory rules
	@INTERIMAP_BIN=$(abspath $(bin)/interimap) tests/check $(BUILD)/log $(patsubst %,$(e2e)@%_test,$(slow)) \
	  $(call between,$(patsubst %,$(e2e)@%_test,$(cases)),$(foreach t,$(targets),$(san)/fuzz/$(subst /,@,$t))) \
	  $(scripts) $(hermetic:%=$(BUILD)/%) $(model) $(san_tests)

# What needs neither root, nor a network, nor servers, nor clang, in less than a minute once it is built.
test:
	$(call announce,14,$(histories))
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(hermetic:%=$(BUILD)/%) $(BUILD)/tests/sandboxed/prober $(histories)
	@$(MAKE) --no-print-directory rules
	@tests/check $(BUILD)/log $(hermetic:%=$(BUILD)/%) '$(histories) --histories 1000'

# Of the tree: silent if they hold.
rules: $(programs)
	@tests/linkage $(libexec)
	@tests/layering
	@tests/coverage
	@tests/installation
	@tests/versions

# The long forms, hours of them. TORTURE names parts, of those that tests/torture explains; TIME makes some of them
# shorter. Programs for valgrind have no filter (sandbox/lists.h): they are not for use.
torture: deps
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(checked) $(BUILD)/tests/sandbox/audit $(BUILD)/tests/soak/soak
	@BUILD=$(BUILD) HERMETIC='$(hermetic)' CASES='$(slow) $(cases)' tests/torture $(TORTURE)

# What single parts of it need besides.
torture-sanitized:
	@$(MAKE) --no-print-directory -j$$(nproc) $(san_flags) $(san_built)
torture-valgrind:
	@tests/install valgrind
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD)-valgrind HARDEN='-fPIE -DINTERIMAP_FOR_VALGRIND' OPT='-O1 -g1' \
	  $(programs:$(BUILD)/%=$(BUILD)-valgrind/%)

# Looks for octets that break something, under ASan and UBSan, TIME seconds per target, one target per core; FUZZ names
# some, all if it does not.
fuzz:
	@tests/install $(build_packages) $(fuzz_packages)
	@$(MAKE) --no-print-directory -j$$(nproc) $(san_flags) $(fuzzed:%=$(san)/fuzz/%)
	@tests/fuzz/run $(san) $(or $(TIME),60) $(FUZZ)

# First sync, idle run, incremental run, beside the Perl program, mbsync and the floor.
bench: deps
	@tests/install $(bench_packages)
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(BUILD)/tests/bench/bench
	@INTERIMAP_BIN=$(abspath $(bin)/interimap) $(BUILD)/tests/bench/bench $(BENCH)

# The home page and the manual as HTML, in build/doc.
doc:
	@tests/install $(doc_packages)
	@doc/site $(BUILD)/doc $(VERSION)

# Random changes on both sides of a watcher, for TIME seconds; MODE is watch or notify.
soak: deps
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(BUILD)/tests/soak/soak
	@INTERIMAP_BIN=$(abspath $(bin)/interimap) $(BUILD)/tests/soak/soak --time=$(or $(TIME),60) --mode=$(or $(MODE),watch) $(SOAK)

# Two throw-away servers, a first run, changes on both sides, a second run.
demo: deps-demo
	$(call announce,6,$(BUILD)/tests/demo/demo)
	@$(MAKE) --no-print-directory -j$$(nproc) $(programs) $(BUILD)/tests/demo/demo
	@INTERIMAP_BIN=$(abspath $(bin)/interimap) $(BUILD)/tests/demo/demo

# Packages are installed when something that comes with them is missing: Debian's, as root or through sudo.
build_packages := g++ capnproto libcapnp-dev libssl-dev zlib1g-dev libseccomp-dev libsqlite3-dev libpcre2-dev
test_packages  := doctest-dev openssl sqlite3 strace mandoc binutils zsh fish dovecot-imapd interimap pullimap \
                  libdbd-sqlite3-perl netbase $(if $(shell grep -sx 'VERSION_ID="12"' /etc/os-release),$(cyrus_packages))
cyrus_packages  = libjson-c5 libpcre3 libpq5 libxml2  # for Cyrus 3.6 of Debian 12, which the tests unpack
guided_packages := isync offlineimap3 fetchmail getmail6 python3 parallel python3-yaml  # of tests/guides and tests/engines
doc_packages := cmark-gfm mandoc graphviz
bench_packages := isync
fuzz_packages  := clang libclang-rt-dev llvm  # llvm for the names of functions in what sanitizers report

deps:
	@tests/install $(build_packages) $(test_packages) $(fuzz_packages)
	-@tests/install $(guided_packages)
	-@tests/install $(doc_packages)
deps-build: ; @tests/install $(build_packages)
deps-demo: ; @tests/install $(build_packages) doctest-dev dovecot-imapd

prefix  := $(DESTDIR)$(PREFIX)
completions := share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d
docs    := README.md SECURITY.md LICENSE NEWS dist/interimap.sample dist/interimap-all.sample dist/pullimap.sample \
           dist/grafana.json dist/Containerfile
engines := slurm kubernetes replicate
install: all
	install -d $(addprefix $(prefix)/,bin libexec/interimap share/man/man1 share/man/man5 share/man/man7 \
	  $(addprefix share/doc/interimap/,. $(engines)) lib/systemd/system lib/systemd/user $(completions))
	install -m 755 $(bin)/interimap $(bin)/pullimap $(prefix)/bin
	install -m 755 $(libexec)/net $(libexec)/sync $(libexec)/delivery $(prefix)/libexec/interimap
	install -m 644 man/*.1 $(prefix)/share/man/man1
	install -m 644 man/*.5 $(prefix)/share/man/man5
	install -m 644 man/*.7 $(prefix)/share/man/man7
	for unit in system user; do for f in dist/systemd/$$unit/*; do \
	  sed 's|/usr/bin/|$(PREFIX)/bin/|' $$f >$(prefix)/lib/systemd/$$unit/$${f##*/}; done; done
	install -m 644 $(docs) $(prefix)/share/doc/interimap
	for engine in $(engines); do install -m 644 dist/$$engine/* $(prefix)/share/doc/interimap/$$engine; done
	set -e; for p in interimap pullimap; do $(bin)/$$p --help >$(BUILD)/help 2>&1; \
	  dist/completion bash $$p <$(BUILD)/help | install -m 644 /dev/stdin $(prefix)/$(word 1,$(completions))/$$p; \
	  dist/completion zsh $$p <$(BUILD)/help | install -m 644 /dev/stdin $(prefix)/$(word 2,$(completions))/_$$p; \
	  dist/completion fish $$p <$(BUILD)/help | install -m 644 /dev/stdin $(prefix)/$(word 3,$(completions))/$$p.fish; done

# All that install puts there, and the directories that are nobody else's.
uninstall:
	rm -f $(addprefix $(prefix)/,bin/interimap bin/pullimap $(patsubst dist/%,lib/%,$(wildcard dist/systemd/*/*)) \
	  $(foreach n,1 5 7,$(patsubst man/%,share/man/man$n/%,$(wildcard man/*.$n))) \
	  $(foreach p,interimap pullimap,$(join $(completions),/$p /_$p /$p.fish)))
	rm -rf $(prefix)/libexec/interimap $(prefix)/share/doc/interimap

# The sources as they are committed: the same bytes each time.
dist: tarball := $(BUILD)/interimap-$(VERSION).tar.gz
dist:
	@mkdir -p $(BUILD)
	@git archive --format=tar --prefix=interimap-$(VERSION)/ HEAD >$(BUILD)/dist.tar
	@gzip -9n <$(BUILD)/dist.tar >$(tarball) && rm $(BUILD)/dist.tar
	@echo $(tarball)

version: ; @echo $(VERSION)

clean: ; rm -rf $(BUILD) $(BUILD)-san $(BUILD)-valgrind $(BUILD)-arm64

.PHONY: all objects check test rules torture torture-sanitized torture-valgrind fuzz bench soak doc demo deps deps-build deps-demo install uninstall dist version clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
