import { describe, expect, it } from 'vitest'
import { placeOfField, readJson } from './json'

const mistake = (text: string) => {
  const read = readJson(text)
  return read.ok ? null : [read.mistake, read.at.line, read.at.column]
}

describe('JSON with places', () => {
  it('knows where values are', () => {
    const read = readJson('{\n  "rules": [\n    {"id": "a"},\n    {"id": "b", "match": {"host": "x"}}\n  ]\n}')
    if (!read.ok) throw new Error(read.mistake)
    expect(read.value).toEqual({ rules: [{ id: 'a' }, { id: 'b', match: { host: 'x' } }] })
    expect(read.places.get('rules[1].match.host')).toMatchObject({ line: 4, column: 35 })
    expect(placeOfField(read.places, 'rules[1].match.headers[0].name')).toMatchObject({ line: 4, column: 26 })
    expect(placeOfField(read.places, 'rules[0].unknown')).toMatchObject({ line: 3, column: 5 })
    expect(placeOfField(read.places, 'odd[key.x')).toMatchObject({ line: 1, column: 1 })
    expect(placeOfField(read.places, 'nothing')).toMatchObject({ line: 1, column: 1 })
  })

  it.each([
    ['', ['end', 1, 1]],
    ['{"a": 1,\n "b" 2}', ['unexpected', 2, 6]],
    ['{"a": 1,}', ['unexpected', 1, 9]],
    ['{"a": 1\n', ['end', 2, 1]],
    ['{"a": "x\ny"}', ['text', 1, 9]],
    ['{"a": "\\q"}', ['text', 1, 7]],
    ['{"a": 01}', ['number', 1, 7]],
    ['{"a": 1, "a": 2}', ['twice', 1, 10]],
    ['{} x', ['after', 1, 4]],
    ['{"a": tru}', ['unexpected', 1, 7]],
    ['["unfinished', ['end', 1, 2]],
    ['['.repeat(40), ['deep', 1, 18]],
  ])('%s', (text, expected) => expect(mistake(text)).toEqual(expected))

  it.each(['null', '[1, -0.5e+3, true, "\\ud83d\\ude00\\n", {}]', ' { "a" : [ ] } \r\n', '"x"'])('agrees with the browser about %s', (text) => {
    expect(readJson(text)).toMatchObject({ ok: true, value: JSON.parse(text) })
  })
})
