#include "tests/bench/mail.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "tests/e2e/corpus.h"

namespace interimap::bench {
namespace {

constexpr std::size_t kBatchMessages = 128, kBatchOctets = 1 << 20;
constexpr std::uint64_t kSeed = 1;

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

// `count` of the UIDs beginning with number `from`, every second of them; comma-separated.
std::string everySecond(const std::vector<std::uint32_t>& uids, std::size_t from, std::size_t count) {
  std::string set;
  for (std::size_t i = 0; i < count; ++i) {
    set += (set.empty() ? "" : ",") + std::to_string(uids.at(from + 2 * i));
  }
  return set;
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

Script writeScript(const fs::path& path, std::size_t messages, std::size_t mailboxes) {
  std::ofstream out(path, std::ios::binary);
  bed::Corpus corpus(kSeed);
  Script script;
  std::vector<std::uint64_t> sizes;
  const std::vector<std::string> names = mailboxNames(mailboxes);
  for (std::size_t m = 0; m < names.size(); ++m) {
    const std::string quoted = bed::ImapClient::quoted(names[m]);
    if (names[m] != "INBOX") out << kTag << m << " CREATE " << quoted << "\r\n";
    std::size_t left = messages * (m + 1) / names.size() - messages * m / names.size();
    while (left > 0) {
      std::string batch;
      for (std::size_t n = 0; n < kBatchMessages && left > 0 && batch.size() < kBatchOctets; ++n, --left) {
        bed::Message message = corpus.message();
        withoutDeleted(message);
        batch += appended(message);
        sizes.push_back(message.text.size());
      }
      out << kTag << m << " APPEND " << quoted << batch << "\r\n";
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
      client.store(everySecond(uids, side, share), "+FLAGS.SILENT (\\Flagged \\Answered)");
      client.expunge(everySecond(uids, uids.size() / 2 + side, share));
      client.append(names[m], newMessages(corpus, share));
    }
  }
}

}  // namespace interimap::bench
