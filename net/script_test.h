// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The session against a server that follows a script: a test plays server, sync and launch, the session runs
// in a thread of its own.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "ipc/failure.h"
#include "net/session.h"
#include "transport/socket.h"

namespace interimap {

inline constexpr int kWait = 30000;  // milliseconds; only a failing test waits that long

class Script {
 public:
  explicit Script(settings::Net settings, Deadlines deadlines = {}, Rests rests = {})
      : settings_(std::move(settings)), deadlines_(deadlines), rests_(rests) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    server_ = Descriptor(ends[0]);
    auto [syncOurs, syncTheirs] = Channel::pair();
    auto [launchOurs, launchTheirs] = Channel::pair();
    sync_.emplace(std::move(syncOurs));
    launch_.emplace(std::move(launchOurs));
    thread_ = std::thread(
        [this, stream = ends[1], sync = std::move(syncTheirs), launch = std::move(launchTheirs)]() mutable {
          live(Descriptor(stream), std::move(sync), std::move(launch));
        });
  }
  ~Script() {
    if (thread_.joinable()) end();
  }

  // The server's part.
  void say(std::string_view text) {
    REQUIRE(::send(server_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }
  // Says it over and over, until nobody listens any more.
  void flood(std::string_view text) {
    std::size_t at = 0;
    for (ssize_t n = 1; n > 0; at = (at + static_cast<std::size_t>(n)) % text.size())
      n = ::send(server_.get(), text.data() + at, text.size() - at, MSG_NOSIGNAL);
  }
  // Says it now and then, until nobody listens any more.
  void dribble(std::string_view text) {
    for (int waited = 0; waited < kWait; waited += 20) {
      if (::send(server_.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
      poll(nullptr, 0, 20);
    }
  }
  // The next octets from the session are exactly these.
  void hear(std::string_view expected) {
    std::string heard;
    while (heard.size() < expected.size() && readable(server_.get(), kWait)) {
      std::string piece(expected.size() - heard.size(), '\0');
      ssize_t n = ::read(server_.get(), piece.data(), piece.size());
      if (n <= 0) break;
      heard += piece.substr(0, static_cast<std::size_t>(n));
    }
    CHECK(heard == expected);
  }
  // The next line, without its end.
  std::string hearLine() {
    std::string heard;
    for (char c = 0; readable(server_.get(), kWait) && ::read(server_.get(), &c, 1) == 1 && c != '\n';)
      heard += c;
    CHECK(heard.ends_with('\r'));
    return heard.substr(0, heard.size() - 1);
  }
  void hearNothing() { CHECK_FALSE(readable(server_.get(), 30)); }
  void hangUp() { server_ = Descriptor(); }

  // Sync's part.
  RequestId ask(decltype(Request::what) what, Descriptor bodies = {}) {
    sync_->send(pack(Request{++id_, std::move(what), std::move(bodies)}));
    return id_;
  }
  Answer answer() {
    if (!readable(sync_->fd(), kWait)) FAIL("no answer");
    auto packet = sync_->receive();
    REQUIRE(packet);
    Answer answer = readAnswer(std::move(*packet));
    return answer;
  }
  void noAnswer() { CHECK_FALSE(readable(sync_->fd(), 30)); }
  template <typename What>
  What answer(RequestId id) {
    Answer answer = this->answer();
    CHECK(answer.id == id);
    REQUIRE(std::holds_alternative<What>(answer.what));
    bodies_ = std::move(answer.bodies);
    return std::get<What>(std::move(answer.what));
  }
  answer::Done done(RequestId id) { return answer<answer::Done>(id); }
  // Of the last window, in order.
  std::string body(BodyRange range) {
    if (bodies_) reader_.emplace(std::move(bodies_), std::span(&range, 1), Reading::once);
    std::string text(range.size, '\0');
    CHECK(reader_->read(range.offset, text) == range.size);
    return text;
  }

  // Waits for the session to end by itself; why.
  std::string failure() {
    thread_.join();
    return why_;
  }
  ExitStatus status() const { return status_; }
  // Sync goes away: so does the session.
  std::string end() {
    sync_.reset();
    thread_.join();
    return why_;
  }
  // What launch was told: lines of "level: text".
  std::string logged() {
    std::string lines;
    try {
      while (auto packet = launch_->receive())
        if (auto report = readReport(std::move(*packet)); auto* line = std::get_if<LogLine>(&report.what))
          lines += line->text + "\n";
    } catch (const PeerGone&) {
    }
    return lines;
  }

  // Over the greeting, the login and ENABLE.
  void ready(const std::string& more = "") {
    say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n");
    hear("000000 AUTHENTICATE PLAIN AGpvZQBzZWtyaXQ=\r\n");
    say("000000 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC UIDPLUS LIST-EXTENDED LIST-STATUS UNSELECT" + more +
        "] in\r\n");
    auto id = ask(request::Enable{});
    hear("000001 ENABLE QRESYNC\r\n");
    say("* ENABLED QRESYNC\r\n000001 OK\r\n");
    answer<answer::Ready>(id);
    CHECK(done(id).ok());
  }
  // The same with a server that has nothing but IMAP4rev1, and nothing to be enabled.
  answer::Ready plain(const std::string& more = "") {
    say("* OK [CAPABILITY IMAP4rev1] hello\r\n");
    hear("000000 LOGIN joe sekrit\r\n");
    say("000000 OK [CAPABILITY IMAP4rev1" + more + "] in\r\n");
    auto id = ask(request::Enable{false});
    auto ready = answer<answer::Ready>(id);
    CHECK(done(id).ok());
    return ready;
  }

 private:
  static bool readable(int fd, int milliseconds) {
    pollfd wait{fd, POLLIN, 0};
    return poll(&wait, 1, milliseconds) > 0;
  }
  void live(Descriptor stream, Descriptor syncEnd, Descriptor launchEnd) {
    try {
      Reporter launch{Channel(std::move(launchEnd))};
      Channel sync(std::move(syncEnd));
      MessageHeader header;
      auto startTls = [](std::unique_ptr<Stream> below) { return below; };
      Session session(settings_, std::make_unique<SocketStream>(std::move(stream)), startTls, launch, sync,
                      header, deadlines_, rests_);
      session.serve();
    } catch (const Failure& failure) {
      why_ = failure.what();
      status_ = failure.status;
    } catch (const PeerGone&) {
      why_ = "peer gone";
    } catch (const PeerViolation& violation) {
      why_ = violation.what();
      status_ = ExitStatus::internal;
    }
  }

  settings::Net settings_;
  Deadlines deadlines_;
  Rests rests_;
  Descriptor server_, bodies_;
  std::optional<Bodies> reader_;
  std::optional<Channel> sync_, launch_;
  RequestId id_ = 0;
  std::string why_;
  ExitStatus status_ = ExitStatus::ok;
  std::thread thread_;
};

inline settings::Net account() {
  settings::Net settings;
  settings.transport = settings::Transport::imaps;
  settings.host = "imap.example.test";
  settings.port = "993";
  settings.auth = {"PLAIN", "LOGIN"};
  settings.username = "joe";
  settings.password = Secret("sekrit");
  settings.maxMessageSize = 1000;
  return settings;
}

inline settings::Net plainAccount() {
  settings::Net settings = account();
  settings.auth = {"LOGIN"};
  return settings;
}

inline UidSet uids(std::string_view text) { return *UidSet::parse(text); }
inline const InternalDate kDate = *InternalDate::parse("17-Jul-1996 02:44:25 -0700");

}  // namespace interimap
