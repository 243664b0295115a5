// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <stdexcept>
#include <string>

#include "ipc/imap.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

Uid uid(std::uint32_t n) { return *Uid::of(n); }
UidSet uids(std::string_view text) { return *UidSet::parse(text); }
Flags flags(std::string_view text) { return *Flags::parse(text); }
InternalDate date(std::string_view text = "17-Jul-1996 02:44:25 -0700") { return *InternalDate::parse(text); }
ReversePath path(std::string_view text) { return *ReversePath::parse(text); }
std::chrono::year_month_day day(int year, unsigned month, unsigned day) {
  return {std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
}
Descriptor memory() { return BodyWriter().seal(); }

HeaderDigest digest(std::uint8_t first) {
  HeaderDigest digest;
  for (std::uint8_t& byte : digest) byte = first++;
  return digest;
}

ino_t inode(const Descriptor& fd) {
  struct stat status {};
  REQUIRE(fstat(fd.get(), &status) == 0);
  return status.st_ino;
}

// So many ranges that do not touch, with numbers up to the highest.
UidSet ranges(std::size_t count) {
  UidSet set;
  for (std::size_t i = 0; i < count; ++i)
    set.add(uid(static_cast<std::uint32_t>(0xffffffffU - 2 * (count - 1 - i))));
  return set;
}

template <typename Message, typename What>
What through(Message (*read)(Packet), What what, bool withBodies) {
  Message in{0xfffffffe, std::move(what), withBodies ? memory() : Descriptor()};
  ino_t sent = withBodies ? inode(in.bodies) : 0;
  Packet packet = pack(std::move(in));
  CHECK(packet.words.size() * 8 <= Channel::kMostBytes);
  Message out = read(std::move(packet));
  CHECK(out.id == 0xfffffffe);
  REQUIRE(static_cast<bool>(out.bodies) == withBodies);
  if (withBodies) CHECK(inode(out.bodies) == sent);
  REQUIRE(std::holds_alternative<What>(out.what));
  return std::get<What>(std::move(out.what));
}
template <typename What>
What requested(What what) {
  return through(readRequest, std::move(what), std::is_same_v<What, request::Append>);
}
template <typename What>
What answered(What what) {
  return through(readAnswer, std::move(what), std::is_same_v<What, answer::Window>);
}

}  // namespace

TEST_CASE("requests come through") {
  for (bool qresync : {false, true})
    for (bool namespaces : {false, true})
      CHECK(requested(request::Enable{qresync, namespaces}) == request::Enable{qresync, namespaces});
  request::List list{"#news.\0x"s, {"", "*", "\xff%\0"s}, {"SUBSCRIBED", "REMOTE"}, false};
  CHECK(requested(list) == list);
  list.returnStatus = true;
  CHECK(requested(list) == list);
  for (bool readOnly : {false, true}) {
    request::Select select{{"In\"b\\ox\r\n\0"s}, readOnly, {}};
    CHECK(requested(select) == select);
    select.known = {UidValidity{0xffffffff}, ModSeq{kMost}, uids("1:4294967295"), 0xfffffffd,
                    uids("3,5:7,4294967295")};
    CHECK(requested(select) == select);
    select.known = request::Known{};
    CHECK(requested(select) == select);
    select.modSequences = true;
    CHECK(requested(select) == select);
  }
  using Items = request::Fetch::Items;
  for (Items items : {Items::flags, Items::sizes, Items::identity, Items::content, Items::listing}) {
    request::Fetch fetch{uids("1,3:4294967295"), items};
    CHECK(requested(fetch) == fetch);
    fetch.changedSince = ModSeq{kMost};
    CHECK(requested(fetch) == fetch);
  }
  CHECK(requested(request::Fetch{}) == request::Fetch{});
  for (bool envelope : {false, true})
    for (Reading reading : {Reading::once, Reading::again}) {
      request::FetchBodies fetch{uids("7:9,11"), envelope, reading};
      CHECK(requested(fetch) == fetch);
      fetch.fields = {"DELIVERED-TO", "X-ORIGINAL-TO"};
      CHECK(requested(fetch) == fetch);
    }
  using Change = request::Store::Change;
  for (Change change : {Change::add, Change::remove}) {
    request::Store store{uids("1:3"), change, flags("\\Seen $x")};
    CHECK(requested(store) == store);
    CHECK(requested(store).flags.text() == "$x \\Seen");
  }
  using Step = request::Expunge::Step;
  for (Step step : {Step::both, Step::mark, Step::remove, Step::all}) {
    request::Expunge expunge{uids("4294967295"), step};
    CHECK(requested(expunge) == expunge);
  }
  request::Move move{uids("1:3,7"), {"INBOX\xff"}};
  CHECK(requested(move) == move);
  request::Copy copy{uids("1:3,7,10:1029"), {"INBOX\xff"}};
  CHECK(requested(copy) == copy);
  for (auto before : {day(2024, 2, 29), day(0, 1, 1), day(9999, 12, 31)}) {
    request::Search search{uids("1:3,4294967295"), before};
    CHECK(requested(search) == search);
    search.with = flags("\\Deleted $x");
    CHECK(requested(search) == search);
  }
  for (const char* with : {"", "\\Deleted"}) {
    request::Search search{uids("7"), {}, flags(with)};
    CHECK(requested(search) == search);
  }
  for (std::uint32_t seconds : {0U, 0xffffffffU}) {
    request::Watch watch{{"INBOX\xff"}, seconds, seconds == 0};
    CHECK(requested(watch) == watch);
  }
  using Verb = request::Manage::Verb;
  for (Verb verb : {Verb::create, Verb::remove, Verb::rename, Verb::subscribe, Verb::unsubscribe}) {
    request::Manage manage{verb, {"a/b"}, {"c/d"}, 0x24};
    CHECK(requested(manage) == manage);
  }
  for (auto verb :
       {request::Simple::Verb::unselect, request::Simple::Verb::noop, request::Simple::Verb::logout})
    CHECK(requested(request::Simple{verb}) == request::Simple{verb});
}

TEST_CASE("APPEND comes through with its bodies") {
  for (bool together : {false, true}) {
    request::Append append{{"Sent"}, together, {}};
    append.messages.push_back({flags("\\Draft a"), date(), {1, 2}});
    append.messages.push_back({{}, date(" 1-Jan-1970 00:00:00 +0000"), {kMost, kMost - 1}});
    if (together) append.limit = kMost;
    request::Append out = requested(append);
    CHECK(out.limit == append.limit);
    CHECK(out.mailbox.bytes == "Sent");
    CHECK(out.together == together);
    REQUIRE(out.messages.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(out.messages[i].flags.text() == append.messages[i].flags.text());
      CHECK(out.messages[i].date.text() == append.messages[i].date.text());
      CHECK(out.messages[i].body.offset == append.messages[i].body.offset);
      CHECK(out.messages[i].body.size == append.messages[i].body.size);
    }
  }
}

TEST_CASE("answers come through") {
  CHECK(answered(answer::Ready{}) == answer::Ready{});
  for (int i = 0; i < kExtensions; ++i) {
    answer::Ready ready{{static_cast<Extension>(i)}, i % 2 == 0, "NO \xff", "INBOX\xff"};
    CHECK(answered(ready) == ready);
  }
  answer::Listed listed{{{{"a/b"}, '/', true, false, false},
                         {{""}, {}, false, true, false, 1},
                         {{"i"}, {}, false, true, false, 0x88},
                         {{"\0\xff"s}, '\x7f', false, false, true}}};
  CHECK(answered(listed) == listed);
  CHECK(answered(answer::Listed{}) == answer::Listed{});
  answer::Statuses statuses{
      {{{"all"}, UidValidity{0xffffffff}, UidNext{std::uint64_t{1} << 32}, ModSeq{kMost}, 0xfffffff0},
       {{"zero"}, UidValidity{}, UidNext{}, ModSeq{}, 0},
       {{"none"}, {}, {}, {}, {}},
       {{"limit"}, {}, {}, {}, {}, kMost},
       {{"nothing"}, {}, {}, {}, {}, 0}}};
  CHECK(answered(statuses) == statuses);
  CHECK(answered(answer::Vanished{uids("1:4,4294967295")}) == answer::Vanished{uids("1:4,4294967295")});
  CHECK(answered(answer::Found{uids("2,4294967295")}) == answer::Found{uids("2,4294967295")});
  CHECK(answered(answer::Found{}) == answer::Found{});
  answer::Appended appended{
      {7}, {uid(1), std::nullopt, uid(0xffffffff)}, "[OVERQUOTA] no\r\n\0"s, {true, false, true}};
  CHECK(answered(appended) == appended);
  using Completion = answer::Done::Completion;
  for (Completion completion : {Completion::ok, Completion::no, Completion::bad}) {
    answer::Done done{completion, "CODE", "[CODE] words"};
    CHECK(answered(done) == done);
  }
}

TEST_CASE("what SELECT told comes through") {
  for (int bit = 0; bit < 5; ++bit) {
    answer::Selected selected{{1}, {std::uint64_t{1} << 32}, {kMost}, 0xffffffff, bit == 0, bit == 1, {}};
    selected.storable = {bit == 2, bit == 3, bit == 4 ? flags("\\Seen a") : Flags()};
    answer::Selected out = answered(selected);
    CHECK(out == selected);
    CHECK(out.storable.all == selected.storable.all);
    CHECK(out.storable.keywords == selected.storable.keywords);
    CHECK(out.storable.flags.text() == selected.storable.flags.text());
  }
}

TEST_CASE("messages come through, what is absent stays absent") {
  answer::Messages messages;
  messages.messages.push_back({uid(0xffffffff), {kMost}, flags("\\Seen x"), date(), kMost - 3, digest(1)});
  messages.messages.push_back({uid(1), {}, {}, {}, 0, {}});
  messages.messages.push_back({uid(2), {5}, Flags(), {}, 6, HeaderDigest{}});
  messages.messages.push_back({uid(3), {}, Flags(), {}, 0, {}, digest(2)});
  answer::Messages out = answered(messages);
  REQUIRE(out.messages.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const answer::Message &a = out.messages[i], &b = messages.messages[i];
    CHECK(a.uid == b.uid);
    CHECK(a.modSeq == b.modSeq);
    CHECK(a.flags.has_value() == b.flags.has_value());
    if (a.flags) CHECK(a.flags->text() == b.flags->text());
    CHECK(a.date.has_value() == b.date.has_value());
    if (a.date) CHECK(a.date->text() == b.date->text());
    CHECK(a.size == b.size);
    CHECK(a.header == b.header);
    CHECK(a.content == b.content);
  }
}

TEST_CASE("a window comes through with its bodies") {
  answer::Window window;
  window.messages.push_back({uid(9), flags("\\Seen x"), date(), {3, kMost}, digest(7), path("\"a b\"@c")});
  window.messages.push_back({uid(2), {}, date(" 1-Jan-1970 00:00:00 +0000"), {}, {}, {}});
  window.messages.front().content = digest(8);
  window.messages.front().named = {{}, {*ForwardPath::parse("\"a b\"@c"), *ForwardPath::parse("d")}};
  window.tooLarge = {uid(0xffffffff), uid(1)};
  answer::Window out = answered(window);
  REQUIRE(out.messages.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const answer::WindowMessage &a = out.messages[i], &b = window.messages[i];
    CHECK(a.uid == b.uid);
    CHECK(a.flags.text() == b.flags.text());
    CHECK(a.date.text() == b.date.text());
    CHECK(a.body.offset == b.body.offset);
    CHECK(a.body.size == b.body.size);
    CHECK(a.header == b.header);
    CHECK(a.sender == b.sender);
    CHECK(a.content == b.content);
    CHECK(a.named == b.named);
  }
  CHECK(out.tooLarge == window.tooLarge);
}

TEST_CASE("what is as large as the limits allow comes through, and fits into a packet") {
  CHECK(requested(request::Fetch{ranges(kMostRanges), {}}).uids == ranges(kMostRanges));
  CHECK(requested(request::Search{ranges(kMostRanges), day(1, 1, 1)}).uids == ranges(kMostRanges));
  CHECK(answered(answer::Vanished{ranges(kMostRanges)}).uids == ranges(kMostRanges));
  CHECK(answered(answer::Found{ranges(kMostRanges)}).uids == ranges(kMostRanges));
  std::string name(MailboxName::kLongest, 'n'), words(kMostText, 'w');
  CHECK(requested(request::Manage{request::Manage::Verb::rename, {name}, {name}}).to.bytes == name);
  CHECK(answered(answer::Done{{}, words, words}).text == words);
  answer::Messages messages;
  request::Append append;
  for (std::uint32_t i = 1; i <= kMostMessages; ++i) {
    messages.messages.push_back({uid(i), {i}, flags("\\Seen"), date(), i, digest(1)});
    append.messages.push_back({flags("\\Seen"), date(), {i, i}});
  }
  CHECK(answered(messages).messages.size() == kMostMessages);
  CHECK(requested(std::move(append)).messages.size() == kMostMessages);
  CHECK(answered(answer::Listed{std::vector<answer::ListEntry>(kMostListed, {{"a"}, '/'})}).entries.size() ==
        kMostListed);
  std::string many(1000, 'a');
  for (int i = 10; many.size() + 1000 < 32768; ++i) many += ' ' + std::to_string(i) + std::string(900, 'f');
  many += ' ' + std::string(32768 - 1 - many.size(), 'z');
  request::Store store{uids("1"), {}, flags(many)};
  CHECK(requested(store).flags.text().size() == 32768);
}

TEST_CASE("words of a server are cut, a UID set too large to send is a bug of ours") {
  std::string words(kMostText + 1, 'w');
  answer::Done done = answered(answer::Done{answer::Done::Completion::no, words, words});
  CHECK(done.code.size() == kMostText);
  CHECK(done.text.size() == kMostText);
  CHECK(answered(answer::Appended{{}, {}, words, {}}).refusal.size() == kMostText);
  UidSet large = ranges(kMostRanges + 1);
  CHECK_THROWS_AS(requested(request::Fetch{large, {}}), std::logic_error);
  CHECK_THROWS_AS(requested(request::Expunge{large}), std::logic_error);
  CHECK_THROWS_AS(requested(request::FetchBodies{large}), std::logic_error);
  CHECK_THROWS_AS(requested(request::Search{large, day(1, 1, 1)}), std::logic_error);
  CHECK_THROWS_AS(answered(answer::Vanished{large}), std::logic_error);
  CHECK_THROWS_AS(answered(answer::Found{large}), std::logic_error);
}
