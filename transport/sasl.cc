// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "transport/sasl.h"

#include <string.h>

#include <string>

namespace interimap::sasl {

Secret base64(std::string_view octets) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);  // growing would leave a copy behind
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    auto at = [&](std::size_t j) {
      return i + j < octets.size() ? static_cast<unsigned char>(octets[i + j]) : 0U;
    };
    unsigned bits = at(0) << 16 | at(1) << 8 | at(2);
    for (std::size_t j = 0; j < 4; ++j)
      text += i + j > octets.size() ? '=' : kAlphabet[bits >> (18 - 6 * j) & 63];
  }
  Secret secret(text);
  explicit_bzero(text.data(), text.size());
  return secret;
}

// message = [authzid] NUL authcid NUL passwd
Secret plain(std::string_view username, std::string_view password) {
  std::string message;
  message.reserve(username.size() + password.size() + 2);
  message.append(1, '\0').append(username).append(1, '\0').append(password);
  Secret encoded = base64(message);
  explicit_bzero(message.data(), message.size());
  return encoded;
}

}  // namespace interimap::sasl
