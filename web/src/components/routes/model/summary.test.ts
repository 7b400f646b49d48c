import { afterEach, describe, expect, it } from 'vitest'
import { setLanguage } from '../../../i18n'
import { enRoutes } from '../../../i18n/en.routes'
import { zhRoutes } from '../../../i18n/zh.routes'
import { conditionsOf, effectOf, failureOf, marksOf, targetsOf, textOf } from './summary'
import type { Rule } from './types'

const upload: Rule = {
  id: 'u', match: { path_prefix: '/up/', method: 'POST', headers: [{ name: 'X-A', contains: '<b>' }] }, backends: [{ url: 'http://a:1', weight: 3 }, { url: 'http://b:1' }],
  strip_prefix: true, set_headers: [{}, {}], sticky: { cookie: 'c' }, body_limit: 10_737_418_240,
}
const moved: Rule = { id: 'r', action: 'redirect', match: { path_prefix: '/old/' }, redirect_to_prefix: '/new/', status: 308 }

afterEach(() => setLanguage('en'))

describe('a rule in plain words', () => {
  it('in English', () => {
    setLanguage('en')
    expect(textOf(conditionsOf(upload))).toBe('path begins with /up/ and method is POST and header X-A contains <b>')
    expect(textOf([effectOf(upload)])).toBe('goes to one of http://a:1, http://b:1')
    expect(marksOf(upload)).toEqual(['strips the prefix', 'sets 2 headers', 'sticky', 'bodies up to 10 GiB'])
    expect(textOf([effectOf(moved)])).toBe('redirects to /new/… and the rest of the path (308)')
    expect(textOf(conditionsOf({ id: 'x' }))).toBe('every request')
    expect(textOf([effectOf({ id: 'x' })])).toBe('goes to the default backend')
  })

  it('in Chinese', () => {
    setLanguage('zh')
    expect(textOf(conditionsOf(upload))).toBe('路径以 /up/ 开头，且方法为 POST，且请求头 X-A 包含 <b>')
    expect(textOf([effectOf(moved)])).toBe('重定向到 /new/…，保留其余路径（308）')
    expect(marksOf(upload)).toEqual(['去掉前缀', '设置 2 个请求头', '会话保持', '请求体上限 10 GiB'])
  })

  it('says why it was not taken', () => {
    setLanguage('zh')
    expect(failureOf(upload, 'path_prefix')).toBe('不满足：路径以 /up/ 开头')
    expect(failureOf(upload, 'headers')).toBe('不满足：请求头 X-A 包含 <b>')
    expect(failureOf(upload, 'host')).toBeNull()
  })

  it('keeps values apart from words', () => {
    expect(conditionsOf(upload)[0]).toEqual([{ text: 'path begins with ', isValue: false }, { text: '/up/', isValue: true }])
  })

  it('shares by weight', () => {
    expect(targetsOf(upload)).toEqual([{ url: 'http://a:1', percent: 75 }, { url: 'http://b:1', percent: 25 }])
    expect(targetsOf(moved)).toEqual([])
  })
})

describe('the two languages', () => {
  it('have the same placeholders', () => {
    const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
    for (const key of Object.keys(enRoutes) as (keyof typeof enRoutes)[]) expect([key, names(zhRoutes[key])]).toEqual([key, names(enRoutes[key])])
  })
})
