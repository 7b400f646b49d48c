import type { Explanation, ProgramState, ProgramStatus } from '../src/api/types'

let nextPid = 40

export class FakeProgram {
  pid: number | undefined
  private since = Date.now() - 5_400_000
  private cpu = 12
  private memory: number
  private phase = Math.random() * 6
  private restarts = 0

  constructor(
    readonly name: string,
    public state: ProgramState,
    private readonly load: number,
    memoryMegabytes: number,
    private readonly more: Partial<ProgramStatus> = {},
  ) {
    this.memory = memoryMegabytes * 1_048_576
    this.restarts = more.restarts ?? 0
    if (state === 'RUNNING' || state === 'STARTING') this.pid = nextPid++
  }

  tick(seconds: number): void {
    this.phase += 0.35
    const load = Math.max(0, this.load * (1 + 0.7 * Math.sin(this.phase)) + Math.random() * this.load * 0.5)
    this.cpu += (load / 100) * seconds
    this.memory *= 1 + (Math.random() - 0.49) / 60
    if (this.state === 'STARTING' && Date.now() - this.since > 4000) this.enter('RUNNING')
  }

  act(action: string): string {
    const isUp = this.pid !== undefined
    if (action === 'stop') {
      if (!isUp && this.state !== 'BACKOFF' && this.state !== 'WAITING') return 'not-running'
      this.pid = undefined
      this.enter('STOPPED')
      return 'stopped'
    }
    if (this.state === 'ABSENT') return 'absent'
    if (this.state === 'FATAL') return 'failed'
    if (action === 'start' && isUp) return 'already-running'
    this.pid = nextPid++
    if (action === 'restart') this.restarts++
    this.enter('STARTING')
    return 'started'
  }

  private enter(state: ProgramState): void {
    this.state = state
    this.since = Date.now()
  }

  status(): ProgramStatus {
    const isUp = this.pid !== undefined
    return {
      name: this.name, program: this.name.split(':')[0] ?? this.name, groups: [], group: this.name, index: 0, enabled: true, wanted: this.state !== 'STOPPED', optional: false, critical: false,
      attempt: 0, log_bytes: 184_320, log_dropped_lines: 0, stdout_log: `/home/user/logs/${this.name}.log`, ...this.more,
      state: this.state, ready: this.state === 'RUNNING', since: this.since, restarts: this.restarts, pid: this.pid,
      started_at: this.since, uptime_seconds: isUp ? (Date.now() - this.since) / 1000 : undefined,
      cpu_seconds: isUp ? this.cpu : undefined, memory_bytes: isUp ? Math.round(this.memory) : undefined,
      health: isUp ? this.more.health : undefined,
      problem: this.state === 'FATAL' || this.state === 'BACKOFF' || this.state === 'ABSENT' ? this.more.problem : undefined,
      waiting_for: this.state === 'WAITING' ? (this.more.waiting_for ?? []) : [],
      next_try_seconds: this.state === 'BACKOFF' ? 12 : undefined,
    }
  }
}

export function fakePrograms(): FakeProgram[] {
  return [
    new FakeProgram('xvfb', 'RUNNING', 1.2, 61),
    new FakeProgram('backup', 'RUNNING', 0.4, 24, { critical: true, stderr_log: '/home/user/synclogs/backup.err' }),
    new FakeProgram('napcat', 'RUNNING', 14, 412, { health: 'healthy', groups: ['bots'], restarts: 1, last_exit: 'terminated by SIGSEGV (core dumped)', last_exit_success: false }),
    new FakeProgram('astrbot', 'RUNNING', 32, 287, { health: 'unhealthy', groups: ['bots'], restarts: 3, last_exit: 'exit code 1', last_exit_success: false }),
    new FakeProgram('gemini', 'WAITING', 5, 90, { waiting_for: ['backup', 'a-program-with-quite-a-long-name'] }),
    new FakeProgram('worker:0', 'RUNNING', 55, 130),
    new FakeProgram('worker:1', 'BACKOFF', 5, 90, { problem: 'exited too quickly: exit code 3', attempt: 2, restarts: 2, last_exit: 'exit code 3', last_exit_success: false }),
    new FakeProgram('filebrowser', 'ABSENT', 0, 0, { optional: true, problem: 'cannot find /usr/local/bin/filebrowser' }),
    new FakeProgram('notifier', 'FATAL', 0, 0, { problem: 'gave up after 3 tries: exit code 3', attempt: 3, last_exit: 'exit code 3', last_exit_success: false }),
    new FakeProgram('cleanup', 'EXITED', 0, 0, { last_exit: 'exit code 0', last_exit_success: true, next_run: Date.now() + 30_000_000 }),
  ]
}

export function explanationOf(program: FakeProgram, all: readonly FakeProgram[]): Explanation {
  const status = program.status()
  const lines = [`${program.name} is ${program.state}${status.waiting_for.length > 0 ? `: it waits for ${status.waiting_for.join(', ')}` : ''}`]
  if (status.problem) lines.push(status.problem)
  return {
    programs: all.filter((other) => other.name === program.name).map((other) => other.status()),
    waits_for: status.waiting_for.map((name) => ({ name, reason: `${name} is RUNNING and not ready: the file .backup.ready does not exist` })),
    exits: program.name === 'xvfb' ? [] : [
      { name: program.name, at: Date.now() - 5_500_000, pid: 31, status: 'exit code 1', uptime_seconds: 312.4 },
      { name: program.name, at: Date.now() - 9_500_000, pid: 25, status: 'terminated by SIGSEGV (core dumped)', uptime_seconds: 8123 },
    ],
    probes: status.health ? [
      { name: program.name, kind: 'ready', probe: 'tcp 127.0.0.1:6099', result: 'connected', failures: 0 },
      { name: program.name, kind: 'health', probe: 'http http://127.0.0.1:6099/', result: status.health === 'healthy' ? '200' : '502 Bad Gateway', failures: status.health === 'healthy' ? 0 : 2 },
    ] : [],
    lines,
  }
}

/** Lines from..to of a log that is always the same. */
export function makeLog(name: string, from: number, to: number): string {
  const words = ['\x1b[32mINFO\x1b[0m connection established', '\x1b[33mWARN\x1b[0m token expires in 2 h', '\x1b[1;31mERROR\x1b[0m cannot reach https://api.example.org: timed out', 'INFO 收到来自群组 123456 的消息', 'DEBUG <b>not bold</b> <script>alert(1)</script>', '\x1b[36mGET\x1b[0m /v1/models 200 12ms', 'INFO a longer line that says a lot about what the program does at the moment, so that one sees how the viewer breaks it, or lets it go on to the right without an end'] as const
  let text = ''
  for (let index = from; index < to; index++) text += `2026-11-21 15:${String(Math.floor(index / 60) % 60).padStart(2, '0')}:${String(index % 60).padStart(2, '0')} ${name} ${words[index % words.length]}\n`
  return text
}
