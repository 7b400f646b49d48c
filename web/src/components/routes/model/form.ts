// A rule as a form has it: texts, and choices in the place of keys that exclude each other. The rule that the server sent stays underneath. What the form does
// not know, and what was not touched, goes back as it came. What cannot be read (a priority "high") goes to the server as text: it says what is wrong, and where.
import type { Rule } from './types'
import { copyOf, isObject, listAt, objectAt, textAt, type JsonObject } from './values'

export interface HeaderConditionForm {
  base: JsonObject
  name: string
  contains: string
  regex: string
}

export interface HeaderForm {
  base: JsonObject
  name: string
  value: string
  remove: boolean
}

export interface BackendForm {
  base: JsonObject
  url: string
  weight: string
}

export interface RuleForm {
  id: string
  enabled: boolean
  action: 'proxy' | 'redirect'
  priority: string
  pathKind: 'any' | 'prefix' | 'equal' | 'both'
  pathPrefix: string
  pathEqual: string
  host: string
  method: string
  refererSubstr: string
  refererRegex: string
  headers: HeaderConditionForm[]
  /** One address or network a line. */
  allow: string
  deny: string
  target: 'default' | 'one' | 'several'
  backend: string
  backends: BackendForm[]
  program: string
  stickyKind: 'none' | 'cookie' | 'header'
  stickyName: string
  health: Record<HealthKey, string>
  stripPrefix: boolean
  appScope: string
  setHeaders: HeaderForm[]
  responseHeaders: HeaderForm[]
  timeouts: Record<TimeoutKey, string>
  bodyLimit: string
  redirectKind: 'to' | 'prefix'
  redirectTo: string
  redirectToPrefix: string
  status: string
}

export const healthKeys = ['path', 'interval', 'timeout', 'failures', 'successes', 'retry_after'] as const
export const timeoutKeys = ['connect', 'response', 'idle'] as const
export type HealthKey = (typeof healthKeys)[number]
export type TimeoutKey = (typeof timeoutKeys)[number]

/** Keys that only one of the actions has. */
const proxyKeys = ['backend', 'backends', 'program', 'sticky', 'health', 'strip_prefix', 'app_scope', 'set_headers', 'response_headers', 'timeouts', 'body_limit']
const redirectKeys = ['redirect_to', 'redirect_to_prefix', 'status']

const shown = (value: unknown): string => (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value))
const lines = (value: unknown[]): string => value.map(shown).join('\n')
const objects = (from: JsonObject, key: string): JsonObject[] => listAt(from, key).map((item) => (isObject(item) ? item : {}))

/** What a new rule begins with: a path and a backend, which most have, to be filled in. */
export const emptyRule = (): Rule => ({ id: '', action: 'proxy', priority: 100, match: { path_prefix: '' }, backend: '' })

export function formOf(rule: Rule): RuleForm {
  const match = objectAt(rule, 'match')
  const sticky = objectAt(rule, 'sticky')
  const health = objectAt(rule, 'health')
  const timeouts = objectAt(rule, 'timeouts')
  const hasPrefix = match['path_prefix'] !== undefined
  const hasEqual = match['path_equal'] !== undefined
  return {
    id: shown(rule.id),
    enabled: rule['enabled'] !== false,
    action: rule['action'] === 'redirect' ? 'redirect' : 'proxy',
    priority: shown(rule['priority']),
    pathKind: hasPrefix && hasEqual ? 'both' : hasPrefix ? 'prefix' : hasEqual ? 'equal' : 'any',
    pathPrefix: shown(match['path_prefix']),
    pathEqual: shown(match['path_equal']),
    host: shown(match['host']),
    method: shown(match['method']),
    refererSubstr: shown(match['referer_substr']),
    refererRegex: shown(match['referer_regex']),
    headers: objects(match, 'headers').map((base) => ({ base, name: shown(base['name']), contains: shown(base['contains']), regex: shown(base['regex']) })),
    allow: lines(listAt(rule, 'allow')),
    deny: lines(listAt(rule, 'deny')),
    target: rule['backends'] !== undefined ? 'several' : rule['backend'] !== undefined ? 'one' : 'default',
    backend: shown(rule['backend']),
    backends: objects(rule, 'backends').map((base) => ({ base, url: shown(base['url']), weight: shown(base['weight']) })),
    program: shown(rule['program']),
    stickyKind: sticky['cookie'] !== undefined ? 'cookie' : sticky['header'] !== undefined ? 'header' : 'none',
    stickyName: textAt(sticky, 'cookie') ?? textAt(sticky, 'header') ?? '',
    health: Object.fromEntries(healthKeys.map((key) => [key, shown(health[key])])) as Record<HealthKey, string>,
    stripPrefix: rule['strip_prefix'] === true,
    appScope: shown(rule['app_scope']),
    setHeaders: headerForms(rule, 'set_headers'),
    responseHeaders: headerForms(rule, 'response_headers'),
    timeouts: Object.fromEntries(timeoutKeys.map((key) => [key, shown(timeouts[key])])) as Record<TimeoutKey, string>,
    bodyLimit: shown(rule['body_limit']),
    redirectKind: rule['redirect_to_prefix'] !== undefined && rule['redirect_to'] === undefined ? 'prefix' : 'to',
    redirectTo: shown(rule['redirect_to']),
    redirectToPrefix: shown(rule['redirect_to_prefix']),
    status: shown(rule['status'] ?? 301),
  }
}

function headerForms(rule: JsonObject, key: string): HeaderForm[] {
  return objects(rule, key).map((base) => ({ base, name: shown(base['name']), value: shown(base['value']), remove: base['remove'] === true }))
}

/** The rule that the form says, made from the one that it started with. */
export function ruleOf(form: RuleForm, base: Rule): Rule {
  const rule: Rule = copyOf(base)
  const before = formOf(base)
  put(rule, 'id', form.id, before.id)
  if (form.enabled !== before.enabled) {
    if (form.enabled) delete rule['enabled']
    else rule['enabled'] = false
  }
  if (form.action !== before.action) rule['action'] = form.action
  put(rule, 'priority', form.priority.trim().replace(/^([+-]?\d+),(\d+)$/, '$1.$2'), before.priority, numberOrText)
  const match = matchOf(form, before, objectAt(rule, 'match'))
  if (Object.keys(match).length > 0 || rule['match'] !== undefined) rule['match'] = match
  putList(rule, 'allow', form.allow, before.allow, (text) => text.split(/[\s,]+/).filter((line) => line !== ''))
  putList(rule, 'deny', form.deny, before.deny, (text) => text.split(/[\s,]+/).filter((line) => line !== ''))

  for (const key of form.action === 'redirect' ? proxyKeys : redirectKeys) delete rule[key]
  if (form.action === 'redirect') putRedirect(rule, form, before)
  else putProxy(rule, form, before)
  return rule
}

function matchOf(form: RuleForm, before: RuleForm, base: JsonObject): JsonObject {
  const match = base
  const wantsPrefix = form.pathKind === 'prefix' || form.pathKind === 'both'
  const wantsEqual = form.pathKind === 'equal' || form.pathKind === 'both'
  if (wantsPrefix) match['path_prefix'] = form.pathPrefix
  else delete match['path_prefix']
  if (wantsEqual) match['path_equal'] = form.pathEqual
  else delete match['path_equal']
  put(match, 'host', form.host.trim(), before.host)
  put(match, 'method', form.method.trim(), before.method)
  put(match, 'referer_substr', form.refererSubstr, before.refererSubstr)
  put(match, 'referer_regex', form.refererRegex, before.refererRegex)
  putList(match, 'headers', form.headers, before.headers, (items) =>
    items.map((item) => {
      const condition = { ...item.base, name: item.name.trim() }
      put(condition, 'contains', item.contains, shown(item.base['contains']))
      put(condition, 'regex', item.regex, shown(item.base['regex']))
      return condition
    }),
  )
  return match
}

function putProxy(rule: Rule, form: RuleForm, before: RuleForm): void {
  if (form.target === 'one') rule['backend'] = form.backend.trim()
  else delete rule['backend']
  if (form.target !== 'several') delete rule['backends']
  else if (before.target !== 'several' || changed(form.backends, before.backends))
    rule['backends'] = form.backends.map((item) => {
      const backend: JsonObject = { ...item.base, url: item.url.trim() }
      put(backend, 'weight', item.weight.trim(), shown(item.base['weight']), numberOrText)
      return backend
    })
  put(rule, 'program', form.program.trim(), before.program)
  if (form.stickyKind !== before.stickyKind || form.stickyName !== before.stickyName) {
    if (form.stickyKind === 'none') delete rule['sticky']
    else rule['sticky'] = { ...without(objectAt(rule, 'sticky'), ['cookie', 'header']), [form.stickyKind]: form.stickyName.trim() }
  }
  putGroup(rule, 'health', form.health, before.health)
  putGroup(rule, 'timeouts', form.timeouts, before.timeouts)
  if (form.stripPrefix !== before.stripPrefix) {
    if (form.stripPrefix) rule['strip_prefix'] = true
    else delete rule['strip_prefix']
  }
  put(rule, 'app_scope', form.appScope.trim(), before.appScope)
  putList(rule, 'set_headers', form.setHeaders, before.setHeaders, (items) => items.map((item) => ({ ...item.base, name: item.name.trim(), value: item.value })))
  putList(rule, 'response_headers', form.responseHeaders, before.responseHeaders, (items) =>
    items.map((item) => ({ ...without(item.base, ['value', 'remove']), name: item.name.trim(), ...(item.remove ? { remove: true } : { value: item.value }) })),
  )
  put(rule, 'body_limit', form.bodyLimit.trim(), before.bodyLimit, wholeOrText)
}

function putRedirect(rule: Rule, form: RuleForm, before: RuleForm): void {
  if (form.redirectKind === 'to') {
    delete rule['redirect_to_prefix']
    rule['redirect_to'] = form.redirectTo.trim()
  } else {
    delete rule['redirect_to']
    rule['redirect_to_prefix'] = form.redirectToPrefix.trim()
  }
  if (before.action !== 'redirect' || form.status !== before.status) rule['status'] = numberOrText(form.status)
}

/** Changes a key only when the text is another one; an empty text takes it away. */
function put(into: JsonObject, key: string, text: string, before: string, read: (text: string) => unknown = (value) => value): void {
  if (text === before) return
  if (text === '') delete into[key]
  else into[key] = read(text)
}

function putList<T extends string | unknown[]>(into: JsonObject, key: string, value: T, before: T, read: (value: T) => unknown[]): void {
  if (!changed(value, before)) return
  const items = read(value)
  if (items.length === 0) delete into[key]
  else into[key] = items
}

function putGroup<K extends string>(into: JsonObject, key: string, values: Record<K, string>, before: Record<K, string>): void {
  if (!changed(values, before)) return
  const group: JsonObject = { ...objectAt(into, key) }
  for (const name of Object.keys(values) as K[]) put(group, name, values[name].trim(), before[name], numberOrText)
  if (Object.keys(group).length === 0) delete into[key]
  else into[key] = group
}

const changed = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other)

const without = (from: JsonObject, keys: readonly string[]): JsonObject => Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)))

export const numberOrText = (text: string): unknown => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : text)

/** Beyond 2^53 a number would be rounded; as a text it is exact. */
const wholeOrText = (text: string): unknown => (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text)

const commonFields = ['id', 'enabled', 'priority', 'action', 'match.host', 'match.method', 'match.headers', 'match.referer_substr', 'match.referer_regex', 'allow', 'deny']
const proxyFields = ['program', 'sticky', 'strip_prefix', 'app_scope', 'set_headers', 'response_headers', 'body_limit']

/** True when the form shows a problem of this field in its place; the others are for the top. */
export function hasPlaceFor(form: RuleForm, field: string): boolean {
  const shownFields = [...commonFields]
  if (form.pathKind === 'prefix' || form.pathKind === 'both') shownFields.push('match.path_prefix')
  if (form.pathKind === 'equal' || form.pathKind === 'both') shownFields.push('match.path_equal')
  if (form.action === 'redirect') shownFields.push('status', form.redirectKind === 'to' ? 'redirect_to' : 'redirect_to_prefix')
  else shownFields.push(...proxyFields, ...(form.target === 'one' ? ['backend'] : form.target === 'several' ? ['backends'] : []))
  const exact = form.action === 'redirect' ? [] : ['health', ...healthKeys.map((key) => `health.${key}`), 'timeouts', ...timeoutKeys.map((key) => `timeouts.${key}`)]
  return exact.includes(field) || shownFields.some((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`))
}
