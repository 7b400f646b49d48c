// Figures and times for people, in the present language.
import { languageTag, t } from '../i18n'

/** "3 d 4 h", "12 min", "7 s": the two largest units, the second one only where it says something. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds))
  const days = Math.floor(total / 86_400)
  const hours = Math.floor((total % 86_400) / 3_600)
  const minutes = Math.floor((total % 3_600) / 60)
  const parts: string[] = []
  if (days > 0) parts.push(t('time.days', { n: days }))
  if (hours > 0) parts.push(t('time.hours', { n: hours }))
  if (days === 0 && minutes > 0) parts.push(t('time.minutes', { n: minutes }))
  if (days === 0 && hours === 0 && (minutes === 0 || minutes < 5)) parts.push(t('time.seconds', { n: total % 60 }))
  return parts.slice(0, 2).join(' ')
}

/** "412 MiB". */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
  let value = count
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${number(value, unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${units[unit]}`
}

/** "14.2 %": of one core. */
export function percent(value: number): string {
  return `${number(value, value >= 100 ? 0 : 1)} %`
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(languageTag.value, { maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value)
}

/** Date and time; of today only the time. */
export function moment(unixMilliseconds: number, now = Date.now()): string {
  const date = new Date(unixMilliseconds)
  const isToday = date.toDateString() === new Date(now).toDateString()
  return new Intl.DateTimeFormat(languageTag.value, isToday ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' }).format(date)
}

/** "5 minutes ago", "in 2 hours". */
export function relative(unixMilliseconds: number, now = Date.now()): string {
  const seconds = (unixMilliseconds - now) / 1000
  const format = new Intl.RelativeTimeFormat(languageTag.value, { numeric: 'auto' })
  for (const [unit, size] of [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const)
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit)
  return format.format(Math.trunc(seconds), 'second')
}
