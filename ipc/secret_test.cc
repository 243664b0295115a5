// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/secret.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <type_traits>

using namespace interimap;

namespace {

// Short ones stand within the object, long ones on the heap.
const char* const kTexts[] = {"x", "correct horse",
                              "a password that is longer than any string kept in place"};

bool wiped(const char* at, std::size_t size) {
  return std::all_of(at, at + size, [](char c) { return c == 0; });
}

}  // namespace

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);

TEST_CASE("a secret that was moved from is wiped, not only empty") {
  for (std::string text : kTexts) {
    CAPTURE(text);
    Secret from{text};
    std::string_view was = from.reveal();
    Secret to(std::move(from));
    CHECK(to.reveal() == text);
    CHECK(from.empty());
    CHECK(wiped(was.data(), was.size()));

    was = to.reveal();
    Secret assigned("another one");
    assigned = std::move(to);
    CHECK(assigned.reveal() == text);
    CHECK(to.empty());
    CHECK(wiped(was.data(), was.size()));
  }
}

TEST_CASE("what a secret held before an assignment is wiped") {
  Secret secret{std::string(100, 's')};
  std::string_view was = secret.reveal();
  secret = Secret("t");  // fits where the old one stood
  CHECK(secret.reveal() == "t");
  CHECK(wiped(was.data() + 2, was.size() - 2));
}

TEST_CASE("a secret moved to itself stays, and one wiped is empty") {
  for (std::string text : kTexts) {
    Secret secret{text};
    Secret& same = secret;
    secret = std::move(same);
    CHECK(secret.reveal() == text);
    std::string_view was = secret.reveal();
    secret.wipe();
    CHECK(secret.empty());
    CHECK(wiped(was.data(), was.size()));
  }
  CHECK(Secret().empty());
}
