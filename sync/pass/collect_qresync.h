// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// Collects the changes of one side of a mailbox by QRESYNC (RFC 7162): SELECT tells what vanished and what
// flags changed.
#pragma once

#include "sync/pass/collector.h"

namespace interimap {

class CollectQresync final : public Collector {
 public:
  explicit CollectQresync(const Context& context) : Collector(context) {}

 private:
  Reply<answer::Selected> select() override;
  void settle(const answer::Selected& selected) override;
  request::Known known() const;
};

}  // namespace interimap
