// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/pipeline.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "transport/socket.h"

using namespace interimap;

namespace {

// A pipeline without its session: the test is what reads the server's responses.
class Alone {
 public:
  Alone() { pipeline_.loggedIn(capabilities_, ""); }

  RequestId ask(decltype(Request::what) what) {
    pipeline_.start({++id_, std::move(what), {}}, capabilities_.extensions());
    return id_;
  }
  bool take(Untagged untagged, std::string_view kind) { return pipeline_.take(untagged, kind); }
  bool complete(std::string_view tag, std::string_view status = "OK") {
    return pipeline_.completed(tag, *StatusResponse::parse(status)).has_value();
  }
  // The next answer to sync, and to which request: "1 done", "2 list", or "" if there is none.
  std::string answer() {
    auto packet = sync_.receive();
    if (!packet) return "";
    Answer answer = readAnswer(std::move(*packet));
    std::string id = std::to_string(answer.id);
    if (std::holds_alternative<answer::Listed>(answer.what)) return id + " list";
    if (std::holds_alternative<answer::Messages>(answer.what)) return id + " messages";
    if (std::holds_alternative<answer::Selected>(answer.what)) return id + " selected";
    auto* done = std::get_if<answer::Done>(&answer.what);
    REQUIRE(done != nullptr);
    return id + (done->ok() ? " done" : " not done: " + done->code);
  }
  Pipeline* operator->() { return &pipeline_; }
  const ExtensionSet& extensions() const { return capabilities_.extensions(); }

 private:
  using Ends = std::pair<Descriptor, Descriptor>;
  static Ends connected() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }
  static void quiet(LogLevel, const std::string&) {}

  Ends stream_ = connected(), channel_ = Channel::pair();
  Channel sync_{std::move(channel_.first)}, toSync_{std::move(channel_.second)};
  Silence silence_{Deadlines{}};
  MessageHeader header_;
  Capabilities capabilities_ = Capabilities::parse("IMAP4rev1 LIST-EXTENDED");
  Throttle throttle_{std::chrono::seconds(1), {}, [](auto, auto&, bool) {}};
  settings::Net settings_;
  Pipeline pipeline_{connection_, toSync_, silence_, throttle_, header_, quiet, settings_};
  Connection connection_{std::make_unique<SocketStream>(std::move(stream_.first)), pipeline_, quiet, 0};
  RequestId id_ = 0;
};

const request::Simple kNoop{};
request::List listing() { return {"", {"*"}, {}, false}; }
request::Fetch flags() { return {*UidSet::parse("1:9"), request::Fetch::Items::flags}; }

Untagged fetched(std::uint32_t uid) {
  FetchResponse fetch;
  fetch.uid = Uid::of(uid);
  fetch.flags.emplace();
  return fetch;
}

}  // namespace

TEST_CASE("pipeline: answers go in the order of the requests, whatever order the server works in") {
  Alone alone;
  for (int i = 0; i < 3; ++i) alone.ask(kNoop);
  CHECK(alone->oldest() == "NOOP");
  CHECK(alone.complete("000002"));
  CHECK(alone.complete("000001", "NO not now"));
  CHECK(alone.answer() == "");
  CHECK(alone.complete("000000"));
  CHECK(alone.answer() == "1 done");
  CHECK(alone.answer() == "2 not done: ");
  CHECK(alone.answer() == "3 done");
  CHECK(alone->empty());
  CHECK(alone->oldest() == "");
  for (const char* tag : {"000000", "000003", ""}) CHECK_FALSE(alone.complete(tag));
}

TEST_CASE("pipeline: an untagged response is the oldest's that wants it, and nobody's when that is done") {
  Alone alone;
  alone.ask(kNoop);
  alone.ask(listing());
  ListResponse inbox;
  inbox.entry = {{"INBOX"}, '/', false, false, true};
  CHECK(alone.take(inbox, "LIST"));
  CHECK_FALSE(alone.take(fetched(1), "FETCH"));
  CHECK(alone.complete("000001"));
  CHECK_FALSE(alone.take(inbox, "LIST"));
  CHECK(alone.complete("000000"));
  CHECK(alone.answer() == "1 done");
  CHECK(alone.answer() == "2 list");
  CHECK(alone.answer() == "2 done");
}

TEST_CASE("pipeline: a header is for who has asked for headers, whoever else has asked for the message") {
  using Items = request::Fetch::Items;
  for (Items items : {Items::flags, Items::sizes}) {
    Alone alone;
    alone.ask(request::Fetch{*UidSet::parse("1:9"), items});
    alone.ask(request::Fetch{*UidSet::parse("5:9"), Items::identity});
    FetchResponse listed = std::get<FetchResponse>(fetched(5)), shown = listed;
    listed.size = shown.size = 48;
    FetchResponse::Octets header;
    header.inlined = "Subject: x\r\n\r\n";
    shown.header = header;
    CHECK(alone.take(listed, "FETCH"));
    CHECK(alone.take(shown, "FETCH"));
    CHECK(alone.complete("000000"));
    CHECK(alone.complete("000001"));
    for (const char* expected : {"1 messages", "1 done", "2 messages", "2 done"})
      CHECK(alone.answer() == expected);
  }
}

TEST_CASE("pipeline: behind a SELECT responses are for nobody before its turn, and its own in its turn") {
  Alone alone;
  alone.ask(kNoop);
  alone.ask(request::Select{{"a"}, false, {}});
  alone.ask(flags());
  CHECK_FALSE(alone.take(fetched(1), "FETCH"));
  CHECK(alone.complete("000000"));
  CHECK(alone.take(Exists{3}, "EXISTS"));
  CHECK(alone.complete("000001"));
  CHECK(alone.take(fetched(2), "FETCH"));
  CHECK(alone.complete("000002"));
  for (const char* expected : {"1 done", "2 selected", "2 done", "3 messages", "3 done"})
    CHECK(alone.answer() == expected);
}

TEST_CASE("pipeline: what is missed spoils the exchanges that it may have been for") {
  struct {
    const char* kind;
    const char* fetch;  // what becomes of them
    const char* list;
  } table[] = {{"LIST", "1 done", "2 not done: UNREADABLE RESPONSE"},
               {"FETCH", "1 not done: UNREADABLE RESPONSE", "2 done"},
               {"STATUS", "1 done", "2 done"}};
  for (const auto& row : table) {
    CAPTURE(row.kind);
    Alone alone;
    alone.ask(flags());
    alone.ask(listing());
    alone->missed(row.kind, {});
    CHECK(alone.complete("000000"));
    CHECK(alone.complete("000001"));
    CHECK(alone.answer() == row.fetch);
    CHECK(alone.answer() == row.list);
  }
}

TEST_CASE("pipeline: a watch ends with the next request, and nothing begins in front of that") {
  Alone alone;
  alone.ask(kNoop);
  alone.ask(request::Watch{{"a"}, 0, true});
  CHECK(alone->goOn(alone.extensions(), true));  // it is not its turn
  CHECK_FALSE(alone->watching());
  CHECK(alone.complete("000000"));
  CHECK(alone.answer() == "1 done");
  CHECK(alone->goOn(alone.extensions(), false));
  CHECK(alone->goOn(alone.extensions(), false));
  CHECK_FALSE(alone->goOn(alone.extensions(), true));
  CHECK(alone.answer() == "2 done");
}

TEST_CASE("pipeline: a watch ends with what nobody asked for, if it is news") {
  const struct {
    const char* kind;
    bool news;
  } table[] = {{"FETCH", true}, {"RECENT", false}};
  for (const auto& row : table) {
    CAPTURE(row.kind);
    Alone alone;
    alone.ask(request::Watch{{"a"}, 0, true});
    CHECK_FALSE(alone.take(Ignored{}, row.kind));
    CHECK(alone->goOn(alone.extensions(), false) == !row.news);
    CHECK(alone.answer() == (row.news ? "1 done" : ""));
  }
}
