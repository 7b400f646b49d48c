import { describe, expect, it } from 'vitest'
import { LogBuffer } from './logBuffer'
import { findMatches, piecesOf } from './logSearch'

function blocksOf(text: string) {
  const buffer = new LogBuffer({ lines: 100, characters: 10_000, blockLines: 2, lineCharacters: 100 })
  buffer.append(text)
  return buffer.blocks
}

describe('findMatches', () => {
  it('finds every place without regard to case, across blocks, oldest first', () => {
    const found = findMatches(blocksOf('Error a\nb\nerror ERROR\n'), 'error')
    expect(found.map(({ blockId, line, from }) => [blockId, line, from])).toEqual([[0, 0, 0], [1, 0, 0], [1, 0, 6]])
  })

  it('finds text that has colours in its middle', () => {
    expect(findMatches(blocksOf('time\x1b[31mout\x1b[0m\n'), 'timeout')).toHaveLength(1)
  })

  it('finds Chinese, and nothing when nothing is asked', () => {
    expect(findMatches(blocksOf('收到消息\n'), '消息')).toMatchObject([{ from: 2, to: 4 }])
    expect(findMatches(blocksOf('a\n'), '')).toEqual([])
  })

  it('takes what is asked literally', () => expect(findMatches(blocksOf('a.c\nabc\n'), 'a.c')).toHaveLength(1))

  it('is not shifted by letters that grow when they are small', () => {
    expect(findMatches(blocksOf('\u0130\u0130 abc\n'), 'abc')).toMatchObject([{ from: 3, to: 6 }])
  })
})

describe('piecesOf', () => {
  it('cuts at colours and at what was found', () => {
    const segments = [{ text: 'time', look: '' }, { text: 'out!', look: 'ansi-red' }]
    expect(piecesOf(segments, [{ from: 2, to: 7, isNow: true }])).toEqual([
      { text: 'ti', look: '', mark: '' },
      { text: 'me', look: '', mark: 'now' },
      { text: 'out', look: 'ansi-red', mark: 'now' },
      { text: '!', look: 'ansi-red', mark: '' },
    ])
  })

  it('loses nothing, wherever the places are', () => {
    const segments = [{ text: 'abc', look: 'x' }, { text: '', look: '' }, { text: 'defgh', look: 'y' }]
    for (let from = 0; from < 8; from++)
      for (let to = from + 1; to <= 8; to++) expect(piecesOf(segments, [{ from, to, isNow: false }]).map((piece) => piece.text).join('')).toBe('abcdefgh')
  })
})
