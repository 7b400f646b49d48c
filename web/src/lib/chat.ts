// The Chat page's figures.
import type { ChatKeyLimits, ChatModel, ChatProviderKey, ChatUsage } from '../api/chat'
import type { Tone } from './programs'

export type Measure = 'total_tokens' | 'calls' | 'cost'

export interface DayBar {
  day: string
  value: number
}

const dayMs = 86_400_000

/** One bar for every day, also for those without a call; the last one is today (UTC, as the sums are). */
export function daysOf(usage: readonly ChatUsage[], measure: Measure, count: number, now: number): DayBar[] {
  const sums = new Map<string, number>()
  for (const sum of usage) if (sum.day !== undefined) sums.set(sum.day, (sums.get(sum.day) ?? 0) + sum[measure])
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(now - (count - 1 - index) * dayMs).toISOString().slice(0, 10)
    return { day, value: sums.get(day) ?? 0 }
  })
}

/** The day that a chart of so many days begins with. */
export const sinceOf = (count: number, now: number): string => new Date(now - (count - 1) * dayMs).toISOString().slice(0, 10)

/** The most first. */
export function ranked(usage: readonly ChatUsage[], measure: Measure): ChatUsage[] {
  return [...usage].sort((a, b) => b[measure] - a[measure])
}

/** Only the built-in model answers: no provider is configured. */
export const isEcho = (models: readonly ChatModel[]): boolean => models.length > 0 && models.every((model) => model.url.startsWith('builtin:'))

export function toneOf(key: ChatProviderKey): Tone {
  if (key.state === 'in use') return 'ok'
  return key.state === 'missing' ? 'bad' : key.reason === 'rate' ? 'warn' : 'bad'
}

/** Names with commas or lines between them. */
export const namesOf = (text: string): string[] => [...new Set(text.split(/[,，\n]/).map((name) => name.trim()).filter((name) => name !== ''))]

export interface LimitFields {
  users: string
  models: string
  requestsPerMinute: string
  tokensPerDay: string
  budgetPerDay: string
  budgetPerMonth: string
  expires: string
}

/** What of the fields cannot be meant; empty: all can. */
export function problemsOf(fields: LimitFields): (keyof LimitFields)[] {
  const wrong: (keyof LimitFields)[] = []
  for (const name of ['requestsPerMinute', 'tokensPerDay'] as const) if (fields[name].trim() !== '' && !/^[1-9]\d{0,14}$/.test(fields[name].trim())) wrong.push(name)
  for (const name of ['budgetPerDay', 'budgetPerMonth'] as const) if (fields[name].trim() !== '' && !(/^\d{1,9}(\.\d{1,6})?$/.test(fields[name].trim()) && Number(fields[name]) > 0)) wrong.push(name)
  if (fields.expires !== '' && Number.isNaN(Date.parse(fields.expires))) wrong.push('expires')
  return wrong
}

/** Empty fields are no limits. */
export function limitsOf(fields: LimitFields): ChatKeyLimits {
  const number = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text))
  const limits: ChatKeyLimits = {
    users: namesOf(fields.users),
    models: namesOf(fields.models),
    requests_per_minute: number(fields.requestsPerMinute),
    tokens_per_day: number(fields.tokensPerDay),
    budget_per_day: number(fields.budgetPerDay),
    budget_per_month: number(fields.budgetPerMonth),
    expires: fields.expires === '' ? undefined : new Date(fields.expires).toISOString(),
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)))
}

/** Milliseconds of a time in nanoseconds; null: it was not taken. */
export const fromNanoseconds = (nanoseconds: number | undefined): number | null => (nanoseconds ? nanoseconds / 1e6 : null)
