// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A whole session: login, the requests of the first line, and a server that is not to be trusted. Whatever it
// says, sync and launch get only what their converters let in, and every answer in its turn.
#include <optional>
#include <variant>

#include "ipc/failure.h"
#include "net/session.h"
#include "tests/fuzz/net/recorded.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

namespace {

const UidSet kUids = *UidSet::parse("1:4,7");
const Flags kFlags = *Flags::parse("\\Seen work");
const InternalDate kDate = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");

settings::Net account(char kind) {
  settings::Net settings;
  settings.transport = kind == 't' ? settings::Transport::imap : settings::Transport::imaps;
  settings.compress = kind == 'z' ? settings::Compress::yes : settings::Compress::no;
  settings.host = "imap.example.test";
  settings.auth = {"PLAIN", "LOGIN"};
  settings.username = "joe";
  settings.password = Secret("sekrit");
  settings.maxMessageSize = 1000;
  settings.debug = kind == 'd' ? 1 : 0;
  return settings;
}

Request append() {
  BodyWriter writer(Reading::once);
  writer.write("one\r\ntwo\r\n");
  return {0, request::Append{{"a"}, true, {{kFlags, kDate, {0, 5}}, {{}, kDate, {5, 5}}}}, writer.seal()};
}

std::optional<Request> requestOf(char letter) {
  using Verb = request::Manage::Verb;
  using Simple = request::Simple;
  auto plain = [](decltype(Request::what) what) { return Request{0, std::move(what), {}}; };
  switch (letter) {
    case 'E': return plain(request::Enable{true});
    case 'e': return plain(request::Enable{false});
    case 'L': return plain(request::List{"", {"*"}, {"SUBSCRIBED"}, true});
    case 'S': return plain(request::Select{{"a"}, false, request::Known{{1}, {2}, kUids, 2, kUids}});
    case 's': return plain(request::Select{{"b \"c"}, true, {}});
    case 'F': return plain(request::Fetch{kUids, request::Fetch::Items::flags});
    case 'I': return plain(request::Fetch{kUids, request::Fetch::Items::identity});
    case 'J': return plain(request::Fetch{kUids, request::Fetch::Items::content});
    case 'B':
      return plain(request::FetchBodies{kUids, true, Reading::again, {"DELIVERED-TO", "X-ORIGINAL-TO"}});
    case 'b': return plain(request::FetchBodies{kUids, false, Reading::once});
    case 'A': return append();
    case 'T': return plain(request::Store{kUids, request::Store::Change::add, kFlags});
    case 'X': return plain(request::Expunge{kUids});
    case 'D': return plain(request::Expunge{kUids, request::Expunge::Step::mark});
    case 'x': return plain(request::Expunge{kUids, request::Expunge::Step::remove});
    case 'M': return plain(request::Expunge{kUids, request::Expunge::Step::all});
    case 'm': return plain(request::Move{kUids, {"b \"c"}});
    case 'c': return plain(request::Copy{kUids, {"b \"c"}});
    case 'Q': return plain(request::Search{kUids, std::chrono::year_month_day(std::chrono::sys_days())});
    case 'C': return plain(request::Manage{Verb::create, {"a"}, {}});
    case 'W': return plain(request::Watch{{"a"}, 60, true});
    case 'w': return plain(request::Watch{{"a"}, 60, false});
    case 'U': return plain(Simple{Simple::Verb::unselect});
    case 'N': return plain(Simple{Simple::Verb::noop});
    case 'O': return plain(Simple{Simple::Verb::logout});
    default: return std::nullopt;
  }
}

// The other ends of the session's channels.
class Peers {
 public:
  explicit Peers(std::string_view requests) {
    auto [toSync, sync] = Channel::pair();
    auto [toLaunch, launch] = Channel::pair();
    sync_.emplace(std::move(sync));
    launch_.emplace(std::move(launch));
    toSync_.emplace(std::move(toSync));
    toLaunch_.emplace(Channel(std::move(toLaunch)));
    for (char letter : requests.substr(0, limits::kMostWaiting))
      if (auto request = requestOf(letter)) {
        request->id = ++asked_;
        sync_->send(pack(std::move(*request)));
      }
  }
  Channel& toSync() { return *toSync_; }
  Reporter& toLaunch() { return *toLaunch_; }

  // Takes what has been sent; at the end of the server's words, goes.
  void serve(bool over) {
    while (auto packet = launch_->receive()) readReport(std::move(*packet));
    if (!sync_) return;
    while (auto packet = sync_->receive()) check(readAnswer(std::move(*packet)));
    if (over) sync_.reset();
  }

 private:
  void check(Answer answer) {
    require(answer.id > done_ && answer.id <= asked_, "answers are for requests that are open");
    require(answer.id == done_ + 1, "requests are answered in order");
    if (std::holds_alternative<answer::Done>(answer.what)) done_ = answer.id;
    auto* window = std::get_if<answer::Window>(&answer.what);
    if (window == nullptr) return;
    std::vector<BodyRange> ranges;
    for (const auto& message : window->messages) ranges.push_back(message.body);
    Bodies bodies(std::move(answer.bodies), ranges, Reading::once);
    for (const BodyRange& range : ranges) {
      std::string text(range.size, '\0');
      for (std::size_t at = 0; at < text.size();)
        at += bodies.read(range.offset + at, {text.data() + at, text.size() - at});
    }
  }

  std::optional<Channel> sync_, launch_, toSync_;
  std::optional<Reporter> toLaunch_;
  RequestId asked_ = 0, done_ = 0;
};

}  // namespace

// The first line: a kind of account, then a letter for each request. Behind it what the server says.
FUZZ(imap_session) {
  static MessageHeader header;
  std::string_view line = fuzz::takeLine(octets);
  settings::Net settings = account(line.empty() ? 'q' : line[0]);
  Peers peers(line.substr(line.empty() ? 0 : 1));
  auto server = std::make_unique<fuzz::Recorded>(octets, 0, [&](bool over) { peers.serve(over); });
  try {
    Session session(
        settings, std::move(server), [](auto below) { return below; }, peers.toLaunch(), peers.toSync(),
        header);
    session.serve();
  } catch (const Failure&) {   // the server's fault
  } catch (const PeerGone&) {  // we went
  }
}
