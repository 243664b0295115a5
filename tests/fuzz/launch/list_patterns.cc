// The values of list-mailbox, mailbox, deliver-rcpt and deliver-method.
#include "launch/list_patterns.h"

#include <algorithm>

#include "ipc/path.h"
#include "launch/destination.h"
#include "launch/pull_section.h"
#include "tests/fuzz/target.h"

using namespace interimap;
using fuzz::require;

FUZZ(list_patterns) {
  if (auto patterns = parsePatterns(octets))
    for (const auto& pattern : *patterns)
      require(pattern.size() <= octets.size(), "a pattern is no longer than its spelling");
  if (auto mailboxes = parseMailboxes(octets)) require(!mailboxes->empty(), "there is a mailbox");
  if (auto paths = parseForwardPaths(octets)) {
    require(!paths->empty(), "there is a recipient");
    for (const auto& path : *paths) require(ForwardPath::parse(path).has_value(), "a recipient is a path");
  }
  if (auto destination = Destination::parse(octets)) require(!destination->host.empty(), "there is a host");
}
