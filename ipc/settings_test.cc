// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Settings on their way to a worker: every row of every table, by the tables themselves.
#include "ipc/settings.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "ipc/launch.h"
#include "ipc/settings_convert.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

// What a member can be that it is not by default, at the edges of what its row lets it be.
template <class Row>
void change(bool& value, const Row&) {
  value = !value;
}
template <class Value, class Row>
void change(Value& value, const Row& row) {
  if constexpr (std::is_enum_v<Value>)
    value = value == last(value) ? Value{} : last(value);
  else
    value = static_cast<Value>(value == convert::setting::bounds<Value>(row).most
                                   ? convert::setting::bounds<Value>(row).least
                                   : convert::setting::bounds<Value>(row).most);
}
template <class Row>
void change(std::string& value, const Row&) {
  value = "caf\xc3\xa9 \0\r\n\xff"s;
}
template <class Row>
void change(Secret& value, const Row&) {
  value = Secret("pass\0word"s);
}
template <class Row>
void change(std::vector<std::string>& value, const Row&) {
  value = {"a\0b"s, "", "%"};
}
template <class Row>
void change(settings::Share& value, const Row&) {
  value = {100, true};
}
template <convert::setting::Table Value, class Row>
void change(std::vector<Value>& value, const Row&);
template <class Value, class Row>
void change(std::optional<Value>& value, const Row& row) {
  change(value.emplace(), row);
}

template <convert::setting::Table Value, class Row>
void change(std::vector<Value>& value, const Row&) {
  value.resize(2);
  forEachSetting(value.back(), [](const auto& row, auto& member) { change(member, row); });
}

template <class Settings>
unsigned rows() {
  return convert::countSettings(Settings());
}

// By default but for the n-th member, which is another; or for all of them, if there is no n-th.
template <class Settings>
Settings changed(unsigned n) {
  Settings settings;
  unsigned at = 0;
  forEachSetting(settings, [&](const auto& row, auto& value) {
    if (at++ == n || n >= rows<Settings>()) change(value, row);
  });
  return settings;
}

template <class Settings>
std::vector<std::uint64_t> words(Settings settings) {
  return pack(Order{std::move(settings)}).words;
}

template <class Settings>
Settings sent(Settings settings) {
  Order order = readOrder(pack(Order{std::move(settings)}));
  REQUIRE(std::holds_alternative<Settings>(order.what));
  return std::get<Settings>(std::move(order.what));
}

using List = capnp::List<schema::Setting>;

// What is said of settings that are those by default, but for what `spoil` does to them.
template <class Settings>
std::string refusal(const std::function<void(List::Builder)>& spoil, unsigned more = 0, unsigned fewer = 0) {
  capnp::MallocMessageBuilder message;
  auto whole = message.getOrphanage().newOrphan<List>(rows<Settings>() + more);
  convert::writeSettings(whole.get(), Settings());
  if (fewer > 0) whole.truncate(rows<Settings>() - fewer);
  spoil(whole.get());
  try {
    convert::readSettings<Settings>(whole.getReader());
    return "";
  } catch (const PeerViolation& violation) {
    return violation.what();
  }
}

// Of each kind one that no number, flag, text or list of them would be taken for.
void setOther(schema::Setting::Value::Builder value) {
  if (value.isFlag() || value.isNone() || value.isText() || value.isTexts() || value.isTables())
    value.setPercent(101);
  else
    value.setFlag(true);
}

}  // namespace

TEST_CASE_TEMPLATE("settings come through, each of them and all together", Settings, settings::Net,
                   settings::Sync, settings::Pull, settings::Delivery) {
  CHECK(words(sent(Settings())) == words(Settings()));
  for (unsigned n = 0; n <= rows<Settings>(); ++n) {
    CAPTURE(n);
    CHECK(words(changed<Settings>(n)) != words(Settings()));
    CHECK(words(sent(changed<Settings>(n))) == words(changed<Settings>(n)));
    CHECK(words(copyOf(changed<Settings>(n))) == words(changed<Settings>(n)));
  }
}

TEST_CASE("settings come through as what they were") {
  settings::Net net = sent(changed<settings::Net>(~0U));
  CHECK(net.transport == settings::Transport::tunnel);
  CHECK(net.host == "caf\xc3\xa9 \0\r\n\xff"s);
  CHECK(net.password.reveal() == "pass\0word"s);
  CHECK(net.auth == std::vector<std::string>{"a\0b"s, "", "%"});
  CHECK_FALSE(net.tls.verify);
  CHECK(net.tls.hostname == "caf\xc3\xa9 \0\r\n\xff"s);
  CHECK(net.maxMessageSize == std::numeric_limits<std::uint64_t>::max());
  CHECK(net.debug == 255);
  settings::Sync sync = sent(changed<settings::Sync>(~0U));
  CHECK(sync.errand == settings::Errand::check);
  CHECK(sync.maxDeletions == settings::Share{100, true});
  for (Side side : kSides) CHECK(sync.of[side].connections == 8);
  REQUIRE(sync.ofMailboxes.size() == 2);
  CHECK(sync.ofMailboxes.front() == settings::OfMailbox());
  CHECK(sync.ofMailboxes.back().pattern == "caf\xc3\xa9 \0\r\n\xff"s);
  CHECK(sync.ofMailboxes.back().direction == settings::OfMailbox::Direction::toRemote);
  CHECK(sync.ofMailboxes.back().maxAge == 100'000);
  CHECK(sync.ofMailboxes.back().maxDeletions == settings::Share{100, true});
  CHECK_FALSE(sent(settings::Sync()).maxDeletions);
}

TEST_CASE("a text that is absent and one that is empty differ") {
  settings::Sync sync;
  CHECK_FALSE(sent(copyOf(sync)).ignore);
  sync.ignore = "";
  CHECK(sent(std::move(sync)).ignore == "");
}

TEST_CASE_TEMPLATE("settings that do not hold are refused, whichever it is", Settings, settings::Net,
                   settings::Sync, settings::Pull, settings::Delivery) {
  CHECK(refusal<Settings>([](List::Builder) {}) == "");
  CHECK(refusal<Settings>([](List::Builder) {}, 1) == "too few settings, or too many");
  CHECK(refusal<Settings>([](List::Builder) {}, 0, 1) == "too few settings, or too many");
  unsigned n = 0;
  Settings all;
  forEachSetting(all, [&](const auto& row, const auto&) {
    CAPTURE(row.name);
    const std::string name = row.name;
    unsigned at = n++, another = at > 0 ? at - 1 : at + 1;
    auto named = [&](const char* other) {
      return refusal<Settings>([&](List::Builder list) { list[at].setName(other); });
    };
    const std::string misplaced = "another setting where this is due: " + name;
    CHECK(named("") == misplaced);
    CHECK(named("no such setting") == misplaced);
    std::string repeated =
        refusal<Settings>([&](List::Builder list) { list.setWithCaveats(at, list[another].asReader()); });
    CHECK(repeated == misplaced);
    CHECK(refusal<Settings>([&](List::Builder list) { setOther(list[at].getValue()); }) ==
          "a value that is none of this setting: " + name);
  });
}

TEST_CASE("numbers out of bounds are refused") {
  auto valueOf = [](List::Builder list, std::string_view name) {
    for (auto setting : list)
      if (std::string_view(setting.getName().cStr()) == name) return setting.getValue();
    FAIL("no such setting");
    return list[0].getValue();
  };
  auto refusedIn = [&](auto settings, std::string_view name, std::uint64_t number) {
    CAPTURE(name);
    CAPTURE(number);
    using Settings = decltype(settings);
    std::string why = refusal<Settings>([&](List::Builder list) { valueOf(list, name).setNumber(number); });
    CHECK((why.empty() || why == "a value that is none of this setting: " + std::string(name)));
    return !why.empty();
  };
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  settings::Net net;
  CHECK_FALSE(refusedIn(copyOf(net), "type", 2));
  CHECK(refusedIn(copyOf(net), "type", 3));
  CHECK(refusedIn(copyOf(net), "type", kMost));
  CHECK(refusedIn(copyOf(net), "compress", 3));
  CHECK_FALSE(refusedIn(copyOf(net), "debug", 255));
  CHECK(refusedIn(copyOf(net), "debug", 256));
  CHECK_FALSE(refusedIn(copyOf(net), "max-message-size", kMost));
  settings::Sync sync;
  CHECK(refusedIn(sync, "errand", 8));
  CHECK(refusedIn(sync, "connections", 0));
  CHECK_FALSE(refusedIn(sync, "connections", 8));
  CHECK(refusedIn(sync, "connections", 9));
  CHECK_FALSE(refusedIn(sync, "interval", 0xffffffff));
  CHECK(refusedIn(sync, "interval", 0x100000000));
  settings::Pull pull;
  CHECK(refusedIn(pull, "errand", 5));
  CHECK(refusedIn(pull, "purge-after", 0x100000000));
  CHECK(refusedIn(settings::Delivery(), "deliver-tls", 4));
}
