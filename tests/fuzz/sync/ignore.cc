// ignore-mailbox is the user's, the name is a server's.
#include "sync/ignore.h"

#include "ipc/failure.h"
#include "tests/fuzz/target.h"

using namespace interimap;

FUZZ(ignore) {
  std::string pattern(fuzz::takeLine(octets));
  auto name = MailboxName::of(std::string(octets));
  try {
    Ignore ignore(pattern);
    if (name) ignore.matches(*name);
  } catch (const Failure& failure) {
    fuzz::require(failure.status == ExitStatus::config, "a bad pattern is a bad configuration");
  }
}
