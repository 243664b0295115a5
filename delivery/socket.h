// A connected socket, of TCP or of the Unix domain.
#pragma once

#include "delivery/stream.h"
#include "ipc/body.h"

namespace interimap {

class SocketStream final : public Stream {
 public:
  explicit SocketStream(Descriptor socket);  // made non-blocking

  // A connection that was reset has ended. Failure(unavailable): "write: Broken pipe" (never SIGPIPE).
  Result read(std::span<char> buffer) override;
  Result write(std::string_view bytes) override;
  bool flush() override { return true; }  // it holds nothing back
  bool pending() const override { return false; }
  int fd() const override { return socket_.get(); }
  bool wantsRead() const override { return wantsRead_; }
  bool wantsWrite() const override { return wantsWrite_; }

 private:
  Descriptor socket_;
  bool wantsRead_ = false, wantsWrite_ = false;
};

}  // namespace interimap
