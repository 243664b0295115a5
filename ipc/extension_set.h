// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What an IMAP server has beyond IMAP4rev1, as far as one of us acts on it. net finds it out
// (net/response/capability.cc), sync decides what of it is used (sync/peers/means.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

namespace interimap {

enum class Extension : std::uint8_t {
  enable,        // RFC 5161
  qresync,       // RFC 7162
  uidPlus,       // RFC 4315
  listExtended,  // RFC 5258
  listStatus,    // RFC 5819
  multiAppend,   // RFC 3502
  unselect,      // RFC 3691
  idle,          // RFC 2177
  notify,        // RFC 5465
  esearch,       // RFC 4731
  saslIr,        // RFC 4959
  literalPlus,   // RFC 7888
  literalMinus,
  deflate,       // RFC 4978
  condstore,     // RFC 7162
  messageLimit,  // RFC 9738
  move,          // RFC 6851
  objectId,      // RFC 8474
  gmail,         // X-GM-EXT-1
  guid,          // Dovecot's X-GUID
};
inline constexpr int kExtensions = static_cast<int>(Extension::guid) + 1;

class ExtensionSet {
 public:
  ExtensionSet() = default;
  ExtensionSet(std::initializer_list<Extension> these) {
    for (Extension extension : these) add(extension);
  }
  // As they travel; nothing if there is one among them that is not ours.
  static std::optional<ExtensionSet> ofBits(std::uint32_t bits) {
    if (bits >> kExtensions != 0) return std::nullopt;
    ExtensionSet extensions;
    extensions.bits_ = bits;
    return extensions;
  }

  void add(Extension extension) { bits_ |= bit(extension); }
  bool has(Extension extension) const { return (bits_ & bit(extension)) != 0; }
  std::uint32_t bits() const { return bits_; }
  bool operator==(const ExtensionSet&) const = default;

 private:
  static std::uint32_t bit(Extension extension) {
    return std::uint32_t{1} << static_cast<unsigned>(extension);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace interimap
