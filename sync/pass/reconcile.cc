// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/pass/reconcile.h"

#include <string>

namespace interimap {

namespace {

// What a side has, seen through what it can hold: a flag that its server cannot store is not missing there.
// In a read-only mailbox others may well have removed it.
Flags effective(const Flags& has, const Flags& base, const StorableFlags& storable) {
  return has | (base - has).only([&](std::string_view flag) { return !storable.allows(flag); });
}

// Three ways, flag by flag: whatever one side added or removed since base.
Flags merge(const Flags& base, const Flags& here, const Flags& there) {
  Flags removed = (base - here) | (base - there);
  return ((base - removed) | (here - base)) | (there - base);
}

// Groups UIDs that get the same flags.
class Updates {
 public:
  void add(Uid uid, const Flags& flags) {
    if (!flags.empty()) groups_[flags.text()].add(uid);
  }
  std::vector<FlagUpdate> take() {
    std::vector<FlagUpdate> out;
    for (auto& [text, uids] : groups_) out.push_back({std::move(uids), *Flags::parse(text)});
    return out;
  }

 private:
  std::map<std::string, UidSet> groups_;
};

class Reconciliation {
 public:
  explicit Reconciliation(const Both<Access>& access) : access_(access) {}

  void consider(const Touched& pair) {
    if (pair.gone.local && pair.gone.remote)
      plan_.forget.push_back(pair.local);
    else if (pair.gone.local)
      plan_.todo.remote.expunge.add(pair.remote);
    else if (pair.gone.remote)
      plan_.todo.local.expunge.add(pair.local);
    else
      flags(pair);
  }

  Plan take() {
    for (Side side : {Side::local, Side::remote}) {
      plan_.todo[side].add = add_[side].take();
      plan_.todo[side].remove = remove_[side].take();
      plan_.todo[side].withheld = withheld_[side].take();
    }
    return std::move(plan_);
  }

 private:
  void flags(const Touched& pair) {
    const Flags here = pair.now.local ? *pair.now.local : pair.base.value_or(Flags());
    const Flags there = pair.now.remote ? *pair.now.remote : pair.base.value_or(Flags());
    Flags wanted;
    if (pair.base) {
      wanted = merge(*pair.base, effective(here, *pair.base, access_.local.storable),
                     effective(there, *pair.base, access_.remote.storable));
    } else {
      wanted = here | there;
      if (!(here == there)) plan_.conflicts.push_back({pair.local, pair.remote, here, there, wanted});
    }
    Plan::Agreed agreed{pair.local, pair.remote, wanted, {}, {}};
    change(Side::local, pair.local, here, wanted, agreed);
    change(Side::remote, pair.remote, there, wanted, agreed);
    plan_.agreed.push_back(std::move(agreed));
  }

  // Only the difference is stored, so that what somebody changes meanwhile is not undone.
  void change(Side side, Uid uid, const Flags& has, const Flags& wanted, Plan::Agreed& agreed) {
    auto stores = [&](std::string_view flag) { return access_[side].stores(flag); };
    Flags missing = wanted - has, surplus = has - wanted;
    agreed.add[side] = missing.only(stores);
    agreed.remove[side] = surplus.only(stores);
    add_[side].add(uid, agreed.add[side]);
    remove_[side].add(uid, agreed.remove[side]);
    agreed.base = (agreed.base - (missing - agreed.add[side])) | (surplus - agreed.remove[side]);
    withheld_[side].add(uid, (missing - agreed.add[side]) | (surplus - agreed.remove[side]));
  }

  const Both<Access>& access_;
  Both<Updates> add_, remove_, withheld_;
  Plan plan_;
};

}  // namespace

Plan reconcile(const std::vector<Touched>& touched, const Both<Access>& access) {
  Reconciliation reconciliation(access);
  for (const Touched& pair : touched) reconciliation.consider(pair);
  return reconciliation.take();
}

}  // namespace interimap
