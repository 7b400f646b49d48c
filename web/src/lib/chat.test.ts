import { describe, expect, it } from 'vitest'
import type { ChatProviderKey, ChatUsage } from '../api/chat'
import { daysOf, isEcho, limitsOf, namesOf, problemsOf, ranked, sinceOf, toneOf, type LimitFields } from './chat'

const now = Date.parse('2026-11-22T23:30:00Z')
const sum = (more: Partial<ChatUsage>): ChatUsage => ({ calls: 1, failures: 0, prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cost: 0.5, ...more })
const empty: LimitFields = { users: '', models: '', requestsPerMinute: '', tokensPerDay: '', budgetPerDay: '', budgetPerMonth: '', expires: '' }

describe('daysOf', () => {
  it('has a bar for every day, and adds what falls on one', () => {
    const days = daysOf([sum({ day: '2026-11-20' }), sum({ day: '2026-11-22' }), sum({ day: '2026-11-22', total_tokens: 4 }), sum({ day: '2026-10-01' })], 'total_tokens', 3, now)
    expect(days).toEqual([{ day: '2026-11-20', value: 3 }, { day: '2026-11-21', value: 0 }, { day: '2026-11-22', value: 7 }])
    expect(sinceOf(3, now)).toBe('2026-11-20')
  })
})

describe('ranked', () => {
  it('has the most first', () => expect(ranked([sum({ model: 'a', cost: 1 }), sum({ model: 'b', cost: 2 })], 'cost').map((each) => each.model)).toEqual(['b', 'a']))
})

describe('isEcho', () => {
  const model = { provider: 'init', name: 'Echo', id: 'echo', type: 'chat', weight: 1 }
  it('is true for the built-in model only', () => {
    expect(isEcho([{ ...model, url: 'builtin:echo' }])).toBe(true)
    expect(isEcho([{ ...model, url: 'https://api.example.com/v1' }])).toBe(false)
    expect(isEcho([])).toBe(false)
  })
})

describe('toneOf', () => {
  const key: ChatProviderKey = { provider: 'p', key_variable: 'K', model: 'm', url: 'u', state: 'in use', calls: 0, failures: 0 }
  it.each([
    [{ state: 'in use' }, 'ok'],
    [{ state: 'resting', reason: 'rate' }, 'warn'],
    [{ state: 'resting', reason: 'refused' }, 'bad'],
    [{ state: 'missing' }, 'bad'],
  ] as const)('%j is %s', (more, tone) => expect(toneOf({ ...key, ...more })).toBe(tone))
})

describe('limits', () => {
  it('are none for empty fields', () => {
    expect(problemsOf(empty)).toEqual([])
    expect(limitsOf(empty)).toEqual({})
  })

  it('are read from text', () => {
    const fields = { ...empty, users: ' a, b\na，c*', requestsPerMinute: ' 60 ', budgetPerDay: '0.5', expires: '2026-12-24' }
    expect(limitsOf(fields)).toEqual({ users: ['a', 'b', 'c*'], requests_per_minute: 60, budget_per_day: 0.5, expires: '2026-12-24T00:00:00.000Z' })
    expect(namesOf(',, ,')).toEqual([])
  })

  it.each([
    [{ requestsPerMinute: '0' }, 'requestsPerMinute'],
    [{ tokensPerDay: '1.5' }, 'tokensPerDay'],
    [{ budgetPerMonth: '-1' }, 'budgetPerMonth'],
    [{ budgetPerDay: '0' }, 'budgetPerDay'],
    [{ expires: 'soon' }, 'expires'],
  ] as const)('%j cannot be meant', (more, name) => expect(problemsOf({ ...empty, ...more })).toEqual([name]))
})
