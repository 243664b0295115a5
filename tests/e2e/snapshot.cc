// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/snapshot.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace interimap::bed {
namespace {

constexpr std::size_t kMostLines = 40;

std::string withoutCarriageReturns(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') result += text[i];
  }
  return result;
}

std::string sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", digest[i]);
    hex += two;
  }
  return hex;
}

// date-time of RFC 3501 section 9: "dd-Mon-yyyy hh:mm:ss +zzzz", the day perhaps with a blank in front.
std::time_t instant(const std::string& date) {
  std::tm parts{};
  int zone = 0;
  char month[4] = {};
  if (std::sscanf(date.c_str(), "%2d-%3s-%4d %2d:%2d:%2d %5d", &parts.tm_mday, month, &parts.tm_year,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &zone) != 7) {
    throw std::runtime_error("INTERNALDATE " + date);
  }
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  parts.tm_mon = static_cast<int>(kMonths.find(month) / 3);
  parts.tm_year -= 1900;
  return timegm(&parts) - (zone / 100 * 60 + zone % 100) * 60;
}

std::string subjectOf(std::string_view text) {
  std::size_t start = text.find("Subject: ");
  if (start == std::string_view::npos) return "(no subject)";
  start += 9;
  return std::string(text.substr(start, text.find('\n', start) - start));
}

MessageState messageState(std::string_view response) {
  std::vector<Value> values = parseValues(response);
  const Value& items = values.at(2);
  std::string body = withoutCarriageReturns(items.after("BODY[]").text);
  MessageState state{
      sha256(body), body.size(), instant(items.after("INTERNALDATE").text), {}, subjectOf(body)};
  for (const Value& flag : items.after("FLAGS").items) {
    if (flag.text != "\\Recent") state.flags.push_back(flag.text);
  }
  std::sort(state.flags.begin(), state.flags.end());
  return state;
}

std::vector<MessageState> messagesOf(ImapClient& client, const std::string& mailbox) {
  std::vector<MessageState> messages;
  client.command("EXAMINE " + ImapClient::quoted(mailbox), [](std::string_view) {});
  client.command("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])", [&](std::string_view response) {
    if (response.find(" FETCH (") < 12) messages.push_back(messageState(response));
  });
  std::sort(messages.begin(), messages.end());
  return messages;
}

std::string describe(const MessageState& m) {
  std::string flags;
  for (const std::string& flag : m.flags) flags += (flags.empty() ? "" : " ") + flag;
  return "\"" + m.subject + "\" " + std::to_string(m.size) + " octets, instant " +
         std::to_string(m.internalDate) + ", (" + flags + "), " + m.digest.substr(0, 8);
}

void compareMailbox(const std::string& name, const MailboxState& here, const MailboxState& there,
                    std::vector<std::string>& lines) {
  if (here.subscribed != there.subscribed) {
    lines.push_back(name + ": subscribed " + (here.subscribed ? "here" : "there") + " only");
  }
  std::vector<MessageState> onlyHere, onlyThere;
  std::set_difference(here.messages.begin(), here.messages.end(), there.messages.begin(),
                      there.messages.end(), std::back_inserter(onlyHere));
  std::set_difference(there.messages.begin(), there.messages.end(), here.messages.begin(),
                      here.messages.end(), std::back_inserter(onlyThere));
  for (const MessageState& m : onlyHere) lines.push_back(name + ": here  " + describe(m));
  for (const MessageState& m : onlyThere) lines.push_back(name + ": there " + describe(m));
}

}  // namespace

Snapshot Snapshot::of(ImapClient& client, const std::string& reference) {
  Snapshot snapshot;
  std::vector<std::pair<std::string, std::string>> names;  // ours, the server's
  client.command("LIST " + ImapClient::quoted(reference) + " \"*\" RETURN (SUBSCRIBED)",
                 [&](std::string_view response) {
                   if (!response.starts_with("LIST ")) return;
                   std::vector<Value> values = parseValues(response.substr(5));
                   MailboxState state;
                   for (const Value& attribute : values.at(0).items) {
                     std::string lower = attribute.text;
                     std::transform(lower.begin(), lower.end(), lower.begin(),
                                    [](unsigned char c) { return std::tolower(c); });
                     if (lower == "\\noselect" || lower == "\\nonexistent") return;
                     if (lower == "\\subscribed") state.subscribed = true;
                   }
                   std::string name = values.at(2).text;
                   if (!name.starts_with(reference)) return;
                   std::string ours = name.substr(reference.size());
                   if (!values.at(1).text.empty())
                     std::replace(ours.begin(), ours.end(), values.at(1).text[0], '/');
                   snapshot.mailboxes[ours] = state;
                   names.emplace_back(ours, name);
                 });
  for (const auto& [ours, name] : names) snapshot.mailboxes[ours].messages = messagesOf(client, name);
  return snapshot;
}

std::size_t Snapshot::messages() const {
  std::size_t sum = 0;
  for (const auto& [name, mailbox] : mailboxes) sum += mailbox.messages.size();
  return sum;
}

std::vector<std::string> Snapshot::duplicates() const {
  std::vector<std::string> result;
  for (const auto& [name, mailbox] : mailboxes) {
    for (std::size_t i = 1; i < mailbox.messages.size(); ++i) {
      if (mailbox.messages[i].digest == mailbox.messages[i - 1].digest) {
        result.push_back(name + ": " + mailbox.messages[i].subject);
      }
    }
  }
  return result;
}

std::string difference(const Snapshot& here, const Snapshot& there) {
  std::vector<std::string> lines;
  for (const auto& [name, mailbox] : here.mailboxes) {
    auto other = there.mailboxes.find(name);
    if (other == there.mailboxes.end()) {
      lines.push_back(name + ": here only, " + std::to_string(mailbox.messages.size()) + " messages");
    } else {
      compareMailbox(name, mailbox, other->second, lines);
    }
  }
  for (const auto& [name, mailbox] : there.mailboxes) {
    if (!here.mailboxes.contains(name)) {
      lines.push_back(name + ": there only, " + std::to_string(mailbox.messages.size()) + " messages");
    }
  }
  std::string text;
  for (std::size_t i = 0; i < lines.size() && i < kMostLines; ++i) text += lines[i] + "\n";
  if (lines.size() > kMostLines) text += "and " + std::to_string(lines.size() - kMostLines) + " more\n";
  return text;
}

}  // namespace interimap::bed
