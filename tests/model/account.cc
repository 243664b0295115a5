// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/model/account.h"

#include <algorithm>

namespace interimap::model {

HeldMessage& HeldMailbox::append(std::uint32_t serial, FlagBits flags, bool dated, std::uint64_t id) {
  static std::uint64_t last = 0;
  return messages.emplace_back(
      HeldMessage{uidNext++, serial, flags, ++highestModSeq, dated, id == 0 ? ++last : id});
}

HeldMessage* HeldMailbox::bySerial(std::uint32_t serial) {
  auto it = std::ranges::find(messages, serial, &HeldMessage::serial);
  return it == messages.end() ? nullptr : &*it;
}

std::size_t HeldMailbox::count(std::uint32_t serial) const {
  return static_cast<std::size_t>(std::ranges::count(messages, serial, &HeldMessage::serial));
}

HeldMessage* HeldMailbox::byUid(std::uint32_t uid) {
  auto it = std::ranges::lower_bound(messages, uid, {}, &HeldMessage::uid);
  return it == messages.end() || it->uid != uid ? nullptr : &*it;
}

void HeldMailbox::setFlags(HeldMessage& message, FlagBits flags) {
  if (message.flags == flags) return;
  message.flags = flags;
  message.modSeq = ++highestModSeq;
}

void HeldMailbox::expunge(std::uint32_t uid) {
  std::erase_if(messages, [uid](const HeldMessage& message) { return message.uid == uid; });
  expunged.emplace_back(uid, ++highestModSeq);
}

void HeldMailbox::renumber(std::uint32_t newValidity) {
  reincarnate();
  uidValidity = newValidity;
  uidNext = 1;
  expunged.clear();
  // Not in their old order, so that taking a new UID for an old one is noticed.
  std::ranges::reverse(messages);
  for (HeldMessage& message : messages) {
    message.uid = uidNext++;
    message.modSeq = ++highestModSeq;
  }
}

void HeldMailbox::reincarnate() {
  static std::uint32_t last = 0;
  incarnation = ++last;
}

HeldMailbox* Account::find(const std::string& name) {
  auto it = mailboxes.find(name);
  return it == mailboxes.end() ? nullptr : &it->second;
}

std::pair<const std::string*, HeldMessage*> Account::bySerial(std::uint32_t serial) {
  for (auto& [name, mailbox] : mailboxes)
    if (HeldMessage* message = mailbox.bySerial(serial)) return {&name, message};
  return {nullptr, nullptr};
}

void Account::create(const std::string& name) {
  if (find(name)) return;
  if (auto above = name.rfind('\0');
      setup.parents && above != std::string::npos && !find(name.substr(0, above))) {
    create(name.substr(0, above));
    madeParents = true;
  }
  mailboxes[name].uidValidity = ++lastValidity;
  mailboxes[name].reincarnate();
}

std::vector<std::string> Account::rename(const std::string& from, const std::string& to) {
  std::map<std::string, std::string> names;  // old, new
  for (const auto& [name, _] : mailboxes)
    if (name == from || name.starts_with(from + '\0')) names[name] = to + name.substr(from.size());
  for (const auto& [_, name] : names)
    if (find(name)) return {};
  std::vector<std::string> renamed;
  for (const auto& [before, after] : names) {
    auto node = mailboxes.extract(before);
    node.key() = after;
    mailboxes.insert(std::move(node));
    renamed.push_back(after);
  }
  return renamed;
}

std::string Account::wire(std::string name) const {
  std::ranges::replace(name, '\0', setup.delimiter);
  return name;
}

std::string Account::name(std::string wire) const {
  std::ranges::replace(wire, setup.delimiter, '\0');
  return wire;
}

Looks Looks::of(std::uint32_t looks) {
  HeaderDigest digest{};
  for (unsigned i = 0; i < 4; ++i) digest[i] = static_cast<std::uint8_t>(looks >> (8 * i));
  std::string second = std::to_string(10 + looks % 50);
  const char* day = looks & kOld ? "17-Jul-1971 02:44:" : "17-Jul-2024 02:44:";
  return {digest, *InternalDate::parse(day + second + " +0000"), 8 + looks % 5};
}

}  // namespace interimap::model
