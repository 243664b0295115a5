// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The octets of one connection to a fake server, under TLS and DEFLATE once these have been started.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/e2e/directory.h"

namespace interimap::bed {

class FakeWire {
 public:
  explicit FakeWire(int socket);  // made and used by one thread; does not own the socket
  ~FakeWire();

  bool read(std::string& to);                                       // appends what comes next; false: the end
  bool write(std::string_view octets);                              // false: the client is gone
  bool startTls(const fs::path& certificate, const fs::path& key);  // false: the client does not follow
  bool encrypted() const { return tls_ != nullptr; }
  void startDeflate();   // RFC 4978
  void finishDeflate();  // the end-of-stream marker, if it has been started

 private:
  struct Tls;
  struct Deflate;
  bool readBelow(std::string& to);
  bool writeBelow(std::string_view octets);
  bool deflate(std::string_view octets, int flush);

  int socket_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Deflate> deflate_;
};

}  // namespace interimap::bed
