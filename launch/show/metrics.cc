// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "launch/show/metrics.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "launch/show/done.h"
#include "launch/show/escape.h"
#include "launch/show/replaced_file.h"

namespace interimap {

namespace {

constexpr std::size_t kLargest = 1 << 16;  // of the file: more than we write
constexpr mode_t kMode = 0644;             // whoever collects them is somebody else

// As the value of a label: what escape() leaves has no line end.
std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (char c : escape(text)) {
    if (c == '"' || c == '\\') all += '\\';
    all += c;
  }
  return all + "\"";
}

class Page {
 public:
  Page(std::string_view before, std::string_view account)
      : before_(before), account_("account=" + quoted(account)) {}

  Page& gauge(const char* name, const char* help, const std::string& value) {
    return head(name, help, "gauge").line(name, "", value);
  }
  Page& gauge(const char* name, const char* help, std::uint64_t value) {
    return gauge(name, help, std::to_string(value));
  }
  Page& counter(const char* name, const char* help, std::uint64_t more) {
    return head(name, help, "counter").add(name, "", more);
  }
  Page& head(const std::string& name, const char* help, const char* type) {
    text_ += "# HELP interimap_" + name + " " + help + "\n# TYPE interimap_" + name + " " + type + "\n";
    return *this;
  }
  // To what was there before.
  Page& add(const char* name, const std::string& label, std::uint64_t more) {
    return line(name, label, std::to_string(before(series(name, label)) + more));
  }

  std::string text() const { return text_; }

 private:
  std::string series(const char* name, const std::string& label) const {
    return std::string("interimap_") + name + "{" + account_ + label + "} ";
  }
  Page& line(const char* name, const std::string& label, const std::string& value) {
    text_ += series(name, label) + value + "\n";
    return *this;
  }
  // 0 for what is no number, or one that is close to its end.
  std::uint64_t before(const std::string& series) const {
    auto at = before_.starts_with(series) ? 0 : before_.find("\n" + series);
    if (at == before_.npos) return 0;
    std::string_view value = before_.substr(at + (at == 0 && before_[0] != '\n' ? 0 : 1) + series.size());
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = end != value.data() + value.size() && *end == '\n';
    return error == std::errc() && whole && number < UINT64_MAX / 2 ? number : 0;
  }

  std::string_view before_;
  std::string account_, text_;
};

std::string seconds(std::chrono::milliseconds time) {
  const std::string thousandths = std::to_string(1000 + time.count() % 1000);
  return std::to_string(time.count() / 1000) + "." + thousandths.substr(1);
}

}  // namespace

void Metrics::add(const Synchronised& done) {
  interimap::add(more_, done);
  failed_ = done.failed;
  mailboxes_ = done.mailboxes;
  waiting_ = done.waiting;
  last_.reset();  // it is at work again
}

void Metrics::write() {
  std::ifstream file(path_, std::ios::binary);
  std::string before(kLargest, '\0');
  file.read(before.data(), static_cast<std::streamsize>(before.size()));
  before.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  replaceFile(path_, text(before), kMode);
  more_ = {};
}

std::string Metrics::text(std::string_view before) const {
  Page page(before, account_);
  if (auto success = lastSuccess_ ? lastSuccess_() : std::nullopt)
    page.gauge("last_success_timestamp_seconds", "When a run was last successful as a whole.",
               static_cast<std::uint64_t>(*success));
  if (last_)
    page.gauge("last_run_timestamp_seconds", "When the last run ended.",
               static_cast<std::uint64_t>(last_->at))
        .gauge("last_run_duration_seconds", "How long the last run took.", seconds(last_->time))
        .gauge("last_run_exit_status", "The exit status of the last run.",
               static_cast<std::uint64_t>(last_->exitStatus));
  page.gauge("waiting", "Whether it watches, both sides are equal, and news is waited for.",
             waiting_ && !last_ ? 1 : 0)
      .gauge("mailboxes", "Mailboxes that are synchronised.", mailboxes_)
      .gauge("failed", "What could not be done in the last run or look.", failed_)
      .head("messages_copied_total", "Messages that were copied.", "counter")
      .add("messages_copied_total", ",to=\"local\"", more_.copiedToLocal)
      .add("messages_copied_total", ",to=\"remote\"", more_.copiedToRemote)
      .counter("flags_updated_total", "Changes of flags that were carried over.", more_.flagsUpdated)
      .counter("messages_expunged_total", "Messages that were expunged.", more_.expunged)
      .counter("octets_total", "Octets of the messages that were copied.", more_.octets);
  return page.text();
}

}  // namespace interimap
