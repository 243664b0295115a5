// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/lesser_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tests/e2e/dovecot_configuration.h"
#include "tests/e2e/imap_client.h"
#include "tests/e2e/port.h"

namespace interimap::bed {
namespace {

constexpr auto kAnyCase = std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
constexpr std::size_t kMostInLiteralMinus = 4096;

// What a command holds only where the capability is shown; strings are emptied before.
const struct {
  const char* capability;
  std::regex pattern;
} kNeeds[] = {
    {"QRESYNC", std::regex("\\bQRESYNC\\b|VANISHED", kAnyCase)},
    {"CONDSTORE", std::regex("CONDSTORE|MODSEQ|CHANGEDSINCE", kAnyCase)},
    {"UIDPLUS", std::regex("^UID EXPUNGE", kAnyCase)},
    {"MOVE", std::regex("^(UID )?MOVE", kAnyCase)},
    {"LIST-STATUS", std::regex("^LIST.*RETURN.*STATUS", kAnyCase)},
    {"LIST-EXTENDED", std::regex("^LIST (\\(|.*RETURN|\"\" \\()", kAnyCase)},
    {"ESEARCH", std::regex("^(UID )?SEARCH RETURN", kAnyCase)},
    {"ENABLE", std::regex("^ENABLE", kAnyCase)},
    {"IDLE", std::regex("^IDLE", kAnyCase)},
    {"UNSELECT", std::regex("^UNSELECT", kAnyCase)},
    {"NAMESPACE", std::regex("^NAMESPACE", kAnyCase)},
    {"ID", std::regex("^ID ", kAnyCase)},
    {"NOTIFY", std::regex("^NOTIFY", kAnyCase)},
    {"SASL-IR", std::regex("^AUTHENTICATE \\S+ \\S", kAnyCase)},
    {"STATUS=SIZE", std::regex("^STATUS.*\\bSIZE", kAnyCase)},
    {"UTF8=ACCEPT", std::regex("UTF8", kAnyCase)},
    {"PARTIAL", std::regex("PARTIAL", kAnyCase)},
    {"UIDONLY", std::regex("UIDONLY", kAnyCase)},
    {"OBJECTID", std::regex("EMAILID|THREADID|MAILBOXID", kAnyCase)},
    {"REPLACE", std::regex("^(UID )?REPLACE", kAnyCase)},
    {"SPECIAL-USE", std::regex("RETURN.*SPECIAL-USE", kAnyCase)},
    {"METADATA", std::regex("METADATA", kAnyCase)},
    {"a word for it", std::regex("X-GUID|SAVEDATE|PREVIEW|^COMPRESS", kAnyCase)},
};

// RFC 9051 appendix E.
const char* const kImpliedByRev2[] = {"NAMESPACE", "UNSELECT",      "UIDPLUS",     "ESEARCH", "ENABLE",
                                      "IDLE",      "SASL-IR",       "LIST-STATUS", "MOVE",    "LITERAL-",
                                      "SEARCHRES", "LIST-EXTENDED", "STATUS=SIZE", "BINARY",  "SPECIAL-USE"};

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

void remove(std::string& list, const std::string& word) {
  std::string rest;
  for (const std::string& each : words(list)) {
    if (each != word) rest += (rest.empty() ? "" : " ") + each;
  }
  list = rest;
}

void sendAll(int to, std::string_view octets) {
  while (!octets.empty()) {
    ssize_t n = send(to, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) return;  // its end is seen when it is read
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
}

struct Literal {
  std::size_t octets;
  bool waits;         // for "+": {n}
  std::size_t begin;  // of "{"
};

std::optional<Literal> literalAtEnd(std::string_view line) {
  static const std::regex kLiteral("\\{(\\d+)(\\+?)\\}\r?\n$");
  const std::string tail(line.substr(line.size() - std::min<std::size_t>(line.size(), 40)));
  std::smatch match;
  if (!std::regex_search(tail, match, kLiteral)) return {};
  return Literal{std::stoul(match[1]), match[2].length() == 0,
                 line.size() - tail.size() + static_cast<std::size_t>(match.position(0))};
}

// A whole response at the beginning of what was read, its literals included.
std::optional<std::string> takeResponse(std::string& from) {
  std::size_t end = 0;
  for (;;) {
    const std::size_t line = from.find('\n', end);
    if (line == std::string::npos) return {};
    const auto literal = literalAtEnd(std::string_view(from).substr(end, line + 1 - end));
    end = line + 1;
    if (!literal) break;
    end += literal->octets;
    if (end > from.size()) return {};
  }
  std::string response = from.substr(0, end);
  from.erase(0, end);
  return response;
}

std::string replaced(const std::string& text, const char* pattern, const std::string& by) {
  return std::regex_replace(text, std::regex(pattern, kAnyCase), by);
}

std::uint32_t highestUid(const std::string& set) {
  static const std::regex kNumber("\\d+");
  std::uint32_t highest = 0;
  for (std::sregex_iterator i(set.begin(), set.end(), kNumber), end; i != end; ++i) {
    highest = std::max(highest, static_cast<std::uint32_t>(std::stoul(i->str())));
  }
  return highest;
}

}  // namespace

LesserOptions& LesserOptions::hide(const std::string& capability) {
  remove(before, capability);
  remove(after, capability);
  return *this;
}

LesserOptions& LesserOptions::show(const std::string& capability) {
  after += " " + capability;
  return *this;
}

LesserOptions LesserOptions::full() {
  LesserOptions options;
  options.before = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ID ENABLE";
  options.after =
      "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE MULTIAPPEND UNSELECT CHILDREN NAMESPACE UIDPLUS "
      "LIST-EXTENDED "
      "CONDSTORE QRESYNC ESEARCH SEARCHRES LIST-STATUS MOVE STATUS=SIZE SPECIAL-USE NOTIFY";
  options.throttled = "{tag} NO [LIMIT] Too many commands";
  return options;
}

LesserOptions LesserOptions::gmail(const std::string& user) {
  LesserOptions options;
  options.before =
      "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 "
      "AUTH=OAUTHBEARER";
  options.after =
      "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE "
      "MOVE "
      "CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584";
  options.throttled = "{tag} NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)";
  options.labelsOf = user;
  return options;
}

LesserOptions LesserOptions::exchange() {
  LesserOptions options;
  options.before =
      "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE "
      "LITERAL+";
  options.after =
      "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES "
      "CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+";
  options.throttled = "{tag} BAD Request is throttled. Suggested Backoff Time: 3000 milliseconds";
  options.permanentFlags = "\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent";
  return options;
}

LesserOptions LesserOptions::icloud() {
  LesserOptions options;
  options.before = "IMAP4 IMAP4rev1 SASL-IR AUTH=ATOKEN AUTH=PLAIN";
  options.after =
      "IMAP4 IMAP4rev1 CONDSTORE ENABLE QRESYNC QUOTA NAMESPACE UIDPLUS CHILDREN BINARY UNSELECT SORT "
      "CATENATE "
      "URLAUTH LANGUAGE ESEARCH WITHIN SASL-IR SEARCHRES METADATA ID IDLE LIST-STATUS";
  options.throttled = "{tag} NO [UNAVAILABLE] Service temporarily unavailable";
  options.saysEnabled = false;
  options.masksOnce = true;
  return options;
}

LesserOptions LesserOptions::yahoo() {
  LesserOptions options;
  options.before =
      "IMAP4rev1 AUTH=PLAIN AUTH=OAUTHBEARER SASL-IR NAMESPACE ENABLE OBJECTID CONDSTORE QRESYNC UIDONLY "
      "PARTIAL "
      "MESSAGELIMIT=1000";
  options.after =
      "IMAP4rev1 SASL-IR ID MOVE NAMESPACE UIDPLUS LITERAL+ CHILDREN ENABLE CONDSTORE UNSELECT IDLE "
      "MESSAGELIMIT=1000";
  options.throttled = "{tag} NO [UNAVAILABLE] UID FETCH Server error - Please try again later";
  return options;
}

LesserOptions LesserOptions::bare() {
  LesserOptions options;
  options.before = options.after = "IMAP4rev1";
  options.throttled = "* BYE Too many commands";
  options.permanentFlags = "\\Seen \\Answered \\Flagged \\Deleted \\Draft";
  return options;
}

LesserOptions LesserOptions::rev2() {
  LesserOptions options;
  options.before = "IMAP4rev2 AUTH=PLAIN";
  options.after = "IMAP4rev2";
  options.throttled = "{tag} NO [LIMIT] Too many commands";
  return options;
}

class LesserServer::Session {
 public:
  Session(LesserServer& server, int client, int upstream);
  void serve();

 private:
  struct Command {
    std::string tag, text;              // the text with literals as {n}
    std::string octets;                 // as they go to the server
    std::vector<std::string> literals;  // what they held
    std::string name() const;           // "UID FETCH"
    bool is(const char* pattern) const { return std::regex_search(text, std::regex(pattern, kAnyCase)); }
  };

  bool fill();  // waits for either end; false: one is gone
  void tell(const std::string& octets) { sendAll(client_, octets); }
  bool has(const std::string& capability) const { return shown_.count(capability) > 0; }

  bool takeCommand();  // false: command_ is not whole yet
  bool takeLiteral(const Literal& literal);
  bool execute(const Command& command);
  std::string refusal(const Command& command) const;
  bool throttle(const Command& command);
  bool closes();
  void respond(std::string response, const Command* to);
  void finish(std::string response, const Command& command);
  std::string rewritten(std::string response);
  std::string limited(const Command& command, std::string response);
  std::string capabilities();
  std::string appended(const Command& command) const;
  void labels(const Command& command, const std::string& response);

  LesserServer& server_;
  LesserOptions options_;
  int client_, upstream_;
  std::set<std::string> shown_;
  std::string fromClient_, fromServer_;
  Command command_;              // what there is of it
  std::size_t literalLeft_ = 0;  // octets of a literal that are due
  bool inLiteral_ = false, ended_ = false, logged_ = false;
  unsigned masked_ = 0;
  std::vector<std::string> held_;  // responses that MESSAGELIMIT may cut
};

LesserServer::Session::Session(LesserServer& server, int client, int upstream)
    : server_(server), client_(client), upstream_(upstream) {
  {
    std::lock_guard lock(server_.mutex_);
    options_ = server_.options_;
  }
  masked_ = options_.masksOnce ? 5 : 0;
  for (const std::string& word : words(options_.after)) shown_.insert(word);
  // Of what is shown before login only how one logs in works without being shown after it.
  if (options_.before.find("SASL-IR") != std::string::npos) shown_.insert("SASL-IR");
  if (has("IMAP4rev2")) shown_.insert(std::begin(kImpliedByRev2), std::end(kImpliedByRev2));
}

std::string LesserServer::Session::Command::name() const {
  std::vector<std::string> all = words(text);
  for (std::string& word : all) {
    for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (all.empty()) return {};
  return all[0] == "UID" && all.size() > 1 ? "UID " + all[1] : all[0];
}

bool LesserServer::Session::fill() {
  pollfd fds[] = {{client_, POLLIN, 0}, {upstream_, POLLIN, 0}};
  if (poll(fds, 2, -1) < 0) return false;
  for (auto& [fd, to] : {std::pair<pollfd&, std::string&>(fds[0], fromClient_), {fds[1], fromServer_}}) {
    if (fd.revents == 0) continue;
    char octets[65536];
    const ssize_t n = recv(fd.fd, octets, sizeof octets, 0);
    if (n <= 0) return false;
    to.append(octets, static_cast<std::size_t>(n));
  }
  return true;
}

// A literal that is announced; false: the command, or the connection, ends here.
bool LesserServer::Session::takeLiteral(const Literal& literal) {
  const bool minus = has("LITERAL-"), plus = has("LITERAL+");
  if (!literal.waits && !plus && !(minus && literal.octets <= kMostInLiteralMinus)) {
    tell("* BYE [TOOBIG] non-synchronizing literal\r\n");
    ended_ = true;
    return false;
  }
  for (const std::string& word : shown_) {
    if (word.rfind("APPENDLIMIT=", 0) != 0 || literal.octets <= std::stoul(word.substr(12))) continue;
    tell(command_.tag + " NO [TOOBIG] Message too large\r\n");
    ended_ = !literal.waits;
    command_ = {};
    return false;
  }
  if (literal.waits) tell("+ go ahead\r\n");
  inLiteral_ = true;
  literalLeft_ = literal.octets;
  return true;
}

bool LesserServer::Session::takeCommand() {
  for (;;) {
    if (inLiteral_) {
      if (fromClient_.size() < literalLeft_) return false;
      command_.literals.push_back(fromClient_.substr(0, literalLeft_));
      command_.octets += command_.literals.back();
      fromClient_.erase(0, literalLeft_);
      inLiteral_ = false;
    }
    const std::size_t end = fromClient_.find('\n');
    if (end == std::string::npos) return false;
    std::string line = fromClient_.substr(0, end + 1);
    fromClient_.erase(0, end + 1);
    const auto literal = literalAtEnd(line);
    if (command_.tag.empty()) command_.tag = line.substr(0, line.find_first_of(" \r\n"));
    const std::size_t skipped = command_.octets.empty() ? command_.tag.size() + 1 : 0;
    if (literal) {
      command_.text +=
          line.substr(skipped, literal->begin - skipped) + "{" + std::to_string(literal->octets) + "}";
      command_.octets += line.substr(0, literal->begin) + "{" + std::to_string(literal->octets) + "+}\r\n";
      if (!takeLiteral(*literal)) return false;
      continue;
    }
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (line.size() > skipped) command_.text += line.substr(skipped);
    command_.octets += line + "\r\n";
    return true;
  }
}

std::string LesserServer::Session::refusal(const Command& command) const {
  const std::string plain = std::regex_replace(command.text, std::regex("\"[^\"]*\""), "\"\"");
  for (const auto& [capability, pattern] : kNeeds) {
    if (!has(capability) && std::regex_search(plain, pattern)) {
      return std::string("BAD [CLIENTBUG] Unknown command or argument: this server has not ") + capability;
    }
  }
  if (command.name() == "APPEND" && command.literals.size() > 1 && !has("MULTIAPPEND")) {
    return "BAD Unexpected data after message: this server has not MULTIAPPEND";
  }
  if (options_.permanentFlags.empty() || command.name() != "UID STORE") return {};
  std::smatch flags;
  if (!std::regex_search(command.text, flags, std::regex("FLAGS\\S* \\(?([^()]*)", kAnyCase))) return {};
  const std::string kept = " " + options_.permanentFlags + " ";
  for (const std::string& flag : words(flags[1])) {
    if (kept.find(" " + flag + " ") == std::string::npos) return "NO Keyword not supported";
  }
  return {};
}

bool LesserServer::Session::throttle(const Command& command) {
  std::lock_guard lock(server_.mutex_);
  const std::size_t from = options_.throttleFrom, now = server_.sinceLogin_ += logged_;
  if (!logged_ || from == 0 || now < from || now >= from + options_.throttleFor ||
      command.is("^(LOGOUT|CAPABILITY)")) {
    return false;
  }
  tell(std::regex_replace(options_.throttled, std::regex("\\{tag\\}"), command.tag) + "\r\n");
  ended_ = options_.throttled.rfind("* BYE", 0) == 0;
  return true;
}

bool LesserServer::Session::closes() {
  std::lock_guard lock(server_.mutex_);
  return options_.closesAt > 0 && logged_ && ++server_.untilClosed_ % options_.closesAt == 0;
}

std::string LesserServer::Session::capabilities() {
  std::string all = logged_ ? options_.after : options_.before;
  if (masked_ == 0) return all;
  --masked_;
  return "XAPPLEPUSHSERVICE " + all;
}

std::string LesserServer::Session::rewritten(std::string r) {
  const std::string firstLine = r.substr(0, r.find('\n') + 1);
  if (firstLine.rfind("* CAPABILITY", 0) == 0) return "* CAPABILITY " + capabilities() + "\r\n";
  if (firstLine.find("[CAPABILITY ") != std::string::npos) {
    r = replaced(r, "\\[CAPABILITY [^\\]]*\\]", "[CAPABILITY " + capabilities() + "]");
  }
  if (firstLine.rfind("* ", 0) == 0 && firstLine.find(" FETCH ") != std::string::npos) return r;
  if (!has("CONDSTORE")) r = replaced(r, "\\[HIGHESTMODSEQ \\d+\\] ?", "");
  if (!has("UIDPLUS") || !options_.namesUids) r = replaced(r, "\\[(APPENDUID|COPYUID) [^\\]]*\\] ?", "");
  if (!options_.permanentFlags.empty()) {
    r = replaced(r, "PERMANENTFLAGS \\([^)]*\\)", "PERMANENTFLAGS (" + options_.permanentFlags + ")");
  }
  if (!options_.namesUidNext && firstLine.rfind("* OK [UIDNEXT", 0) == 0) return {};
  if (!options_.saysEnabled && firstLine.rfind("* ENABLED", 0) == 0) return {};
  std::smatch match;
  if (options_.vanishesAll &&
      std::regex_match(r, match, std::regex("\\* VANISHED \\(EARLIER\\) ([\\d:,]+)\r\n"))) {
    options_.vanishesAll = false;
    return "* VANISHED (EARLIER) 1:" + std::to_string(highestUid(match[1])) + "\r\n";
  }
  return r;
}

// RFC 9738: the highest first, and the lowest UID that was processed in the tagged response.
std::string LesserServer::Session::limited(const Command& command, std::string response) {
  std::vector<std::string> held = std::move(held_);
  held_.clear();
  std::string last;
  if (command.name() == "UID SEARCH") {
    for (const std::string& each : held) {
      std::vector<std::string> uids = words(each);
      uids.erase(uids.begin(),
                 uids.begin() + std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(uids.size())));
      const std::size_t first = uids.size() > options_.limit ? uids.size() - options_.limit : 0;
      std::string cut = "* SEARCH";
      for (std::size_t i = first; i < uids.size(); ++i) cut += " " + uids[i];
      if (first > 0) last = uids[first];
      tell(cut + "\r\n");
    }
  } else {
    const std::size_t first = held.size() > options_.limit ? held.size() - options_.limit : 0;
    for (std::size_t i = first; i < held.size(); ++i) tell(held[i]);
    std::smatch uid;
    if (first > 0 && std::regex_search(held[first], uid, std::regex("UID (\\d+)"))) last = uid[1];
  }
  if (last.empty()) return response;
  const std::size_t at = response.find(" OK ");
  if (at == std::string::npos) return response;
  return response.insert(at + 4, "[MESSAGELIMIT " + std::to_string(options_.limit) + " " + last + "] ");
}

void LesserServer::Session::respond(std::string response, const Command* to) {
  response = rewritten(std::move(response));
  const bool cut = options_.limit > 0 && to != nullptr && to->is("^UID (FETCH|SEARCH)");
  if (cut && std::regex_search(response.substr(0, 40), std::regex("^\\* (\\d+ FETCH|SEARCH)"))) {
    return held_.push_back(std::move(response));
  }
  tell(response);
}

// One message, many labels: what is appended is in All Mail, too, and only once in a mailbox.
void LesserServer::Session::labels(const Command& command, const std::string& response) {
  static const std::string kAll = "[Gmail]/All Mail";
  std::smatch uid, mailbox;
  if (options_.labelsOf.empty() || command.name() != "APPEND" || command.literals.empty() ||
      !std::regex_search(response, uid, std::regex("\\[APPENDUID \\d+ (\\d+)\\]")) ||
      !std::regex_search(command.text, mailbox, std::regex("^APPEND (?:\"([^\"]*)\"|(\\S+))", kAnyCase))) {
    return;
  }
  const std::string name = mailbox[1].length() > 0 ? mailbox[1] : mailbox[2];
  std::lock_guard lock(server_.mutex_);
  std::set<std::string>& all = server_.labels_[command.literals.back()];
  ImapClient client(server_.upstream_, options_.labelsOf, kPassword);
  if (all.count(name) > 0) {
    client.select(name);
    client.expunge(uid[1].str());
  } else if (all.empty() && name != kAll && name.find("[Gmail]/Trash") == std::string::npos) {
    client.tryCommand("CREATE " + ImapClient::quoted(kAll));
    client.select(name);
    client.command("UID COPY " + uid[1].str() + " " + ImapClient::quoted(kAll));
  }
  all.insert(name);
}

void LesserServer::Session::finish(std::string response, const Command& command) {
  if (command.is("^(LOGIN|AUTHENTICATE)") && response.find(" OK") == command.tag.size()) logged_ = true;
  labels(command, response);
  response = rewritten(std::move(response));
  if (!held_.empty()) response = limited(command, std::move(response));
  tell(response);
}

// As this server stores it.
std::string LesserServer::Session::appended(const Command& command) const {
  std::string octets = command.octets;
  if (!options_.keepsArguments)
    octets = std::regex_replace(octets, std::regex("^(\\S+ APPEND (\"[^\"]*\"|\\S+)) [^{]*", kAnyCase), "$1 ",
                                std::regex_constants::format_first_only);
  if (options_.alters && command.literals.size() == 1) {
    const std::string message = "X-Altered: yes\r\n" + command.literals.front();
    octets = octets.substr(0, octets.find('{')) + "{" + std::to_string(message.size()) + "+}\r\n" + message +
             "\r\n";
  }
  return octets;
}

// False: a connection has ended.
bool LesserServer::Session::execute(const Command& command) {
  {
    std::lock_guard lock(server_.mutex_);
    server_.commands_.push_back(command.text);
  }
  const bool early = !options_.pipelines && !fromClient_.empty() && !command.is("^LOGOUT");
  std::string refused = refusal(command);
  if (refused.empty() && throttle(command)) return !ended_;
  if (!refused.empty()) return tell(command.tag + " " + refused + "\r\n"), true;
  const bool closes = this->closes();
  if (closes && !options_.closesAfter) return false;
  if (options_.meanwhile && command.text == options_.meanwhileAt && server_.isFirst()) options_.meanwhile();
  std::string octets = command.name() == "APPEND" ? appended(command) : command.octets;
  if (has("IMAP4rev2") && !has("IMAP4rev1")) {  // answers ESEARCH to each SEARCH
    octets =
        std::regex_replace(octets, std::regex("^(\\S+ UID SEARCH )(?!RETURN)", kAnyCase), "$1RETURN (ALL) ");
  }
  sendAll(upstream_, octets);
  const bool talks = command.is("^(AUTHENTICATE|IDLE)");
  for (std::size_t lines = 0;;) {  // of the client, that are due
    while (auto response = takeResponse(fromServer_)) {
      if (response->rfind(command.tag + " ", 0) == 0) {
        if (closes) return false;
        finish(std::move(*response), command);
        if (!early) return true;
        const std::size_t tag = fromClient_.find(' ');  // of what came too early
        const std::size_t end = fromClient_.find('\n');
        if (tag < end && end != std::string::npos) {
          tell(fromClient_.substr(0, tag) + " BAD one command at a time\r\n");
          fromClient_.erase(0, end + 1);
        }
        return true;
      }
      if (response->front() == '+') ++lines;
      respond(std::move(*response), &command);
    }
    const std::size_t end = fromClient_.find('\n');
    if (talks && lines > 0 && end != std::string::npos) {
      sendAll(upstream_, fromClient_.substr(0, end + 1));
      fromClient_.erase(0, end + 1);
      --lines;
      continue;
    }
    if (!fill()) return false;
  }
}

void LesserServer::Session::serve() {
  while (!ended_) {
    while (auto response = takeResponse(fromServer_)) respond(std::move(*response), nullptr);
    if (takeCommand()) {
      const Command command = std::move(command_);
      command_ = {};
      if (!execute(command)) return;
    } else if (!ended_ && !fill()) {
      return;
    }
  }
}

LesserServer::LesserServer(std::uint16_t upstream, LesserOptions options)
    : upstream_(upstream), options_(std::move(options)) {
  listener_ = listenOnLoopback(port_);
  acceptor_ = std::thread([this] { serve(); });
}

LesserServer::~LesserServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (int s : sockets_) shutdown(s, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (int s : sockets_) close(s);
  close(listener_);
}

std::vector<std::string> LesserServer::commands() const {
  std::lock_guard lock(mutex_);
  return commands_;
}

bool LesserServer::isFirst() {
  std::lock_guard lock(mutex_);
  return !std::exchange(meanwhile_, true);
}

void LesserServer::change(LesserOptions options) {
  std::lock_guard lock(mutex_);
  options_ = std::move(options);
}

void LesserServer::serve() {
  while (!stopping_) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(upstream_);
    int on = 1;
    for (int s : {client, upstream}) setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const bool up = connect(upstream, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    std::lock_guard lock(mutex_);
    for (int s : {client, upstream}) sockets_.push_back(s);
    if (!up) {
      shutdown(client, SHUT_RDWR);
      continue;
    }
    threads_.emplace_back([this, client, upstream] {
      Session(*this, client, upstream).serve();
      for (int s : {client, upstream}) shutdown(s, SHUT_RDWR);
    });
  }
}

}  // namespace interimap::bed
