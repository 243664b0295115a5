// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Commands on messages of a server with MESSAGELIMIT (RFC 9738): it works on the highest UIDs only, and says
// from where on. The rest is asked for again, until there is none; nothing else is begun meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/uid_set.h"
#include "net/response/resp_text.h"

namespace interimap {

class Limited {
 public:
  // What the commands to be sent name, each a line; their answers may be cut if `limited`.
  std::vector<UidSet> begin(const UidSet& uids, bool limited) {
    limited_ = limited;
    return next(uids);
  }
  bool hasMore() const { return limited_ && (unanswered_ > 0 || !rest_.empty()); }
  std::vector<UidSet> more() { return next(std::exchange(rest_, {})); }
  // The tagged response to a command. False: it was cut in a way that leads to nothing, or unannounced.
  [[nodiscard]] bool completed(std::size_t index, const StatusResponse& status);

 private:
  std::vector<UidSet> next(const UidSet& uids);

  bool limited_ = false;
  std::size_t unanswered_ = 0;
  std::vector<UidSet> pieces_;  // by command, of those that were sent last
  UidSet rest_;
};

}  // namespace interimap
