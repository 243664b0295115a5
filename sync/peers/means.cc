// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/means.h"

namespace interimap {

std::string notAdvertised(const std::string& extension) {
  return "Server did not advertise " + extension + " capability.";
}

Means Means::of(const answer::Ready& ready, Purpose purpose) {
  const ExtensionSet& has = ready.extensions;
  bool both = purpose == Purpose::synchronise;
  Means means;
  if (both && has.has(Extension::condstore)) means.collect = Collect::condstore;
  if (both && ready.qresync) means.collect = Collect::qresync;
  means.expunges = has.has(Extension::uidPlus);
  means.moves = has.has(Extension::move);
  means.names = has.has(Extension::objectId) || has.has(Extension::gmail) || has.has(Extension::guid);
  if (both) means.prefix = ready.personal;
  if (both) means.greeting = ready.greeting;
  if (both && has.has(Extension::notify))
    means.news = News::ofAll;
  else if (has.has(Extension::idle))
    means.news = News::ofOneMailbox;
  return means;
}

}  // namespace interimap
