import { beforeEach, describe, expect, it } from 'vitest'
import { language } from '../i18n'
import { bytes, duration, percent, relative } from './format'
import { browserOf } from './userAgent'

beforeEach(() => (language.value = 'en'))

describe('format', () => {
  it.each([[0, '0 s'], [59, '59 s'], [61, '1 min 1 s'], [360, '6 min'], [3_660, '1 h 1 min'], [90_000, '1 d 1 h'], [86_400, '1 d']])('%d s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it.each([[0, '0 B'], [1_023, '1,023 B'], [1_024, '1 KiB'], [1_536, '1.5 KiB'], [432_013_312, '412 MiB'], [17_179_869_184, '16 GiB']])('%d bytes are %s', (count, text) => {
    expect(bytes(count)).toBe(text)
  })

  it('speaks Chinese', () => {
    language.value = 'zh'
    expect(duration(3_660)).toBe('1 小时 1 分钟')
    expect(relative(0, 7_200_000)).toBe('2小时前')
  })

  it('has one digit for small shares and none for large ones', () => {
    expect(percent(0.04)).toBe('0 %')
    expect(percent(14.26)).toBe('14.3 %')
    expect(percent(152.7)).toBe('153 %')
  })

  it('knows browsers', () => {
    expect(browserOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0')).toBe('Edge 130 · Windows')
    expect(browserOf('curl/8.5.0')).toBe('curl 8')
    expect(browserOf('')).toBe('')
  })
})
