// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/soak/traffic.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <poll.h>

#include "ipc/exit_status.h"

namespace interimap::soak {
namespace {

using bed::ImapClient;
using bed::Reply;

// About this much is kept, so that memory that grows is not explained by mail that grows.
constexpr std::size_t kMessages = 1500, kMailboxes = 24, kFewestMailboxes = 10;
constexpr int kAttempts = 60;
constexpr int kBetweenAttemptsMilliseconds = 250;

constexpr std::array<const char*, 8> kFlags = {"\\Seen",     "\\Answered", "\\Flagged", "\\Draft",
                                               "$Forwarded", "work",       "later",     "\\Deleted"};

// NO is an answer where the program may have expunged the message meanwhile; BAD never is.
Reply attempt(ImapClient& client, const std::string& command) {
  Reply reply = client.tryCommand(command);
  if (reply.completion == "BAD") throw std::runtime_error(command + ": BAD " + reply.text);
  return reply;
}

std::string nameOf(Side side) { return side == Side::local ? "local" : "remote"; }

}  // namespace

ImapClient& Account::client() {
  if (!client_) client_.emplace(server_.client(user_));
  return *client_;
}

void Account::setAvailable(bool available) {
  available_ = available;
  if (!available) client_.reset();
}

// Tried again where a session is lost: with NOTIFY, Dovecot damages its list of mailboxes when one is made or
// renamed ("name_id=N not in index header"; 2.3 and 2.4), and sessions die of that, those of others too.
bed::Snapshot Account::snapshot() const {
  for (int i = 1;; ++i) {
    try {
      return bed::Snapshot::of(server_.client(user_));
    } catch (const bed::ConnectionLost&) {
      if (i == kAttempts) throw;
    }
    poll(nullptr, 0, kBetweenAttemptsMilliseconds);
  }
}

std::string Account::name(const std::string& mailbox) const {
  std::string result = mailbox;
  std::replace(result.begin(), result.end(), '/', delimiter_);
  return ImapClient::quoted(result);
}

Side Traffic::anySide() {
  Side side = below(2) == 0 ? Side::local : Side::remote;
  if (account(side).available()) return side;
  return side == Side::local ? Side::remote : Side::local;
}

const std::string& Traffic::anyMailbox() { return mailboxes_[below(mailboxes_.size())]; }

// Some are below a name that is no mailbox itself.
std::string Traffic::newName() {
  std::string number = std::to_string(++names_);
  switch (below(3)) {
    case 0: return "tree/box " + number;
    case 1: return "tree/Entw&APw-rfe/" + number;
    default: return "box" + number;
  }
}

void Traffic::populate() {
  mailboxes_.push_back("INBOX");
  for (Side side : {Side::local, Side::remote}) {
    for (int i = 0; i < 5; ++i) create(side);
    for (int i = 0; i < 40; ++i) append(side);
  }
}

void Traffic::step() {
  atRisk_.clear();
  try {
    change();
  } catch (const bed::ConnectionLost& lost) {
    for (Serial message : atRisk_) ledger_.uncertain(message);
    for (Account* account : accounts_) account->hangUp();
    count("lost", lost.what());
  }
}

void Traffic::change() {
  Side side = anySide();
  bool tooMany = ledger_.living() > kMessages;
  std::uint64_t choice = below(1000);
  if (choice < (tooMany ? 150u : 330u)) return append(side);
  if (choice < 640) return flags(side);
  if (choice < 870) return expunge(side);
  if (choice < 940) return move(side);
  if (choice < 965) return subscribe(side);
  if (choice < 990) return create(side);
  if (choice < 995) return renameBesideTheWatcher();
  return deleteBesideTheWatcher();
}

std::string Traffic::counts() const {
  std::string text;
  for (const auto& [what, number] : counts_) {
    text += (text.empty() ? "" : ", ") + what + " " + std::to_string(number);
  }
  return text;
}

// What another side made may not be here yet.
bool Traffic::select(Side side, const std::string& mailbox) {
  return attempt(account(side).client(), "SELECT " + account(side).name(mailbox)).ok();
}

std::optional<Traffic::Found> Traffic::anyMessage(Side side) {
  ImapClient& client = account(side).client();
  std::vector<std::uint32_t> uids = client.uids();
  if (uids.empty()) return std::nullopt;
  std::uint32_t uid = uids[below(uids.size())];
  Reply reply = attempt(client, "UID FETCH " + std::to_string(uid) + " (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  for (const std::string& response : reply.responses) {
    std::size_t subject = response.find("Subject: ");
    if (subject == std::string::npos) continue;
    if (auto serial = serialOf(response.substr(subject, response.find("\r\n", subject) - subject))) {
      atRisk_ = {*serial};
      return Found{uid, *serial};
    }
  }
  return std::nullopt;
}

bool Traffic::isThere(Side side, std::uint32_t uid) {
  Reply reply = account(side).client().command("UID SEARCH UID " + std::to_string(uid));
  return std::find(reply.responses.begin(), reply.responses.end(), "SEARCH " + std::to_string(uid)) !=
         reply.responses.end();
}

void Traffic::count(const char* what, const std::string& details) {
  ++counts_[what];
  ++changes_;
  trace_(std::string(what) + " " + details);
}

void Traffic::append(Side side) {
  const std::string& mailbox = anyMailbox();
  if (!select(side, mailbox)) return;
  ImapClient& client = account(side).client();
  client.command("UNSELECT");
  std::vector<bed::Message> messages = corpus_.smallMessages(1 + below(3));
  if (below(50) == 0) messages.push_back(corpus_.message());
  std::string serials;
  for (const bed::Message& message : messages) {
    std::size_t subject = message.text.find("Subject: ");
    std::string line = message.text.substr(subject, message.text.find("\r\n", subject) - subject);
    Serial serial = serialOf(line).value();
    ledger_.appended(serial, side, mailbox);
    atRisk_.push_back(serial);
    serials += " " + std::to_string(serial);
  }
  std::string name = account(side).name(mailbox);
  client.append(name.substr(1, name.size() - 2), messages);
  count("append", nameOf(side) + " " + mailbox + serials);
}

void Traffic::flags(Side side) {
  const std::string& mailbox = anyMailbox();
  if (!select(side, mailbox)) return;
  ImapClient& client = account(side).client();
  if (auto message = anyMessage(side)) {
    const char* how = std::array{"+FLAGS", "-FLAGS", "FLAGS"}[below(3)];
    std::string list = kFlags[below(kFlags.size())];
    if (below(2) == 0) list += std::string(" ") + kFlags[below(kFlags.size())];
    attempt(client, "UID STORE " + std::to_string(message->uid) + " " + how + " (" + list + ")");
    count("flags", nameOf(side) + " " + mailbox + message->text() + " " + how + " " + list);
  }
  client.command("UNSELECT");
}

// The program may take \Deleted away again in between, if the other side had done so; then the message stays.
void Traffic::expunge(Side side) {
  const std::string& mailbox = anyMailbox();
  if (!select(side, mailbox)) return;
  ImapClient& client = account(side).client();
  if (auto message = anyMessage(side)) {
    const std::string uid = std::to_string(message->uid);
    attempt(client, "UID STORE " + uid + " +FLAGS.SILENT (\\Deleted)");
    attempt(client, "UID EXPUNGE " + uid);
    const bool gone = !isThere(side, message->uid);
    if (gone) ledger_.expunged(message->serial, side);
    count(gone ? "expunge" : "undelete", nameOf(side) + " " + mailbox + message->text());
  }
  client.command("UNSELECT");
}

void Traffic::move(Side side) {
  const std::string from = anyMailbox(), to = anyMailbox();
  if (from == to || !select(side, to) || !select(side, from)) return;
  ImapClient& client = account(side).client();
  auto message = anyMessage(side);
  if (message && ledger_.owns(side, message->serial)) {
    Reply reply = attempt(client, "UID MOVE " + std::to_string(message->uid) + " " + account(side).name(to));
    if (reply.ok()) ledger_.moved(message->serial, to);
    count("move", nameOf(side) + " " + from + message->text() + " to " + to + ": " + reply.completion);
  }
  client.command("UNSELECT");
}

void Traffic::create(Side side) {
  if (mailboxes_.size() >= kMailboxes) return;
  std::string mailbox = newName();
  ImapClient& client = account(side).client();
  client.command("CREATE " + account(side).name(mailbox));
  if (below(2) == 0) client.command("SUBSCRIBE " + account(side).name(mailbox));
  mailboxes_.push_back(mailbox);
  count("create", nameOf(side) + " " + mailbox);
}

void Traffic::subscribe(Side side) {
  const std::string& mailbox = anyMailbox();
  if (!select(side, mailbox)) return;
  ImapClient& client = account(side).client();
  client.command("UNSELECT");
  const std::string command = below(2) == 0 ? "SUBSCRIBE" : "UNSUBSCRIBE";
  client.command(command + " " + account(side).name(mailbox));
  count("subscribe", nameOf(side) + " " + mailbox + " " + command);
}

bool Traffic::isOnBothSides(const std::string& mailbox) {
  for (Side side : {Side::local, Side::remote}) {
    if (!account(side).available() || !select(side, mailbox)) return false;
    account(side).client().command("UNSELECT");
  }
  return true;
}

// The watcher holds the lock while it is at work; a session that is lost is tried again, as its user would.
void Traffic::ask(std::vector<std::string> arguments) {
  bed::Run run;
  for (int i = 0; i < kAttempts; ++i) {
    run = program_.run(arguments);
    if (run.exitStatus == 0) return;
    if (run.exitStatus != static_cast<int>(ExitStatus::tryAgain) &&
        run.exitStatus != static_cast<int>(ExitStatus::unavailable)) {
      break;
    }
    poll(nullptr, 0, kBetweenAttemptsMilliseconds);
  }
  std::string all;
  for (const std::string& argument : arguments) all += " " + argument;
  throw std::runtime_error("interimap" + all + ": exit status " + std::to_string(run.exitStatus) + "\n" +
                           run.log());
}

void Traffic::renameBesideTheWatcher() {
  std::size_t which = 1 + below(mailboxes_.size() - 1);  // INBOX stays
  const std::string mailbox = mailboxes_[which];
  if (!isOnBothSides(mailbox)) return;
  std::string newer = newName();
  ask({"--rename", mailbox, newer});
  ledger_.renamed(mailbox, newer);
  mailboxes_[which] = newer;
  count("rename", mailbox + " to " + newer);
}

void Traffic::deleteBesideTheWatcher() {
  if (mailboxes_.size() < kFewestMailboxes) return;
  std::size_t which = 1 + below(mailboxes_.size() - 1);
  const std::string mailbox = mailboxes_[which];
  if (!isOnBothSides(mailbox)) return;
  ask({"--delete", mailbox});
  ledger_.deleted(mailbox);
  mailboxes_.erase(mailboxes_.begin() + static_cast<std::ptrdiff_t>(which));
  count("delete", mailbox);
}

}  // namespace interimap::soak
