// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "ipc/convert.h"

#include <kj/io.h>

namespace interimap::convert {

Packet Writer::packet(Descriptor descriptor) {
  Packet packet;
  packet.words.resize(capnp::computeSerializedSizeInWords(message_));
  auto* octets = reinterpret_cast<kj::byte*>(packet.words.data());
  kj::ArrayOutputStream out(kj::arrayPtr(octets, packet.words.size() * sizeof(capnp::word)));
  capnp::writeMessage(out, message_);
  packet.descriptor = std::move(descriptor);
  return packet;
}

namespace {

// A small packet whose pointers all lead to the same words could keep its reader busy for ever: each reading
// of a word counts, and an honest packet needs no more than a few of each.
capnp::ReaderOptions limits() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 4 * Channel::kMostBytes / sizeof(capnp::word);
  options.nestingLimit = 8;
  return options;
}

kj::ArrayPtr<const capnp::word> words(const Packet& packet) {
  return {reinterpret_cast<const capnp::word*>(packet.words.data()), packet.words.size()};
}

}  // namespace

// FlatArrayMessageReader sees to it that there are as many words as the segment table says; no more, we do.
Reader::Reader(const Packet& packet) : message_(words(packet), limits()) {
  if (message_.getEnd() != words(packet).end()) throw PeerViolation("a packet longer than its message");
}

// A worker's word decides what launch exits with, and that decides what a service manager does: only what we
// have a meaning for.
ExitStatus exitStatus(std::uint8_t number) {
  switch (auto known = static_cast<ExitStatus>(number)) {
    case ExitStatus::ok:
    case ExitStatus::usage:
    case ExitStatus::data:
    case ExitStatus::unavailable:
    case ExitStatus::internal:
    case ExitStatus::cantCreate:
    case ExitStatus::io:
    case ExitStatus::tryAgain:
    case ExitStatus::protocol:
    case ExitStatus::noPermission:
    case ExitStatus::config: return known;
  }
  throw PeerViolation("an unknown exit status");
}

// One too many would stay open in a process that does not know of it.
void checkDescriptor(const Descriptor& descriptor, bool expected) {
  if (static_cast<bool>(descriptor) != expected)
    throw PeerViolation("a descriptor where none is due, or none where one is");
}

std::string_view shortView(capnp::Data::Reader data, std::size_t most) {
  if (data.size() > most) throw PeerViolation("a text that is too long");
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

}  // namespace interimap::convert
