// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "net/wire/deflate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "ipc/failure.h"
#include "net/wire/limits.h"
#include "transport/deadlines.h"

using namespace interimap;

namespace {

// A layer below that the test plays. Takes and gives at most `step` octets at a time, and says again after
// each.
class Scripted final : public Stream {
 public:
  std::string in, out;
  std::size_t step = std::string::npos;
  bool ended = false, open = true;

  Result read(std::span<char> buffer) override {
    std::size_t size = std::min({buffer.size(), in.size(), step});
    if (size == 0 || (step != std::string::npos && (turn_ = !turn_)))
      return {in.empty() && ended ? State::end : State::again, 0};
    std::copy_n(in.begin(), size, buffer.begin());
    in.erase(0, size);
    return {State::ok, size};
  }
  Result write(std::string_view bytes) override {
    if (!open || (step != std::string::npos && (turn_ = !turn_))) return {State::again, 0};
    bytes = bytes.substr(0, step);
    out += bytes;
    return {State::ok, bytes.size()};
  }
  bool flush() override { return open; }
  bool pending() const override { return false; }
  int fd() const override { return -1; }
  bool wantsRead() const override { return true; }
  bool wantsWrite() const override { return !open; }

 private:
  bool turn_ = false;
};

struct Layers {
  Scripted* below = nullptr;
  std::unique_ptr<DeflateStream> stream;
  explicit Layers(std::string_view early = {}) {
    auto scripted = std::make_unique<Scripted>();
    below = scripted.get();
    stream = startDeflate(std::move(scripted), early);
  }
};

std::string readAvailable(Stream& stream, std::size_t bufferSize = 65536) {
  std::string all;
  std::vector<char> buffer(bufferSize);
  for (int idle = 0; idle < 20;) {
    Stream::Result result = stream.read(buffer);
    all.append(buffer.data(), result.size);
    if (result.state == Stream::State::end) break;
    idle = result.size || stream.pending() ? 0 : idle + 1;
  }
  return all;
}

void writeAll(Stream& stream, std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(stream.write(bytes).size);
  while (!stream.flush()) continue;
}

// Raw DEFLATE as a server would send it.
std::string deflated(std::string_view text, int flush) {
  z_stream zip{};
  REQUIRE(deflateInit2(&zip, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&zip, text.size()) + 64, '\0');
  zip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zip.avail_in = static_cast<uInt>(text.size());
  zip.next_out = reinterpret_cast<Bytef*>(out.data());
  zip.avail_out = static_cast<uInt>(out.size());
  deflate(&zip, flush);
  out.resize(out.size() - zip.avail_out);
  deflateEnd(&zip);
  return out;
}

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("DEFLATE: what one side writes the other side reads, in any pieces") {
  std::string mail;
  for (int i = 0; i < 20000; ++i) mail += "Received: by host " + std::to_string(i * 7919) + "\r\n";
  for (const std::string& text :
       {std::string("a001 NOOP\r\n"), mail, noise(200'000), std::string(300'000, 'x')}) {
    for (std::size_t step : {std::size_t{1}, std::size_t{1000}, std::string::npos}) {
      if (step == 1 && text.size() > 100) continue;
      for (std::size_t buffer : {std::size_t{1}, std::size_t{7777}, std::size_t{65536}}) {
        if (buffer == 1 && text.size() > 100) continue;
        CAPTURE(step);
        CAPTURE(buffer);
        Layers writer, reader;
        writer.below->step = reader.below->step = step;
        writeAll(*writer.stream, text);
        CHECK(writer.stream->compressedSent() == writer.below->out.size());
        reader.below->in = writer.below->out;
        CHECK((readAvailable(*reader.stream, buffer) == text));
        CHECK(reader.stream->compressedReceived() == writer.stream->compressedSent());
        CHECK_FALSE(reader.stream->pending());
      }
    }
  }
}

TEST_CASE("DEFLATE: each flush can be read, nothing before it needs to") {
  Layers writer, reader;
  CHECK(writer.stream->flush());
  CHECK(writer.below->out.empty());  // nothing written, nothing sent
  for (int i = 0; i < 100; ++i) {
    std::string line = "a" + std::to_string(i) + " NOOP\r\n";
    CHECK(writer.stream->write(line).size == line.size());
    CHECK(writer.below->out.empty());
    CHECK(writer.stream->flush());
    reader.below->in = std::exchange(writer.below->out, {});
    CHECK(readAvailable(*reader.stream) == line);
  }
}

TEST_CASE("DEFLATE: a peer that takes nothing stops the writer") {
  Layers writer;
  writer.below->open = false;
  std::string text = noise(32768);
  std::size_t written = 0;
  for (int i = 0; i < 100; ++i) written += writer.stream->write(text).size;
  CHECK(written < 8 * kMostHeldBack);
  CHECK(writer.stream->write(text).state == Stream::State::again);
  CHECK_FALSE(writer.stream->flush());
  CHECK(writer.stream->wantsWrite());
  writer.below->open = true;
  CHECK(writer.stream->write(text).state == Stream::State::ok);
  CHECK(writer.stream->flush());
}

TEST_CASE("DEFLATE: octets that came with the tagged OK") {
  std::string wire = deflated("* OK first\r\n* OK second\r\n", Z_SYNC_FLUSH);
  for (std::size_t early = 0; early <= wire.size(); ++early) {
    Layers reader(std::string_view(wire).substr(0, early));
    CHECK(reader.stream->pending() == (early > 0));
    reader.below->in = wire.substr(early);
    CHECK(readAvailable(*reader.stream) == "* OK first\r\n* OK second\r\n");
    CHECK(reader.stream->compressedReceived() == wire.size());
  }
}

TEST_CASE("DEFLATE: the end of the stream is no error, and another one may follow") {
  Layers reader;
  reader.below->in = deflated("* BYE\r\n", Z_FINISH);
  CHECK(readAvailable(*reader.stream) == "* BYE\r\n");
  reader.below->in = deflated("one ", Z_FINISH) + deflated("two", Z_FINISH);
  reader.below->ended = true;
  CHECK(readAvailable(*reader.stream) == "one two");
  std::array<char, 10> buffer;
  CHECK(reader.stream->read(buffer).state == Stream::State::end);
}

TEST_CASE("DEFLATE: what is none") {
  for (std::string_view wire : {"* OK not compressed\r\n", "\xff\xff\xff\xff", "\x07\x00"}) {
    Layers reader;
    reader.below->in = wire;
    try {
      readAvailable(*reader.stream);
      FAIL("accepted");
    } catch (const Failure& failure) {
      CHECK(failure.status == ExitStatus::protocol);
      CHECK(std::string(failure.what()).starts_with("DEFLATE: "));
    }
  }
}

TEST_CASE("DEFLATE: a large attachment of nothing passes, a bomb does not") {
  std::string zeros = deflated(std::string(8 << 20, 'A'), Z_SYNC_FLUSH);
  CHECK(zeros.size() < 10000);
  Layers reader;
  std::vector<char> buffer(65536);
  std::uint64_t got = 0;
  auto feed = [&](int times) {
    for (int i = 0; i < times; ++i) {
      reader.below->in = zeros;
      while (true) {
        Stream::Result result = reader.stream->read(buffer);
        got += result.size;
        if (result.state != Stream::State::ok) break;
      }
    }
  };
  feed(8);
  CHECK(got == 8 * (std::uint64_t{8} << 20));
  CHECK_THROWS_WITH_AS(feed(8), doctest::Contains("which no mail does"), Failure);
  CHECK(got < limits::kMostInflated + limits::kMostInflateRatio * reader.stream->compressedReceived() +
                  buffer.size());
}

TEST_CASE("DEFLATE: empty blocks keep nobody busy for long") {
  Layers reader;
  for (int i = 0; i < 200'000; ++i)
    reader.below->in.append("\x00\x00\x00\xff\xff", 5);  // a sync flush of nothing
  std::array<char, 10> buffer;
  std::size_t before = reader.below->in.size();
  CHECK(reader.stream->read(buffer).state == Stream::State::again);
  CHECK(reader.stream->pending());
  CHECK(before - reader.below->in.size() <= 16 * 16384);
  CHECK(readAvailable(*reader.stream).empty());
  CHECK_FALSE(reader.stream->pending());
}
