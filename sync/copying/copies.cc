// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/copying/copies.h"

#include <algorithm>

namespace interimap {

void Copies::add(Uid uid, std::uint64_t octets, const Flags& flags) {
  Copy::Copied copied{uid.value()};
  copied.size = octets % Copy::kSizes;
  if (auto known = kindOf_.find(flags.text()); known != kindOf_.end()) {
    copied.kind = known->second;
  } else if (kinds_.size() < Copy::kOtherKind) {
    copied.kind = kindOf_[flags.text()] = static_cast<std::uint32_t>(kinds_.size());
    kinds_.push_back(flags);
  }
  copied_.push_back(copied);
}

void Copies::sort() { std::ranges::sort(copied_, {}, &Copy::Copied::uid); }

Copies::Copy Copies::find(Uid uid) const {
  auto it = std::ranges::lower_bound(copied_, uid.value(), {}, &Copy::Copied::uid);
  bool found = it != copied_.end() && it->uid == uid.value();
  return {found ? *it : Copy::Copied{}, kinds_};
}

}  // namespace interimap
