#!/usr/bin/env python3
"""bench/chat/run.py INIT: what the chat API's /v1 adds to a bare provider on loopback, in one run: rate and processor time of whole answers,
delay of each token of many streams, memory. Provider and clients are Python on the same processors, so the rate says what the pair can do, and
the processor time of the role what the role needs."""

import asyncio
import json
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

REPLY_BYTES = 1024
BODY = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "x" * 200}]}).encode()


def reply():
    content = "y" * (REPLY_BYTES - 220)
    body = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
                       "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 50, "completion_tokens": 200, "total_tokens": 250}}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


REPLY = reply()


def chunk(data):
    data = b"data: " + data + b"\n\n"
    return b"%x\r\n" % len(data) + data + b"\r\n"


def token(text, finish=None):
    return chunk(json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                             "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}).encode())


class Provider(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            length = int(re.search(rb"content-length: (\d+)", self.data[:end].lower()).group(1))
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4:end + 4 + length], self.data[end + 4 + length:]
            asked = re.search(rb"tokens=(\d+) rate=(\d+)", body)
            if asked:
                asyncio.ensure_future(self.stream(int(asked[1]), int(asked[2])))
            else:
                self.transport.write(REPLY)

    async def stream(self, tokens, rate):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        began = time.monotonic()
        for i in range(tokens):
            await asyncio.sleep(max(0, began + i / rate - time.monotonic()))
            self.transport.write(token("t%d " % time.monotonic_ns()))
        usage = json.dumps({"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}}).encode()
        self.transport.write(token("", "stop") + chunk(usage) + chunk(b"[DONE]") + b"0\r\n\r\n")


def provide(port):
    async def serve():
        server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=4096)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()
    asyncio.run(serve())


def request(body):
    return b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def whole(port, seconds, connections):
    asked, end, times = request(BODY), time.monotonic() + seconds, []

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.monotonic()) < end:
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
            times.append(time.monotonic() - began)
        writer.close()

    began = time.monotonic()
    await asyncio.gather(*[one() for _ in range(connections)])
    return len(times) / (time.monotonic() - began), times


async def streams(port, count, rate, seconds):
    body = json.dumps({"model": "chat", "stream": True, "messages": [{"role": "user", "content": "tokens=%d rate=%d" % (rate * seconds, rate)}]}).encode()
    delays, firsts, got = [], [], [0]

    async def one(i):
        await asyncio.sleep(i / count)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(body))
        began, rest, first = time.monotonic(), b"", True
        while b"[DONE]" not in rest:
            data = await reader.read(65536)
            assert data, "broken off"
            now = time.monotonic_ns()
            rest = rest[-64:] + data if rest else data
            at = 0
            for match in re.finditer(rb'"t(\d+) "', rest):
                at = match.end()
                got[0] += 1
                delays.append((now - int(match[1])) / 1e9)
                if first:
                    firsts.append(time.monotonic() - began)
                    first = False
            rest = rest[at:]
        writer.close()

    await asyncio.gather(*[one(i) for i in range(count)])
    return delays, firsts, got[0], count * rate * seconds


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def processor(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss(pid):
    return int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1]) / 1024


def load():
    return "%.1f" % os.getloadavg()[0]


def main():
    init, count, rate, seconds = sys.argv[1], *(int(arg) for arg in (sys.argv[2:] + ["200", "50", "10"][len(sys.argv) - 2:]))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    port = multiprocessing.Value("i", 0)
    provider = multiprocessing.Process(target=provide, args=(port,), daemon=True)
    provider.start()
    while port.value == 0:
        time.sleep(0.01)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/apiconfig.json", "w") as file:
            json.dump([{"Name": "bare", "URL": f"http://127.0.0.1:{port.value}/v1", "models": [{"Name": "m", "Id": "m", "Type": "chat"}]}], file)
        with open(f"{folder}/supervisor.toml", "w") as file:
            file.write(f'[init]\nstate_dir = "{folder}/state"\n[program.chat]\nbuiltin = "chat"\n[chat]\nlisten = "127.0.0.1:18991"\ndata_dir = "{folder}"\n')
        os.mkdir(f"{folder}/state")
        role = subprocess.Popen([init, "chat", "run", "-c", f"{folder}/supervisor.toml"], stderr=subprocess.DEVNULL)
        try:
            for _ in range(500):
                time.sleep(0.02)
                if b":4A2F " in open("/proc/net/tcp", "rb").read():
                    break
            time.sleep(6)  # at rest: what the start has left is given back after 2 s
            print(f"| what | bare provider | through the role |\n| --- | --- | --- |\n| idle PSS of the role | | {pss(role.pid):.1f} MB |")
            asyncio.run(whole(18991, 3, 16))
            before = load()
            bare, bare_times = asyncio.run(whole(port.value, 8, 16))
            cpu = processor(role.pid)
            rate_, times = asyncio.run(whole(18991, 8, 16))
            cpu = (processor(role.pid) - cpu) / len(times)
            print(f"| whole answers of {REPLY_BYTES} bytes, 16 connections, requests/s | {bare:.0f} | {rate_:.0f} |")
            print(f"| their time, p50 / p99 | {percentile(bare_times, .5):.2f} / {percentile(bare_times, .99):.2f} ms | {percentile(times, .5):.2f} / {percentile(times, .99):.2f} ms |")
            print(f"| processor time of the role for each | | {cpu * 1e6:.0f} us |")
            print(f"| load average before and after | {before} | {load()} |")
            for name, where in (("bare", port.value), ("role", 18991)):
                cpu, peak = processor(role.pid), 0
                delays, firsts, got, all_ = asyncio.run(streams(where, count, rate, seconds))
                cpu, peak = (processor(role.pid) - cpu) / max(1, got), pss(role.pid)
                print(f"| {count} streams of {rate} tokens/s for {seconds} s, {name}: tokens got / sent | {got} / {all_} | {all_ - got} lost |")
                print(f"| delay of a token, p50 / p99, {name} | {percentile(delays, .5):.2f} / {percentile(delays, .99):.2f} ms | |")
                print(f"| time to the first token, p50 / p99, {name} | {percentile(firsts, .5):.2f} / {percentile(firsts, .99):.2f} ms | |")
                if name == "role":
                    print(f"| processor time of the role for each token; PSS after | {cpu * 1e6:.0f} us | {peak:.1f} MB |")
            print(f"| load average | | {load()} |")
        finally:
            role.terminate()
            role.wait()
            provider.terminate()


main()
