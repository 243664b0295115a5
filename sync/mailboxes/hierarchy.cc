// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/mailboxes/hierarchy.h"

#include <strings.h>

#include <algorithm>
#include <string_view>

#include "ipc/ascii.h"

namespace interimap {

bool isInbox(const std::string& name) {
  return name.size() == 5 && strncasecmp(name.data(), "INBOX", 5) == 0;
}

bool differInCase(const MailboxName& one, const MailboxName& two) {
  return one != two && equalIgnoringCase(one.bytes(), two.bytes());
}

std::optional<MailboxName> Hierarchy::name(const WireName& wire) const {
  auto own = ownName(wire);
  return own && map_ ? map_->toLocal(*own) : own;
}

std::optional<MailboxName> Hierarchy::ownName(const WireName& wire) const {
  std::string_view bytes = wire.bytes;
  if (inbox_ == Inbox::beside && isInbox(wire.bytes)) return MailboxName::of("INBOX");
  if (!bytes.starts_with(reference_)) return std::nullopt;
  std::string name(bytes.substr(reference_.size()));
  if (isInbox(name) && inbox_ == Inbox::beside) return std::nullopt;
  if (isInbox(name)) return MailboxName::of("INBOX");  // even where the delimiter is one of its letters
  if (name.find('\0') != std::string::npos) return std::nullopt;
  if (delimiter_) std::ranges::replace(name, *delimiter_, '\0');
  return MailboxName::of(std::move(name));
}

std::string Hierarchy::shown(const MailboxName& name) const {
  std::string bytes = mapped(name).bytes();
  if (delimiter_) std::ranges::replace(bytes, '\0', *delimiter_);
  return bytes;
}

WireName Hierarchy::wire(const MailboxName& name) const {
  if (inbox_ == Inbox::beside && name.isInbox()) return {"INBOX"};
  return {reference_ + shown(name)};
}

bool Hierarchy::canSpell(const MailboxName& name) const {
  if (name.isInbox()) return true;
  if (map_ && !map_->toRemote(name)) return false;
  return mapped(name).bytes().find(delimiter_.value_or('\0')) == std::string::npos && !isInbox(shown(name));
}

std::optional<std::string> Hierarchy::pattern(std::string text) const {
  if (!delimiter_)
    return text.find('\0') == std::string::npos ? std::optional(std::move(text)) : std::nullopt;
  std::ranges::replace(text, '\0', *delimiter_);
  return text;
}

}  // namespace interimap
