// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// A small blocking IMAP client over cleartext loopback: the tests' own eyes and hands. Shares no code with
// net/. Anything unexpected throws.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/corpus.h"

namespace interimap::bed {

// One value of a response: atom, string (quoted or literal), NIL, or parenthesised list.
struct Value {
  enum class Kind { atom, string, nil, list } kind = Kind::nil;
  std::string text;          // of an atom or a string
  std::vector<Value> items;  // of a list

  std::vector<std::string> texts() const;  // of the items of a list; of anything else its own

  // The value after the atom `name` in a list of pairs, as in a FETCH response; throws if there is none.
  const Value& after(std::string_view name) const;
};

// The values of a response line, without its CRLF; literals are {n} CRLF octets.
std::vector<Value> parseValues(std::string_view text);

struct Reply {
  std::string completion;              // OK, NO or BAD
  std::string text;                    // what follows it, response code included
  std::vector<std::string> responses;  // untagged ones, without "* " and CRLF

  bool ok() const { return completion == "OK"; }
};

// The server has gone: whether it carried out the command is not known.
struct ConnectionLost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ImapClient {
 public:
  ImapClient(std::uint16_t port, const std::string& user, const std::string& password);
  ~ImapClient();
  ImapClient(ImapClient&& other) noexcept;
  ImapClient& operator=(ImapClient&&) = delete;

  using OnResponse = std::function<void(std::string_view)>;

  Reply command(std::string_view line);                              // throws unless OK
  Reply tryCommand(std::string_view line);                           // any completion
  Reply command(std::string_view line, const OnResponse& untagged);  // responses go there instead

  // Names are modified UTF-7 as on the server.
  void create(std::string_view mailbox) { command("CREATE " + quoted(mailbox)); }
  void subscribe(std::string_view mailbox) { command("SUBSCRIBE " + quoted(mailbox)); }
  void unsubscribe(std::string_view mailbox) { command("UNSUBSCRIBE " + quoted(mailbox)); }
  std::uint32_t select(std::string_view mailbox);            // the number of messages
  void store(std::string_view uids, std::string_view what);  // what: "+FLAGS (\\Seen)"
  void expunge(std::string_view uids);                       // \Deleted, and UID EXPUNGE
  std::vector<std::uint32_t> uids();                         // of the selected mailbox

  // MULTIAPPEND in batches of 128 messages or 1 MiB.
  void append(std::string_view mailbox, const std::vector<Message>& messages);

  static std::string quoted(std::string_view mailbox);

 private:
  void send(std::string_view octets);
  std::string_view readLine();  // one response with its literals, valid until the next call
  Reply finish(const std::string& tag, const OnResponse& untagged);

  int socket_ = -1;
  unsigned tag_ = 0;
  std::string buffer_;
  std::size_t consumed_ = 0;
};

}  // namespace interimap::bed
