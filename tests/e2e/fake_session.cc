// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/fake_session.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <set>

namespace interimap::bed {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string base64(const std::string& octets) {
  std::string text((octets.size() + 2) / 3 * 4 + 1, '\0');
  int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(octets.data()), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(n));
  return text;
}

// What is not ASCII goes as a literal.
std::string spelled(const std::string& name) {
  bool ascii = std::ranges::all_of(name, [](unsigned char c) { return c < 128; });
  return ascii ? ImapClient::quoted(name) : "{" + std::to_string(name.size()) + "}\r\n" + name;
}

// LIST patterns: "*" is anything, "%" anything but the delimiter.
bool matches(std::string_view name, std::string_view pattern, char delimiter) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() != '*' && pattern.front() != '%') {
    return !name.empty() && name.front() == pattern.front() &&
           matches(name.substr(1), pattern.substr(1), delimiter);
  }
  for (std::size_t i = 0;; ++i) {
    if (matches(name.substr(i), pattern.substr(1), delimiter)) return true;
    if (i == name.size() || (pattern.front() == '%' && name[i] == delimiter)) return false;
  }
}

}  // namespace

void FakeServer::Session::more() {
  if (!wire_.read(buffer_)) throw Closed();
}

std::string FakeServer::Session::line() {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) more();
  std::string result = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return result;
}

std::string FakeServer::Session::octets(std::size_t count) {
  while (buffer_.size() < count) more();
  std::string result = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return result;
}

void FakeServer::Session::send(std::string_view data) {
  if (!wire_.write(data)) throw Closed();
}

void FakeServer::Session::done(const std::string& completion) {
  const std::string& confused = server_.options_.beforeSelect;
  if (!confused.empty() && buffer_.find(" SELECT ") != std::string::npos) send(confused);
  response(tag_ + " " + completion + "\r\n");
}

void FakeServer::Session::response(const std::string& line) {
  const auto& rewrite = server_.options_.rewrite;
  const std::string octets = rewrite ? rewrite(line) : line;
  if (octets.empty()) throw Closed();
  if (retelling_)
    said_.push_back(octets);
  else
    send(octets);
}

void FakeServer::Session::answer() {
  const FakeOptions& options = server_.options_;
  static const std::set<std::string> kNamesMailbox{"SELECT", "EXAMINE", "STATUS",    "APPEND",     "CREATE",
                                                   "DELETE", "RENAME",  "SUBSCRIBE", "UNSUBSCRIBE"};
  command_.mailbox = kNamesMailbox.contains(verb_) ? text(0) : selected_.value_or("");
  static const std::set<std::string> kSpeaksItself{"AUTHENTICATE", "STARTTLS", "COMPRESS", "IDLE"};
  retelling_ = options.retells && !kSpeaksItself.contains(verb_);
  if (options.shirks && options.shirks(command_))
    done("OK done");
  else
    execute();
  if (!std::exchange(retelling_, false)) return;
  options.retells(command_, said_);
  if (said_.empty()) throw Closed();
  for (const std::string& octets : std::exchange(said_, {})) send(octets);
}

bool FakeServer::Session::apply(const Intervention* intervention) {
  if (intervention == nullptr) return false;
  if (intervention->after.count() > 0) std::this_thread::sleep_for(intervention->after);
  if (intervention->meanwhile) intervention->meanwhile(server_.mailboxes_);
  send(replaced(intervention->octets, "{tag}", tag_));
  if (intervention->close) throw Closed();
  return !intervention->alsoAnswer;
}

bool FakeServer::Session::readCommand() {
  static const std::regex kLiteral("\\{([0-9]+)(\\+?)\\}$");
  std::string whole, shown;
  for (bool first = true;; first = false) {
    std::string part = line();
    if (first) {
      std::size_t blank = part.find(' ');
      if (blank == std::string::npos) throw Closed();
      tag_ = part.substr(0, blank);
      part.erase(0, blank + 1);
    }
    std::smatch match;
    if (!std::regex_search(part, match, kLiteral)) {
      whole += part;
      shown += part;
      break;
    }
    std::size_t length = std::stoul(match[1]);
    bool waits = match[2].length() == 0;
    whole += match.prefix().str() + "{" + match[1].str() + "}\r\n";
    shown += match.prefix().str() + "{" + match[1].str() + "}";
    {
      std::lock_guard lock(server_.mutex_);
      if (const Intervention* intervention = server_.intervene(shown, true)) {
        server_.commands_.push_back(shown);
        if (!waits) octets(length), line();
        if (apply(intervention)) return false;
      }
    }
    if (waits) send(server_.options_.continuation);
    whole += octets(length);
  }
  std::lock_guard lock(server_.mutex_);
  server_.commands_.push_back(shown);
  command_.text = shown;
  arguments_ = parseValues(whole);
  verb_ = arguments_.empty() ? "" : upper(arguments_[0].text);
  if (!arguments_.empty()) arguments_.erase(arguments_.begin());
  return !apply(server_.intervene(shown, false));
}

void FakeServer::Session::serve() {
  try {
    authenticated_ = server_.options_.greeting.starts_with("* PREAUTH");
    send(replaced(server_.options_.greeting, "{capabilities}", capabilities()));
    while (verb_ != "LOGOUT") {
      if (readCommand()) answer();
    }
    if (server_.options_.finishesDeflate) wire_.finishDeflate();
  } catch (const Closed&) {
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fake server: %s\n", e.what());
  }
}

const std::string& FakeServer::Session::text(std::size_t i) const {
  static const std::string kNone;
  return i < arguments_.size() ? arguments_[i].text : kNone;
}

void FakeServer::Session::execute() {
  if (verb_ == "AUTHENTICATE") return authenticate();
  if (verb_ == "STARTTLS") return startTls();
  if (verb_ == "IDLE") return idle();
  std::lock_guard lock(server_.mutex_);
  if (verb_ == "CAPABILITY") {
    untagged("CAPABILITY " + capabilities());
    return done("OK done");
  }
  if (verb_ == "LOGOUT") {
    untagged("BYE good night");
    return done("OK done");
  }
  if (verb_ == "LOGIN") return login();
  if (verb_ == "NOOP") {
    tellNews();
    return done("OK done");
  }
  if (!authenticated_) return done("BAD not authenticated");
  if (verb_ == "COMPRESS") return compress();
  if (verb_ == "ENABLE") return enable();
  if (verb_ == "LIST") return list();
  if (verb_ == "STATUS") return status();
  if (verb_ == "SELECT" || verb_ == "EXAMINE") return select(verb_ == "EXAMINE");
  if (verb_ == "CLOSE" || verb_ == "UNSELECT") return leave();
  if (verb_ == "APPEND") return append();
  if (verb_ == "CREATE") return create();
  if (verb_ == "DELETE") return remove();
  if (verb_ == "RENAME") return rename();
  if (verb_ == "SUBSCRIBE" || verb_ == "UNSUBSCRIBE") return subscribe(verb_ == "SUBSCRIBE");
  if (verb_ == "UID") return uid();
  if (verb_ == "EXPUNGE" && selected() != nullptr) return expunge("1:*");
  done("BAD unknown command");
}

const std::string& FakeServer::Session::capabilities() const {
  const FakeOptions& options = server_.options_;
  bool clear = !authenticated_ && !wire_.encrypted() && !options.inClear.empty();
  return clear ? options.inClear : options.capabilities;
}

bool FakeServer::Session::has(const std::string& capability) const {
  return (" " + capabilities() + " ").find(" " + capability + " ") != std::string::npos;
}

void FakeServer::Session::startTls() {
  done("OK begin");
  if (!wire_.startTls(server_.options_.certificate, server_.options_.key)) throw Closed();
  buffer_.clear();
}

void FakeServer::Session::compress() {
  done("OK compressed from now on");
  wire_.startDeflate();
}

void FakeServer::Session::authenticate() {
  bool token = upper(text(0)) == "XOAUTH2";
  if (!token && upper(text(0)) != "PLAIN") return done("NO unsupported mechanism");
  std::string response = text(1);
  if (response.empty()) {
    send(server_.options_.challenge);
    response = line();
  }
  const FakeOptions& options = server_.options_;
  const std::string nul(1, '\0'), user = token ? "user=" + options.user +
                                                     "\x01"
                                                     "auth=Bearer "
                                               : nul + options.user + nul;
  authenticated_ = response == base64(user + options.password + (token ? "\x01\x01" : ""));
  loggedIn();
}

void FakeServer::Session::login() {
  authenticated_ = text(0) == server_.options_.user && text(1) == server_.options_.password;
  loggedIn();
}

void FakeServer::Session::loggedIn() {
  if (!authenticated_) return done("NO [AUTHENTICATIONFAILED] go away");
  done(server_.options_.tellsAtLogin ? "OK [CAPABILITY " + capabilities() + "] logged in" : "OK logged in");
}

void FakeServer::Session::enable() {
  std::string enabled;
  for (const Value& extension : arguments_) {
    std::string name = upper(extension.text);
    if (name != "QRESYNC" && name != "CONDSTORE") continue;
    enabled += " " + name;
    if (name == "QRESYNC") qresync_ = true;
  }
  untagged("ENABLED" + enabled);
  done("OK done");
}

FakeMailbox* FakeServer::Session::mailbox(const std::string& name) {
  auto found = server_.mailboxes_.find(upper(name) == "INBOX" ? "INBOX" : name);
  return found == server_.mailboxes_.end() ? nullptr : &found->second;
}

FakeMailbox* FakeServer::Session::selected() { return selected_ ? mailbox(*selected_) : nullptr; }

std::uint32_t FakeServer::Session::largestUid() {
  FakeMailbox* current = selected();
  return current == nullptr || current->messages.empty() ? 0 : current->messages.back().uid;
}

std::string FakeServer::Session::statusItems(const FakeMailbox& box, const std::vector<Value>& items) const {
  std::string result;
  for (const Value& item : items) {
    std::string name = upper(item.text);
    std::uint64_t value = 0;
    if (name == "MESSAGES") value = box.messages.size();
    if (name == "UIDNEXT") value = box.uidNext;
    if (name == "UIDVALIDITY") value = box.uidValidity;
    if (name == "HIGHESTMODSEQ") value = box.highestModSeq;
    result += (result.empty() ? "" : " ") + name + " " + std::to_string(value);
  }
  return "(" + result + ")";
}

bool FakeServer::Session::oneOf(const std::string& name, const std::vector<std::string>& patterns) const {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return matches(name, pattern, server_.options_.delimiter);
  });
}

// LIST [(options)] reference pattern|(patterns) [RETURN (SUBSCRIBED STATUS (items))], RFC 5258 and RFC 5819.
void FakeServer::Session::list() {
  const char delimiter = server_.options_.delimiter;
  const std::string shown = delimiter == 0      ? "NIL"
                            : delimiter == '"'  ? "\"\\\"\""
                            : delimiter == '\\' ? "\"\\\\\""
                                                : std::string("\"") + delimiter + "\"";
  bool subscribedOnly = false;
  std::size_t at = 0;
  if (!arguments_.empty() && arguments_[0].kind == Value::Kind::list) {
    for (const std::string& option : arguments_[at++].texts())
      subscribedOnly |= upper(option) == "SUBSCRIBED";
  }
  if (arguments_.size() < at + 2) return done("BAD LIST");
  std::vector<std::string> patterns = arguments_[at + 1].texts();
  if (patterns == std::vector<std::string>{""}) {
    untagged("LIST (\\Noselect) " + shown + " \"\"");
    return done("OK done");
  }
  for (std::string& pattern : patterns) pattern = text(at) + pattern;
  const Value* items = nullptr;
  bool returnsSubscribed = subscribedOnly;
  if (arguments_.size() > at + 3) {
    const std::vector<Value>& options = arguments_[at + 3].items;
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (upper(options[i].text) == "SUBSCRIBED") returnsSubscribed = true;
      if (upper(options[i].text) == "STATUS" && i + 1 < options.size()) items = &options[i + 1];
    }
  }
  for (const auto& [name, box] : server_.mailboxes_) {
    if (!oneOf(name, patterns) || (subscribedOnly && !box.subscribed)) continue;
    untagged(std::string("LIST (") + (returnsSubscribed && box.subscribed ? "\\Subscribed" : "") + ") " +
             shown + " " + spelled(name));
    if (items != nullptr) untagged("STATUS " + spelled(name) + " " + statusItems(box, items->items));
  }
  done("OK done");
}

void FakeServer::Session::status() {
  FakeMailbox* box = mailbox(text(0));
  if (box == nullptr || arguments_.size() < 2) return done("NO [NONEXISTENT] no such mailbox");
  untagged("STATUS " + spelled(text(0)) + " " + statusItems(*box, arguments_[1].items));
  done("OK done");
}

// RFC 3502: mailbox 1*([flags] [date-time] literal). All or nothing.
void FakeServer::Session::append() {
  FakeMailbox* box = mailbox(text(0));
  if (box == nullptr) return done("NO [TRYCREATE] no such mailbox");
  std::vector<FakeMessage> messages;
  FakeMessage next;
  for (std::size_t i = 1; i < arguments_.size(); ++i) {
    const Value& value = arguments_[i];
    if (value.kind == Value::Kind::list) {
      for (const Value& flag : value.items) next.flags.insert(flag.text);
    } else if (next.internalDate.empty() && i + 1 < arguments_.size() && value.text.size() == 26) {
      next.internalDate = value.text;
    } else {
      next.text = value.text;
      if (next.internalDate.empty()) next.internalDate = "02-Feb-2021 03:04:05 +0000";
      messages.push_back(std::exchange(next, {}));
    }
  }
  for (const FakeMessage& m : messages) {
    std::string refusal = server_.judge_ ? server_.judge_(m.text) : "";
    if (!refusal.empty()) return done("NO " + refusal);
  }
  std::vector<std::uint32_t> uids;
  for (FakeMessage& m : messages) uids.push_back(box->add(m.text, m.flags, m.internalDate));
  tellNews();
  done("OK [APPENDUID " + std::to_string(box->uidValidity) + " " + setOf(uids) + "] appended");
}

void FakeServer::Session::create() {
  if (mailbox(text(0)) != nullptr) return done("NO [ALREADYEXISTS] there is one");
  server_.mailboxes_[text(0)].uidValidity = server_.nextUidValidity_++;
  done("OK done");
}

void FakeServer::Session::remove() {
  done(server_.mailboxes_.erase(text(0)) > 0 ? "OK done" : "NO [NONEXISTENT] no such mailbox");
}

void FakeServer::Session::rename() {
  if (mailbox(text(0)) == nullptr || mailbox(text(1)) != nullptr) return done("NO cannot rename");
  auto node = server_.mailboxes_.extract(text(0));
  node.key() = text(1);
  server_.mailboxes_.insert(std::move(node));
  done("OK done");
}

void FakeServer::Session::subscribe(bool on) {
  FakeMailbox* box = mailbox(text(0));
  if (box == nullptr) return done("NO [NONEXISTENT] no such mailbox");
  box->subscribed = on;
  done("OK done");
}

}  // namespace interimap::bed
