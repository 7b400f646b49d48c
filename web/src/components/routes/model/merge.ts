// Somebody was faster: what I changed, on top of what is there now.
import type { Document, Rule } from './types'
import { areEqual, copyOf, isObject, type JsonObject } from './values'

/** Keys that I left alone are theirs, keys that I changed are mine. Objects are merged key by key, lists are one piece. */
export function mergeObjects(base: JsonObject, mine: JsonObject, theirs: JsonObject): JsonObject {
  const result: JsonObject = {}
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const [old, my, their] = [base[key], mine[key], theirs[key]]
    const value = isObject(my) && isObject(their) ? mergeObjects(isObject(old) ? old : {}, my, their) : areEqual(my, old) ? their : my
    if (value !== undefined) result[key] = copyOf(value)
  }
  return result
}

export const mergeRules = (base: Rule, mine: Rule, theirs: Rule): Rule => mergeObjects(base, mine, theirs) as Rule

/** The order is mine; rules that they added come behind, rules that one of us took away are gone, unless the other changed them. */
export function mergeDocuments(base: Document, mine: Document, theirs: Document): Document {
  const oldRules = byId(base.rules)
  const theirRules = byId(theirs.rules)
  const myIds = new Set(mine.rules.map((rule) => rule.id))
  const rules: Rule[] = []
  for (const rule of mine.rules) {
    const old = oldRules.get(rule.id)
    const their = theirRules.get(rule.id)
    if (their) rules.push(mergeRules(old ?? ({} as Rule), rule, their))
    else if (!old || !areEqual(old, rule)) rules.push(copyOf(rule))
  }
  for (const rule of theirs.rules) {
    const old = oldRules.get(rule.id)
    if (!myIds.has(rule.id) && (!old || !areEqual(old, rule))) rules.push(copyOf(rule))
  }
  return { default_backend: mine.default_backend === base.default_backend ? theirs.default_backend : mine.default_backend, rules }
}

const byId = (rules: readonly Rule[]): Map<string, Rule> => new Map(rules.map((rule) => [rule.id, rule]))
