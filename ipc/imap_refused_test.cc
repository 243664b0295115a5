// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "ipc/convert.h"
#include "ipc/imap.capnp.h"
#include "ipc/imap.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

Descriptor memory() { return BodyWriter().seal(); }

template <typename Root>
struct Refusal {
  std::string why;  // the message of the PeerViolation
  std::function<void(typename Root::Builder)> build;
  bool withBodies = false;
};

template <typename Root, typename Message>
void checkRefusals(const std::vector<Refusal<Root>>& table, Message (*read)(Packet)) {
  for (const auto& row : table) {
    CAPTURE(row.why);
    CAPTURE(&row - table.data());
    convert::Writer writer;
    row.build(writer.root<Root>());
    std::string why = "accepted";
    try {
      read(writer.packet(row.withBodies ? memory() : Descriptor()));
    } catch (const PeerViolation& violation) {
      why = violation.what();
    }
    CHECK(why == row.why);
  }
}

using RangeList = capnp::List<schema::Range>::Builder;

void setRanges(RangeList list, std::initializer_list<UidSet::Range> ranges) {
  unsigned i = 0;
  for (UidSet::Range range : ranges) {
    list[i].setFirst(range.first);
    list[i++].setLast(range.last);
  }
}

void setDay(schema::Request::Search::Builder search, std::uint16_t year, std::uint8_t month,
            std::uint8_t day) {
  search.setYear(year);
  search.setMonth(month);
  search.setDay(day);
}

capnp::Data::Reader data(const std::string& text) { return convert::bytes(text); }

}  // namespace

TEST_CASE("UID sets that are none are refused, wherever they stand") {
  struct {
    std::string why;
    std::initializer_list<UidSet::Range> ranges;
  } const table[] = {
      {"a UID range that is none", {{0, 0}}},
      {"a UID range that is none", {{0, 5}}},
      {"a UID range that is none", {{5, 4}}},
      {"a UID range that is none", {{1, 2}, {9, 8}}},
      {"UID ranges out of order", {{5, 6}, {1, 2}}},
      {"UID ranges out of order", {{1, 5}, {5, 6}}},
      {"UID ranges out of order", {{1, 9}, {2, 3}}},
      {"UID ranges out of order", {{1, 0xffffffff}, {1, 0xffffffff}}},
  };
  for (const auto& row : table) {
    auto n = static_cast<unsigned>(row.ranges.size());
    using In = schema::Request::Builder;
    checkRefusals<schema::Request>(
        {{row.why, [&](In in) { setRanges(in.initFetch().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initFetchBodies().initUids(n), row.ranges); }},
         {row.why,
          [&](In in) {
            setDay(in.initSearch(), 2024, 2, 29);
            setRanges(in.getSearch().initUids(n), row.ranges);
          }},
         {row.why, [&](In in) { setRanges(in.initStore().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initExpunge().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initSelect().initKnown().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initSelect().initKnown().initSample(n), row.ranges); }}},
        readRequest);
    using Out = schema::Answer::Builder;
    checkRefusals<schema::Answer>({{row.why, [&](Out out) { setRanges(out.initVanished(n), row.ranges); }},
                                   {row.why, [&](Out out) { setRanges(out.initFound(n), row.ranges); }}},
                                  readAnswer);
  }
  convert::Writer touching;
  setRanges(touching.root<schema::Answer>().initVanished(2), {{1, 2}, {3, 4}});
  CHECK(std::get<answer::Vanished>(readAnswer(touching.packet()).what).uids.text() == "1:4");
}

TEST_CASE("requests that do not hold are refused") {
  using In = schema::Request::Builder;
  const std::string longName(MailboxName::kLongest + 1, 'n'), longFlags(32769, ' ');
  auto appended = [](In in, auto change, unsigned count = 1) {
    auto messages = in.initAppend().initMessages(count);
    for (auto message : messages) message.setDate("17-Jul-1996 02:44:25 -0700");
    change(messages[count - 1]);
  };
  checkRefusals<schema::Request>(
      {
          {"a UID set with too many ranges", [](In in) { in.initExpunge().initUids(kMostRanges + 1); }},
          {"a text that is too long", [&](In in) { in.initSelect().setMailbox(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initManage().setMailbox(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initManage().setTo(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initAppend().setMailbox(data(longName)); }, true},
          {"a text that is too long", [&](In in) { in.initStore().setFlags(data(longFlags)); }},
          {"flags that are none", [](In in) { in.initStore().setFlags(data("\\Seen)")); }},
          {"flags that are none", [](In in) { in.initStore().setFlags(data("a\r\nb")); }},
          {"an unknown enumerator",
           [](In in) { in.initFetch().setItems(static_cast<schema::Request::Fetch::Items>(5)); }},
          {"an unknown enumerator",
           [](In in) { in.initStore().setChange(static_cast<schema::Request::Store::Change>(2)); }},
          {"an unknown enumerator",
           [](In in) { in.initManage().setVerb(static_cast<schema::Request::Manage::Verb>(5)); }},
          {"an unknown enumerator", [](In in) { in.setSimple(static_cast<schema::Request::Simple>(3)); }},
          {"an unknown enumerator",
           [](In in) { in.setSimple(static_cast<schema::Request::Simple>(0xffff)); }},
          {"too many messages", [](In in) { in.initAppend().initMessages(kMostMessages + 1); }, true},
          {"too many messages",
           [](In in) {
             auto range = in.initCopy().initUids(1)[0];
             range.setFirst(1);
             range.setLast(kMostCopied + 1);
           }},
          {"an INTERNALDATE that is none", [](In in) { in.initAppend().initMessages(1); }, true},
          {"an INTERNALDATE that is none",
           [&](In in) {
             appended(
                 in, [](auto message) { message.setDate("17-Jul-1996 02:44:25 -0700\r\n"); }, 2);
           },
           true},
          {"flags that are none",
           [&](In in) {
             appended(
                 in, [](auto message) { message.setFlags(data("(")); }, kMostMessages);
           },
           true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initEnable(); }, true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initFetchBodies(); }, true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initAppend(); }, false},
      },
      readRequest);
}

TEST_CASE("a SEARCH before a day that is none is refused") {
  struct {
    std::uint16_t year;
    std::uint8_t month, day;
  } const table[] = {{0, 0, 1},      {2023, 2, 29},    {1900, 2, 29}, {2024, 2, 30}, {2024, 13, 1},
                     {2024, 0, 1},   {2024, 1, 0},     {2024, 4, 31}, {2024, 1, 32}, {10000, 1, 1},
                     {0xffff, 1, 1}, {2024, 255, 255}, {2024, 1, 255}};
  for (const auto& row : table)
    checkRefusals<schema::Request>(
        {{"a day that is none",
          [&](schema::Request::Builder in) { setDay(in.initSearch(), row.year, row.month, row.day); }}},
        readRequest);
}

TEST_CASE("a selection option that would be more than one word of a command is refused") {
  for (const char* option :
       {"", "A B", "A)", "(A", "A\r\nx DELETE INBOX", "{3}", "\"A\"", "A\x7f", "\xc3\xa4"})
    checkRefusals<schema::Request>(
        {{"a selection option that is none",
          [&](schema::Request::Builder in) { in.initList().initSelectionOptions(1).set(0, data(option)); }}},
        readRequest);
}

TEST_CASE("answers that do not hold are refused") {
  using In = schema::Answer::Builder;
  const std::string longName(MailboxName::kLongest + 1, 'n'), longFlags(32769, ' '),
      longText(kMostText + 1, 't');
  auto message = [](In in, auto change) {
    auto only = in.initMessages(1)[0];
    only.setUid(1);
    change(only);
  };
  auto windowed = [](In in, auto change) {
    auto only = in.initWindow().initMessages(1)[0];
    only.setUid(1);
    only.setDate("17-Jul-1996 02:44:25 -0700");
    only.setHeader(data(std::string(16, 'h')));
    only.setContent(data(std::string(16, 'c')));
    change(only);
  };
  checkRefusals<schema::Answer>(
      {
          {"too many mailboxes", [](In in) { in.initListed(kMostListed + 1); }},
          {"too many mailboxes", [](In in) { in.initStatuses(kMostListed + 1); }},
          {"a text that is too long", [&](In in) { in.initListed(1)[0].setMailbox(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initStatuses(1)[0].setMailbox(data(longName)); }},
          {"a hierarchy delimiter that is none", [](In in) { in.initListed(1)[0].setDelimiter(0x80); }},
          {"a hierarchy delimiter that is none",
           [](In in) { in.initListed(1)[0].setDelimiter(0x100 + '/'); }},
          {"a UIDNEXT above 2^32",
           [](In in) {
             auto status = in.initStatuses(1)[0];
             status.setHasUidNext(true);
             status.setUidNext((std::uint64_t{1} << 32) + 1);
           }},
          {"a UIDNEXT above 2^32", [](In in) { in.initSelected().setUidNext(kMost); }},
          {"flags that are none", [](In in) { in.initSelected().setStorable(data("\\*")); }},
          {"a text that is too long", [&](In in) { in.initSelected().setStorable(data(longFlags)); }},
          {"a UID set with too many ranges", [](In in) { in.initVanished(kMostRanges + 1); }},
          {"too many messages", [](In in) { in.initMessages(kMostMessages + 1); }},
          {"UID 0", [](In in) { in.initMessages(1); }},
          {"a text that is too long",
           [&](In in) {
             message(in, [&](auto m) {
               m.setHasFlags(true);
               m.setFlags(data(longFlags));
             });
           }},
          {"flags that are none",
           [&](In in) {
             message(in, [](auto m) {
               m.setHasFlags(true);
               m.setFlags(data("\\"));
             });
           }},
          {"an INTERNALDATE that is none", [&](In in) { message(in, [](auto m) { m.setDate("now"); }); }},
          {"a digest of odd length",
           [&](In in) { message(in, [](auto m) { m.setHeader(data(std::string(15, 'h'))); }); }},
          {"a digest of odd length",
           [&](In in) { message(in, [](auto m) { m.setHeader(data(std::string(17, 'h'))); }); }},
          {"too many messages", [](In in) { in.initWindow().initMessages(kMostMessages + 1); }, true},
          {"too many messages", [](In in) { in.initWindow().initTooLarge(kMostMessages + 1); }, true},
          {"UID 0", [](In in) { in.initWindow().initTooLarge(1); }, true},
          {"UID 0", [&](In in) { windowed(in, [](auto m) { m.setUid(0); }); }, true},
          {"flags that are none", [&](In in) { windowed(in, [](auto m) { m.setFlags(data("{1}")); }); },
           true},
          {"an INTERNALDATE that is none", [&](In in) { windowed(in, [](auto m) { m.setDate(""); }); }, true},
          {"a digest of odd length", [&](In in) { windowed(in, [](auto m) { m.setHeader(data("")); }); },
           true},
          {"a reverse-path that is none",
           [&](In in) { windowed(in, [](auto m) { m.setSender(data("a@b\rc")); }); }, true},
          {"a reverse-path that is none",
           [&](In in) { windowed(in, [](auto m) { m.setSender(data("a@b>\r\nDATA\r\n")); }); }, true},
          {"a reverse-path that is none",
           [&](In in) { windowed(in, [](auto m) { m.setSender(data("a")); }); }, true},
          {"a reverse-path that is none",
           [&](In in) { windowed(in, [](auto m) { m.setSender(data("a@b\0"s)); }); }, true},
          {"a reverse-path that is none",
           [&](In in) { windowed(in, [](auto m) { m.setSender(data(std::string(321, 'a'))); }); }, true},
          {"too many header fields", [&](In in) { windowed(in, [](auto m) { m.initNamed(kMostFields + 1); }); },
           true},
          {"a recipient that is none",
           [&](In in) {
             windowed(in, [](auto m) { m.initNamed(1).init(0, 1).set(0, data("a>\r\nDATA\r\n")); });
           },
           true},
          {"a recipient that is none",
           [&](In in) { windowed(in, [](auto m) { m.initNamed(1).init(0, 1).set(0, data("")); }); }, true},
          {"a text that is too long",
           [&](In in) {
             windowed(in, [](auto m) { m.initNamed(1).init(0, 1).set(0, data(std::string(321, 'a'))); });
           },
           true},
          {"too many recipients",
           [&](In in) {
             windowed(in, [](auto m) {
               auto field = m.initNamed(2).init(1, kMostNamed + 1);
               for (unsigned i = 0; i <= kMostNamed; ++i) field.set(i, data("a@b"));
             });
           },
           true},
          {"too many recipients",
           [&](In in) {
             windowed(in, [](auto m) {
               auto field = m.initNamed(1).init(0, 16);
               for (unsigned i = 0; i < 16; ++i) field.set(i, data(std::string(300, 'a')));
             });
           },
           true},
          {"a UID set with too many ranges", [](In in) { in.initFound(kMostRanges + 1); }},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initFound(0); }, true},
          {"too many messages", [](In in) { in.initAppended().initUids(kMostCopied + 1); }},
          {"too many messages", [](In in) { in.initAppended().initStored(kMostCopied + 1); }},
          {"a text that is too long", [&](In in) { in.initAppended().setRefusal(data(longText)); }},
          {"a text that is too long", [&](In in) { in.initDone().setCode(data(longText)); }},
          {"a text that is too long", [&](In in) { in.initDone().setText(data(longText)); }},
          {"an unknown enumerator",
           [](In in) { in.initDone().setCompletion(static_cast<schema::Answer::Done::Completion>(3)); }},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initDone(); }, true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initMessages(0); }, true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initWindow(); }, false},
      },
      readAnswer);
}
