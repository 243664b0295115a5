// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/bench/mail.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "tests/e2e/corpus.h"

namespace interimap::bench {
namespace {

constexpr std::size_t kBatchMessages = 128, kBatchOctets = 1 << 20;
constexpr std::size_t kTinyBatchMessages =
    2048;  // with each batch Dovecot goes over the whole index of a mailbox
constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kTinyLines = 3;

// mbsync, told to expunge, expunges what is \Deleted instead of copying it.
void withoutDeleted(bed::Message& message) { std::erase(message.flags, "\\Deleted"); }

std::string appended(const bed::Message& message) {
  std::string text = " (";
  for (const std::string& flag : message.flags) text += (text.back() == '(' ? "" : " ") + flag;
  return text + ") \"" + message.internalDate + "\" {" + std::to_string(message.text.size()) + "+}\r\n" +
         message.text;
}

std::vector<bed::Message> newMessages(bed::Corpus& corpus, std::size_t count) {
  std::vector<bed::Message> messages(count);
  for (bed::Message& message : messages) {
    message = corpus.message();
    withoutDeleted(message);
  }
  return messages;
}

// `count` of the UIDs beginning with number `from`, every `step`th of them; comma-separated.
std::string every(std::size_t step, const std::vector<std::uint32_t>& uids, std::size_t from,
                  std::size_t count) {
  std::string set;
  for (std::size_t i = 0; i < count; ++i) {
    set += (set.empty() ? "" : ",") + std::to_string(uids.at(from + step * i));
  }
  return set;
}

bed::Message tinyMessage(bed::Corpus& corpus, std::size_t serial) {
  const std::string number = std::to_string(serial);
  bed::Message message{"From: bob@example.test\r\nSubject: tiny " + number + "\r\nMessage-ID: <" + number +
                           ".tiny@example.test>\r\n\r\n",
                       corpus.flags(), "02-Feb-2021 03:04:05 +0000"};
  for (std::size_t i = 0; i < kTinyLines; ++i)
    message.text += "a line of a small message, as there are so many\r\n";
  return message;
}

bed::Message messageOf(const Mail& mail, bed::Corpus& corpus, std::size_t serial) {
  bed::Message message = mail.tiny ? tinyMessage(corpus, serial) : corpus.message();
  withoutDeleted(message);
  if (!mail.flags) message.flags.clear();
  return message;
}

}  // namespace

std::vector<std::string> mailboxNames(std::size_t count) {
  std::vector<std::string> names{"INBOX"};
  while (names.size() < count) {
    std::size_t i = names.size();
    names.push_back("tree/" + std::to_string(i % 4) + "/" + std::to_string(i));
  }
  return names;
}

Script writeScript(const fs::path& path, const Mail& mail) {
  std::ofstream out(path, std::ios::binary);
  bed::Corpus corpus(kSeed);
  Script script;
  std::vector<std::uint64_t> sizes;
  const std::vector<std::string> names = mailboxNames(mail.mailboxes);
  for (std::size_t m = 0; m < names.size(); ++m) {
    const std::string quoted = bed::ImapClient::quoted(names[m]);
    if (names[m] != "INBOX") out << kTag << m << " CREATE " << quoted << "\r\n";
    std::size_t left = mail.messages * (m + 1) / names.size() - mail.messages * m / names.size();
    while (left > 0) {
      std::string batch;
      const std::size_t most = mail.tiny ? kTinyBatchMessages : kBatchMessages;
      for (std::size_t n = 0; n < most && left > 0 && batch.size() < kBatchOctets; ++n, --left) {
        bed::Message message = messageOf(mail, corpus, sizes.size() + 1);
        if (mail.sparse) batch += appended({"\r\n", {"\\Deleted"}, message.internalDate});
        batch += appended(message);
        sizes.push_back(message.text.size());
      }
      out << kTag << m << " APPEND " << quoted << batch << "\r\n";
    }
    if (mail.sparse) {
      out << kTag << m << " SELECT " << quoted << "\r\n";
      out << kTag << m << " CLOSE\r\n";  // expunges without telling
    }
  }
  out << kLastTag << " NOOP\r\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
  std::sort(sizes.begin(), sizes.end());
  script.messages = sizes.size();
  for (std::uint64_t size : sizes) script.octets += size;
  if (sizes.empty()) return script;
  script.median = sizes[sizes.size() / 2];
  script.largest = sizes.back();
  return script;
}

void Changes::make(bed::ImapClient& here, bed::ImapClient& there, std::size_t mailboxes) const {
  if (moves) {
    here.create("Archive");
    there.create("Archive");
    here.select("INBOX");
    here.command("UID MOVE 1:" + std::to_string(each) + " Archive");
    return;
  }
  const std::vector<std::string> names = mailboxNames(mailboxes);
  bed::Corpus corpus(kSeed + 1);
  for (std::size_t m = 0; m < names.size(); ++m) {
    std::size_t count = each * (m + 1) / names.size() - each * m / names.size();
    // UIDs are in the order of arrival, and the two sides have the same: here the even ones, there the odd.
    for (std::size_t side = 0; side < 2; ++side) {
      bed::ImapClient& client = side == 0 ? here : there;
      std::size_t share = (count + 1 - side) / 2;
      if (share == 0) continue;
      client.select(names[m]);
      std::vector<std::uint32_t> uids = client.uids();
      if (flagsOnly) {
        const std::size_t step = uids.size() / (2 * share) * 2;
        client.store(every(step, uids, side, share), "+FLAGS.SILENT (\\Flagged \\Answered)");
        continue;
      }
      client.store(every(2, uids, side, share), "+FLAGS.SILENT (\\Flagged \\Answered)");
      client.expunge(every(2, uids, uids.size() / 2 + side, share));
      client.append(names[m], newMessages(corpus, share));
    }
  }
}

}  // namespace interimap::bench
