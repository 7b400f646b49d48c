// What the fake knows of rules: enough of the server's checks and matching to see every part of the page at work. The server's are the real ones.
import { effectiveOrder } from '../src/components/routes/model/order'
import type { DryRunAnswer, NameValue, Rule, RuleProblem, Trial } from '../src/components/routes/model/types'
import { isObject, listAt, objectAt, textAt } from '../src/components/routes/model/values'

const ruleKeys = new Set(['id', 'enabled', 'action', 'priority', 'match', 'allow', 'deny', 'backend', 'backends', 'program', 'sticky', 'health', 'strip_prefix', 'app_scope', 'set_headers', 'response_headers', 'timeouts', 'body_limit', 'redirect_to', 'redirect_to_prefix', 'status'])
const matchKeys = new Set(['host', 'path_equal', 'path_prefix', 'method', 'referer_substr', 'referer_regex', 'headers'])

export function problemsIn(document: Record<string, unknown>): RuleProblem[] {
  const problems: RuleProblem[] = []
  const backend = document['default_backend']
  if (backend !== null && backend !== undefined && !isUrl(backend)) problems.push({ rule: null, index: null, field: 'default_backend', message: 'is no http or https URL', remedy: 'write it like http://127.0.0.1:6185' })
  if (!Array.isArray(document['rules'])) return [...problems, { rule: null, index: null, field: 'rules', message: 'are missing', remedy: 'write all of them; [] for none' }]
  const ids = new Map<unknown, number>()
  document['rules'].forEach((rule: unknown, index) => {
    if (!isObject(rule)) return problems.push({ rule: null, index, field: '', message: 'is no object', remedy: 'write { … }' })
    const id = textAt(rule, 'id') || null
    const report = (field: string, message: string, remedy: string) => problems.push({ rule: id, index, field, message, remedy })
    if (id !== null && ids.has(id)) report('id', `rules[${ids.get(id)}] has the same id`, 'give each rule an id of its own')
    ids.set(id, index)
    for (const key of Object.keys(rule)) if (!ruleKeys.has(key)) report(key, 'unknown key', 'remove it')
    const match = objectAt(rule, 'match')
    for (const key of Object.keys(match)) if (!matchKeys.has(key)) report(`match.${key}`, 'unknown key', key.startsWith('path') ? 'did you mean "path_prefix"?' : 'remove it')
    for (const key of ['path_equal', 'path_prefix']) {
      const path = textAt(match, key)
      if (path === '') report(`match.${key}`, 'is empty', 'leave the key out')
      else if (path !== undefined && !path.startsWith('/')) report(`match.${key}`, 'is not valid', 'write the decoded path, beginning with "/"')
    }
    if (rule['priority'] !== undefined && typeof rule['priority'] !== 'number') report('priority', 'is a text, not a number', 'write a number')
    listAt(match, 'headers').forEach((condition, at) => {
      if (isObject(condition) && !/^[\w-]+$/.test(textAt(condition, 'name') ?? '')) report(`match.headers[${at}].name`, 'is no header name', 'use letters, digits and "-"')
    })
    const regex = textAt(match, 'referer_regex')
    if (regex !== undefined && /\(\?[=!<]/.test(regex)) report('match.referer_regex', 'has a look-around', 'write it without (?= …)')
    for (const key of ['allow', 'deny']) listAt(rule, key).forEach((range, at) => !/^[\da-f.:/]+$/i.test(String(range)) && report(`${key}[${at}]`, 'is neither an address nor a network', 'write it like "10.0.0.7", "10.0.0.0/8" or "fd00::/8"'))
    if (rule['action'] === 'redirect') {
      if (!rule['redirect_to'] === !rule['redirect_to_prefix']) report('redirect_to', 'a redirect has exactly one of redirect_to and redirect_to_prefix', 'give one of the two')
    } else {
      if (rule['backend'] !== undefined && !isUrl(rule['backend'])) report('backend', 'is no http or https URL', 'write it like http://127.0.0.1:6185')
      listAt(rule, 'backends').forEach((part, at) => isObject(part) && !isUrl(part['url']) && report(`backends[${at}].url`, 'is no http or https URL', 'write it like http://127.0.0.1:6185'))
      if (rule['sticky'] !== undefined && listAt(rule, 'backends').length < 2) report('sticky', 'has no effect with fewer than two backends', 'remove it, or list several backends')
      if (rule['strip_prefix'] === true && match['path_prefix'] === undefined) report('strip_prefix', 'there is no match.path_prefix to strip', 'add one, or remove strip_prefix')
      for (const [key, value] of Object.entries(objectAt(rule, 'timeouts'))) if (!/^(\d+(ms|s|m|h))+$/.test(String(value))) report(`timeouts.${key}`, `"${String(value)}" is not a duration`, 'write it like "10s" or "1m30s"')
    }
  })
  return problems
}

const isUrl = (value: unknown): boolean => typeof value === 'string' && /^https?:\/\/[\w.:[\]-]+/.test(value)

export function dryRun(rules: Rule[], defaultBackend: string | null, body: Record<string, unknown>): DryRunAnswer {
  const url = new URL(String(body['url']), `http://${String(body['host'] ?? 'localhost')}`)
  const path = decodeURIComponent(url.pathname)
  const headers = listAt(body, 'headers').filter(isObject) as unknown as NameValue[]
  const header = (name: string) => headers.filter((candidate) => candidate.name.toLowerCase() === name.toLowerCase()).map((candidate) => candidate.value)
  const referer = header('Referer')[0] ?? ''
  const asking = rules.find((rule) => textAt(rule, 'app_scope') && referer.includes(textAt(objectAt(rule, 'match'), 'path_prefix') ?? '\0'))
  const scope = (asking && textAt(asking, 'app_scope')) ?? null

  const failure = (rule: Rule, byScope: boolean): [string, string] | null => {
    const match = objectAt(rule, 'match')
    const [exact, prefix, host, method, part] = ['path_equal', 'path_prefix', 'host', 'method', 'referer_substr'].map((key) => textAt(match, key))
    if (exact !== undefined && path !== exact) return ['path_equal', `the path "${path}" is not "${exact}"`]
    if (prefix !== undefined && !byScope && !path.startsWith(prefix)) return ['path_prefix', `the path "${path}" does not begin with "${prefix}"`]
    if (host !== undefined && url.hostname !== host.split(':')[0]) return ['host', `the host "${url.hostname}" is not "${host}"`]
    if (method !== undefined && method.toUpperCase() !== body['method']) return ['method', `the method ${String(body['method'])} is not ${method}`]
    if (byScope && scope !== textAt(rule, 'app_scope')) return ['app_scope', `no sign that a page of "${textAt(rule, 'app_scope')}" asks`]
    for (const condition of listAt(match, 'headers').filter(isObject)) if (header(textAt(condition, 'name') ?? '').length === 0) return ['headers', `there is no header ${textAt(condition, 'name')}`]
    if (part !== undefined && !referer.includes(part)) return ['referer_substr', referer === '' ? 'there is no Referer' : `the Referer "${referer}" does not contain "${part}"`]
    return null
  }
  let winner: Trial | undefined
  const trials: Trial[] = effectiveOrder(rules).map((entry) => {
    const why = failure(rules[entry.index]!, entry.by_scope)
    const trial: Trial = { rule: entry.id, index: entry.index, by_scope: entry.by_scope, outcome: why ? 'fails' : winner ? 'also_matches' : 'wins', condition: why?.[0] ?? null, why: why?.[1] ?? (entry.by_scope ? `a page of "${scope}" asks` : 'all of its conditions hold') }
    if (!why) winner ??= trial
    return trial
  })
  rules.forEach((rule, index) => rule['enabled'] === false && trials.push({ rule: rule.id, index, by_scope: false, outcome: 'disabled', condition: null, why: 'it is not enabled' }))

  const rule = winner && rules[winner.index]
  const base = { path, asking_scope: scope, trials, rule: rule?.id ?? null, by_scope: winner?.by_scope ?? false }
  if (rule && listAt(rule, 'deny').includes(body['client'])) return { ...base, outcome: 'denied', action: 'respond', status: 403, upstream: [] }
  if (rule?.['action'] === 'redirect') return { ...base, outcome: 'rule', action: 'redirect', status: Number(rule['status'] ?? 301), location: String(rule['redirect_to'] ?? rule['redirect_to_prefix']) + url.search, upstream: [] }
  const urls = rule ? [textAt(rule, 'backend'), ...listAt(rule, 'backends').filter(isObject).map((part) => textAt(part, 'url'))].filter((one) => one !== undefined) : []
  const upstream = (urls.length > 0 ? urls : defaultBackend ? [defaultBackend] : []).map((target) => target + url.pathname + url.search)
  return { ...base, outcome: rule ? 'rule' : 'default', action: upstream.length > 0 ? 'proxy' : 'respond', status: upstream.length > 0 ? null : 502, upstream, set_headers: (rule ? listAt(rule, 'set_headers') : []) as NameValue[] }
}
