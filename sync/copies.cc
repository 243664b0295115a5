#include "sync/copies.h"

#include <algorithm>

namespace interimap {

namespace {

// So many sets of flags are told apart; looking for one is to cost less than asking the database.
constexpr std::size_t kMostKinds = 64;

}  // namespace

void Copies::add(Uid uid, std::uint64_t octets, const Flags& flags) {
  std::size_t kind = copied_.empty() ? Copy::kOtherKind : copied_.back().kind;
  if (kind >= kinds_.size() || kinds_[kind] != flags) {
    kind = static_cast<std::size_t>(std::ranges::find(kinds_, flags) - kinds_.begin());
    if (kind == kinds_.size() && kind < kMostKinds) kinds_.push_back(flags);
    if (kind == kMostKinds) kind = Copy::kOtherKind;
  }
  Copy::Copied copied{uid.value()};
  copied.size = octets % Copy::kSizes;
  copied.kind = kind;
  copied_.push_back(copied);
}

void Copies::sort() { std::ranges::sort(copied_, {}, &Copy::Copied::uid); }

Copies::Copy Copies::find(Uid uid) const {
  auto it = std::ranges::lower_bound(copied_, uid.value(), {}, &Copy::Copied::uid);
  bool found = it != copied_.end() && it->uid == uid.value();
  return {found ? *it : Copy::Copied{}, kinds_};
}

}  // namespace interimap
