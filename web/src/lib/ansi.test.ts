import { describe, expect, it } from 'vitest'
import { parseAnsi } from './ansi'

describe('parseAnsi', () => {
  it('gives colours names of our own', () => {
    expect(parseAnsi('a \x1b[1;31mred\x1b[0m b')).toEqual([
      { text: 'a ', look: '' },
      { text: 'red', look: 'ansi-red ansi-bold' },
      { text: ' b', look: '' },
    ])
  })

  it.each([
    ['cursor moves', 'a\x1b[2K\x1b[1Gb', 'ab'],
    ['a title', '\x1b]0;evil\x07text', 'text'],
    ['a link', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['a lone escape', 'a\x1bMb', 'ab'],
    ['other control characters', 'a\x00\x07b\tc', 'ab\tc'],
  ])('leaves out %s', (_, line, text) => {
    expect(parseAnsi(line).map((segment) => segment.text).join('')).toBe(text)
  })

  it('understands 256 colours and true colour without taking their numbers for codes', () => {
    expect(parseAnsi('\x1b[38;5;1mx')).toEqual([{ text: 'x', look: 'ansi-red' }])
    expect(parseAnsi('\x1b[38;2;1;4;31mx')).toEqual([{ text: 'x', look: '' }])
    expect(parseAnsi('\x1b[48;5;4mx')).toEqual([{ text: 'x', look: '' }])
  })

  it('keeps HTML as text', () => {
    expect(parseAnsi('<script>alert(1)</script>')).toEqual([{ text: '<script>alert(1)</script>', look: '' }])
  })

  it('has one segment for an empty line', () => expect(parseAnsi('\x1b[0m')).toEqual([{ text: '', look: '' }]))
})
