import { describe, expect, it } from 'vitest'
import { LogBuffer, type LogLimits } from './logBuffer'

const limits: LogLimits = { lines: 10, characters: 1_000, blockLines: 4, lineCharacters: 20 }
const textOf = (buffer: LogBuffer) => buffer.blocks.flatMap((block) => block.lines.map((line) => line.text))

describe('LogBuffer', () => {
  it('joins pieces that end within a line', () => {
    const buffer = new LogBuffer(limits)
    buffer.append('one\ntw')
    expect(textOf(buffer)).toEqual(['one'])
    buffer.append('o\nthree')
    expect(textOf(buffer)).toEqual(['one', 'two'])
    buffer.flush()
    expect(textOf(buffer)).toEqual(['one', 'two', 'three'])
  })

  it('keeps no more lines than allowed, drops whole blocks, and counts them', () => {
    const buffer = new LogBuffer(limits)
    for (let line = 0; line < 25; line++) buffer.append(`${line}\n`)
    expect(buffer.lineCount).toBeLessThanOrEqual(limits.lines)
    expect(buffer.lineCount + buffer.dropped).toBe(25)
    expect(textOf(buffer).at(-1)).toBe('24')
    expect(buffer.blocks.every((block) => block.lines.length <= limits.blockLines)).toBe(true)
  })

  it('keeps no more characters than allowed', () => {
    const buffer = new LogBuffer({ ...limits, lines: 1_000, characters: 100 })
    for (let line = 0; line < 50; line++) buffer.append('0123456789\n')
    expect(buffer.lineCount).toBeLessThanOrEqual(10)
    expect(buffer.lineCount + buffer.dropped).toBe(50)
  })

  it('takes a large piece at once without growing beyond its limit', () => {
    const buffer = new LogBuffer(limits)
    buffer.append('x\n'.repeat(1_000))
    expect(buffer.lineCount).toBeLessThanOrEqual(limits.lines)
    expect(buffer.dropped + buffer.lineCount).toBe(1_000)
  })

  it('cuts a line that has no end and says so', () => {
    const buffer = new LogBuffer(limits)
    for (let piece = 0; piece < 10; piece++) buffer.append('0123456789')
    buffer.append('\nnext\n')
    const [cut, next] = buffer.blocks[0]!.lines
    expect(cut).toMatchObject({ text: '01234567890123456789', isCut: true })
    expect(next).toMatchObject({ text: 'next', isCut: false })
  })

  it('shows what a line is after its last carriage return', () => {
    const buffer = new LogBuffer(limits)
    buffer.append(' 10%\r 20%\r\nwindows\r\n')
    expect(textOf(buffer)).toEqual([' 20%', 'windows'])
  })

  it('leaves blocks that did not change as they are', () => {
    const buffer = new LogBuffer(limits)
    buffer.append('a\nb\nc\nd\ne\n')
    const [first] = buffer.blocks
    buffer.append('f\n')
    expect(buffer.blocks[0]).toBe(first)
    expect(new Set(buffer.blocks.map((block) => block.id)).size).toBe(buffer.blocks.length)
  })

  it('is empty after clear', () => {
    const buffer = new LogBuffer(limits)
    buffer.append('a\nb')
    buffer.clear()
    buffer.append('c\n')
    expect(textOf(buffer)).toEqual(['c'])
  })
})
