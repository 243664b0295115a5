// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// The lowest layer: a connected stream socket, of TCP, of the Unix domain or to a tunnel command.
#pragma once

#include "ipc/body.h"
#include "transport/stream.h"

namespace interimap {

class SocketStream final : public Stream {
 public:
  // Made non-blocking.
  explicit SocketStream(Descriptor socket);

  // A connection that was reset has ended. Failure(unavailable): "read: No route to host", "write: Broken
  // pipe" (never SIGPIPE). As long as something is left to read, which may say why the peer is gone, write()
  // says again instead.
  Result read(std::span<char> buffer) override;
  Result write(std::string_view bytes) override;
  bool flush() override { return true; }  // it holds nothing back
  bool pending() const override { return false; }
  int fd() const override { return socket_.get(); }
  bool wantsRead() const override { return wantsRead_; }
  bool wantsWrite() const override { return wantsWrite_; }

 private:
  bool leftToRead() const;

  Descriptor socket_;
  bool wantsRead_ = false, wantsWrite_ = false;
};

}  // namespace interimap
