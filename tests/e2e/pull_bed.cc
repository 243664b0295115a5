// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/pull_bed.h"

#include <algorithm>
#include <sstream>

namespace interimap::bed {

std::map<std::uint32_t, std::set<std::string>> flagsOf(ImapClient client, const std::string& mailbox) {
  std::map<std::uint32_t, std::set<std::string>> result;
  if (client.select(mailbox) == 0) return result;
  for (const std::string& response : client.command("UID FETCH 1:* (UID FLAGS)").responses) {
    std::vector<Value> values = parseValues(response);
    if (values.size() < 3 || values[1].text != "FETCH") continue;
    std::vector<std::string> flags = values[2].after("FLAGS").texts();
    std::erase(flags, "\\Recent");
    result[static_cast<std::uint32_t>(std::stoul(values[2].after("UID").text))] = {flags.begin(),
                                                                                   flags.end()};
  }
  return result;
}

std::string uidsWith(ImapClient client, const std::string& flag, const std::string& mailbox) {
  std::string result;
  for (const auto& [uid, flags] : flagsOf(std::move(client), mailbox)) {
    if (flags.contains(flag)) result += (result.empty() ? "" : " ") + std::to_string(uid);
  }
  return result;
}

std::string seenUids(ImapClient client, const std::string& mailbox) {
  return uidsWith(std::move(client), "\\Seen", mailbox);
}

std::string headerField(const std::string& text, const std::string& name) {
  std::size_t begin = ("\n" + text).find("\n" + name + ": ");
  if (begin == std::string::npos) return {};
  begin += name.size() + 2;
  return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
}

std::string subjects(const std::vector<SinkMessage>& messages) {
  std::string result;
  for (const SinkMessage& message : messages) {
    result += (result.empty() ? "" : " ") + headerField(message.text, "Subject");
  }
  return result;
}

std::map<std::string, unsigned> duplicates(const std::vector<SinkMessage>& messages) {
  std::map<std::string, unsigned> counts;
  for (const SinkMessage& message : messages) {
    for (const std::string& recipient : message.recipients) {
      ++counts[headerField(message.text, "Subject") + " <" + recipient + ">"];
    }
  }
  std::erase_if(counts, [](const auto& entry) { return entry.second < 2; });
  return counts;
}

std::map<std::uint32_t, unsigned> uidsOf(const std::string& log, std::string_view phrase) {
  std::map<std::uint32_t, unsigned> result;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = line.find("UID ");
    if (at == std::string::npos || line.find(phrase, at) == std::string::npos) continue;
    ++result[static_cast<std::uint32_t>(std::stoul(line.substr(at + 4)))];
  }
  return result;
}

std::vector<std::string> PullBed::complete(const Sink& sink, std::vector<std::string> options) {
  options.insert(options.begin(),
                 {"deliver-method = " + sink.method(), std::string("deliver-rcpt = ") + kRecipient});
  return options;
}

SinkOptions PullBed::located(SinkOptions options, const Directory& directory) {
  if (!options.socket.empty() && options.socket.is_relative())
    options.socket = directory / options.socket.string();
  return options;
}

PullBed::PullBed(SinkOptions sinkOptions, std::vector<std::string> options, DovecotOptions serverOptions)
    : server(directory / "server", std::move(serverOptions)),
      sink(located(std::move(sinkOptions), directory)),
      program(directory / "program", {{"work", cleartext(server.imap(), "alice")}},
              complete(sink, std::move(options))) {}

void PullBed::set(std::vector<std::string> options) { program.set(complete(sink, std::move(options))); }

}  // namespace interimap::bed
