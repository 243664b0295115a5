# interimap and pullimap. Read from top to bottom: flags, programs, rules, tests, install.
# A program contains the folders it is linked from, so that `sync` cannot grow a TLS stack unnoticed.

PREFIX  ?= /usr/local
BUILD   ?= build
CXX     ?= g++
WERROR  ?=
OPT     ?= -O2 -g1
VERSION := 0.6.0

bin     := $(BUILD)/bin
libexec := $(BUILD)/libexec/interimap
folders := ipc sandbox store net sync delivery launch
schemas := $(wildcard ipc/*.capnp)

HARDEN   := -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CXXFLAGS += -std=c++20 $(OPT) $(HARDEN) -Wall -Wextra -Wshadow=local -Wno-missing-field-initializers $(WERROR) \
            -DVERSION='"$(VERSION)"' -I. -isystem $(BUILD) -MMD -MP
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed

objs  = $(foreach d,$(1),$(patsubst %.cc,$(BUILD)/%.o,$(filter-out %_test.cc,$(wildcard $(d)/*.cc))))
tests = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard $(1)/*_test.cc)) $(BUILD)/tests/main.o
lib   = $(filter-out $(BUILD)/%/main.o $(BUILD)/launch/interimap.o $(BUILD)/launch/pullimap.o,$(call objs,$(1)))
link  = @mkdir -p $(@D) && $(CXX) $(OPT) $(LDFLAGS) -o $@ $^
ipc  := $(call objs,ipc) $(schemas:%=$(BUILD)/%.o)

libs_ipc      := -lcapnp -lkj
libs_sandbox  := -lseccomp
libs_store    := -lsqlite3
libs_net      := -lssl -lcrypto -lz
libs_sync     := -lpcre2-8
libs_delivery := -lssl -lcrypto

programs := $(bin)/interimap $(bin)/pullimap $(libexec)/net $(libexec)/sync $(libexec)/delivery
unit     := $(folders:%=$(BUILD)/tests/%)

all: $(programs)

$(bin)/interimap: $(ipc) $(call lib,sandbox launch) $(BUILD)/launch/interimap.o        ; $(link) $(libs_ipc) $(libs_sandbox)
$(bin)/pullimap:  $(ipc) $(call lib,sandbox launch) $(BUILD)/launch/pullimap.o         ; $(link) $(libs_ipc) $(libs_sandbox)
$(libexec)/net:      $(ipc) $(call objs,sandbox net)                                   ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_net)
$(libexec)/sync:     $(ipc) $(call objs,sandbox store sync)                            ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_store) $(libs_sync)
$(libexec)/delivery: $(ipc) $(call objs,sandbox delivery)                              ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_delivery)

# Unit tests stand beside what they test, NOUN_test.cc; one program per folder, linked with what that folder may use.
$(BUILD)/tests/ipc:      $(ipc) $(call tests,ipc)                                      ; $(link) $(libs_ipc)
$(BUILD)/tests/sandbox:  $(ipc) $(call lib,sandbox) $(call tests,sandbox)              ; $(link) $(libs_ipc) $(libs_sandbox)
$(BUILD)/tests/store:    $(ipc) $(call lib,store) $(call tests,store)                  ; $(link) $(libs_ipc) $(libs_store)
$(BUILD)/tests/net:      $(ipc) $(call lib,sandbox net) $(call tests,net)              ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_net)
$(BUILD)/tests/sync:     $(ipc) $(call lib,sandbox store sync) $(call tests,sync)      ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_store) $(libs_sync)
$(BUILD)/tests/delivery: $(ipc) $(call lib,sandbox delivery) $(call tests,delivery)    ; $(link) $(libs_ipc) $(libs_sandbox) $(libs_delivery)
$(BUILD)/tests/launch:   $(ipc) $(call lib,sandbox launch) $(call tests,launch)        ; $(link) $(libs_ipc) $(libs_sandbox)

# Generated headers first: they are system headers to us, so that our warnings stay ours.
$(BUILD)/%.capnp.c++ $(BUILD)/%.capnp.h: %.capnp
	@mkdir -p $(@D) && capnp compile -oc++:$(BUILD) $<
$(BUILD)/%.capnp.o: $(BUILD)/%.capnp.c++
	$(CXX) $(CXXFLAGS) -w -c -o $@ $<
$(BUILD)/%.o: %.cc | $(schemas:%=$(BUILD)/%.h)
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) -c -o $@ $<

clean: ; rm -rf $(BUILD)
.PHONY: all clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
