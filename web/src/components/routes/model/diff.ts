import type { Difference, Document, Rule, RuleChange } from './types'
import { areEqual, isObject } from './values'

/** One field of a rule before and after, as text; null: it is not there. */
export interface FieldChange {
  field: string
  before: string | null
  after: string | null
}

/** Field by field: objects key by key ("match.host"), lists as one piece. */
export function fieldChanges(before: Rule | null, after: Rule | null): FieldChange[] {
  const changes: FieldChange[] = []
  compare('', before ?? {}, after ?? {})
  return changes

  function compare(path: string, one: Record<string, unknown>, other: Record<string, unknown>): void {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const [old, now] = [one[key], other[key]]
      if (areEqual(old, now)) continue
      const field = path + key
      if ((isObject(old) || old === undefined) && (isObject(now) || now === undefined)) compare(`${field}.`, isObject(old) ? old : {}, isObject(now) ? now : {})
      else changes.push({ field, before: shown(old), after: shown(now) })
    }
  }
}

function shown(value: unknown): string | null {
  if (value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value, null, Array.isArray(value) && value.length > 1 ? 1 : undefined).replace(/\n\s*/g, ' ')
}

/** What leads from one document to the other, in the shape of the history. */
export function differenceOf(before: Document, after: Document): Difference {
  const left = new Map(after.rules.map((rule) => [rule.id, rule]))
  const rules: RuleChange[] = []
  before.rules.forEach((old, index) => {
    const now = left.get(old.id) ?? null
    left.delete(old.id)
    if (now === null || !areEqual(old, now)) rules.push({ id: old.id, index_before: index, before: old, after: now })
  })
  for (const added of left.values()) rules.push({ id: added.id, index_before: null, before: null, after: added })
  const difference: Difference = { rules }
  if (before.default_backend !== after.default_backend) difference.default_backend = { before: before.default_backend, after: after.default_backend }
  const order = before.rules.map((rule) => rule.id)
  if (!areEqual(revert(after, difference).rules.map((rule) => rule.id), order)) difference.order_before = order
  return difference
}

/** What was there before a change. */
export function revert(after: Document, difference: Difference): Document {
  const changes = new Map(difference.rules.map((change) => [change.id, change]))
  let rules = after.rules.flatMap((rule) => {
    const change = changes.get(rule.id)
    return change ? (change.before ? [change.before] : []) : [rule]
  })
  const gone = difference.rules.filter((change) => change.after === null && change.before !== null)
  for (const change of gone.sort((one, other) => (one.index_before ?? 0) - (other.index_before ?? 0)))
    rules.splice(Math.min(change.index_before ?? 0, rules.length), 0, change.before!)
  const order = difference.order_before
  if (order && order.length > 0) {
    const places = new Map(order.map((id, place) => [id, place]))
    rules = rules.slice().sort((one, other) => (places.get(one.id) ?? Infinity) - (places.get(other.id) ?? Infinity) || 0)
  }
  return { default_backend: difference.default_backend ? difference.default_backend.before : after.default_backend, rules }
}

export const isEmpty = (difference: Difference): boolean => difference.rules.length === 0 && !difference.default_backend && !difference.order_before?.length
