import { describe, expect, it } from 'vitest'

const sources = import.meta.glob('./**/*.{vue,ts,css}', { query: '?raw', import: 'default', eager: true }) as Record<string, string>
const shipped = Object.entries(sources).filter(([path]) => !path.endsWith('.test.ts'))

/** What would make HTML or code of data, or fetch from elsewhere. The linter says the same of most; this holds for whatever it does not read. */
const forbidden: [RegExp, string][] = [
  [/v-html|innerHTML|outerHTML|insertAdjacentHTML|dangerouslyUseHTMLString|document\.write|createContextualFragment|DOMParser/, 'data is never HTML'],
  [/\beval\(|new Function\(/, 'the policy forbids it'],
  [/[^:]style="/, 'a static style attribute may become HTML, which the policy forbids'],
  [/@import\s+url|url\(['"]?https?:|src="https?:|href="https?:/, 'nothing comes from elsewhere'],
]

describe('the sources', () => {
  it('are found', () => expect(shipped.length).toBeGreaterThan(30))

  it.each(shipped)('%s makes no HTML or code of data', (_, text) => {
    for (const [pattern, why] of forbidden) expect(pattern.exec(text)?.[0], why).toBeUndefined()
  })
})
