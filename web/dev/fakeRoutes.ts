// The routes of the fake: a document with revisions, a history that can be undone, and statistics that go up. "?who=NAME" makes a change somebody else's.
import { differenceOf, revert } from '../src/components/routes/model/diff'
import { effectiveOrder } from '../src/components/routes/model/order'
import type { Document, HistoryDetail, Rule, RuleProblem } from '../src/components/routes/model/types'
import { copyOf, isObject } from '../src/components/routes/model/values'
import { problem, type Call, type Reply } from './fake'
import { dryRun, problemsIn } from './fakeRules'

export class FakeRoutes {
  revision = 4
  private document: Document = {
    default_backend: 'http://127.0.0.1:6185',
    rules: [
      { id: 'proxy-api-ws', action: 'proxy', priority: 200, match: { path_prefix: '/api/ws/' }, backend: 'http://127.0.0.1:6099' },
      { id: 'redirect-webui-slash', action: 'redirect', priority: 200, match: { path_equal: '/webui' }, redirect_to: '/webui/', status: 301 },
      { id: 'proxy-webui', action: 'proxy', priority: 180, match: { path_prefix: '/webui/' }, app_scope: 'webui', backend: 'http://127.0.0.1:6099', set_headers: [{ name: 'X-Forwarded-Prefix', value: '/webui' }] },
      { id: 'proxy-gemini', action: 'proxy', priority: 180.5, match: { path_prefix: '/gemini/' }, app_scope: 'gemini', backend: 'http://127.0.0.1:8000', set_headers: [{ name: 'X-Forwarded-Prefix', value: '/gemini' }] },
      { id: 'redirect-gemini-slash', action: 'redirect', priority: 175, match: { path_equal: '/gemini' }, redirect_to: '/gemini/', status: 302 },
      {
        id: 'upload-api', action: 'proxy', priority: 120, match: { host: 'files.example.org', path_prefix: '/upload/', method: 'POST', headers: [{ name: 'X-Client', contains: 'desktop' }] },
        backends: [{ url: 'http://127.0.0.1:9001', weight: 3 }, { url: 'http://127.0.0.1:9002', weight: 1 }], sticky: { cookie: 'node' }, health: { path: '/healthz', interval: '10s' }, strip_prefix: true, timeouts: { response: '10m' }, body_limit: 10_737_418_240, deny: ['203.0.113.7'],
      },
      { id: '"><img src=x onerror=alert(1)>', enabled: false, action: 'proxy', priority: 50, match: { referer_substr: '<script>alert(2)</script>' }, backend: 'http://127.0.0.1:8000' },
    ],
  }
  private history: HistoryDetail[] = []
  private readonly startedAt = Date.now()

  constructor(private readonly announce: () => void) {
    this.revision = 1
    const webui = { ...copyOf(this.document), rules: this.document.rules.map((rule) => (rule.id === 'proxy-webui' ? { ...rule, priority: 190 } : rule)) }
    const now = this.document
    this.document = { ...webui, rules: webui.rules.slice(0, 5) }
    this.enter({ ...webui }, 'panel (203.0.113.7)', 'added "upload-api" and one more')
    this.enter({ ...webui, default_backend: 'http://127.0.0.1:6186' }, 'token deploy', 'set the default backend')
    this.enter(now, 'panel (2001:db8::17)', 'changed rule "proxy-webui"')
  }

  answer(call: Call): Reply {
    const headers = { ETag: `"${this.revision}"` }
    const read = call.method === 'GET' ? this.read(call) : undefined
    if (read) return { headers, body: read }
    if (call.path === '/routes/validation') {
      const problems = problemsIn(call.body)
      return { body: { valid: problems.length === 0, problems }, headers }
    }
    if (call.path === '/routes/dry-run') return { body: dryRun(this.document.rules, this.document.default_backend, call.body), headers }
    if (call.method === 'GET') return problem(404, 'not_found', `the fake has nothing at ${call.path}`)
    if (call.ifMatch !== null && call.ifMatch !== this.revision) return problem(412, 'conflict', 'somebody was faster', { revision: this.revision })
    return this.write(call)
  }

  private read({ path }: Call): unknown {
    const { rules } = this.document
    if (path === '/routes') return { revision: this.revision, ...this.document }
    if (path === '/routes/export') return this.document
    if (path === '/routes/effective') return { revision: this.revision, entries: effectiveOrder(rules) }
    if (path === '/routes/history') return { revision: this.revision, entries: this.history.map(({ revision, at, who, what }) => ({ revision, at, who, what })) }
    if (path.startsWith('/routes/history/')) return this.history.find((entry) => entry.revision === Number(path.split('/')[3]))
    if (path !== '/routes/statistics') return undefined
    const seconds = (Date.now() - this.startedAt) / 1000
    const counts = rules.map((rule, index) => ({ id: rule.id as string | null, requests: rule['enabled'] === false ? 0 : Math.round(130_000 / (index * index + 1) + seconds * (9 - index)), failures: index === 3 ? 3 : 0, last_request_at: rule['enabled'] === false ? null : Date.now() - 4000, last_failure: index === 3 ? { at: Date.now() - 60_000, status: 502, detail: 'connection refused' } : null }))
    return {
      since: this.startedAt,
      rules: [...counts, { id: null, requests: Math.round(5120 + seconds * 3), failures: 0, last_request_at: Date.now(), last_failure: null }],
      backends: [
        { url: 'http://127.0.0.1:6099', healthy: true, program: 'napcat', state: 'RUNNING' },
        { url: 'http://127.0.0.1:8000', healthy: true, program: 'gemini', state: 'WAITING' },
        { url: 'http://127.0.0.1:6185', healthy: true, program: 'astrbot', state: 'RUNNING' },
        { url: 'http://127.0.0.1:9001', healthy: true, program: null, state: null },
        { url: 'http://127.0.0.1:9002', healthy: false, program: 'worker:1', state: 'BACKOFF' },
      ],
    }
  }

  private write(call: Call): Reply {
    const { method, path, body } = call
    const { rules } = this.document
    const next = (change: Partial<Document>, what: string, rule?: Rule, status = 200) => this.change({ ...this.document, ...change }, what, call, rule, status)
    if (path === '/routes') return next({ default_backend: (body['default_backend'] as string | null) ?? null, rules: body['rules'] as Rule[] }, 'replaced the document')
    if (path === '/routes/default-backend') return next({ default_backend: body['default_backend'] as string | null }, 'set the default backend')
    if (path === '/routes/order') return next({ rules: (body['ids'] as string[]).flatMap((id) => rules.filter((rule) => rule.id === id)) }, 'reordered the rules')
    if (path === '/routes/undo') {
      const to = Number(body['revision'] ?? this.revision - 1)
      let then: Document = this.document
      for (const entry of this.history) if (entry.revision > to) then = revert(then, entry.diff)
      return next(then, `went back to revision ${to}`)
    }
    if (path === '/routes/import') return this.import(call)
    if (path === '/routes/rules') {
      const rule = { ...body, id: String(body['id'] || `rule-${this.revision}`) }
      const list = [...rules]
      list.splice(Number(call.query.get('index') ?? list.length), 0, rule)
      return next({ rules: list }, `added rule "${rule.id}"`, rule, 201)
    }
    const one = /^\/routes\/rules\/([^/]+)(\/move)?$/.exec(path)
    const id = decodeURIComponent(one?.[1] ?? '')
    const index = rules.findIndex((rule) => rule.id === id)
    const old = rules[index]
    if (!one || !old) return problem(404, 'unknown_rule', `there is no rule "${id}"`)
    const list = rules.filter((rule) => rule !== old)
    if (method === 'DELETE') return next({ rules: list }, `deleted rule "${id}"`)
    if (one[2]) {
      list.splice(Number(body['index']), 0, old)
      return next({ rules: list }, `moved rule "${id}"`)
    }
    const rule: Rule = method === 'PATCH' ? { ...old, ...body } : { ...body, id: String(body['id'] ?? id) }
    if (rule['enabled'] === true) delete rule['enabled']
    list.splice(index, 0, rule)
    return next({ rules: list }, `changed rule "${id}"`, rule)
  }

  /** Ours as it is; of the original, what its page could write, with a note for what goes. */
  private import(call: Call): Reply {
    const notes: RuleProblem[] = []
    const rules = (Array.isArray(call.body['rules']) ? call.body['rules'] : []).filter(isObject).map((rule, index): Rule => {
      const id = String(rule['id'] ?? `rule-${index + 1}`)
      if (rule['comment'] !== undefined) notes.push({ rule: id, index, field: 'comment', message: 'the original does not know it', remedy: 'the key is dropped' })
      return { ...rule, comment: undefined, id }
    })
    const document: Document = copyOf({ default_backend: (call.body['default_backend'] as string) ?? this.document.default_backend, rules })
    const problems = problemsIn({ ...document })
    if (problems.length > 0) return problem(422, 'invalid_rules', 'the rules are not valid', { problems })
    if (call.query.has('dry_run')) return { body: { revision: this.revision, notes, rules: rules.length }, headers: { ETag: `"${this.revision}"` } }
    const reply = this.change(document, 'imported rules', call)
    return { ...reply, body: { revision: this.revision, notes, rules: rules.length } }
  }

  private change(document: Document, what: string, call: Call, rule?: Rule, status = 200): NonNullable<Reply> {
    const problems = problemsIn({ ...document })
    if (problems.length > 0) return problem(422, 'invalid_rules', 'the rules are not valid', { problems })!
    this.enter(copyOf(document), call.query.get('who') ?? 'panel (127.0.0.1)', what)
    setTimeout(this.announce, 30)
    return { status, body: { revision: this.revision, rule, notes: [] }, headers: { ETag: `"${this.revision}"` } }
  }

  private enter(document: Document, who: string, what: string): void {
    this.revision++
    this.history.unshift({ revision: this.revision, at: Date.now() - (this.revision < 5 ? (5 - this.revision) * 5_400_000 : 0), who, what, diff: copyOf(differenceOf(this.document, document)) })
    this.document = document
  }
}
