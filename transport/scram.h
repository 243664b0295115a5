// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// SCRAM (RFC 5802, RFC 7677): the server learns that we know the password, and we that it does, and neither
// says it. With a channel binding (RFC 5929, RFC 9266) both also learn that nobody sits between them.
//
// Over OpenSSL's PBKDF2 and HMAC, not libgsasl: with what that links (libidn, libntlm, libgssglue) an idle
// process grows by 210 KiB, by 440 KiB once it was used; it bounds no iteration count, and it cannot say that
// a binding would have been possible. What is missing is SASLprep (RFC 4013), which changes nothing in ASCII;
// other passwords go as they are written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "transport/sasl.h"

namespace interimap::sasl {

inline constexpr std::uint32_t kMostIterations =
    1'000'000;  // half a second of our time, at the server's word

enum class Digest : std::uint8_t { sha1, sha256 };

// What a client says about channel bindings: RFC 5802 section 6.
enum class BindingFlag : std::uint8_t {
  none,     // n: it cannot, or does not want to
  unheard,  // y: it could, and has not been told that the server can
  bound,    // p
};

// `binding` counts if bound. Empty `nonce`: a random one.
std::unique_ptr<Mechanism> makeScram(Digest digest, BindingFlag flag, const ChannelBinding& binding,
                                     const Credentials& credentials, std::string nonce = {});

}  // namespace interimap::sasl
