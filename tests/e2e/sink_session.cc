// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/sink_session.h"

#include <openssl/evp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "tests/e2e/fake_mailbox.h"

namespace interimap::bed {
namespace {

constexpr std::size_t kLongestCommand = 512;  // with CRLF; RFC 5321 section 4.5.3.1.4
constexpr int kMorePatience = 10'000;         // milliseconds
constexpr int kHangPoll = 20;                 // milliseconds

std::string decoded(std::string text) {
  std::string octets(text.size(), '\0');
  int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(octets.data()),
                          reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (n < 0) return {};
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  octets.resize(static_cast<std::size_t>(n) - padding);
  return octets;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> result;
  for (std::string word; in >> word;) result.push_back(word);
  return result;
}

// "FROM:<path> parameters" and the like: the path without its brackets, and what follows it.
std::optional<std::pair<std::string, std::vector<std::string>>> path(const std::string& text,
                                                                     const std::string& keyword) {
  if (upper(text.substr(0, keyword.size() + 1)) != keyword + "<") return std::nullopt;
  bool quoted = false;
  for (std::size_t i = keyword.size() + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '>' && !quoted) {
      if (i + 1 < text.size() && text[i + 1] != ' ') return std::nullopt;
      return std::pair(text.substr(keyword.size() + 1, i - keyword.size() - 1), words(text.substr(i + 1)));
    }
  }
  return std::nullopt;
}

bool eightBit(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c >= 0x80; });
}

bool positive(std::string_view reply) { return reply.starts_with('2'); }

}  // namespace

void Sink::Session::more() {
  if (!wire_.read(buffer_)) throw Closed();
}

std::string Sink::Session::line() {
  std::size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) more();
  std::string result = buffer_.substr(0, end + 1);
  buffer_.erase(0, end + 1);
  if (result.size() > kLongestCommand) violation("a command of " + std::to_string(result.size()) + " octets");
  if (!result.ends_with("\r\n")) violation("a command ends in bare LF: " + result);
  result.resize(result.size() - (result.ends_with("\r\n") ? 2 : 1));
  return result;
}

void Sink::Session::say(std::string_view octets) {
  if (!wire_.write(octets)) throw Closed();
}

void Sink::Session::violation(const std::string& what) {
  std::lock_guard lock(sink_.mutex_);
  sink_.violations_.push_back(what);
}

// Until the test says so, or the client has gone.
void Sink::Session::hang() {
  std::unique_lock lock(sink_.mutex_);
  const unsigned before = sink_.releases_;
  ++sink_.hanging_;
  bool gone = false;
  while (!gone && !sink_.stopping_ && sink_.releases_ == before) {
    lock.unlock();
    pollfd socket{socket_, POLLRDHUP, 0};
    gone = poll(&socket, 1, kHangPoll) > 0 && (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    lock.lock();
  }
  --sink_.hanging_;
  if (gone || sink_.stopping_) throw Closed();
}

// What is taken over is recorded before anybody is told.
bool Sink::Session::interfere(const SinkReply& reply, const std::string& ordinary,
                              const std::vector<std::string>& recipients) {
  const bool good = positive(reply.octets) || (reply.alsoAnswer && positive(ordinary));
  if (reply.takesOver) takeOver(recipients);
  if (reply.hang) hang();
  if (reply.awaitsMore && buffer_.empty()) {
    pollfd socket{socket_, POLLIN, 0};
    if (poll(&socket, 1, kMorePatience) <= 0) throw Closed();
    more();
  }
  if (good && !reply.takesOver) takeOver(recipients);
  if (!reply.octets.empty()) say(reply.octets);
  if (reply.close) throw Closed();
  if (reply.alsoAnswer) say(ordinary);
  return good;
}

bool Sink::Session::answer(const std::string& command, const std::string& ordinary,
                           const std::vector<std::string>& recipients) {
  if (auto reply = sink_.intervene({command, message_})) return interfere(*reply, ordinary, recipients);
  if (positive(ordinary)) takeOver(recipients);
  say(ordinary);
  return positive(ordinary);
}

void Sink::Session::takeOver(const std::vector<std::string>& recipients) {
  if (recipients.empty()) return;
  SinkMessage taken = message_;
  taken.recipients = recipients;
  std::lock_guard lock(sink_.mutex_);
  if (!sink_.messages_.empty()) {
    SinkMessage& last = sink_.messages_.back();
    if (last.connection == taken.connection && last.transaction == taken.transaction) {
      last.recipients.insert(last.recipients.end(), recipients.begin(), recipients.end());
      return;
    }
  }
  sink_.messages_.push_back(std::move(taken));
}

void Sink::Session::serve() {
  try {
    if (sink_.options_.implicitTls && !wire_.startTls(sink_.options_.certificate, sink_.options_.key)) {
      return;
    }
    message_.encrypted = wire_.encrypted();
    if (!answer("greeting", sink_.options_.greeting)) open_ = false;
    while (true) {
      std::string command = line();
      {
        std::lock_guard lock(sink_.mutex_);
        sink_.commands_.push_back(command);
      }
      std::string verb = upper(command.substr(0, command.find(' ')));
      if (!buffer_.empty() && !mayPipeline(verb)) {
        violation("more follows " + command);
        say("500 5.5.1 not so fast\r\n");
        return;
      }
      execute(command);
    }
  } catch (const Closed&) {
  }
}

// RFC 2920 section 3.1: these come last in a group of commands.
bool Sink::Session::mayPipeline(std::string_view verb) const {
  if (verb == "BDAT") return true;  // its octets; RFC 3030 section 2
  if (verb == "EHLO" || verb == "LHLO" || verb == "HELO" || verb == "STARTTLS" || verb == "AUTH" ||
      verb == "DATA" || verb == "QUIT" || verb == "NOOP") {
    return false;
  }
  return offers("PIPELINING") || sink_.options_.lmtp;
}

bool Sink::Session::offers(std::string_view extension) const {
  return std::ranges::any_of(sink_.options_.extensions, [&](const std::string& each) {
    return upper(each.substr(0, each.find(' '))) == extension;
  });
}

void Sink::Session::execute(const std::string& command) {
  const bool lmtp = sink_.options_.lmtp;
  std::string verb = upper(command.substr(0, command.find(' ')));
  if (verb == "QUIT") {
    answer(command, "221 2.0.0 goodbye\r\n");
    throw Closed();
  }
  if (verb == (lmtp ? "LHLO" : "EHLO")) return hello(command, true);
  if (verb == "HELO" && !lmtp) return hello(command, false);
  if (message_.hello.empty()) {
    violation("before the greeting: " + command);
    answer(command, "503 5.5.1 who are you?\r\n");
  } else if (verb == "STARTTLS" && !sink_.options_.certificate.empty() && !wire_.encrypted()) {
    if (answer(command, "220 2.0.0 go on\r\n")) startTls();
  } else if (verb == "AUTH" && !sink_.options_.user.empty()) {
    authenticate(command);
  } else if (verb == "MAIL") {
    mail(command);
  } else if (verb == "RCPT") {
    rcpt(command);
  } else if (verb == "DATA") {
    data(command);
  } else if (verb == "BDAT" && offers("CHUNKING")) {
    bdat(command);
  } else if (verb == "RSET") {
    if (answer(command, "250 2.0.0 ok\r\n")) reset();
  } else if (verb == "NOOP") {
    answer(command, "250 2.0.0 ok\r\n");
  } else {
    violation("unknown: " + command);
    answer(command, "500 5.5.2 what?\r\n");
  }
}

std::string Sink::Session::extensions() const {
  const SinkOptions& options = sink_.options_;
  std::vector<std::string> all = options.extensions;
  if (!options.certificate.empty() && !wire_.encrypted()) all.push_back("STARTTLS");
  if (!options.user.empty() && (wire_.encrypted() || options.authInClear)) {
    std::string auth = "AUTH";
    for (const std::string& mechanism : options.mechanisms) auth += " " + mechanism;
    all.push_back(auth);
  }
  std::string result = all.empty() ? "250 hello\r\n" : "250-hello\r\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    result += (i + 1 == all.size() ? "250 " : "250-") + all[i] + "\r\n";
  }
  return result;
}

void Sink::Session::hello(const std::string& command, bool extended) {
  if (extended && !sink_.options_.knowsEhlo) {
    answer(command, "502 5.5.1 what?\r\n");
    return;
  }
  message_.hello = command.size() > 5 ? command.substr(5) : "";
  if (message_.hello.empty()) violation("no name: " + command);
  if (!answer(command, extended ? extensions() : "250 hello\r\n")) message_.hello.clear();
  reset();
}

void Sink::Session::startTls() {
  if (!wire_.startTls(sink_.options_.certificate, sink_.options_.key)) throw Closed();
  message_.encrypted = true;
  message_.hello.clear();
}

void Sink::Session::authenticate(const std::string& command) {
  const SinkOptions& options = sink_.options_;
  std::vector<std::string> all = words(command);
  std::string mechanism = all.size() > 1 ? upper(all[1]) : "";
  if (!wire_.encrypted() && !options.authInClear) violation("a password in clear: " + mechanism);
  bool good = false;
  if (mechanism == "PLAIN") {
    std::string initial = all.size() > 2 ? all[2] : "";
    if (initial.empty()) {
      say("334 \r\n");
      initial = line();
    }
    good = decoded(initial) == std::string("\0", 1) + options.user + std::string("\0", 1) + options.password;
  } else if (mechanism == "LOGIN") {
    say("334 VXNlcm5hbWU6\r\n");
    std::string user = decoded(line());
    say("334 UGFzc3dvcmQ6\r\n");
    good = decoded(line()) == options.password && user == options.user;
  } else if (mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER") {
    std::string said = all.size() > 2 ? decoded(all[2]) : "";
    good = said.find(options.user) != said.npos && said.ends_with(
                                                       "\x01"
                                                       "auth=Bearer " +
                                                       options.password + "\x01\x01");
    if (!good) {  // {"status":"401"}, which is answered by as good as nothing
      say("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n");
      if (std::string rest = line(); rest != (mechanism == "XOAUTH2" ? "" : "AQ=="))
        violation("AUTH: " + rest);
    }
  }
  if (answer("AUTH " + mechanism, good ? "235 2.7.0 welcome\r\n" : "535 5.7.8 who?\r\n")) {
    message_.authenticated = true;
  }
}

void Sink::Session::mail(const std::string& command) {
  auto parsed = path(command.substr(std::min<std::size_t>(5, command.size())), "FROM:");
  if (!parsed) {
    violation("syntax: " + command);
    answer(command, "501 5.5.4 syntax\r\n");
    return;
  }
  if (open_) {
    violation("nested: " + command);
    answer(command, "503 5.5.1 nested MAIL\r\n");
    return;
  }
  bool utf8 = false;
  for (const std::string& parameter : parsed->second) {
    std::string name = upper(parameter.substr(0, parameter.find('=')));
    if (name == "BODY") name = "8BITMIME";
    utf8 = utf8 || name == "SMTPUTF8";
    if (!offers(name)) {
      violation("not offered: " + command);
      answer(command, "555 5.5.4 " + name + "?\r\n");
      return;
    }
  }
  if (eightBit(command) && !utf8) violation("8 bits: " + command);
  reset();
  message_.reversePath = parsed->first;
  message_.parameters = parsed->second;
  bool welcome = sink_.options_.user.empty() || message_.authenticated;
  open_ = answer(command, welcome ? "250 2.1.0 ok\r\n" : "530 5.7.0 log in first\r\n");
}

void Sink::Session::rcpt(const std::string& command) {
  auto parsed = path(command.substr(std::min<std::size_t>(5, command.size())), "TO:");
  if (!parsed) violation("syntax: " + command);
  if (!open_) {
    // Pipelined behind a MAIL that was refused: nobody's fault.
    answer(command, "503 5.5.1 MAIL first\r\n");
  } else if (answer(command, parsed ? "250 2.1.5 ok\r\n" : "501 5.5.4 syntax\r\n") && parsed) {
    message_.recipients.push_back(parsed->first);
  }
}

void Sink::Session::data(const std::string& command) {
  bool ready = open_ && !message_.recipients.empty();
  const std::string ordinary = ready ? "354 go on\r\n" : "503 5.5.1 no recipients\r\n";
  if (auto reply = sink_.intervene({command, message_})) {
    interfere(*reply, ordinary, {});
    if (!reply->octets.starts_with('3') && !(reply->alsoAnswer && ready)) return;
  } else {
    say(ordinary);
    if (!ready) return;
  }
  message_.text = readData();
  endOfData();
}

// Unstuffed, up to the end of mail data, which is taken off.
std::string Sink::Session::readData() {
  std::string text;
  bool lenient = sink_.options_.endsAtBareLf, atLineBegin = true;
  while (true) {
    std::size_t end;
    while ((end = buffer_.find('\n')) == std::string::npos) more();
    std::string next = buffer_.substr(0, end + 1);
    buffer_.erase(0, end + 1);
    bool whole = next.ends_with("\r\n");
    if (atLineBegin && (next == ".\r\n" || (lenient && next == ".\n"))) break;
    if (atLineBegin && next.starts_with('.')) next.erase(0, 1);
    atLineBegin = whole || lenient;
    text += next;
  }
  judgeText(text);
  return text;
}

void Sink::Session::judgeText(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool bareLf = text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
    bool bareCr = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (bareLf || bareCr) return violation(bareLf ? "bare LF in mail data" : "bare CR in mail data");
    if (text[i] == '\0') return violation("NUL in mail data");
  }
  if (!text.ends_with("\r\n")) violation("mail data without CRLF at its end");
  bool said = std::ranges::find(message_.parameters, "BODY=8BITMIME") != message_.parameters.end();
  if (eightBit(text) && offers("8BITMIME") && !said) violation("8 bits without BODY=8BITMIME");
}

void Sink::Session::bdat(const std::string& command) {
  std::vector<std::string> all = words(command);
  std::size_t size = all.size() > 1 ? std::stoul(all[1]) : 0;
  while (buffer_.size() < size) more();
  std::string chunk = buffer_.substr(0, size);
  buffer_.erase(0, size);
  bool last = all.size() > 2 && upper(all[2]) == "LAST";
  if (!open_ || message_.recipients.empty()) {
    answer(command, "503 5.5.1 no recipients\r\n");
    return;
  }
  message_.text += chunk;
  message_.chunked = true;
  if (last) {
    judgeText(message_.text);
    endOfData();
  } else if (!answer(command, "250 2.0.0 go on\r\n")) {
    reset();
  }
}

// RFC 2033 section 4.2: LMTP has a reply for each recipient that was accepted.
void Sink::Session::endOfData() {
  const std::vector<std::string> recipients = message_.recipients;
  if (sink_.options_.lmtp) {
    for (const std::string& recipient : recipients) {
      answer(". <" + recipient + ">", "250 2.0.0 <" + recipient + "> taken over\r\n", {recipient});
    }
  } else {
    answer(".", "250 2.0.0 taken over\r\n", recipients);
  }
  reset();
}

void Sink::Session::reset() {
  open_ = false;
  message_.reversePath.clear();
  message_.parameters.clear();
  message_.recipients.clear();
  message_.text.clear();
  message_.chunked = false;
  ++message_.transaction;
}

}  // namespace interimap::bed
