// The effective order, as docs/decisions/0013 has it: priority, then the length of the path condition in bytes, then that of referer_substr, then the place in
// the list. The table shows the server's; this one says where a rule would come, and what a move to another place takes.
import type { OrderEntry, Rule } from './types'
import { objectAt, textAt } from './values'

const encoder = new TextEncoder()
const bytes = (text: string | undefined): number => (text === undefined ? 0 : encoder.encode(text).length)

export const priorityOf = (rule: Rule): number => (typeof rule['priority'] === 'number' ? rule['priority'] : 0)

type Key = Pick<OrderEntry, 'priority' | 'path_length' | 'referer_length'>

function entriesOf(rule: Rule, index: number): Omit<OrderEntry, 'rank'>[] {
  const match = objectAt(rule, 'match')
  const exact = textAt(match, 'path_equal')
  const entry = {
    id: rule.id,
    index,
    by_scope: false,
    priority: priorityOf(rule),
    path_length: exact === undefined ? bytes(textAt(match, 'path_prefix')) : bytes(exact) + 1,
    referer_length: bytes(textAt(match, 'referer_substr')),
  }
  return textAt(rule, 'app_scope') ? [entry, { ...entry, by_scope: true, path_length: 0 }] : [entry]
}

/** Of two lines: below 0 when the first is tried first. */
const compareKeys = (one: Key, other: Key): number =>
  other.priority - one.priority || other.path_length - one.path_length || other.referer_length - one.referer_length

export function effectiveOrder(rules: readonly Rule[]): OrderEntry[] {
  return rules
    .flatMap((rule, index) => (rule['enabled'] === false ? [] : entriesOf(rule, index)))
    .sort((one, other) => compareKeys(one, other) || one.index - other.index)
    .map((entry, rank) => ({ ...entry, rank }))
}

/** Where a rule would be tried, from 0, and among how many; null when it is not enabled. */
export function placeOf(rule: Rule, others: readonly Rule[], index: number): { rank: number; count: number } | null {
  const rules = [...others]
  rules.splice(index, 0, rule)
  const entries = effectiveOrder(rules)
  const entry = entries.find((candidate) => candidate.index === index && !candidate.by_scope)
  return entry ? { rank: entry.rank, count: entries.length } : null
}

export type Move =
  | { kind: 'none' }
  /** A place in the list decides: the index that it gets there. */
  | { kind: 'list'; index: number }
  | { kind: 'priority'; priority: number }
  /** Rules of one priority go by the length of their path, which no move changes. */
  | { kind: 'impossible' }

const priorityMax = 1e9

/**
 * What has to be done so that a rule is tried between two others. The lines are the effective order without the second ones of app_scope.
 * @param place Where it shall be among the other lines: 0 is the first.
 */
export function planMove(entries: readonly OrderEntry[], id: string, place: number): Move {
  const moved = entries.find((entry) => entry.id === id)
  if (!moved) return { kind: 'none' }
  const others = entries.filter((entry) => entry.id !== id)
  const at = Math.max(0, Math.min(place, others.length))
  if (entries.indexOf(moved) === at) return { kind: 'none' }
  const above = others[at - 1]
  const below = others[at]
  const fits = (key: Key): boolean => (!above || compareKeys(above, key) <= 0) && (!below || compareKeys(key, below) <= 0)

  if (fits(moved)) {
    // A tie with one of them, or it would stand there already.
    if (above && compareKeys(above, moved) === 0) return { kind: 'list', index: above.index + (moved.index < above.index ? 0 : 1) }
    if (below && compareKeys(moved, below) === 0) return { kind: 'list', index: below.index - (moved.index < below.index ? 1 : 0) }
  }
  const strictly = (priority: number): boolean => {
    const key = { ...moved, priority }
    return (!above || compareKeys(above, key) < 0) && (!below || compareKeys(key, below) < 0)
  }
  const priority = above && below ? between(below.priority, above.priority) : above ? Math.max(above.priority - 10, -priorityMax) : below ? Math.min(below.priority + 10, priorityMax) : moved.priority
  return strictly(priority) ? { kind: 'priority', priority } : { kind: 'impossible' }
}

/** A number between two others, with as few digits as there can be. */
export function between(low: number, high: number): number {
  const middle = low + (high - low) / 2
  for (const unit of [10, 5, 1, 0.5, 0.1, 0.01, 0.001]) {
    const round = Number((Math.round(middle / unit) * unit).toFixed(3))
    if (round > low && round < high) return round
  }
  return middle
}
