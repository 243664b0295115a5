// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a compromised worker may send: any words, with or without a descriptor.
#include <string.h>

#include <span>

#include "ipc/delivery.h"
#include "ipc/failure.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "tests/fuzz/ipc/honest_packets.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using namespace interimap::fuzz;

namespace {

void checkBodies(const Descriptor& bodies, const std::vector<BodyRange>& ranges) {
  try {
    Bodies::check(bodies, ranges, Reading::again);
    for (BodyRange range : ranges)
      require(range.size <= kBody.size() && range.offset <= kBody.size() - range.size,
              "a range is inside its descriptor");
  } catch (const PeerViolation&) {
  }
}

void checkBodies(const Request& request) {
  std::vector<BodyRange> ranges;
  if (auto* append = std::get_if<request::Append>(&request.what))
    for (const auto& message : append->messages) ranges.push_back(message.body);
  if (request.bodies) checkBodies(request.bodies, ranges);
}
void checkBodies(const Answer& answer) {
  std::vector<BodyRange> ranges;
  if (auto* window = std::get_if<answer::Window>(&answer.what))
    for (const auto& message : window->messages) ranges.push_back(message.body);
  if (answer.bodies) checkBodies(answer.bodies, ranges);
}
void checkBodies(const DeliveryRequest& request) {
  std::vector<BodyRange> ranges;
  if (auto* window = std::get_if<deliver::Window>(&request.what))
    for (const auto& message : window->messages) ranges.push_back(message.body);
  if (request.bodies) checkBodies(request.bodies, ranges);
}
template <typename Message>
void checkBodies(const Message&) {}

// What was let in can be sent on, and means the same then.
template <typename Message>
void receive(Message (*read)(Packet), Packet packet) {
  std::optional<Message> message;
  try {
    message = read(std::move(packet));
  } catch (const PeerViolation&) {
    return;
  }
  checkBodies(*message);
  Packet sent = pack(std::move(*message));
  std::vector<std::uint64_t> words = sent.words;
  require(words.size() * sizeof(std::uint64_t) <= Channel::kMostBytes, "what came in a packet fits in one");
  require(pack(read(std::move(sent))).words == words, "what was let in comes through again");
}

void receive(Edge edge, Packet packet) {
  switch (edge) {
    case Edge::request: return receive(readRequest, std::move(packet));
    case Edge::answer: return receive(readAnswer, std::move(packet));
    case Edge::order: return receive(readOrder, std::move(packet));
    case Edge::report: return receive(readReport, std::move(packet));
    case Edge::deliveryRequest: return receive(readDeliveryRequest, std::move(packet));
    case Edge::deliveryAnswer: return receive(readDeliveryAnswer, std::move(packet));
  }
}

unsigned char takeOctet(std::string_view& octets) {
  if (octets.empty()) return 0;
  auto octet = static_cast<unsigned char>(octets[0]);
  octets.remove_prefix(1);
  return octet;
}

// Two octets of place and one of value each.
void spoil(std::span<std::byte> message, std::string_view edits) {
  while (edits.size() >= 3) {
    std::size_t at = takeOctet(edits);
    at = at << 8 | takeOctet(edits);
    message[at % message.size()] = static_cast<std::byte>(takeOctet(edits));
  }
}

}  // namespace

// "0" and up: that honest packet, then "d" to turn whether a descriptor comes with it, then edits. "!": an
// edge, "d" for a descriptor, then the words as they are.
FUZZ(packets) {
  constexpr unsigned char kRaw = '!', kFirst = '0';
  unsigned char which = takeOctet(octets);
  Packet packet;
  if (which == kRaw) {
    auto edge = static_cast<Edge>(takeOctet(octets) % kEdges);
    if (takeOctet(octets) == 'd') packet.descriptor = sealedBody();
    packet.words.resize(octets.size() / sizeof(std::uint64_t));
    if (!packet.words.empty())
      memcpy(packet.words.data(), octets.data(), packet.words.size() * sizeof(std::uint64_t));
    return receive(edge, std::move(packet));
  }
  const Honest& honest = honestPackets()[static_cast<unsigned char>(which - kFirst) % honestPackets().size()];
  if (honest.descriptor != (takeOctet(octets) == 'd')) packet.descriptor = sealedBody();
  packet.words = honest.words;
  spoil(std::as_writable_bytes(std::span(packet.words)), octets);
  receive(honest.edge, std::move(packet));
}
