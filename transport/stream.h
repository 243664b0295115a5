// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A connection as a pile of layers, each a Stream over the one below: socket or tunnel, TLS, DEFLATE. None
// blocks.
//
//   session --> DeflateStream --> TlsStream --> SocketStream --> descriptor
//
// Each layer owns the one below, and what a layer holds is bounded (transport/deadlines.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace interimap {

// Octets that both ends of one TLS session know, and nobody between them: RFC 5056.
struct ChannelBinding {
  std::string type;  // "tls-exporter"
  std::string octets;
};

class Stream {
 public:
  virtual ~Stream() = default;

  enum class State { ok, again, end };
  struct Result {
    State state = State::ok;
    std::size_t size = 0;  // octets moved; > 0 exactly if ok
  };

  // Reads what is there, as much as fits. again: nothing now, poll for wantsRead()/wantsWrite(). end: the
  // peer closed; so will every further call. Throws Failure with the reason when the layer fails; then the
  // stream is of no more use. The buffer must not be empty.
  virtual Result read(std::span<char> buffer) = 0;
  // Writes what goes now, perhaps a part; again: nothing went. Compressed or encrypted octets may stay behind
  // in the layer: flush(). Never says end: a peer that is gone is a Failure. Empty `bytes`: again.
  virtual Result write(std::string_view bytes) = 0;
  // Pushes what the layer holds back towards the peer; true when nothing is left here or below.
  virtual bool flush() = 0;
  // Octets are readable without the descriptor becoming readable (they wait inside a layer): do not poll,
  // read. May be wrong once: the next read() says again, and then so does pending().
  virtual bool pending() const = 0;

  virtual int fd() const = 0;  // to poll
  // What the last call that could not go on is waiting for, in terms of poll: a TLS layer may need to write
  // in order to read. Before the first call both are false. So: who wants to read polls for POLLIN, who has
  // something to write or a flush() that was false for POLLOUT, and in addition for what these say.
  virtual bool wantsRead() const = 0;
  virtual bool wantsWrite() const = 0;

  // The best first; none where there is no TLS.
  virtual std::vector<ChannelBinding> channelBindings() const { return {}; }
};

}  // namespace interimap
