import { searchTextOf } from './model/summary'
import type { OrderEntry, Rule, RoutesDocument } from './model/types'

export type View = 'order' | 'list'

/** One line of the table. */
export interface Row {
  key: string
  rule: Rule
  /** In the list, from 0. */
  index: number
  /** In the effective order, from 0; null when it is not enabled. */
  rank: number | null
  /** The second line of a rule with an app_scope. */
  byScope: boolean
  isEnabled: boolean
}

/** The effective order and then what is not enabled; or the list as it is. */
export function rowsOf(document: RoutesDocument, order: readonly OrderEntry[], view: View, search: string): Row[] {
  const row = (rule: Rule, index: number, entry?: OrderEntry): Row => ({
    key: entry?.by_scope ? `${rule.id} by scope` : rule.id,
    rule,
    index,
    rank: entry?.rank ?? null,
    byScope: entry?.by_scope ?? false,
    isEnabled: rule['enabled'] !== false,
  })
  const firstLines = new Map(order.filter((entry) => !entry.by_scope).map((entry) => [entry.index, entry]))
  const rows =
    view === 'list'
      ? document.rules.map((rule, index) => row(rule, index, firstLines.get(index)))
      : [
          ...order.flatMap((entry) => {
            const rule = document.rules[entry.index]
            return rule ? [row(rule, entry.index, entry)] : []
          }),
          ...document.rules.flatMap((rule, index) => (firstLines.has(index) ? [] : [row(rule, index)])),
        ]
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return rows
  const found = new Map<Rule, boolean>()
  return rows.filter(({ rule }) => {
    if (!found.has(rule)) found.set(rule, words.every((word) => searchTextOf(rule).includes(word)))
    return found.get(rule)
  })
}
