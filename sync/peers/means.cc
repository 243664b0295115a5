// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/means.h"

#include <iterator>

namespace interimap {

namespace {

constexpr struct {
  Extension extension;
  const char* name;
  const char* standard;  // empty: the other wording, which the Perl program has for them
} kRequired[] = {
    {Extension::uidPlus, "UIDPLUS", nullptr},
};

std::string missing(const answer::Ready& ready) {
  for (const auto& [extension, name, standard] : kRequired) {
    if (ready.extensions.has(extension)) continue;
    return standard != nullptr ? notAdvertised(std::string(name) + standard)
                               : std::string("Non ") + name + "-capable IMAP server.";
  }
  return {};
}

}  // namespace

std::string notAdvertised(const std::string& extension) {
  return "Server did not advertise " + extension + " capability.";
}

Means Means::of(const answer::Ready& ready, Purpose purpose) {
  const ExtensionSet& has = ready.extensions;
  bool both = purpose == Purpose::synchronise;
  Means means;
  if (both) means.missing = interimap::missing(ready);
  if (both && has.has(Extension::condstore)) means.collect = Collect::condstore;
  if (both && ready.qresync) means.collect = Collect::qresync;
  means.expunges = has.has(Extension::uidPlus);
  if (both) means.prefix = ready.personal;
  if (both && has.has(Extension::notify))
    means.news = News::ofAll;
  else if (has.has(Extension::idle))
    means.news = News::ofOneMailbox;
  return means;
}

}  // namespace interimap
