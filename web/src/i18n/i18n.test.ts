import { describe, expect, it } from 'vitest'
import { en } from './en'
import { fill, languageOf } from './index'
import { zh } from './zh'

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

describe('the two languages', () => {
  it('have the same keys', () => expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort()))

  it.each(Object.keys(en) as (keyof typeof en)[])('%s is said in both, with the same placeholders', (key) => {
    expect(en[key].trim()).not.toBe('')
    expect(zh[key].trim()).not.toBe('')
    expect(placeholders(zh[key])).toEqual(placeholders(en[key]))
  })
})

describe('languageOf', () => {
  it.each([
    [['zh-TW', 'en'], 'zh'],
    [['de-DE', 'zh-CN'], 'zh'],
    [['en-GB'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
  ] as const)('%j is %s', (preferred, language) => expect(languageOf(preferred)).toBe(language))
})

describe('fill', () => {
  it('fills in values as they are, and leaves unknown placeholders', () => {
    expect(fill('{a} and {b}', { a: '$& <b>' })).toBe('$& <b> and {b}')
  })
})
