// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include <doctest/doctest.h>

#include <functional>

#include "ipc/convert.h"
#include "ipc/delivery.capnp.h"
#include "ipc/delivery.h"

using namespace interimap;
using deliver::Outcome;

namespace {

Descriptor emptyBodies() { return BodyWriter().seal(); }

std::string longPath() {
  std::string label(63, 'a');
  return std::string(64, 'a') + "@" + label + "." + label + "." + label + "." + label;
}

Packet packetOf(const std::function<void(schema::DeliveryRequest::Builder)>& fill, bool descriptor = true) {
  convert::Writer writer;
  fill(writer.root<schema::DeliveryRequest>());
  return writer.packet(descriptor ? emptyBodies() : Descriptor());
}
Packet answerOf(const std::function<void(schema::DeliveryAnswer::Builder)>& fill, bool descriptor = false) {
  convert::Writer writer;
  fill(writer.root<schema::DeliveryAnswer>());
  return writer.packet(descriptor ? emptyBodies() : Descriptor());
}

}  // namespace

TEST_CASE("a window crosses the channel, the largest one as well") {
  for (std::size_t count : {std::size_t{0}, std::size_t{2}, kMostMessages}) {
    CAPTURE(count);
    deliver::Window window;
    window.forwardPaths.assign(count == kMostMessages ? kMostForwardPaths : 1,
                               *ForwardPath::parse(longPath()));
    for (std::size_t i = 0; i < count; ++i)
      window.messages.push_back(
          {i == 0 ? ReversePath() : *ReversePath::parse(longPath()), {i, ~std::uint64_t{i}}});
    Packet packet = pack(DeliveryRequest{7, window, emptyBodies()});
    CHECK(packet.words.size() * 8 <= Channel::kMostBytes);
    DeliveryRequest back = readDeliveryRequest(std::move(packet));
    CHECK(back.id == 7);
    CHECK(back.bodies);
    auto& read = std::get<deliver::Window>(back.what);
    CHECK(read.forwardPaths == window.forwardPaths);
    REQUIRE(read.messages.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(read.messages[i].reversePath == window.messages[i].reversePath);
      CHECK(read.messages[i].body.offset == window.messages[i].body.offset);
      CHECK(read.messages[i].body.size == window.messages[i].body.size);
    }
  }
}

TEST_CASE("Quit and every answer cross the channel") {
  DeliveryRequest quit = readDeliveryRequest(pack(DeliveryRequest{9, deliver::Quit{}, {}}));
  CHECK(quit.id == 9);
  CHECK(std::holds_alternative<deliver::Quit>(quit.what));

  deliver::Settled full{kMostMessages - 1, {}};
  full.outcomes.assign(kMostForwardPaths, {Outcome::Kind::refused, Outcome::Stage::end, 599,
                                           EnhancedStatus{5, 999, 999}, std::string(kMostReplyText, '\xff')});
  const decltype(DeliveryAnswer::what) table[] = {
      deliver::Settled{
          0,
          {{Outcome::Kind::delivered, Outcome::Stage::end, 250, EnhancedStatus{2, 0, 0}, "queued as 1"},
           {Outcome::Kind::deferred, Outcome::Stage::connection, 0, {}, "connection lost"},
           {Outcome::Kind::refused, Outcome::Stage::rcpt, 550, EnhancedStatus{5, 1, 1}, "no such user"},
           {Outcome::Kind::unknown, Outcome::Stage::mail, 0, {}, ""},
           {Outcome::Kind::deferred, Outcome::Stage::data, 451, EnhancedStatus{4, 0, 1}, "later"}}},
      full,
      deliver::Done{},
      deliver::Closed{"gone", ExitStatus::unavailable},
      deliver::Closed{"bad certificate", ExitStatus::noPermission},
      deliver::Closed{}};
  for (const auto& what : table) {
    Packet packet = pack(DeliveryAnswer{3, what});
    CHECK(packet.words.size() * 8 <= Channel::kMostBytes);
    DeliveryAnswer back = readDeliveryAnswer(std::move(packet));
    CHECK(back.id == 3);
    CHECK(back.what == what);
  }
}

TEST_CASE("a text that is too long is cut by the sender and refused by the receiver") {
  std::string text(kMostReplyText + 1, 'x');
  auto back = readDeliveryAnswer(pack(DeliveryAnswer{0, deliver::Closed{text}}));
  CHECK(std::get<deliver::Closed>(back.what).reason.size() == kMostReplyText);
  CHECK_THROWS_AS(
      readDeliveryAnswer(answerOf([&](auto to) { to.initClosed().setReason(convert::bytes(text)); })),
      PeerViolation);
}

TEST_CASE("a window that is too large is a bug of the sender") {
  deliver::Window window{{*ForwardPath::parse("a")}, {}};
  window.messages.resize(kMostMessages + 1);
  CHECK_THROWS_AS(pack(DeliveryRequest{1, window, emptyBodies()}), std::logic_error);
}

TEST_CASE("requests that do not hold are violations") {
  auto path = [](auto list, unsigned i, std::string_view text) { list.set(i, convert::bytes(text)); };
  using Fill = std::function<void(schema::DeliveryRequest::Builder)>;
  struct {
    const char* name;
    Fill fill;
  } const table[] = {
      {"nobody", [](auto to) { to.initWindow().initMessages(1); }},
      {"a forward-path with a line end",
       [&](auto to) { path(to.initWindow().initForwardPaths(1), 0, "a@b\r\nDATA"); }},
      {"an empty forward-path", [](auto to) { to.initWindow().initForwardPaths(1); }},
      {"a reverse-path with a bracket",
       [&](auto to) {
         auto window = to.initWindow();
         path(window.initForwardPaths(1), 0, "a");
         window.initMessages(1)[0].setReversePath(convert::bytes("a@b>"));
       }},
      {"a reverse-path with a CR",
       [&](auto to) {
         auto window = to.initWindow();
         path(window.initForwardPaths(1), 0, "a");
         window.initMessages(1)[0].setReversePath(convert::bytes("a@b\rc"));
       }},
      {"too many recipients",
       [&](auto to) {
         auto paths = to.initWindow().initForwardPaths(kMostForwardPaths + 1);
         for (unsigned i = 0; i < paths.size(); ++i) path(paths, i, "a");
       }},
      {"too many messages",
       [&](auto to) {
         auto window = to.initWindow();
         path(window.initForwardPaths(1), 0, "a");
         window.initMessages(kMostMessages + 1);
       }},
  };
  for (const auto& row : table) {
    CAPTURE(row.name);
    CHECK_THROWS_AS(readDeliveryRequest(packetOf(row.fill)), PeerViolation);
  }
  CHECK_THROWS_AS(readDeliveryRequest(packetOf([](auto to) { to.setQuit(); })), PeerViolation);
  auto good = [&](auto to) { path(to.initWindow().initForwardPaths(1), 0, "a"); };
  CHECK_NOTHROW(readDeliveryRequest(packetOf(good)));
  CHECK_THROWS_AS(readDeliveryRequest(packetOf(good, false)), PeerViolation);
}

TEST_CASE("answers that do not hold are violations") {
  using Fill = std::function<void(schema::DeliveryAnswer::Outcome::Builder)>;
  auto settled = [](const Fill& fill) {
    return answerOf([&](auto to) { fill(to.initSettled().initOutcomes(1)[0]); });
  };
  CHECK_NOTHROW(readDeliveryAnswer(settled([](auto) {})));
  for (std::uint16_t code : {1, 199, 600, 65535})
    CHECK_THROWS_AS(readDeliveryAnswer(settled([&](auto to) { to.setCode(code); })), PeerViolation);
  for (std::uint32_t status : {1u, 3'000'000u, 6'001'001u, 258'000'000u, 4'294'967'295u})
    CHECK_THROWS_AS(readDeliveryAnswer(settled([&](auto to) { to.setStatus(status); })), PeerViolation);
  using Schema = schema::DeliveryAnswer::Outcome;
  CHECK_THROWS_AS(readDeliveryAnswer(settled([](auto to) { to.setKind(static_cast<Schema::Kind>(4)); })),
                  PeerViolation);
  CHECK_THROWS_AS(readDeliveryAnswer(settled([](auto to) { to.setStage(static_cast<Schema::Stage>(5)); })),
                  PeerViolation);
  CHECK_THROWS_AS(readDeliveryAnswer(answerOf([](auto to) { to.initSettled(); })), PeerViolation);
  CHECK_THROWS_AS(
      readDeliveryAnswer(answerOf([](auto to) { to.initSettled().initOutcomes(kMostForwardPaths + 1); })),
      PeerViolation);
  CHECK_THROWS_AS(readDeliveryAnswer(answerOf([](auto to) {
                    auto out = to.initSettled();
                    out.initOutcomes(1);
                    out.setMessage(kMostMessages);
                  })),
                  PeerViolation);
  for (std::uint8_t status : {1, 63, 71, 255})
    CHECK_THROWS_AS(readDeliveryAnswer(answerOf([&](auto to) { to.initClosed().setStatus(status); })),
                    PeerViolation);
  CHECK_THROWS_AS(readDeliveryAnswer(answerOf([](auto to) { to.setDone(); }, true)), PeerViolation);
  CHECK_THROWS_AS(readDeliveryAnswer(answerOf([](auto to) { to.initClosed(); }, true)), PeerViolation);
}

TEST_CASE("a damaged packet is a violation or means something, and nothing else") {
  deliver::Window window{{*ForwardPath::parse("a@b")}, {{*ReversePath::parse("c@d"), {1, 2}}}};
  Packet good = pack(DeliveryRequest{7, window, emptyBodies()});
  auto* octets = reinterpret_cast<unsigned char*>(good.words.data());
  for (std::size_t i = 0; i < good.words.size() * 8; ++i) {
    for (unsigned char flip : {0x01, 0x80, 0xff}) {
      octets[i] ^= flip;
      try {
        readDeliveryRequest(Packet{good.words, emptyBodies()});
      } catch (const PeerViolation&) {
      }
      octets[i] ^= flip;
    }
  }
}
