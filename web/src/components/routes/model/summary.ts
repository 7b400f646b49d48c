// A rule in plain words. Pieces, not HTML: the page shows values as code, and nothing of a rule is ever read as markup.
import { t, type MessageKey } from '../../../i18n'
import { bytes } from '../../../lib/format'
import type { Rule } from './types'
import { isObject, listAt, objectAt, textAt } from './values'

export interface Piece {
  text: string
  isValue: boolean
}

export type Phrase = Piece[]

/** A text of the dictionary with its placeholders as values of their own. */
export function phrase(key: MessageKey, values: Record<string, string> = {}): Phrase {
  return t(key)
    .split(/(\{\w+\})/)
    .filter((part) => part !== '')
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1]
      const value = name === undefined ? undefined : values[name]
      return value === undefined ? { text: part, isValue: false } : { text: value, isValue: true }
    })
}

export const textOf = (phrases: readonly Phrase[]): string => phrases.map((pieces) => pieces.map((piece) => piece.text).join('')).join(t('routes.sum.join'))

/** When the rule applies; every phrase must hold. */
export function conditionsOf(rule: Rule): Phrase[] {
  const match = objectAt(rule, 'match')
  const phrases: Phrase[] = []
  const add = (key: string, text: MessageKey): void => {
    const value = textAt(match, key)
    if (value !== undefined) phrases.push(phrase(text, { value }))
  }
  add('path_equal', 'routes.sum.pathEqual')
  add('path_prefix', 'routes.sum.pathPrefix')
  add('host', 'routes.sum.host')
  add('method', 'routes.sum.method')
  add('referer_substr', 'routes.sum.refererSubstr')
  add('referer_regex', 'routes.sum.refererRegex')
  for (const condition of listAt(match, 'headers').filter(isObject)) {
    const name = textAt(condition, 'name') ?? ''
    const contains = textAt(condition, 'contains')
    const regex = textAt(condition, 'regex')
    if (contains === undefined && regex === undefined) phrases.push(phrase('routes.sum.header', { name }))
    if (contains !== undefined) phrases.push(phrase('routes.sum.headerContains', { name, value: contains }))
    if (regex !== undefined) phrases.push(phrase('routes.sum.headerRegex', { name, value: regex }))
  }
  return phrases.length > 0 ? phrases : [phrase('routes.sum.everything')]
}

/** The second line of a rule with an app_scope. */
export const scopePhrase = (rule: Rule): Phrase => phrase('routes.sum.byScope', { value: textAt(objectAt(rule, 'match'), 'path_prefix') ?? textAt(rule, 'app_scope') ?? '' })

export interface Target {
  url: string
  /** Of all weights, 0 to 100; null when it is the only one. */
  percent: number | null
}

/** Where a request goes; empty for the default backend, and for a redirect. */
export function targetsOf(rule: Rule): Target[] {
  if (rule['action'] === 'redirect') return []
  const single = textAt(rule, 'backend')
  if (single !== undefined) return [{ url: single, percent: null }]
  const backends = listAt(rule, 'backends').filter(isObject)
  const weight = (backend: Record<string, unknown>): number => (typeof backend['weight'] === 'number' ? backend['weight'] : 1)
  const all = backends.reduce((sum, backend) => sum + weight(backend), 0)
  return backends.map((backend) => ({ url: textAt(backend, 'url') ?? '', percent: backends.length < 2 ? null : Math.round((weight(backend) / all) * 100) }))
}

/** Why a rule was not taken, from its own condition; null when the key is not known here. */
export function failureOf(rule: Rule, key: string): string | null {
  if (key === 'app_scope') return t('routes.why.app_scope')
  const value = objectAt(rule, 'match')[key]
  return value === undefined ? null : t('routes.why.not', { condition: textOf(conditionsOf({ id: rule.id, match: { [key]: value } })) })
}

/** What is done, in one phrase. */
export function effectOf(rule: Rule): Phrase {
  if (rule['action'] !== 'redirect') {
    const targets = targetsOf(rule)
    if (targets.length === 0) return phrase('routes.sum.toDefault')
    return phrase(targets.length === 1 ? 'routes.sum.to' : 'routes.sum.toSeveral', { value: targets.map((target) => target.url).join(', ') })
  }
  const status = String(rule['status'] ?? 301)
  const prefix = textAt(rule, 'redirect_to_prefix')
  return prefix === undefined ? phrase('routes.sum.redirect', { value: textAt(rule, 'redirect_to') ?? '/', status }) : phrase('routes.sum.redirectPrefix', { value: `${prefix}…`, status })
}

/** What else it does, as short marks. */
export function marksOf(rule: Rule): string[] {
  const marks: string[] = []
  const count = (key: string, one: MessageKey, many: MessageKey): void => {
    const n = listAt(rule, key).length
    if (n > 0) marks.push(n === 1 ? t(one) : t(many, { n }))
  }
  if (rule['strip_prefix'] === true) marks.push(t('routes.mark.strip'))
  const scope = textAt(rule, 'app_scope')
  if (scope !== undefined) marks.push(t('routes.mark.scope', { name: scope }))
  count('set_headers', 'routes.mark.setHeader', 'routes.mark.setHeaders')
  count('response_headers', 'routes.mark.responseHeader', 'routes.mark.responseHeaders')
  if (isObject(rule['sticky'])) marks.push(t('routes.mark.sticky'))
  if (isObject(rule['health'])) marks.push(t('routes.mark.health'))
  if (listAt(rule, 'allow').length > 0) marks.push(t('routes.mark.allow'))
  if (listAt(rule, 'deny').length > 0) marks.push(t('routes.mark.deny'))
  if (isObject(rule['timeouts'])) marks.push(t('routes.mark.timeouts'))
  const limit = rule['body_limit']
  if (limit !== undefined) marks.push(t('routes.mark.bodyLimit', { size: typeof limit === 'number' ? bytes(limit) : String(limit) }))
  return marks
}

/** Everything that a search looks at. */
export const searchTextOf = (rule: Rule): string => `${rule.id} ${JSON.stringify(rule)} ${textOf(conditionsOf(rule))} ${textOf([effectOf(rule)])}`.toLowerCase()
