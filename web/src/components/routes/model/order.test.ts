import { describe, expect, it } from 'vitest'
import { between, effectiveOrder, placeOf, planMove } from './order'
import type { Rule } from './types'

const rule = (id: string, priority: number, match: object = {}, more: object = {}): Rule => ({ id, priority, match, ...more })
const ids = (rules: Rule[]) => effectiveOrder(rules).map((entry) => (entry.by_scope ? `${entry.id}*` : entry.id))

/** As the server does it. */
function moved(rules: Rule[], id: string, place: number): string[] {
  const move = planMove(effectiveOrder(rules).filter((entry) => !entry.by_scope), id, place)
  const list = rules.filter((candidate) => candidate.id !== id)
  const one = rules.find((candidate) => candidate.id === id)!
  if (move.kind === 'list') list.splice(move.index, 0, one)
  else if (move.kind === 'priority') list.splice(rules.indexOf(one), 0, { ...one, priority: move.priority })
  else return [move.kind]
  return ids(list)
}

describe('the effective order', () => {
  it('goes by priority, path, Referer, list', () => {
    expect(ids([rule('b', 1), rule('c', 1), rule('ref', 1, { referer_substr: 'ab' }), rule('long', 1, { path_prefix: '/abc' }), rule('frac', 1.5), rule('off', 9, {}, { enabled: false })])).toEqual(['frac', 'long', 'ref', 'b', 'c'])
  })

  it('puts an exact path before every prefix of it, and counts bytes', () => {
    expect(ids([rule('prefix', 1, { path_prefix: '/abc' }), rule('exact', 1, { path_equal: '/abc' })])).toEqual(['exact', 'prefix'])
    expect(ids([rule('ascii', 1, { path_prefix: '/abcd' }), rule('han', 1, { path_prefix: '/路由' })])).toEqual(['han', 'ascii'])
  })

  it('has a second line without a path for an application', () => {
    expect(ids([rule('app', 180, { path_prefix: '/app/' }, { app_scope: 'app' }), rule('x', 180, { path_prefix: '/x' }), rule('low', 1)])).toEqual(['app', 'x', 'app*', 'low'])
  })

  it('says where a rule would come', () => {
    expect(placeOf(rule('n', 5), [rule('a', 9), rule('b', 1)], 2)).toEqual({ rank: 1, count: 3 })
    expect(placeOf(rule('n', 5, {}, { enabled: false }), [], 0)).toBeNull()
  })
})

describe('a move in the effective order', () => {
  const equal = [rule('a', 1), rule('b', 1), rule('c', 1)]

  it('is a place in the list among equals', () => {
    expect(moved(equal, 'a', 1)).toEqual(['b', 'a', 'c'])
    expect(moved(equal, 'a', 2)).toEqual(['b', 'c', 'a'])
    expect(moved(equal, 'c', 0)).toEqual(['c', 'a', 'b'])
    expect(moved(equal, 'b', 1)).toEqual(['none'])
  })

  it('is a priority between those of the neighbours', () => {
    const rules = [rule('a', 200), rule('b', 180), rule('c', 100)]
    expect(moved(rules, 'c', 1)).toEqual(['a', 'c', 'b'])
    expect(moved(rules, 'c', 0)).toEqual(['c', 'a', 'b'])
    expect(moved(rules, 'a', 2)).toEqual(['b', 'c', 'a'])
    expect(moved([rule('a', 1.5), rule('b', 1), rule('c', 0)], 'c', 1)).toEqual(['a', 'c', 'b'])
  })

  it('says when the longer path forbids it', () => {
    expect(moved([rule('a', 1, { path_prefix: '/abc' }), rule('b', 1, { path_prefix: '/ab' }), rule('c', 1, { path_prefix: '/abcdef' })], 'c', 1)).toEqual(['impossible'])
  })

  it('does what it says for every rule and place of a mixed list, or nothing', () => {
    const rules = [rule('a', 200, { path_prefix: '/a' }), rule('b', 200, { path_prefix: '/b' }), rule('c', 180, { path_equal: '/cc' }), rule('d', 180.5), rule('e', 0), rule('f', 0, { referer_substr: 'x' })]
    const before = ids(rules)
    for (const id of before)
      for (let place = 0; place < before.length; place++) {
        const result = moved(rules, id, place)
        const wanted = before.filter((other) => other !== id)
        wanted.splice(place, 0, id)
        if (result.length > 1) expect(result).toEqual(wanted)
        else if (before.indexOf(id) !== place) expect(result).toEqual(['impossible'])
      }
  })

  it('finds short numbers', () => {
    expect([between(100, 200), between(180, 181), between(1, 1.5), between(0.1, 0.2)]).toEqual([150, 180.5, 1.3, 0.15])
  })
})
