// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/response/capability.h"

#include <algorithm>

#include "ipc/ascii.h"

namespace interimap {

namespace {

// The one place where a name becomes an extension. `inRev2`: part of IMAP4rev2, which servers of both
// revisions carry out without being asked for it, too.
constexpr struct {
  Extension extension;
  std::string_view name;
  bool inRev2;
} kNamed[] = {
    {Extension::enable, "ENABLE", true},
    {Extension::qresync, "QRESYNC", false},
    {Extension::uidPlus, "UIDPLUS", true},
    {Extension::listExtended, "LIST-EXTENDED", true},
    {Extension::listStatus, "LIST-STATUS", true},
    {Extension::multiAppend, "MULTIAPPEND", false},
    {Extension::unselect, "UNSELECT", true},
    {Extension::idle, "IDLE", true},
    {Extension::notify, "NOTIFY", false},
    {Extension::esearch, "ESEARCH", true},
    {Extension::saslIr, "SASL-IR", true},
    {Extension::literalPlus, "LITERAL+", false},
    {Extension::literalMinus, "LITERAL-", true},
    {Extension::deflate, "COMPRESS=DEFLATE", false},
    {Extension::condstore, "CONDSTORE", false},
    {Extension::messageLimit, "MESSAGELIMIT", false},
    {Extension::move, "MOVE", true},
    {Extension::objectId, "OBJECTID", false},
    {Extension::gmail, "X-GM-EXT-1", false},
    // Dovecot does not say that it has X-GUID; but no other server has this one, and all that have it do.
    {Extension::guid, "SNIPPET=FUZZY", false},
};
static_assert(std::size(kNamed) == kExtensions);

}  // namespace

Capabilities Capabilities::parse(std::string_view text) {
  Capabilities capabilities;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find(' ', at), text.size());
    if (end > at) capabilities.names_.push_back(asciiUpper(text.substr(at, end - at)));
    at = end + 1;
  }
  bool rev2 = capabilities.has("IMAP4REV2");
  for (const auto& each : kNamed)
    if (capabilities.has(each.name) || (rev2 && each.inRev2)) capabilities.extensions_.add(each.extension);
  // RFC 7162 section 3.2: a server with QRESYNC has CONDSTORE, whether it says so or not.
  if (capabilities.extensions_.has(Extension::qresync)) capabilities.extensions_.add(Extension::condstore);
  if (capabilities.hasAny("MESSAGELIMIT=")) capabilities.extensions_.add(Extension::messageLimit);
  return capabilities;
}

bool Capabilities::has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::vector<std::string> Capabilities::behind(std::string_view prefix) const {
  std::vector<std::string> rests;
  for (const std::string& name : names_)
    if (name.starts_with(prefix)) rests.push_back(name.substr(prefix.size()));
  return rests;
}

}  // namespace interimap
