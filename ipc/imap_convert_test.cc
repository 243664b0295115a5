#include <doctest/doctest.h>
#include <sys/stat.h>

#include <functional>
#include <stdexcept>
#include <string>

#include "ipc/convert.h"
#include "ipc/imap.capnp.h"
#include "ipc/imap.h"

using namespace interimap;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

Uid uid(std::uint32_t n) { return *Uid::of(n); }
UidSet uids(std::string_view text) { return *UidSet::parse(text); }
Flags flags(std::string_view text) { return *Flags::parse(text); }
InternalDate date(std::string_view text = "17-Jul-1996 02:44:25 -0700") { return *InternalDate::parse(text); }
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
  CHECK(requested(request::Enable{}) == request::Enable{});
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
  }
  using Items = request::Fetch::Items;
  for (Items items : {Items::flags, Items::envelope, Items::identity}) {
    request::Fetch fetch{uids("1,3:4294967295"), items};
    CHECK(requested(fetch) == fetch);
  }
  CHECK(requested(request::Fetch{}) == request::Fetch{});
  CHECK(requested(request::FetchBodies{uids("7:9,11")}) == request::FetchBodies{uids("7:9,11")});
  using Change = request::Store::Change;
  for (Change change : {Change::add, Change::remove}) {
    request::Store store{uids("1:3"), change, flags("\\Seen $x")};
    CHECK(requested(store) == store);
    CHECK(requested(store).flags.text() == "$x \\Seen");
  }
  CHECK(requested(request::Expunge{uids("4294967295")}) == request::Expunge{uids("4294967295")});
  using Verb = request::Manage::Verb;
  for (Verb verb : {Verb::create, Verb::remove, Verb::rename, Verb::subscribe, Verb::unsubscribe}) {
    request::Manage manage{verb, {"a/b"}, {"c/d"}};
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
    request::Append out = requested(append);
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
  for (int bit = 0; bit < 5; ++bit) {
    answer::Ready ready{bit == 0, bit == 1, bit == 2, bit == 3, bit == 4};
    CHECK(answered(ready) == ready);
  }
  answer::Listed listed{{{{"a/b"}, '/', true, false, false},
                         {{""}, {}, false, true, false},
                         {{"\0\xff"s}, '\x7f', false, false, true}}};
  CHECK(answered(listed) == listed);
  CHECK(answered(answer::Listed{}) == answer::Listed{});
  answer::Statuses statuses{
      {{{"all"}, UidValidity{0xffffffff}, UidNext{std::uint64_t{1} << 32}, ModSeq{kMost}, 0xfffffff0},
       {{"zero"}, UidValidity{}, UidNext{}, ModSeq{}, 0},
       {{"none"}, {}, {}, {}, {}}}};
  CHECK(answered(statuses) == statuses);
  CHECK(answered(answer::Vanished{uids("1:4,4294967295")}) == answer::Vanished{uids("1:4,4294967295")});
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
  answer::Messages out = answered(messages);
  REQUIRE(out.messages.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const answer::Message &a = out.messages[i], &b = messages.messages[i];
    CHECK(a.uid == b.uid);
    CHECK(a.modSeq == b.modSeq);
    CHECK(a.flags.has_value() == b.flags.has_value());
    if (a.flags) CHECK(a.flags->text() == b.flags->text());
    CHECK(a.date.has_value() == b.date.has_value());
    if (a.date) CHECK(a.date->text() == b.date->text());
    CHECK(a.size == b.size);
    CHECK(a.header == b.header);
  }
}

TEST_CASE("a window comes through with its bodies") {
  answer::Window window;
  window.messages.push_back({uid(9), {kMost}, flags("\\Seen x"), date(), {3, kMost}, digest(7)});
  window.messages.push_back({uid(2), {}, {}, date(" 1-Jan-1970 00:00:00 +0000"), {}, {}});
  window.tooLarge = {uid(0xffffffff), uid(1)};
  answer::Window out = answered(window);
  REQUIRE(out.messages.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const answer::WindowMessage &a = out.messages[i], &b = window.messages[i];
    CHECK(a.uid == b.uid);
    CHECK(a.modSeq == b.modSeq);
    CHECK(a.flags.text() == b.flags.text());
    CHECK(a.date.text() == b.date.text());
    CHECK(a.body.offset == b.body.offset);
    CHECK(a.body.size == b.body.size);
    CHECK(a.header == b.header);
  }
  CHECK(out.tooLarge == window.tooLarge);
}

TEST_CASE("what is as large as the limits allow comes through, and fits into a packet") {
  CHECK(requested(request::Fetch{ranges(kMostRanges), {}}).uids == ranges(kMostRanges));
  CHECK(answered(answer::Vanished{ranges(kMostRanges)}).uids == ranges(kMostRanges));
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
  CHECK_THROWS_AS(answered(answer::Vanished{large}), std::logic_error);
}

namespace {

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
         {row.why, [&](In in) { setRanges(in.initFetchBodies(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initStore().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initExpunge(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initSelect().initKnown().initUids(n), row.ranges); }},
         {row.why, [&](In in) { setRanges(in.initSelect().initKnown().initSample(n), row.ranges); }}},
        readRequest);
    checkRefusals<schema::Answer>(
        {{row.why, [&](schema::Answer::Builder in) { setRanges(in.initVanished(n), row.ranges); }}},
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
          {"a UID set with too many ranges", [](In in) { in.initExpunge(kMostRanges + 1); }},
          {"a text that is too long", [&](In in) { in.initSelect().setMailbox(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initManage().setMailbox(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initManage().setTo(data(longName)); }},
          {"a text that is too long", [&](In in) { in.initAppend().setMailbox(data(longName)); }, true},
          {"a text that is too long", [&](In in) { in.initStore().setFlags(data(longFlags)); }},
          {"flags that are none", [](In in) { in.initStore().setFlags(data("\\Seen)")); }},
          {"flags that are none", [](In in) { in.initStore().setFlags(data("a\r\nb")); }},
          {"an unknown enumerator",
           [](In in) { in.initFetch().setItems(static_cast<schema::Request::Fetch::Items>(3)); }},
          {"an unknown enumerator",
           [](In in) { in.initStore().setChange(static_cast<schema::Request::Store::Change>(2)); }},
          {"an unknown enumerator",
           [](In in) { in.initManage().setVerb(static_cast<schema::Request::Manage::Verb>(5)); }},
          {"an unknown enumerator", [](In in) { in.setSimple(static_cast<schema::Request::Simple>(3)); }},
          {"an unknown enumerator",
           [](In in) { in.setSimple(static_cast<schema::Request::Simple>(0xffff)); }},
          {"too many messages", [](In in) { in.initAppend().initMessages(kMostMessages + 1); }, true},
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
          {"a descriptor where none is due, or none where one is", [](In in) { in.setEnable(); }, true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initFetchBodies(0); },
           true},
          {"a descriptor where none is due, or none where one is", [](In in) { in.initAppend(); }, false},
      },
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
          {"too many messages", [](In in) { in.initAppended().initUids(kMostMessages + 1); }},
          {"too many messages", [](In in) { in.initAppended().initStored(kMostMessages + 1); }},
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
