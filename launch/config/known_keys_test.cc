// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What follows from the tables of settings for a configuration, and the values that each kind takes.
#include "launch/config/known_keys.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ipc/failure.h"
#include "launch/config/configuration.h"
#include "launch/config/pull_section.h"

using namespace interimap;

namespace {

using Texts = std::vector<std::string>;

template <class Value, class Kind>
void check(const Kind& kind, std::string_view text, const std::optional<Value>& expected) {
  CAPTURE(text);
  Value value{};
  CHECK(take(kind, text, value) == expected.has_value());
  if (expected) CHECK(value == *expected);
}

template <class Settings>
KnownKeys keysOf() {
  KnownKeys all;
  addKeys<Settings>(all);
  return all;
}

}  // namespace

TEST_CASE("known keys: each is refused with its name, and its value unless that may hold a password") {
  KnownKeys all;
  addKeys<settings::Net>(all);
  addKeys<settings::Sync>(all);
  addKeys<settings::OfMailbox>(all);
  addKeys<settings::Pull>(all);
  addKeys<settings::Delivery>(all);
  addKeys<Configuration>(all);
  addKeys<PullSection>(all);
  for (const KnownKey& key : all) {
    CAPTURE(key.name);
    bool credential = key.name.ends_with("username") || key.name.ends_with("authzid");
    std::string value = credential ? "" : "\xE9\x01";
    std::string error;
    try {
      Ini ini = Ini::parse("[work]\n" + key.name + " = " + value + "\n", "f");
      Keys(ini, "work", all, "f");
    } catch (const Failure& failure) {
      error = failure.what();
    }
    std::string expected = "f:2: Invalid option " + key.name + (key.hidden ? "" : " = " + value);
    CHECK(error == expected + (key.wants ? " (" + std::string(key.wants) + " expected)" : ""));
  }
}

TEST_CASE("known keys: those of a part have its prefix, those of each account none") {
  auto has = [](const KnownKeys& all, std::string_view name) {
    return std::ranges::find(all, name, &KnownKey::name) != all.end();
  };
  CHECK(has(keysOf<settings::Net>(), "SSL_verify"));
  CHECK(has(keysOf<settings::Delivery>(), "deliver-SSL_verify"));
  CHECK_FALSE(has(keysOf<settings::Delivery>(), "SSL_verify"));
  CHECK(has(keysOf<settings::Sync>(), "connections"));
  CHECK_FALSE(has(keysOf<settings::Sync>(), "errand"));
  CHECK_FALSE(has(keysOf<settings::Net>(), "debug"));
}

TEST_CASE("known keys: what is not given stays") {
  KnownKeys all = keysOf<settings::Pull>();
  Ini ini = Ini::parse("deliver-seen = no\n[work]\npurge-after = 3\n", "f");
  Keys keys(ini, "work", all, "f");
  settings::Pull pull;
  pull.mailboxes = {"a"};
  readKeys(keys, pull);
  CHECK(pull.mailboxes == Texts{"a"});
  CHECK_FALSE(pull.seen);
  CHECK(pull.purgeAfter == 3);
}

TEST_CASE("values: what each kind takes") {
  namespace as = settings::as;
  for (std::string_view yes : {"yes", "YES", "Yes"}) check<bool>(as::YesNo{}, yes, true);
  for (std::string_view no : {"no", "NO", "nO"}) check<bool>(as::YesNo{}, no, false);
  for (std::string_view none : {"", "1", "true", "yes ", "on"}) check<bool>(as::YesNo{}, none, std::nullopt);

  const as::Number number{2, 300};
  check<std::uint16_t>(number, "2", 2);
  check<std::uint16_t>(number, "300", 300);
  for (std::string_view none : {"", "1", "301", "-2", "+2", "2 ", " 2", "0x10", "99999999999999999999"})
    check<std::uint16_t>(number, none, std::nullopt);

  using Days = std::optional<std::uint32_t>;
  check<Days>(as::Days{}, "", Days());
  check<Days>(as::Days{}, "0", Days(0));
  check<Days>(as::Days{}, "4294967295", Days(4294967295));
  check<Days>(as::Days{}, "4294967296", std::nullopt);

  const std::pair<const char*, std::uint32_t> kAges[] = {
      {"1d", 1}, {"8w", 56}, {"6m", 180}, {"2y", 730}, {"100000d", 100'000}};
  for (const auto& [text, days] : kAges) check<std::uint32_t>(as::Age{}, text, days);
  for (std::string_view none : {"", "2", "y", "0d", "2 y", "-1d", "2yy", "100001d", "1.5y", "274y",
                                "18446744073709551615y", "99999999999999999999d"})
    check<std::uint32_t>(as::Age{}, none, std::nullopt);

  check<settings::Share>(as::Share{}, "0", settings::Share{0, false});
  check<settings::Share>(as::Share{}, "101", settings::Share{101, false});
  check<settings::Share>(as::Share{}, "100%", settings::Share{100, true});
  for (std::string_view none : {"", "%", "101%", "5  %", "5%%", "1.5"})
    check<settings::Share>(as::Share{}, none, std::nullopt);

  using settings::Transport;
  auto words = as::oneOf<Transport>({{"imap", Transport::imap}, {"imaps", Transport::imaps}});
  check<Transport>(words, "imaps", Transport::imaps);
  for (std::string_view none : {"", "IMAP", "tunnel"}) check<Transport>(words, none, std::nullopt);

  check<Texts>(as::Fingerprints{}, "aa sha1$BB", Texts{"sha256$aa", "sha1$BB"});
  for (std::string_view none : {"", "aa  bb", "$aa", "x y", "a:b"})
    check<Texts>(as::Fingerprints{}, none, std::nullopt);
  check<Texts>(as::Protocols{}, "!SSLv2 TLSv1.0", Texts{"!SSLv2", "TLSv1.0"});
  check<Texts>(as::Protocols{}, "!!SSLv2", std::nullopt);
  check<Texts>(as::Mechanisms{}, "login plain", Texts{"LOGIN", "PLAIN"});
  check<Texts>(as::SelectionOptions{}, " subscribed  Remote", Texts{"SUBSCRIBED", "REMOTE"});
  check<Texts>(as::SelectionOptions{}, "", Texts());
  check<Texts>(as::SpecialUses{}, "\\ALL \\junk", Texts{"\\All", "\\Junk"});
  check<Texts>(as::SpecialUses{}, "", Texts());
  for (std::string_view none : {"All", "\\Spam", "\\All,\\Junk", "\\"})
    check<Texts>(as::SpecialUses{}, none, std::nullopt);
  check<std::string>(as::Word{}, "a.b", "a.b");
  for (std::string_view none : {"", "a b", "\x7f", "\xe9"})
    check<std::string>(as::Word{}, none, std::nullopt);
  check<std::string>(as::Credential{}, "a\x01\xff", "a\x01\xff");
  check<std::string>(as::Credential{}, std::string_view("a\0b", 3), std::nullopt);
}
