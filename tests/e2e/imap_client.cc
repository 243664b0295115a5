// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/e2e/imap_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace interimap::bed {
namespace {

constexpr std::size_t kBatchMessages = 128, kBatchOctets = 1 << 20;
constexpr int kTimeoutSeconds = 60;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("IMAP client: " + what); }

// The n of a line that ends in {n} or {n+}; npos if it does not.
std::size_t literalLength(std::string_view line) {
  if (line.empty() || line.back() != '}') return std::string_view::npos;
  std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::string_view::npos;
  std::size_t n = 0;
  auto [end, error] = std::from_chars(line.data() + open + 1, line.data() + line.size() - 1, n);
  return error == std::errc() && end == line.data() + line.size() - 1 ? n : std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::vector<Value> sequence() {
    std::vector<Value> values;
    for (;;) {
      while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
      if (rest_.empty() || rest_.front() == ')') return values;
      values.push_back(value());
    }
  }
  bool atEnd() const { return rest_.empty(); }

 private:
  Value value() {
    switch (rest_.front()) {
      case '(': return list();
      case '"': return quoted();
      case '{': return literal();
      default: return atom();
    }
  }

  Value list() {
    rest_.remove_prefix(1);
    Value result{Value::Kind::list, {}, sequence()};
    if (rest_.empty()) fail("unclosed list");
    rest_.remove_prefix(1);
    return result;
  }

  Value quoted() {
    Value result{Value::Kind::string, {}, {}};
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      if (rest_[i] == '\\') ++i;
      if (i < rest_.size()) result.text += rest_[i];
    }
    if (i >= rest_.size()) fail("unclosed quoted string");
    rest_.remove_prefix(i + 1);
    return result;
  }

  Value literal() {
    std::size_t end = rest_.find("}\r\n");
    std::size_t length = end == std::string_view::npos ? end : literalLength(rest_.substr(0, end + 1));
    if (length == std::string_view::npos || rest_.size() < end + 3 + length) fail("bad literal");
    Value result{Value::Kind::string, std::string(rest_.substr(end + 3, length)), {}};
    rest_.remove_prefix(end + 3 + length);
    return result;
  }

  // BODY[HEADER.FIELDS (X)] is one atom to us.
  Value atom() {
    std::size_t i = 0;
    for (int depth = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '[') ++depth;
      if (rest_[i] == ']' && depth > 0) --depth;
      if (depth == 0 && (rest_[i] == ' ' || rest_[i] == '(' || rest_[i] == ')')) break;
    }
    Value result{Value::Kind::atom, std::string(rest_.substr(0, i)), {}};
    if (result.text == "NIL") result = Value{};
    rest_.remove_prefix(i);
    return result;
  }

  std::string_view rest_;
};

}  // namespace

const Value& Value::after(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].text == name) return items[i + 1];
  }
  fail("no " + std::string(name) + " in the response");
}

std::vector<std::string> Value::texts() const {
  if (kind != Kind::list) return {text};
  std::vector<std::string> result;
  for (const Value& item : items) result.push_back(item.text);
  return result;
}

std::vector<Value> parseValues(std::string_view text) {
  Parser parser(text);
  std::vector<Value> values = parser.sequence();
  if (!parser.atEnd()) fail("cannot parse " + std::string(text.substr(0, 200)));
  return values;
}

ImapClient::ImapClient(std::uint16_t port, const std::string& user, const std::string& password)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  timeval timeout{kTimeoutSeconds, 0};
  int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(socket_);
    fail("cannot connect to port " + std::to_string(port));
  }
  readLine();
  command("LOGIN " + quoted(user) + " " + quoted(password));
}

ImapClient::~ImapClient() {
  if (socket_ >= 0) close(socket_);
}

ImapClient::ImapClient(ImapClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      tag_(other.tag_),
      buffer_(std::move(other.buffer_)),
      consumed_(other.consumed_) {}

std::string ImapClient::quoted(std::string_view mailbox) {
  std::string result = "\"";
  for (char c : mailbox) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void ImapClient::send(std::string_view octets) {
  while (!octets.empty()) {
    ssize_t n = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n <= 0) throw ConnectionLost("IMAP client: the server does not take our data");
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string_view ImapClient::readLine() {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  auto more = [this](std::size_t want) {
    std::size_t had = buffer_.size();
    buffer_.resize(had + std::max<std::size_t>(want, 65536));
    ssize_t n = recv(socket_, buffer_.data() + had, buffer_.size() - had, 0);
    buffer_.resize(had + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n <= 0) throw ConnectionLost("IMAP client: the server said nothing more");
  };
  for (std::size_t from = 0;;) {
    std::size_t end = buffer_.find("\r\n", from);
    if (end == std::string::npos) {
      more(0);
      continue;
    }
    std::size_t literal = literalLength(std::string_view(buffer_).substr(from, end - from));
    if (literal == std::string_view::npos) {
      consumed_ = end + 2;
      return std::string_view(buffer_).substr(0, end);
    }
    from = end + 2 + literal;
    while (buffer_.size() < from) more(from - buffer_.size());
  }
}

Reply ImapClient::finish(const std::string& tag, const OnResponse& untagged) {
  for (;;) {
    std::string_view line = readLine();
    if (line.starts_with("* ")) {
      untagged(line.substr(2));
    } else if (line.starts_with(tag)) {
      line.remove_prefix(tag.size());
      std::size_t blank = std::min(line.find(' '), line.size());
      return {
          std::string(line.substr(0, blank)), std::string(line.substr(std::min(blank + 1, line.size()))), {}};
    } else if (!line.starts_with("+")) {
      fail("unexpected " + std::string(line.substr(0, 200)));
    }
  }
}

Reply ImapClient::tryCommand(std::string_view line) {
  std::string tag = "t" + std::to_string(++tag_) + " ";
  send(tag + std::string(line) + "\r\n");
  std::vector<std::string> responses;
  Reply reply = finish(tag, [&](std::string_view response) { responses.emplace_back(response); });
  reply.responses = std::move(responses);
  return reply;
}

Reply ImapClient::command(std::string_view line) {
  Reply reply = tryCommand(line);
  if (!reply.ok()) fail(std::string(line.substr(0, 200)) + ": " + reply.completion + " " + reply.text);
  return reply;
}

Reply ImapClient::command(std::string_view line, const OnResponse& untagged) {
  std::string tag = "t" + std::to_string(++tag_) + " ";
  send(tag + std::string(line) + "\r\n");
  Reply reply = finish(tag, untagged);
  if (!reply.ok()) fail(std::string(line.substr(0, 200)) + ": " + reply.completion + " " + reply.text);
  return reply;
}

std::uint32_t ImapClient::select(std::string_view mailbox) {
  std::uint32_t messages = 0;
  command("SELECT " + quoted(mailbox), [&](std::string_view response) {
    if (response.ends_with(" EXISTS"))
      messages = static_cast<std::uint32_t>(std::stoul(std::string(response)));
  });
  return messages;
}

void ImapClient::store(std::string_view uids, std::string_view what) {
  command("UID STORE " + std::string(uids) + " " + std::string(what));
}

void ImapClient::expunge(std::string_view uids) {
  store(uids, "+FLAGS.SILENT (\\Deleted)");
  command("UID EXPUNGE " + std::string(uids));
}

std::vector<std::uint32_t> ImapClient::uids() {
  std::vector<std::uint32_t> result;
  command("UID SEARCH ALL", [&](std::string_view response) {
    if (!response.starts_with("SEARCH")) return;
    for (const Value& uid : parseValues(response.substr(6))) {
      result.push_back(static_cast<std::uint32_t>(std::stoul(uid.text)));
    }
  });
  return result;
}

void ImapClient::append(std::string_view mailbox, const std::vector<Message>& messages) {
  for (std::size_t i = 0; i < messages.size();) {
    std::string tag = "t" + std::to_string(++tag_) + " ";
    std::string batch = tag + "APPEND " + quoted(mailbox);
    for (std::size_t first = i; i < messages.size() && i - first < kBatchMessages; ++i) {
      const Message& m = messages[i];
      if (i > first && batch.size() + m.text.size() > kBatchOctets) break;
      batch += " (";
      for (std::size_t f = 0; f < m.flags.size(); ++f) batch += (f > 0 ? " " : "") + m.flags[f];
      batch += ") \"" + m.internalDate + "\" {" + std::to_string(m.text.size()) + "+}\r\n" + m.text;
    }
    send(batch + "\r\n");
    Reply reply = finish(tag, [](std::string_view) {});
    if (!reply.ok()) fail("APPEND: " + reply.completion + " " + reply.text);
  }
}

}  // namespace interimap::bed
