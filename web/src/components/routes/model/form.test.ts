import { describe, expect, it } from 'vitest'
import { emptyRule, formOf, hasPlaceFor, ruleOf } from './form'
import type { Rule } from './types'

const full: Rule = {
  id: 'all',
  enabled: false,
  action: 'proxy',
  priority: 180.25,
  match: {
    host: 'a.example:7860', path_prefix: '/app/', method: 'POST', referer_substr: '/x/', referer_regex: '^https?://', headers: [{ name: 'X-A', contains: 'b', regex: 'c', later: 1 }], future_condition: ['kept'],
  },
  allow: ['10.0.0.0/8', 'fd00::/8'],
  deny: ['10.0.0.7'],
  backends: [{ url: 'http://127.0.0.1:1', weight: 3, zone: 'z' }, { url: 'http://127.0.0.1:2' }],
  program: 'web:0',
  sticky: { cookie: 'node', same_site: 'none' },
  health: { path: '/healthz', interval: '10s', failures: 3, later: true },
  strip_prefix: true,
  app_scope: 'app',
  set_headers: [{ name: 'X-Forwarded-Prefix', value: '/app"><b>' }],
  response_headers: [{ name: 'Server', remove: true }, { name: 'X', value: '' }],
  timeouts: { connect: '5s', response: '10m', later: '1s' },
  body_limit: '10GB',
  brand_new_key: { deep: [1, { two: null }] },
}

describe('a rule in the form', () => {
  it('comes back as it was when nothing is touched, unknown keys and all', () => {
    const redirect: Rule = { id: 'r', action: 'redirect', priority: 0.5, match: { path_equal: '/a', path_prefix: '/' }, redirect_to: '/b', status: 308, note: 'x' }
    for (const rule of [full, redirect, { id: 'bare' }, emptyRule(), { id: 'p', action: 'redirect', match: { path_prefix: '/a' }, redirect_to_prefix: '/b' }] as Rule[])
      expect(ruleOf(formOf(rule), rule)).toEqual(rule)
  })

  it('keeps set_headers, fractions and unknown keys when something else is changed', () => {
    const form = formOf(full)
    form.host = 'b.example'
    form.headers[0]!.contains = 'changed'
    form.backends[0]!.weight = '4'
    form.health.failures = '5'
    expect(ruleOf(form, full)).toEqual({
      ...full,
      match: { ...(full['match'] as object), host: 'b.example', headers: [{ name: 'X-A', contains: 'changed', regex: 'c', later: 1 }] },
      backends: [{ url: 'http://127.0.0.1:1', weight: 4, zone: 'z' }, { url: 'http://127.0.0.1:2' }],
      health: { path: '/healthz', interval: '10s', failures: 5, later: true },
    })
  })

  it('does not change the rule that it was made from', () => {
    const before = JSON.stringify(full)
    const form = formOf(full)
    form.headers[0]!.name = 'Y'
    form.host = ''
    ruleOf(form, full)
    expect(JSON.stringify(full)).toBe(before)
  })

  it.each([
    ['180.75', 180.75],
    ['1,5', 1.5],
    ['-1e3', -1000],
    ['high', 'high'],
    ['1e999', '1e999'],
    ['', undefined],
  ])('reads the priority %s', (text, priority) => {
    const form = formOf(full)
    form.priority = text
    expect(ruleOf(form, full)['priority']).toBe(priority)
  })

  it('drops what the other action has, and only that', () => {
    const form = formOf(full)
    form.action = 'redirect'
    form.redirectTo = '/new'
    const rule = ruleOf(form, full)
    expect(rule).toEqual({ id: 'all', enabled: false, action: 'redirect', priority: 180.25, match: full['match'], allow: full['allow'], deny: full['deny'], redirect_to: '/new', status: 301, brand_new_key: full['brand_new_key'] })
    expect(ruleOf({ ...formOf(rule), action: 'proxy', target: 'default' }, rule)).not.toHaveProperty('status')
  })

  it('takes empty things away and turns a switch without leaving a trace', () => {
    const form = { ...formOf(full), enabled: true, allow: ' ', deny: '', stickyKind: 'none' as const, setHeaders: [], target: 'one' as const, backend: ' http://x:1 ', bodyLimit: '1000' }
    const rule = ruleOf(form, full)
    for (const key of ['enabled', 'allow', 'deny', 'sticky', 'set_headers', 'backends']) expect(rule).not.toHaveProperty(key)
    expect(rule).toMatchObject({ backend: 'http://x:1', body_limit: 1000 })
  })

  it('keeps a limit beyond 2^53 exact', () => {
    expect(ruleOf({ ...formOf(full), bodyLimit: '9007199254740993' }, full)['body_limit']).toBe('9007199254740993')
  })

  it('knows which problems it can show in their place', () => {
    const form = formOf(full)
    expect(['id', 'match.path_prefix', 'match.headers[0].name', 'backends[1].url', 'health.interval', 'allow[0]'].every((field) => hasPlaceFor(form, field))).toBe(true)
    expect(['', 'match.path_equal', 'match.paht', 'backend', 'redirect_to', 'health.later', 'brand_new_key'].some((field) => hasPlaceFor(form, field))).toBe(false)
  })
})
