// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "delivery/service.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "ipc/failure.h"
#include "transport/socket.h"

using namespace interimap;
using deliver::Outcome;

namespace {

bool readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, 10000) == 1;
}

// The service in a thread of its own; the test is sync, launch and the server.
class Bed {
 public:
  Bed() : Bed(Channel::pair(), Channel::pair(), streams()) {}
  ~Bed() {
    server_ = Descriptor();
    if (thread_.joinable()) thread_.join();
  }

  void deliver(RequestId id, const std::vector<std::string>& bodies) {
    deliver::Window window{{*ForwardPath::parse("bob")}, {}};
    BodyWriter writer;
    for (const std::string& body : bodies) {
      window.messages.push_back({*ReversePath::parse("alice@example"), {writer.size(), body.size()}});
      writer.write(body);
    }
    sync.send(pack(DeliveryRequest{id, std::move(window), writer.seal()}));
  }
  // The server's side: what comes until `end`, all of it.
  std::string hear(const std::string& end) {
    std::string heard;
    while (!heard.ends_with(end) && readable(server_.get())) {
      char buffer[65536];
      ssize_t size = ::read(server_.get(), buffer, sizeof buffer);
      if (size <= 0) break;
      heard.append(buffer, static_cast<std::size_t>(size));
    }
    return heard;
  }
  void say(const std::string& text) {
    CHECK(::write(server_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void hangUp() { server_ = Descriptor(); }
  void greet(const std::string& keywords) {
    say("220 hi\r\n");
    CHECK(hear("\r\n") == "EHLO me.example\r\n");
    say("250-mx\r\n" + keywords + "250 HELP\r\n");
  }
  // "7:0 delivered", "7 done", "7 closed STATUS REASON"
  std::string answer() {
    while (true) {
      if (auto packet = sync.receive()) return text(readDeliveryAnswer(std::move(*packet)));
      if (!readable(sync.fd())) return "nothing";
    }
  }
  // How serve() ended.
  std::string end() {
    thread_.join();
    return end_;
  }

  Channel sync, launch;

 private:
  static std::pair<Descriptor, Descriptor> streams() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }
  Bed(std::pair<Descriptor, Descriptor> syncs, std::pair<Descriptor, Descriptor> launches,
      std::pair<Descriptor, Descriptor> connection)
      : sync(std::move(syncs.first)),
        launch(std::move(launches.first)),
        server_(std::move(connection.first)) {
    thread_ = std::thread([this, ours = std::move(syncs.second), orders = std::move(launches.second),
                           socket = std::move(connection.second)]() mutable {
      Reporter reporter{Channel(std::move(orders))};
      settings::Delivery settings;
      settings.host = "mx.example";
      settings.port = "25";
      settings.ehlo = "me.example";
      Service service(settings, reporter, Channel(std::move(ours)));
      try {
        service.serve(std::make_unique<SocketStream>(std::move(socket)), {});
        end_ = "served";
      } catch (const PeerGone&) {
        end_ = "peer gone";
      } catch (const PeerViolation& violation) {
        end_ = violation.what();
      } catch (const Failure& failure) {
        service.abandon(failure.what(), failure.status);
        end_ = std::to_string(static_cast<int>(failure.status));
      }
    });
  }
  static std::string text(const DeliveryAnswer& answer) {
    std::string out = std::to_string(answer.id);
    if (auto* settled = std::get_if<deliver::Settled>(&answer.what)) {
      constexpr const char* kKinds[] = {"delivered", "deferred", "refused", "unknown"};
      out += ":" + std::to_string(settled->message);
      for (const Outcome& outcome : settled->outcomes)
        out += std::string(" ") + kKinds[static_cast<int>(outcome.kind)];
      return out;
    }
    if (auto* closed = std::get_if<deliver::Closed>(&answer.what))
      return out + " closed " + std::to_string(static_cast<int>(closed->status)) + " " + closed->reason;
    return out + " done";
  }

  Descriptor server_;
  std::string end_;
  std::thread thread_;
};

const std::string kEnvelope = "MAIL FROM:<alice@example>\r\nRCPT TO:<bob>\r\nDATA\r\n";
const std::string kThreeGood = "250 ok\r\n250 ok\r\n354 go\r\n";

}  // namespace

TEST_CASE("windows in, outcomes out, Quit") {
  Bed bed;
  bed.deliver(4, {});
  CHECK(bed.answer() == "4 done");
  bed.deliver(5, {"one", "two"});
  bed.deliver(6, {"three"});
  bed.greet("250-PIPELINING\r\n");
  CHECK(bed.hear("DATA\r\n") == kEnvelope);
  bed.say(kThreeGood);
  CHECK(bed.hear("DATA\r\n") == "one\r\n.\r\n" + kEnvelope);
  bed.say("250 2.0.0 ok\r\n" + kThreeGood);
  CHECK(bed.answer() == "5:0 delivered");
  CHECK(bed.hear("DATA\r\n") == "two\r\n.\r\n" + kEnvelope);
  bed.say("550 no\r\n" + kThreeGood);
  CHECK(bed.answer() == "5:1 refused");
  CHECK(bed.answer() == "5 done");
  CHECK(bed.hear(".\r\n") == "three\r\n.\r\n");
  bed.sync.send(pack(DeliveryRequest{7, deliver::Quit{}, {}}));
  bed.say("250 ok\r\n");
  CHECK(bed.answer() == "6:0 delivered");
  CHECK(bed.answer() == "6 done");
  CHECK(bed.hear("QUIT\r\n") == "QUIT\r\n");
  bed.say("221 bye\r\n");
  CHECK(bed.answer() == "7 closed 0 ");
  CHECK(bed.end() == "served");
}

TEST_CASE("the server hangs up: before the dot, after the dot, and while there is nothing to do") {
  SUBCASE("before") {
    Bed bed;
    bed.deliver(1, {"one", "two"});
    bed.greet("");
    bed.hear("\r\n");
    bed.hangUp();
    CHECK(bed.answer() == "1:0 deferred");
    CHECK(bed.answer().starts_with(
        "0 closed 69 The server closed the connection instead of sending its reply to MAIL"));
    CHECK(bed.end() == "69");
  }
  SUBCASE("after") {
    Bed bed;
    bed.deliver(1, {"one", "two"});
    bed.greet("250-PIPELINING\r\n");
    bed.hear("DATA\r\n");
    bed.say(kThreeGood);
    bed.hear("DATA\r\n");
    bed.hangUp();
    CHECK(bed.answer() == "1:0 unknown");
    CHECK(bed.answer().starts_with("0 closed"));
    CHECK(bed.end() == "69");
  }
  SUBCASE("idle") {
    Bed bed;
    bed.greet("");
    bed.hangUp();
    CHECK(bed.answer() == "0 closed 69 The server closed the connection");
    CHECK(bed.end() == "served");
  }
  SUBCASE("idle, with 421") {
    Bed bed;
    bed.greet("");
    bed.say("421 too long\r\n");
    CHECK(bed.answer() == "0 closed 69 421 too long");
    CHECK(bed.end() == "served");
  }
}

TEST_CASE("replies that came before the end of the connection count") {
  Bed bed;
  bed.deliver(1, {"one", std::string(8 << 20, 'x')});
  bed.greet("250-PIPELINING\r\n");
  bed.hear("DATA\r\n");
  bed.say(kThreeGood);
  bed.hear("DATA\r\n");
  bed.say("250 ok\r\n" + kThreeGood);
  bed.hangUp();  // in the midst of the second body: writing fails
  CHECK(bed.answer() == "1:0 delivered");
  CHECK(bed.answer() == "1:1 deferred");
  CHECK(bed.answer() == "1 done");
  CHECK(bed.answer().starts_with("0 closed"));
  CHECK(bed.end() == "69");
}

TEST_CASE("a large body while the server is slow, and more windows than are taken at once") {
  Bed bed;
  std::string body(3 << 20, 'x');
  bed.deliver(1, {body});
  std::vector<std::string> many(kMostMessages, "x");
  for (RequestId id = 2; id < 12; ++id) bed.deliver(id, many);
  bed.greet("250-PIPELINING\r\n");
  bed.hear("DATA\r\n");
  bed.say(kThreeGood);
  CHECK(bed.hear("DATA\r\n").size() == body.size() + 5 + kEnvelope.size());
  bed.say("250 ok\r\n");
  CHECK(bed.answer() == "1:0 delivered");
  CHECK(bed.answer() == "1 done");
  for (RequestId id = 2; id < 12; ++id) {
    for (std::size_t i = 0; i < kMostMessages; ++i) {
      bed.say(kThreeGood);
      bool last = id == 11 && i + 1 == kMostMessages;
      REQUIRE(bed.hear(last ? ".\r\n" : "DATA\r\n") == "x\r\n.\r\n" + (last ? "" : kEnvelope));
      bed.say("250 ok\r\n");
      REQUIRE(bed.answer() == std::to_string(id) + ":" + std::to_string(i) + " delivered");
    }
    CHECK(bed.answer() == std::to_string(id) + " done");
  }
}

TEST_CASE("Stop: the message under way is finished") {
  Bed bed;
  bed.deliver(1, {"one", "two"});
  bed.greet("");
  CHECK(bed.hear("\r\n") == "MAIL FROM:<alice@example>\r\n");
  bed.launch.send(pack(Order{Stop{}}));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  bed.say("250 ok\r\n");
  bed.hear("\r\n");
  bed.say("250 ok\r\n");
  bed.hear("\r\n");
  bed.say("354 go\r\n");
  bed.hear(".\r\n");
  bed.say("250 ok\r\n");
  CHECK(bed.hear("QUIT\r\n") == "QUIT\r\n");
  bed.hangUp();
  CHECK(bed.answer() == "1:0 delivered");
  CHECK(bed.answer() == "0 closed 0 The server closed the connection");
  CHECK(bed.end() == "served");
}

TEST_CASE("peers that go or break the protocol") {
  SUBCASE("sync is gone") {
    Bed bed;
    bed.greet("");
    bed.sync = Channel(Channel::pair().first);
    CHECK(bed.end() == "peer gone");
  }
  SUBCASE("launch is gone") {
    Bed bed;
    bed.launch = Channel(Channel::pair().first);
    CHECK(bed.end() == "peer gone");
  }
  SUBCASE("launch says Go again") {
    Bed bed;
    bed.launch.send(pack(Order{Go{}}));
    CHECK(bed.end() == "an order that is not due");
  }
  SUBCASE("a body outside its memory") {
    Bed bed;
    deliver::Window window{{*ForwardPath::parse("bob")}, {{ReversePath(), {0, 1}}}};
    bed.sync.send(pack(DeliveryRequest{1, std::move(window), BodyWriter().seal()}));
    CHECK(bed.end() == "a message outside its memory");
  }
}
