// JSON with places: the browsers' own messages say where a mistake is in three different ways, or not at all, and the server names the field of a rule, not its line.

export interface Place {
  /** From 1. */
  line: number
  /** From 1, in characters. */
  column: number
  /** In the text, from 0. */
  offset: number
}

export type JsonMistake = 'end' | 'unexpected' | 'text' | 'number' | 'twice' | 'after' | 'deep'

export type JsonReading =
  | { ok: true; value: unknown; places: ReadonlyMap<string, Place> }
  | { ok: false; mistake: JsonMistake; at: Place; token: string }

/** As deep as the server reads. */
const depthMax = 16

class Mistake extends Error {
  constructor(
    readonly kind: JsonMistake,
    readonly offset: number,
  ) {
    super(kind)
  }
}

/** Reads strictly. Places are those of values, by path: "rules[2].match.host", "" for the whole. */
export function readJson(text: string): JsonReading {
  const starts = new Map<string, number>()
  let at = 0
  try {
    blank()
    value('', 0)
    blank()
    if (at < text.length) throw new Mistake('after', at)
    const lineStarts = startsOfLines(text)
    return { ok: true, value: JSON.parse(text), places: new Map([...starts].map(([path, offset]) => [path, placeAt(lineStarts, offset)])) }
  } catch (error) {
    const { kind, offset } = error instanceof Mistake ? error : new Mistake('unexpected', at)
    return { ok: false, mistake: kind, at: placeAt(startsOfLines(text), offset), token: String.fromCodePoint(text.codePointAt(offset) ?? 32) }
  }

  function blank(): void {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
  }

  function expect(token: string): void {
    if (at >= text.length) throw new Mistake('end', at)
    if (!text.startsWith(token, at)) throw new Mistake('unexpected', at)
    at += token.length
  }

  function value(path: string, depth: number): void {
    if (depth > depthMax) throw new Mistake('deep', at)
    starts.set(path, at)
    const first = text[at]
    if (first === undefined) throw new Mistake('end', at)
    if (first === '{') members(path, depth)
    else if (first === '[') items(path, depth)
    else if (first === '"') string()
    else if (first === '-' || (first >= '0' && first <= '9')) number()
    else expect(first === 't' ? 'true' : first === 'f' ? 'false' : 'null')
  }

  function members(path: string, depth: number): void {
    const seen = new Set<string>()
    list('}', () => {
      const start = at
      if (text[at] !== '"') throw new Mistake(at >= text.length ? 'end' : 'unexpected', at)
      const key = string()
      if (seen.has(key)) throw new Mistake('twice', start)
      seen.add(key)
      blank()
      expect(':')
      blank()
      value(path === '' ? key : `${path}.${key}`, depth + 1)
    })
  }

  function items(path: string, depth: number): void {
    let index = 0
    list(']', () => value(`${path}[${index++}]`, depth + 1))
  }

  function list(end: string, item: () => void): void {
    at++
    blank()
    if (text[at] === end) return void at++
    for (;;) {
      item()
      blank()
      if (text[at] === end) return void at++
      expect(',')
      blank()
    }
  }

  function string(): string {
    const start = at++
    while (at < text.length && text[at] !== '"') {
      if (text[at]! < ' ') throw new Mistake('text', at)
      at += text[at] === '\\' ? 2 : 1
    }
    if (at >= text.length) throw new Mistake('end', start)
    at++
    try {
      return JSON.parse(text.slice(start, at)) as string
    } catch {
      throw new Mistake('text', start)
    }
  }

  function number(): void {
    const start = at
    const match = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
    match.lastIndex = start
    const found = match.exec(text)
    at = start + (found?.[0].length ?? 0)
    if (!found || /[\w.+-]/.test(text[at] ?? '')) throw new Mistake('number', start)
  }
}

/** The place of a path, or of the nearest thing around it that is there. */
export function placeOfField(places: ReadonlyMap<string, Place>, path: string): Place | undefined {
  for (let name = path; ; ) {
    const place = places.get(name)
    if (place || name === '') return place
    const around = name.replace(/(?:\.[^.[]*|\[\d+\]|^[^.[]*)$/, '')
    name = around === name ? '' : around
  }
}

function startsOfLines(text: string): number[] {
  const starts = [0]
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return starts
}

function placeAt(lineStarts: readonly number[], offset: number): Place {
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (lineStarts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - lineStarts[low]! + 1, offset }
}
