// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A client that IDLEs in INBOX (RFC 2177) and does nothing else: what a server's notifications take by
// themselves.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace interimap::bench {

class Idler {
 public:
  Idler(std::uint16_t port, const std::string& user);  // idles by then
  ~Idler();
  Idler(const Idler&) = delete;
  Idler& operator=(const Idler&) = delete;

  bool waitForExists(std::chrono::milliseconds patience);  // false: none came

 private:
  void say(const std::string& line) const;
  bool waitFor(const std::string& text, std::chrono::milliseconds patience);

  int socket_;
  std::string heard_;
};

}  // namespace interimap::bench
