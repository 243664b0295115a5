#include "net/tunnel.h"

#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;

FUZZ(tunnel) {
  try {
    auto command = TunnelCommand::parse(std::string(octets));
    fuzz::require(!command.arguments.empty(), "a command has a program");
  } catch (const Failure&) {
  }
}
