// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/reporter.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <thread>

#include "ipc/failure.h"

using namespace interimap;

namespace {

struct Edge {
  Channel launch;
  Reporter reporter;
  explicit Edge(std::pair<Descriptor, Descriptor> ends = Channel::pair())
      : launch(std::move(ends.first)), reporter(Channel(std::move(ends.second))) {}

  template <typename T>
  T next() {
    auto packet = launch.receive();
    REQUIRE(packet);
    Report report = readReport(std::move(*packet));
    REQUIRE(std::holds_alternative<T>(report.what));
    return std::get<T>(report.what);
  }
};

}  // namespace

TEST_CASE("log lines and reports arrive in the order they were made") {
  Edge edge;
  edge.reporter.log(LogLevel::warning, "text", "INBOX", Component::remote);
  edge.reporter.report(Report{Locked{}});
  edge.reporter.log(LogLevel::debug, "alone");
  edge.reporter.end(ExitStatus::tryAgain);

  LogLine line = edge.next<LogLine>();
  CHECK(line.level == LogLevel::warning);
  CHECK(line.text == "text");
  CHECK(line.mailbox == "INBOX");
  CHECK(line.component == Component::remote);
  edge.next<Locked>();
  line = edge.next<LogLine>();
  CHECK(line.level == LogLevel::debug);
  CHECK(line.text == "alone");
  CHECK(line.mailbox.empty());
  CHECK(line.component == Component::none);
  CHECK(edge.next<Ended>().status == ExitStatus::tryAgain);
  CHECK_FALSE(edge.launch.receive());
}

// A server chooses the length of what is quoted; launch must not take a long line for a broken worker.
TEST_CASE("a line that is too long is cut, not refused") {
  Edge edge;
  edge.reporter.log(LogLevel::error, std::string(kMostLogText, 'a'));
  edge.reporter.log(LogLevel::error, std::string(kMostLogText + 1, 'b'), std::string(10000, 'm'));
  edge.reporter.log(LogLevel::error, std::string(1000000, 'd'));
  CHECK(edge.next<LogLine>().text == std::string(kMostLogText, 'a'));
  LogLine line = edge.next<LogLine>();
  CHECK(line.text == std::string(kMostLogText, 'b'));
  CHECK(line.mailbox == std::string(4096, 'm'));
  CHECK(edge.next<LogLine>().text == std::string(kMostLogText, 'd'));
}

TEST_CASE("orders: poll takes what is there, await waits") {
  Edge edge;
  CHECK_FALSE(edge.reporter.poll());
  edge.launch.send(pack(Order{settings::Delivery{.lmtp = true, .host = "mx"}}));
  edge.launch.send(pack(Order{Go{}}));
  Order first = edge.reporter.await();
  CHECK(std::get<settings::Delivery>(first.what).host == "mx");
  auto second = edge.reporter.poll();
  REQUIRE(second);
  CHECK(std::holds_alternative<Go>(second->what));
  CHECK_FALSE(edge.reporter.poll());

  std::thread later([&] {
    poll(nullptr, 0, 20);
    edge.launch.send(pack(Order{Stop{}}));
  });
  CHECK(std::holds_alternative<Stop>(edge.reporter.await().what));
  later.join();
}

TEST_CASE("while it awaits an order, lines that wait are sent") {
  Edge edge;
  std::size_t lines = 0;
  while (edge.reporter.queued() < 10) {
    edge.reporter.log(LogLevel::info, std::string(kMostLogText, 'x'));
    ++lines;
  }
  CHECK(edge.reporter.sending());
  std::size_t read = 0;
  std::thread launch([&] {
    while (read < lines) {
      pollfd readable{edge.launch.fd(), POLLIN, 0};
      if (poll(&readable, 1, 5000) != 1) break;
      while (edge.launch.receive()) ++read;
    }
    edge.launch.send(pack(Order{Go{}}));
  });
  edge.reporter.await();
  launch.join();
  CHECK(read == lines);
  CHECK_FALSE(edge.reporter.sending());
}

TEST_CASE("the last word is read even if launch's own was not, and launch can be gone") {
  auto ends = Channel::pair();
  Channel launch(std::move(ends.first));
  {
    Reporter reporter(Channel(std::move(ends.second)));
    launch.send(pack(Order{Stop{}}));  // never read
    reporter.end(ExitStatus::protocol);
  }
  auto packet = launch.receive();
  REQUIRE(packet);
  CHECK(std::get<Ended>(readReport(std::move(*packet)).what).status == ExitStatus::protocol);
  CHECK_THROWS_AS(launch.receive(), PeerGone);

  auto others = Channel::pair();
  Reporter alone(Channel(std::move(others.first)));
  others.second = Descriptor();
  CHECK_THROWS_AS(alone.poll(), PeerGone);
  CHECK_THROWS_AS(alone.await(), PeerGone);
  CHECK_THROWS_AS(alone.log(LogLevel::info, "x"), PeerGone);
  CHECK_THROWS_AS(alone.end(ExitStatus::ok), PeerGone);
}

TEST_CASE("an order that is none is a violation") {
  Edge edge;
  edge.launch.send(Packet{{0x1234567812345678}, {}});
  CHECK_THROWS_AS(edge.reporter.poll(), PeerViolation);
}
