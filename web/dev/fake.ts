// The interface under /admin/api/v1 as a small lie, so that the panel can be looked at without a server: `npm run dev`. Never part of the build.
// Password "panel-dev"; five programs in as many states, a log that goes on, sessions, tokens.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'
import { FakeBackup } from './fakeBackup'
import { FakeChat } from './fakeChat'
import { explanationOf, fakePrograms, makeLog, type FakeProgram } from './fakePrograms'
import { FakeRoutes } from './fakeRoutes'

const root = '/admin/api/v1'

export interface Call {
  method: string
  path: string
  query: URLSearchParams
  body: Record<string, unknown>
  ifMatch: number | null
}

export type Reply = { status?: number; body?: unknown; headers?: Record<string, string> } | null

export function problem(status: number, code: string, detail: string, more: object = {}): Reply {
  return { status, body: { title: code, status, detail, code, ...more }, headers: { 'Content-Type': 'application/problem+json' } }
}

class FakeServer {
  private password = 'panel-dev'
  private signedIn = process.env['FAKE_SIGNED_IN'] === '1'
  private failures = 0
  private readonly programs = fakePrograms()
  private readonly routes = new FakeRoutes(() => this.announceRoutes())
  private readonly backup = new FakeBackup(() => this.announceBackup())
  private readonly chat = new FakeChat()
  private readonly streams = new Set<ServerResponse>()
  private readonly startedAt = Date.now() - 93_784_000
  private sessions = [
    { id: 's1', created_at: Date.now() - 3_600_000, last_seen_at: Date.now(), address: '203.0.113.7', user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36', current: true },
    { id: 's2', created_at: Date.now() - 86_400_000, last_seen_at: Date.now() - 7_200_000, address: '2001:db8::17', user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1', current: false },
  ]
  private tokens: { id: string; name: string; created_at: number; last_used_at: number | null }[] = [
    { id: 't1', name: 'uptime check', created_at: Date.now() - 864_000_000, last_used_at: Date.now() - 60_000 },
    { id: 't2', name: 'deploy <script>alert(1)</script>', created_at: Date.now() - 86_400_000, last_used_at: null },
  ]

  constructor() {
    setInterval(() => {
      for (const program of this.programs) program.tick(2)
      this.announcePrograms()
    }, 2000).unref()
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake')
    const path = url.pathname.slice(root.length)
    const text = await readBody(request)
    const call: Call = {
      method: request.method ?? 'GET',
      path,
      query: url.searchParams,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      ifMatch: Number(/^"(\d+)"$/.exec(String(request.headers['if-match'] ?? ''))?.[1] ?? NaN) || null,
    }
    if (call.method !== 'GET' && request.headers['x-requested-with'] === undefined) return send(response, problem(415, 'forbidden', 'X-Requested-With is missing'))
    if (path === '/session') return send(response, this.session(call))
    if (!this.signedIn) return send(response, problem(401, 'not_signed_in', 'sign in first'))
    if (path === '/live') return this.live(response)
    const log = /^\/(?:programs\/([^/]+)\/logs\/(stdout|stderr)|system\/log)$/.exec(path)
    if (log) return this.log(log[1] ? decodeURIComponent(log[1]) : 'init', log[2] ?? 'stdout', call, response)
    send(response, this.answer(call))
  }

  private answer(call: Call): Reply {
    const { method, path } = call
    if (path.startsWith('/routes')) return this.routes.answer(call)
    if (path.startsWith('/chat/')) return this.chat.answer(call)
    if (path.startsWith('/backup/')) return this.backup.answer(call)
    if (path === '/programs') return { body: { programs: this.programs.map((program) => program.status()) } }
    const named = /^\/programs\/([^/]+)(?:\/([a-z]+))?$/.exec(path)
    if (named) return this.program(method, decodeURIComponent(named[1] ?? ''), named[2] ?? '')
    if (path === '/system') return { body: this.system() }
    if (path === '/reread' || path === '/update') return { body: this.changes(path === '/update') }
    if (path === '/password') {
      if (call.body['current'] !== this.password) return problem(403, 'wrong_password', 'this is not the password')
      if (String(call.body['new']).length < 8) return problem(422, 'weak_password', 'at least 8 characters')
      this.password = String(call.body['new'])
      this.sessions = this.sessions.filter((session) => session.current)
      return { status: 204 }
    }
    const [, list, id] = path.split('/')
    if (list === 'sessions') {
      if (method === 'GET') return { body: { sessions: this.sessions } }
      this.sessions = this.sessions.filter((session) => (id ? session.id !== id : session.current))
      return { status: 204 }
    }
    if (list === 'tokens') {
      if (method === 'GET') return { body: { tokens: this.tokens } }
      if (method === 'DELETE') this.tokens = this.tokens.filter((token) => token.id !== id)
      if (method !== 'POST') return { status: 204 }
      const token = { id: `t${Date.now()}`, name: String(call.body['name']), created_at: Date.now(), last_used_at: null }
      this.tokens.push(token)
      return { status: 201, body: { id: token.id, name: token.name, token: 'init_9fK2mQx7Vt4LzRb1Wc8YpHs3DnGj6AeU5' } }
    }
    return problem(404, 'not_found', `nothing is at ${path}`)
  }

  private session(call: Call): Reply {
    if (call.method === 'DELETE') {
      this.signedIn = false
      return { status: 204 }
    }
    if (call.method === 'POST') {
      if (this.failures >= 3) {
        this.failures = 0
        return { ...problem(429, 'too_many_attempts', 'too many attempts')!, headers: { 'Retry-After': '8' } }
      }
      if (call.body['password'] !== this.password) {
        this.failures++
        return problem(401, 'wrong_password', 'this is not the password')
      }
      this.signedIn = true
    }
    return { body: this.signedIn ? { signed_in: true, expires_at: Date.now() + 86_400_000, version: '0.1.0' } : { signed_in: false } }
  }

  private program(method: string, name: string, action: string): Reply {
    const program = this.programs.find((candidate) => candidate.name === name)
    if (!program) return problem(404, 'unknown-program', `cannot find program "${name}"`)
    if (method === 'GET' && action === '') return { body: { programs: [program.status()] } }
    if (action === 'explanation') return { body: explanationOf(program, this.programs) }
    if (action === 'environment') {
      if (program.pid === undefined) return problem(409, 'not-running', `cannot show the environment of ${name}: it does not run`)
      return { body: { name, variables: ['DISPLAY', 'HOME', 'INIT_INSTANCE', 'INIT_PROGRAM', 'PATH', 'TZ', 'GITHUB_PAT'].map((variable) => ({ name: variable, secret: variable === 'GITHUB_PAT' })) } }
    }
    if (method !== 'POST') return problem(404, 'not_found', 'no such path')
    const code = program.act(action)
    setTimeout(() => this.announcePrograms(), 20)
    if (code === 'failed') return problem(409, 'failed', `cannot ${action} ${name}: it exits at once (exit code 3)`, { outcomes: [{ name, code }] })
    return { body: { outcomes: [{ name, code }] } }
  }

  private system() {
    return {
      version: '0.1.0', state: 'running', identifier: 'supervisor', pid: 1, config_file: '/etc/init/supervisor.toml', started_at: this.startedAt,
      uptime_seconds: (Date.now() - this.startedAt) / 1000, hostname: 'astrbot-7f9c', load: [0.42, 0.37, 0.31],
      memory: { total_bytes: 17_179_869_184, used_bytes: 3_912_345_600 },
      disks: [
        { path: '/home/user/logs', total_bytes: 53_687_091_200, free_bytes: 31_138_512_896 },
        { path: '/home/user/.init', total_bytes: 53_687_091_200, free_bytes: 4_138_512_896 },
      ],
    }
  }

  private changes(applied: boolean) {
    return {
      applied,
      items: [
        { name: 'program.astrbot', change: 'changed', action: 'restart', fields: ['command', 'environment'] },
        { name: 'program.gemini', change: 'changed', action: 'apply', fields: ['stop.grace'] },
        { name: 'program.filebrowser', change: 'added', action: 'start', fields: [] },
      ],
      warnings: ['supervisor.toml:31:1: program.gemini.environment: GEMINI_KEY is not set'],
    }
  }

  private live(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    this.streams.add(response)
    response.on('close', () => this.streams.delete(response))
    this.announcePrograms()
    this.announceRoutes()
    this.announceBackup()
  }

  private announceBackup(): void {
    this.announce('backup', this.backup.sight())
  }

  private announcePrograms(): void {
    this.announce('programs', { at: Date.now(), server_state: 'RUNNING', programs: this.programs.map((program) => program.status()) })
  }

  private announceRoutes(): void {
    this.announce('routes', { revision: this.routes.revision })
  }

  private announce(type: string, data: unknown): void {
    for (const stream of this.streams) stream.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  private log(name: string, stream: string, call: Call, response: ServerResponse): void {
    if (name === 'xvfb' && stream === 'stderr') return send(response, problem(404, 'no-log', 'cannot read the log: xvfb keeps no stderr log'))
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.write(stream === 'stderr' ? 'Traceback (most recent call last):\n  File "main.py", line 12\n' : makeLog(name, 0, 400))
    if (!call.query.has('follow')) return void response.end()
    let line = 400
    const timer = setInterval(() => response.write(makeLog(name, line, ++line)), 700)
    response.on('close', () => clearInterval(timer))
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const { status = 200, body, headers = {} } = reply ?? {}
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

export type { FakeProgram }

/** Answers below /admin/api/v1 of the development server and of the preview. */
export function fakeApi(): Plugin {
  const install = (server: { middlewares: Connect.Server }) => {
    const fake = new FakeServer()
    server.middlewares.use((request, response, next) => {
      if (!request.url?.startsWith(root)) return next()
      fake.handle(request, response).catch((error: unknown) => send(response, problem(500, 'internal', String(error))))
    })
  }
  return { name: 'fake-api', apply: 'serve', configureServer: install, configurePreviewServer: install }
}
