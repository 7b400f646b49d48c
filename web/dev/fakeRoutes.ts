// The routes of the fake: one revision number and a document that can be read, replaced and reordered. The rest is the server's business.
import { problem, type Call, type Reply } from './fake'

interface Rule {
  id: string
  [key: string]: unknown
}

export class FakeRoutes {
  revision = 7
  private defaultBackend: string | null = 'http://127.0.0.1:6185'
  private rules: Rule[] = [
    { id: 'ws-napcat', action: 'proxy', priority: 200, backend: 'http://127.0.0.1:6099', match: { path_prefix: '/api/ws/' } },
    { id: 'webui', action: 'proxy', priority: 190, backend: 'http://127.0.0.1:6099', match: { path_prefix: '/webui/' }, set_headers: [{ name: 'X-Forwarded-Prefix', value: '/webui' }] },
    { id: 'gemini', action: 'proxy', priority: 180, backend: 'http://127.0.0.1:8000', match: { path_prefix: '/gemini/' }, strip_prefix: '/gemini', enabled: false },
    { id: 'old-path', action: 'redirect', priority: 90, match: { path_equal: '/old-path' }, redirect_to: '/new-path' },
  ]

  constructor(private readonly announce: () => void) {}

  answer(call: Call): Reply {
    const { method, path, body } = call
    const headers = { ETag: `"${this.revision}"` }
    if (method === 'GET' && path === '/routes') return { body: { revision: this.revision, default_backend: this.defaultBackend, rules: this.rules }, headers }
    if (method === 'GET' && path === '/routes/effective')
      return { headers, body: { revision: this.revision, entries: this.rules.filter((rule) => rule['enabled'] !== false).map((rule, rank) => ({ rank, id: rule.id, index: this.rules.indexOf(rule), by_scope: false, priority: rule['priority'] ?? 0, path_length: 0, referer_length: 0, summary: JSON.stringify(rule['match']) })) } }
    if (method === 'GET' && path === '/routes/statistics')
      return { body: { since: Date.now() - 3_600_000, rules: [...this.rules.map((rule, index) => ({ id: rule.id as string | null, requests: 1234 >> index, failures: index === 1 ? 3 : 0, last_request_at: Date.now() - 4000, last_failure: index === 1 ? { at: Date.now() - 60_000, status: 502, detail: 'connection refused' } : null })), { id: null, requests: 5120, failures: 0, last_request_at: Date.now(), last_failure: null }], backends: [{ url: 'http://127.0.0.1:6099', healthy: true, program: 'napcat', state: 'RUNNING' }, { url: 'http://127.0.0.1:8000', healthy: false, program: 'gemini', state: 'WAITING' }] } }
    if (method === 'GET' && path === '/routes/history')
      return { headers, body: { revision: this.revision, entries: [{ revision: this.revision, at: Date.now(), who: '203.0.113.7', what: 'changed rule "webui"' }, { revision: this.revision - 1, at: Date.now() - 60_000, who: 'token deploy', what: 'moved rule "gemini"' }] } }
    if (method !== 'GET' && call.ifMatch !== null && call.ifMatch !== this.revision) return problem(412, 'conflict', 'somebody was faster', { revision: this.revision })
    if (method === 'PUT' && path === '/routes') {
      this.defaultBackend = body['default_backend'] as string | null
      this.rules = body['rules'] as Rule[]
      return this.changed()
    }
    if (method === 'PUT' && path === '/routes/order') {
      const ids = body['ids'] as string[]
      this.rules = ids.flatMap((id) => this.rules.filter((rule) => rule.id === id))
      return this.changed()
    }
    if (method === 'PUT' && path === '/routes/default-backend') {
      this.defaultBackend = body['default_backend'] as string | null
      return this.changed()
    }
    if (method === 'POST' && path === '/routes/validation') return { body: { valid: true, problems: [] } }
    if (method === 'POST' && path === '/routes/undo') return this.changed()
    if (method === 'POST' && path === '/routes/rules') {
      const rule = { ...body, id: String(body['id'] || `rule-${this.revision}`) }
      this.rules.splice(Number(call.query.get('index') ?? this.rules.length), 0, rule)
      return { ...this.changed(rule), status: 201 }
    }
    const one = /^\/routes\/rules\/([^/]+)(\/move)?$/.exec(path)
    const index = one ? this.rules.findIndex((rule) => rule.id === decodeURIComponent(one[1] ?? '')) : -1
    const rule = this.rules[index]
    if (!one || !rule) return problem(404, one ? 'unknown_rule' : 'not_found', `the fake has nothing at ${method} ${path}`)
    if (method === 'GET') return { body: rule, headers }
    this.rules.splice(index, 1)
    if (one[2]) this.rules.splice(Number(body['index']), 0, rule)
    else if (method === 'PATCH') this.rules.splice(index, 0, { ...rule, ...body })
    else if (method === 'PUT') this.rules.splice(index, 0, { ...(body as object), id: String(body['id'] ?? rule.id) })
    return this.changed(this.rules[index])
  }

  private changed(rule?: Rule): NonNullable<Reply> {
    this.revision++
    this.announce()
    return { body: { revision: this.revision, rule, notes: [] }, headers: { ETag: `"${this.revision}"` } }
  }
}
