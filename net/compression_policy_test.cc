// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/compression_policy.h"

#include <doctest/doctest.h>

#include "net/wire/limits.h"

using namespace interimap;
using namespace std::chrono_literals;
using settings::Compress;

namespace {

Request fetch(std::string_view uids) { return {1, request::FetchBodies{*UidSet::parse(uids)}, {}}; }
Request append(std::uint64_t octets) {
  InternalDate date = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");
  return {1, request::Append{{"a"}, false, {{{}, date, {0, octets}}}}, {}};
}

}  // namespace

TEST_CASE("compression: what is asked for, how much there is and how far the server is") {
  struct {
    const char* what;
    Compress wanted;
    std::chrono::microseconds answered;
    Request next;
    bool pays;
  } table[] = {
      {"never", Compress::no, 1s, fetch("1:1000"), false},
      {"with the first body", Compress::yes, 1us, fetch("1"), true},
      {"not without one", Compress::yes, 1s, {1, request::Simple{}, {}}, false},
      {"far, much", Compress::ifItPays, 5ms, fetch("1:16"), true},
      {"far, little", Compress::ifItPays, 5ms, fetch("1:15"), false},
      {"near, much", Compress::ifItPays, 4999us, fetch("1:1000"), false},
      {"the other way", Compress::ifItPays, 5ms, append(limits::kWorthCompressing), true},
      {"little of it", Compress::ifItPays, 5ms, append(limits::kWorthCompressing - 1), false},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    CompressionPolicy policy(row.wanted, 5ms);
    policy.answered(1h);
    policy.answered(row.answered);
    CHECK(policy.pays(row.next) == row.pays);
    CHECK_FALSE(policy.pays({1, request::Simple{}, {}}));
  }
}

TEST_CASE("compression: requests add up, and it is tried once") {
  CompressionPolicy policy(Compress::ifItPays, 5ms);
  policy.answered(5ms);
  CHECK_FALSE(policy.pays(fetch("1:15")));
  CHECK(policy.pays(fetch("16")));
  CHECK_FALSE(policy.pays(fetch("17:1000")));
}
