// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <stdio.h>
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

// ASan is to notice, too, who writes to where a function's variables were that has returned.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=1"; }

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // a log tells how far a program came that was killed
  return doctest::Context(argc, argv).run();
}
