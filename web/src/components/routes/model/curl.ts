// "Copy as cURL" of a browser's developer tools, taken apart as a shell would, without running anything.
import type { DryRunQuestion, NameValue } from './types'

export type CurlReading = { ok: true; question: DryRunQuestion } | { ok: false; reason: 'notCurl' | 'quote' | 'noUrl' }

/** Options with a value that changes nothing here; the value must not be taken for the URL. */
const ignoredWithValue = new Set([
  '-o', '--output', '-m', '--max-time', '--connect-timeout', '-x', '--proxy', '--resolve', '--connect-to', '--cacert', '--cert', '--key', '-E', '-w', '--write-out', '-c', '--cookie-jar', '-T',
  '--upload-file', '--retry', '--limit-rate', '--interface', '-K', '--config', '-D', '--dump-header', '--unix-socket', '--ciphers', '-r', '--range', '-C', '--continue-at', '-y', '-Y', '-z',
])
const dataOptions = new Set(['-d', '--data', '--data-raw', '--data-binary', '--data-ascii', '--data-urlencode', '--json', '-F', '--form', '--form-string'])

export function readCurl(text: string): CurlReading {
  const words = shellWords(text)
  if (words === null) return { ok: false, reason: 'quote' }
  if (!/^(?:.*[\\/])?curl(?:\.exe)?$/.test(words[0] ?? '')) return { ok: false, reason: 'notCurl' }

  const headers: NameValue[] = []
  let method = ''
  let url = ''
  let hasData = false
  let isHead = false
  let isGet = false
  let uploads = false
  for (let index = 1; index < words.length; index++) {
    const [option, attached] = split(words[index]!)
    const value = (): string => attached ?? words[++index] ?? ''
    if (option === '-H' || option === '--header') addHeader(headers, value())
    else if (option === '-X' || option === '--request') method = value()
    else if (option === '-A' || option === '--user-agent') headers.push({ name: 'User-Agent', value: value() })
    else if (option === '-e' || option === '--referer') headers.push({ name: 'Referer', value: value().replace(/;auto$/, '') })
    else if (option === '-b' || option === '--cookie') headers.push({ name: 'Cookie', value: value() })
    else if (option === '-u' || option === '--user') headers.push({ name: 'Authorization', value: basic(value()) })
    else if (option === '--url') url = value()
    else if (option === '-I' || option === '--head') isHead = true
    else if (option === '-G' || option === '--get') isGet = true
    else if (dataOptions.has(option)) {
      hasData = true
      if (option === '--json') headers.push({ name: 'Content-Type', value: 'application/json' })
      value()
    } else if (ignoredWithValue.has(option)) {
      uploads ||= option === '-T' || option === '--upload-file'
      value()
    } else if (!option.startsWith('-') && url === '') url = option
  }
  if (url === '') return { ok: false, reason: 'noUrl' }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && !url.startsWith('/')) url = `http://${url}`
  return { ok: true, question: { method: method || (isHead ? 'HEAD' : isGet ? 'GET' : uploads ? 'PUT' : hasData ? 'POST' : 'GET'), url, headers } }
}

/** "-XPOST" and "--request=POST" are an option with its value. */
function split(word: string): [option: string, attached: string | undefined] {
  const long = /^(--[\w-]+)=([\s\S]*)$/.exec(word)
  if (long) return [long[1]!, long[2]!]
  const short = /^(-[HXAebudFomxEwcTKDrCyYz])([\s\S]+)$/.exec(word)
  return short ? [short[1]!, short[2]!] : [word, undefined]
}

function addHeader(headers: NameValue[], text: string): void {
  const colon = text.indexOf(':')
  // "Name;" is an empty header, "Name:" takes one away.
  if (colon < 0 && text.endsWith(';')) headers.push({ name: text.slice(0, -1).trim(), value: '' })
  else if (colon > 0 && text.slice(colon + 1).trim() !== '') headers.push({ name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() })
}

function basic(credentials: string): string {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))}`
}

/** Words as bash has them: quotes, $'…', backslashes, lines that go on. Null when a quote is not closed. */
export function shellWords(text: string): string[] | null {
  const words: string[] = []
  let word: string | null = null
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
      at++
    } else if (char === '\\' || char === '^') {
      // Windows' prompt has ^ in the place of the backslash, at least at the end of a line.
      const next = text[at + 1]
      const lineBreak = next === '\n' ? 2 : next === '\r' && text[at + 2] === '\n' ? 3 : 0
      if (lineBreak > 0) at += lineBreak
      else if (char === '^') {
        word = (word ?? '') + char
        at++
      } else {
        word = (word ?? '') + (next ?? '')
        at += 2
      }
    } else if (char === "'" || char === '"' || (char === '$' && text[at + 1] === "'")) {
      const quoted = char === '$' ? ansi(text, at + 2) : char === "'" ? single(text, at + 1) : double(text, at + 1)
      if (quoted === null) return null
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else {
      word = (word ?? '') + char
      at++
    }
  }
  if (word !== null) words.push(word)
  return words
}

interface Quoted {
  text: string
  /** Behind the closing quote. */
  end: number
}

function single(text: string, start: number): Quoted | null {
  const end = text.indexOf("'", start)
  return end < 0 ? null : { text: text.slice(start, end), end: end + 1 }
}

function double(text: string, start: number): Quoted | null {
  let result = ''
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { text: result, end: at + 1 }
    if (text[at] === '\\' && '"\\$`\n'.includes(text[at + 1] ?? ' ')) {
      at++
      if (text[at] !== '\n') result += text[at]
    } else result += text[at]
  }
  return null
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', e: '\x1b', f: '\f', v: '\v' }

/** $'…' of bash, which browsers write when there are quotes or control characters. */
function ansi(text: string, start: number): Quoted | null {
  let result = ''
  for (let at = start; at < text.length; at++) {
    if (text[at] === "'") return { text: result, end: at + 1 }
    if (text[at] !== '\\') {
      result += text[at]
      continue
    }
    const code = /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,8})|([0-7]{1,3}))/y
    code.lastIndex = at
    const found = code.exec(text)
    if (found) {
      const number = parseInt(found[1] ?? found[2] ?? found[3] ?? '0', 16)
      result += found[4] !== undefined ? String.fromCharCode(parseInt(found[4], 8)) : number <= 0x10ffff ? String.fromCodePoint(number) : ''
      at += found[0].length - 1
    } else {
      const next = text[++at] ?? ''
      result += escapes[next] ?? next
    }
  }
  return null
}
