// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/done.h"

#include <initializer_list>
#include <utility>

namespace interimap {

namespace {

std::string text(std::initializer_list<std::pair<std::uint64_t, const char*>> parts) {
  std::string text;
  for (auto [number, what] : parts)
    if (number > 0) text += (text.empty() ? "" : ", ") + std::to_string(number) + what;
  return text;
}

}  // namespace

void add(Synchronised& total, const Synchronised& more) {
  total.copiedToLocal += more.copiedToLocal;
  total.copiedToRemote += more.copiedToRemote;
  total.flagsUpdated += more.flagsUpdated;
  total.expunged += more.expunged;
  total.failed += more.failed;
  total.octets += more.octets;
  total.mailboxes = more.mailboxes;
}

void add(Pulled& total, const Pulled& more) {
  total.delivered += more.delivered;
  total.deferred = more.deferred;  // what waits
  total.refused = more.refused;
  total.unknown += more.unknown;
  total.purged += more.purged;
  total.octets += more.octets;
}

std::string doneText(const Synchronised& done) {
  return text({{done.copiedToLocal + done.copiedToRemote, " copied"},
               {done.flagsUpdated, " flag changes"},
               {done.expunged, " expunged"},
               {done.failed, " failed"}});
}

std::string doneText(const Pulled& done) {
  return text({{done.delivered, " delivered"},
               {done.deferred, " deferred"},
               {done.refused, " refused"},
               {done.unknown, " unknown"},
               {done.purged, " purged"}});
}

}  // namespace interimap
