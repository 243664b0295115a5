// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What the converters of every edge share. Private to ipc/: generated types end here.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/channel.h"
#include "ipc/exit_status.h"
#include "ipc/failure.h"

namespace interimap::convert {

// The message under construction. It begins on the stack, where most packets have room.
class Writer {
 public:
  Writer() : message_(kj::arrayPtr(begin_.data(), begin_.size())) {}
  Writer(const Writer&) = delete;
  template <typename Root>
  typename Root::Builder root() {
    return message_.initRoot<Root>();
  }
  Packet packet(Descriptor descriptor = {});

 private:
  std::array<capnp::word, 256> begin_{};  // zeros, as message_ finds and leaves it
  capnp::MallocMessageBuilder message_;
};

// The message in a received packet. Tight limits: a packet is at most 64 KiB, so a reader that follows
// pointers for longer than that is being led in circles.
class Reader {
 public:
  explicit Reader(const Packet& packet);
  template <typename Root>
  typename Root::Reader root() {
    return message_.getRoot<Root>();
  }

 private:
  capnp::FlatArrayMessageReader message_;
};

// Runs a conversion; whatever Cap'n Proto finds wrong (it throws kj::Exception) becomes a PeerViolation.
template <typename Conversion>
auto checked(Conversion&& conversion) -> decltype(conversion()) {
  try {
    return conversion();
  } catch (const kj::Exception& e) {
    throw PeerViolation(std::string("a malformed packet: ") + e.getDescription().cStr());
  }
}

inline capnp::Data::Reader bytes(std::string_view text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}
inline std::string text(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}
std::string_view shortView(capnp::Data::Reader data, std::size_t most);  // PeerViolation if it is longer
inline std::string shortText(capnp::Data::Reader data, std::size_t most) {
  return std::string(shortView(data, most));
}

ExitStatus exitStatus(std::uint8_t number);  // PeerViolation if it is none

template <typename List>
void writeTexts(List list, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < texts.size(); ++i) list.set(i, bytes(texts[i]));
}
inline std::vector<std::string> texts(capnp::List<capnp::Data>::Reader list) {
  std::vector<std::string> out;
  for (auto item : list) out.push_back(text(item));
  return out;
}

// A descriptor may come with the packets that are said to bring one, and with nothing else.
void checkDescriptor(const Descriptor& descriptor, bool expected);

}  // namespace interimap::convert
