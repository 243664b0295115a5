// The connection as the dialogue sees it: a Stream over whatever lies below. None blocks.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace interimap {

class Stream {
 public:
  virtual ~Stream() = default;

  enum class State { ok, again, end };
  struct Result {
    State state = State::ok;
    std::size_t size = 0;  // octets moved; > 0 exactly if ok
  };

  // Reads what is there, as much as fits. again: nothing now, poll. end: the server closed. Throws Failure
  // with the reason when the connection fails. The buffer must not be empty.
  virtual Result read(std::span<char> buffer) = 0;
  // Writes what goes now, perhaps a part; again: nothing went. Never says end: a server that is gone is a
  // Failure, but what it said before may still be there to be read.
  virtual Result write(std::string_view bytes) = 0;
  // Pushes what a layer holds back towards the server; true when nothing is left.
  virtual bool flush() = 0;
  // Octets are readable without the descriptor becoming readable: do not poll, read.
  virtual bool pending() const = 0;

  virtual int fd() const = 0;  // to poll
  // What the last call that could not go on waits for, beyond what its name says.
  virtual bool wantsRead() const = 0;
  virtual bool wantsWrite() const = 0;
};

}  // namespace interimap
