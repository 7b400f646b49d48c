import { describe, expect, it } from 'vitest'
import { differenceOf, fieldChanges, isEmpty, revert } from './diff'
import { mergeDocuments, mergeRules } from './merge'
import type { Document, Rule } from './types'

const rule = (id: string, more: object = {}): Rule => ({ id, priority: 1, ...more })
const document = (rules: Rule[], backend: string | null = 'http://d:1'): Document => ({ default_backend: backend, rules })

describe('differences', () => {
  it('are named field by field', () => {
    expect(fieldChanges(rule('a', { match: { host: 'x', method: 'GET' }, allow: ['1'] }), rule('a', { priority: 1.5, match: { host: 'y', method: 'GET' } }))).toEqual([
      { field: 'priority', before: '1', after: '1.5' },
      { field: 'match.host', before: 'x', after: 'y' },
      { field: 'allow', before: '["1"]', after: null },
    ])
    expect(fieldChanges(rule('a', { match: { host: 'x' } }), { match: { host: 'x' }, priority: 1, id: 'a' })).toEqual([])
  })

  it.each([
    ['added', document([rule('a')]), document([rule('a'), rule('b')])],
    ['removed in the middle', document([rule('a'), rule('b'), rule('c')]), document([rule('a'), rule('c')])],
    ['changed', document([rule('a'), rule('b')]), document([rule('a', { priority: 2 }), rule('b')])],
    ['reordered', document([rule('a'), rule('b'), rule('c')]), document([rule('c'), rule('a'), rule('b')])],
    ['everything', document([rule('a'), rule('b'), rule('c')]), document([rule('c', { x: 1 }), rule('n'), rule('a')], null)],
    ['emptied', document([rule('a'), rule('b')], null), document([])],
  ])('can be taken back: %s', (_, before, after) => {
    expect(revert(after, differenceOf(before, after))).toEqual(before)
    expect(isEmpty(differenceOf(before, before))).toBe(true)
    expect(isEmpty(differenceOf(before, after))).toBe(false)
  })
})

describe('mine on top of theirs', () => {
  it('keeps what each of us has changed', () => {
    const base = rule('a', { match: { host: 'x', method: 'GET' }, set_headers: [1], backend: 'b' })
    const mine = rule('a', { priority: 2, match: { host: 'x', method: 'PUT' }, backend: 'b' })
    const theirs = rule('a', { match: { host: 'y', method: 'GET' }, set_headers: [1], backend: 'c', enabled: false })
    expect(mergeRules(base, mine, theirs)).toEqual(rule('a', { priority: 2, match: { host: 'y', method: 'PUT' }, backend: 'c', enabled: false }))
  })

  it('merges documents by rule', () => {
    const base = document([rule('a'), rule('b'), rule('c'), rule('d')])
    const mine = document([rule('b', { priority: 9 }), rule('a'), rule('d')])
    const theirs = document([rule('a', { x: 1 }), rule('b'), rule('c'), rule('n')], 'http://e:1')
    expect(mergeDocuments(base, mine, theirs)).toEqual(document([rule('b', { priority: 9 }), rule('a', { x: 1 }), rule('n')], 'http://e:1'))
  })
})
