// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Packets that no converter of ours wrote: cut short, changed, leading in circles. Whatever they are, reading
// them ends in a value or a PeerViolation.
#include "ipc/convert.h"

#include <capnp/schema.h>
#include <doctest/doctest.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ipc/imap.capnp.h"
#include "ipc/imap.h"
#include "ipc/launch.capnp.h"
#include "ipc/launch.h"

using namespace interimap;

namespace {

using Words = std::vector<std::uint64_t>;

struct Sample {
  std::string what;
  Words words;
  std::function<void(Words)> read;
};

int memory() {
  static const Descriptor fd = BodyWriter().seal();
  return fd.get();
}

void readAsRequest(Words words, bool bodies) {
  readRequest(Packet{std::move(words), bodies ? Descriptor(dup(memory())) : Descriptor()});
}
void readAsAnswer(Words words, bool bodies) {
  readAnswer(Packet{std::move(words), bodies ? Descriptor(dup(memory())) : Descriptor()});
}
void readAsOrder(Words words, bool peer) {
  readOrder(Packet{std::move(words), peer ? Descriptor(dup(memory())) : Descriptor()});
}
void readAsReport(Words words) { readReport(Packet{std::move(words), {}}); }

template <typename What>
Sample request(What what) {
  constexpr bool bodies = std::is_same_v<What, request::Append>;
  return {std::string("request ") + typeid(What).name(), pack(Request{7, std::move(what), {}}).words,
          [](Words words) { readAsRequest(std::move(words), bodies); }};
}
template <typename What>
Sample answer(What what) {
  constexpr bool bodies = std::is_same_v<What, answer::Window>;
  return {std::string("answer ") + typeid(What).name(), pack(Answer{7, std::move(what), {}}).words,
          [](Words words) { readAsAnswer(std::move(words), bodies); }};
}
template <typename What>
Sample order(What what) {
  constexpr bool peer = std::is_same_v<What, Deliverer>;
  return {std::string("order ") + typeid(What).name(), pack(Order{std::move(what), {}}).words,
          [](Words words) { readAsOrder(std::move(words), peer); }};
}
template <typename What>
Sample report(What what) {
  return {std::string("report ") + typeid(What).name(), pack(Report{std::move(what)}).words, readAsReport};
}

settings::Net netSettings() {
  settings::Net net;
  net.host = "imap.example.org";
  net.auth = {"PLAIN", "LOGIN"};
  net.password = Secret("secret");
  net.tls.fingerprints = {"sha256$0011"};
  net.tls.hostname = "sni";
  net.tls.cipherSuites = "";
  return net;
}

// One of every kind, with its lists not empty.
std::vector<Sample> samples() {
  UidSet uids = *UidSet::parse("1:3,5,9:4294967295");
  Flags flags = *Flags::parse("\\Seen work");
  InternalDate date = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");
  HeaderDigest digest{1, 2, 3};
  Uid uid = uids.first();
  ReversePath sender = *ReversePath::parse("\"a b\"@c.example");
  std::vector<Sample> all;
  all.push_back(request(request::Enable{}));
  all.push_back(request(request::List{"ref", {"*", "%"}, {"SUBSCRIBED"}, true}));
  all.push_back(request(request::Select{{"INBOX"}, true, request::Known{{1}, {2}, uids, 3, uids}}));
  all.push_back(request(request::Fetch{uids, request::Fetch::Items::listing}));
  all.push_back(request(request::FetchBodies{uids, true, Reading::again}));
  all.push_back(
      request(request::Search{uids, std::chrono::year(2024) / std::chrono::month(2) / std::chrono::day(29)}));
  all.push_back(request(request::Append{{"a"}, true, {{flags, date, {1, 2}}, {flags, date, {3, 4}}}}));
  all.push_back(request(request::Store{uids, request::Store::Change::remove, flags}));
  all.push_back(request(request::Expunge{uids, request::Expunge::Step::remove}));
  all.push_back(request(request::Move{uids, {"a"}}));
  all.push_back(request(request::Copy{UidSet::range(1, 3), {"a"}}));
  all.push_back(request(request::Manage{request::Manage::Verb::rename, {"a"}, {"b"}}));
  all.push_back(request(request::Watch{{"INBOX"}, 240}));
  all.push_back(request(request::Simple{request::Simple::Verb::logout}));
  all.push_back(answer(answer::Ready{{Extension::idle}, true, "NO"}));
  all.push_back(answer(answer::Listed{{{{"a"}, '/', true, true, true}, {{"b"}, {}}}}));
  all.push_back(answer(answer::Statuses{{{{"a"}, UidValidity{1}, UidNext{2}, ModSeq{3}, 4}}}));
  all.push_back(answer(answer::Selected{{1}, {2}, {3}, 4, true, true, {false, true, flags}}));
  all.push_back(answer(answer::Vanished{uids}));
  all.push_back(answer(answer::Found{uids}));
  all.push_back(answer(answer::Messages{{{uid, {1}, flags, date, 2, digest}, {uid, {}, {}, {}, 0, {}}}}));
  all.push_back(answer(answer::Window{{{uid, flags, date, {2, 3}, digest, sender}}, {uid}}));
  all.push_back(answer(answer::Appended{{1}, {uid, std::nullopt}, "refused", {true, false}}));
  all.push_back(answer(answer::Done{answer::Done::Completion::no, "CODE", "words"}));
  all.push_back(order(netSettings()));
  all.push_back(order(settings::Sync{.databaseDirectory = "/dir",
                                     .databaseName = "db",
                                     .errand = settings::Errand::notify,
                                     .interval = 9,
                                     .maxDeletions = {{5, true}},
                                     .mailboxes = {"a"},
                                     .patterns = {"*"},
                                     .selectionOptions = {"REMOTE"},
                                     .ignore = "x",
                                     .of = {{.name = "l"}, {.name = "r"}}}));
  all.push_back(order(settings::Pull{.stateDirectory = "/dir",
                                     .stateName = "state",
                                     .errand = settings::Pull::Errand::idle,
                                     .mailboxes = {"INBOX", "b"},
                                     .forwardPaths = {"me"},
                                     .purgeAfter = 7,
                                     .account = "a"}));
  all.push_back(order(settings::Delivery{.lmtp = true,
                                         .host = "mx",
                                         .port = "25",
                                         .ehlo = "me",
                                         .security = settings::Delivery::Security::required,
                                         .username = "joe",
                                         .password = Secret("secret"),
                                         .user = "nobody"}));
  all.push_back(order(Go{}));
  all.push_back(order(Look{}));
  all.push_back(order(Deliverer{}));
  all.push_back(report(LogLine{LogLevel::error, Component::remote, "INBOX", "text"}));
  all.push_back(report(Locked{}));
  all.push_back(report(Progress{1, 2, 3, 4, Component::remote, "INBOX"}));
  all.push_back(report(Finding{Component::local, "INBOX", "text", {{"reply", "no"}}}));
  all.push_back(report(Traffic{1, 2, 3, 4, true}));
  all.push_back(report(Synchronised{1, 2, 3, 4, 5, 6, 7, 8, 9, true}));
  all.push_back(report(WantsDeliverer{}));
  all.push_back(report(Pulled{1, 2, 3, 4, 5, 6, true}));
  all.push_back(report(Exported{"12345678"}));
  all.push_back(report(Ended{ExitStatus::config}));
  return all;
}

enum class Outcome { read, refused, wrong };

Outcome outcome(const std::function<void(Words)>& read, Words words) {
  try {
    read(std::move(words));
    return Outcome::read;
  } catch (const PeerViolation&) {
    return Outcome::refused;
  } catch (...) {
    return Outcome::wrong;
  }
}

Words changed(const Words& words, std::size_t at, std::uint8_t bits) {
  Words out = words;
  reinterpret_cast<std::uint8_t*>(out.data())[at] ^= bits;
  return out;
}

}  // namespace

TEST_CASE("samples are read as they are") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.what);
    CHECK(outcome(sample.read, sample.words) == Outcome::read);
  }
}

TEST_CASE("a packet cut short or drawn out is refused") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.what);
    for (std::size_t n = 0; n < sample.words.size(); ++n) {
      CAPTURE(n);
      CHECK(outcome(sample.read,
                    Words(sample.words.begin(), sample.words.begin() + static_cast<std::ptrdiff_t>(n))) ==
            Outcome::refused);
    }
    Words longer = sample.words;
    longer.push_back(0);
    CHECK(outcome(sample.read, longer) == Outcome::refused);
  }
}

TEST_CASE("a packet with a byte changed is read or refused, nothing else") {
  int count[3] = {};
  for (const Sample& sample : samples()) {
    for (std::size_t at = 0; at < sample.words.size() * 8; ++at)
      for (std::uint8_t bits : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        Outcome result = outcome(sample.read, changed(sample.words, at, bits));
        ++count[static_cast<int>(result)];
        if (result == Outcome::wrong) MESSAGE(sample.what, ", byte ", at, " ^ ", static_cast<int>(bits));
      }
  }
  CHECK(count[static_cast<int>(Outcome::wrong)] == 0);
  CHECK(count[static_cast<int>(Outcome::read)] > 0);
  CHECK(count[static_cast<int>(Outcome::refused)] > 0);
}

TEST_CASE("a packet with several words changed is read or refused, nothing else") {
  std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const Sample& sample : samples())
    for (int step = 0; step < 300; ++step) {
      Words words = sample.words;
      for (auto n = 1 + random() % 4; n > 0; --n) {
        std::uint64_t& word = words[random() % words.size()];
        switch (random() % 4) {
          case 0: word = random(); break;
          case 1: word ^= std::uint64_t{1} << random() % 64; break;
          case 2: word = words[random() % words.size()]; break;  // pointers to where others point, or back
          default: word = (random() % 64 << 32) | random() % 64; break;
        }
      }
      if (outcome(sample.read, words) != Outcome::wrong) continue;
      CAPTURE(sample.what);
      CAPTURE(step);
      FAIL("neither read nor refused");
    }
}

TEST_CASE("any packet read as another edge's is read or refused") {
  const std::vector<std::function<void(Words)>> readers = {
      [](Words words) { readAsRequest(std::move(words), false); },
      [](Words words) { readAsRequest(std::move(words), true); },
      [](Words words) { readAsAnswer(std::move(words), false); },
      [](Words words) { readAsAnswer(std::move(words), true); },
      [](Words words) { readAsOrder(std::move(words), false); },
      [](Words words) { readAsOrder(std::move(words), true); },
      readAsReport};
  for (const Sample& sample : samples())
    for (const auto& reader : readers) CHECK(outcome(reader, sample.words) != Outcome::wrong);
}

namespace {

// The words of a packet whose root's union says `which`, known to the schema or not.
template <typename Root>
Words withUnion(std::uint16_t which) {
  convert::Writer writer;
  writer.root<Root>();
  Words words = writer.packet().words;  // the segment table, the root pointer, the root's data
  auto offset = capnp::Schema::from<Root>().getProto().getStruct().getDiscriminantOffset();
  memcpy(reinterpret_cast<char*>(words.data() + 2) + offset * 2, &which, sizeof which);
  return words;
}

constexpr std::uint64_t structPointer(std::int32_t offset, std::uint16_t data, std::uint16_t pointers) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(offset) << 2) & 0xffffffffU) |
         std::uint64_t{data} << 32 | std::uint64_t{pointers} << 48;
}
constexpr std::uint64_t listPointer(std::int32_t offset, unsigned elementSize, std::uint32_t count) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(offset) << 2) & 0xffffffffU) | 1 |
         std::uint64_t{elementSize} << 32 | std::uint64_t{count} << 35;
}
constexpr std::uint64_t farPointer(bool twoPads, std::uint32_t word, std::uint32_t segment) {
  return 2U | (twoPads ? 4U : 0U) | std::uint64_t{word} << 3 | std::uint64_t{segment} << 32;
}
constexpr std::uint64_t table(std::uint32_t segments, std::uint32_t first) {
  return (segments - 1) | std::uint64_t{first} << 32;
}

constexpr unsigned kVoidElements = 0, kByteElements = 2, kPointerElements = 6, kStructElements = 7;

// A message whose root is one data word, `which` in its union, and one pointer; then what that points to.
template <typename Root>
Words crafted(std::uint16_t which, std::uint64_t pointer, const Words& rest = {}) {
  std::uint64_t data = 0;
  auto offset = capnp::Schema::from<Root>().getProto().getStruct().getDiscriminantOffset();
  memcpy(reinterpret_cast<char*>(&data) + offset * 2, &which, sizeof which);
  Words words{table(1, static_cast<std::uint32_t>(3 + rest.size())), structPointer(0, 1, 1), data, pointer};
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

}  // namespace

TEST_CASE("alternatives that the schema does not have are refused") {
  struct {
    std::string why;
    Words words;
    std::function<void(Words)> read;
  } const rows[] = {
      {"an unknown request", withUnion<schema::Request>(schema::Request::COPY + 1),
       [](Words w) { readAsRequest(std::move(w), false); }},
      {"an unknown request", withUnion<schema::Request>(0xffff),
       [](Words w) { readAsRequest(std::move(w), true); }},
      {"an unknown answer", withUnion<schema::Answer>(schema::Answer::FOUND + 1),
       [](Words w) { readAsAnswer(std::move(w), false); }},
      {"an unknown answer", withUnion<schema::Answer>(0xffff),
       [](Words w) { readAsAnswer(std::move(w), true); }},
      {"an unknown order", withUnion<schema::Order>(schema::Order::IDLE_NET + 1),
       [](Words w) { readAsOrder(std::move(w), false); }},
      {"an unknown order", withUnion<schema::Order>(0xffff),
       [](Words w) { readAsOrder(std::move(w), true); }},
      {"an unknown report", withUnion<schema::Report>(schema::Report::WANTS_IDLE_NET + 1), readAsReport},
      {"an unknown report", withUnion<schema::Report>(0xffff), readAsReport},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    CHECK_THROWS_WITH_AS(row.read(row.words), row.why.c_str(), PeerViolation);
  }
  CHECK_NOTHROW(readAsRequest(withUnion<schema::Request>(0), false));
  CHECK_NOTHROW(readAsOrder(withUnion<schema::Order>(3), false));
}

TEST_CASE("segment tables and pointers that lie are refused") {
  constexpr std::uint16_t kSelect = schema::Request::SELECT, kExpunge = schema::Request::EXPUNGE,
                          kList = schema::Request::LIST, kAppend = schema::Request::APPEND;
  using R = schema::Request;
  const std::uint32_t kMany = 0x1fffffff;  // elements of a list, the most a pointer can say
  struct {
    std::string what;
    Words words;
  } const rows[] = {
      {"no words", {}},
      {"a table alone", {table(1, 0)}},
      {"no segments", {table(0, 0)}},
      {"2^32-1 segments", {0xfffffffeU}},
      {"many segments", {table(512, 0), 0, 0, 0}},
      {"a segment larger than the packet", {table(1, 0xffffffff), 0}},
      {"a second segment larger than the packet", {table(2, 1), 0xffffffff, 0}},
      {"a root beyond the end", {table(1, 1), structPointer(5, 1, 1)}},
      {"a root before the start", {table(1, 1), structPointer(-5, 1, 1)}},
      {"a root that is larger than the packet", {table(1, 2), structPointer(0, 0xffff, 0xffff), 0}},
      {"a root that is a list", {table(1, 2), listPointer(0, kByteElements, 8), 0}},
      {"a root that is a capability", {table(1, 1), 3}},
      {"a far pointer to itself", {table(1, 1), farPointer(false, 0, 0)}},
      {"a double far pointer with half a landing pad", {table(1, 1), farPointer(true, 0, 0)}},
      {"a far pointer to a segment that is not there", {table(1, 1), farPointer(false, 0, 7)}},
      {"two far pointers at one another", {table(1, 2), farPointer(false, 1, 0), farPointer(false, 0, 0)}},
      {"a struct that holds itself", crafted<R>(kSelect, structPointer(-2, 1, 1))},
      {"a struct for a list", crafted<R>(kExpunge, structPointer(-2, 1, 1))},
      {"a list beyond the end", crafted<R>(kExpunge, listPointer(100, kByteElements, 8))},
      {"a list of nothing, many times", crafted<R>(kExpunge, listPointer(0, kVoidElements, kMany))},
      {"a list of empty structs, many times",
       crafted<R>(kExpunge, listPointer(0, kStructElements, 0), {structPointer(kMany, 0, 0)})},
      {"a list whose tag says more than there is",
       crafted<R>(kExpunge, listPointer(0, kStructElements, 1), {structPointer(100, 1, 0), 0})},
      {"a list that is its own tag", crafted<R>(kExpunge, listPointer(-1, kStructElements, 1))},
      {"a list of texts that are the list",
       crafted<R>(kList, structPointer(0, 0, 3),
                  {0, listPointer(1, kPointerElements, 2), 0, listPointer(-1, kPointerElements, 2),
                   listPointer(-2, kPointerElements, 2)})},
      {"messages that are not there",
       crafted<R>(kAppend, structPointer(0, 0, 2), {0, listPointer(0, kStructElements, kMany)})},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    for (bool bodies : {false, true})
      CHECK(outcome([&](Words words) { readAsRequest(std::move(words), bodies); }, row.words) ==
            Outcome::refused);
  }
}

TEST_CASE("what is odd but leads nowhere is harmless") {
  const std::array<Words, 3> rows = {
      Words{table(0, 1), structPointer(0, 0, 0)},  // 2^32 segments, that is none
      Words{table(1, 1), 0},                       // no root: all defaults
      Words{table(1, 2), farPointer(true, 0, 0), structPointer(0, 1, 1)}};
  for (const Words& words : rows)
    CHECK(outcome([](Words w) { readAsRequest(std::move(w), false); }, words) != Outcome::wrong);
}

// A thousand texts that are one text: what is read must not outgrow the packet many times.
TEST_CASE("one text that stands for many is not read again and again") {
  constexpr std::uint32_t kTexts = 1000, kSize = 4096;
  Words words{0, listPointer(1, kPointerElements, kTexts), 0};  // a Listing: reference, patterns, options
  for (std::uint32_t i = 0; i < kTexts; ++i)
    words.push_back(listPointer(static_cast<std::int32_t>(kTexts - 1 - i), kByteElements, kSize));
  words.resize(words.size() + kSize / 8, 0x2a2a2a2a2a2a2a2a);
  Words packet = crafted<schema::Request>(schema::Request::LIST, structPointer(0, 0, 3), words);
  REQUIRE(packet.size() * 8 <= Channel::kMostBytes);
  CHECK(outcome([](Words w) { readAsRequest(std::move(w), false); }, packet) == Outcome::refused);

  packet[5] = listPointer(1, kPointerElements, 3);  // three times is no attack
  CHECK(outcome([](Words w) { readAsRequest(std::move(w), false); }, packet) == Outcome::read);
}

TEST_CASE("a packet of several segments is one message") {
  request::List list{"reference", {}, {}, true};
  for (int i = 0; i < 8; ++i)
    list.patterns.push_back(std::string(4000, 'p'));  // more than the first segment holds
  Packet packet = pack(Request{1, list, {}});
  REQUIRE((packet.words[0] & 0xffffffff) > 0);
  CHECK(std::get<request::List>(readRequest(std::move(packet)).what) == list);
}
