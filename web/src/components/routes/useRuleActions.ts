import { nextTick } from 'vue'
import { t } from '../../i18n'
import { confirmed, warn } from '../../state/notify'
import { planMove, priorityOf } from './model/order'
import { numberOrText } from './model/form'
import type { Rule } from './model/types'
import type { View } from './rows'
import { rulePath, type RoutesStore } from './store'

/** What can be done to a rule from its row. */
export function useRuleActions(routes: RoutesStore, view: () => View) {

  async function toggle(rule: Rule): Promise<void> {
    const enabled = rule['enabled'] === false
    const text = t(enabled ? 'routes.done.on' : 'routes.done.off', { id: rule.id })
    await routes.change({ what: text, build: (document) => (exists(document.rules, rule.id) ? { method: 'PATCH', path: rulePath(rule.id), body: { enabled } } : null) }, text)
  }

  async function setPriority(rule: Rule, priority: unknown): Promise<boolean> {
    if (priority === priorityOf(rule)) return true
    const text = t('routes.done.priority', { id: rule.id, priority: String(priority) })
    const result = await routes.change({ what: text, build: (document) => (exists(document.rules, rule.id) ? { method: 'PATCH', path: rulePath(rule.id), body: { priority } } : null) }, text)
    return result.kind === 'done'
  }

  /** To a place among the other rows of the view: 0 is the first. */
  async function moveTo(id: string, place: number): Promise<void> {
    const rule = routes.document?.rules.find((candidate) => candidate.id === id)
    if (!rule) return
    const lines = routes.order.filter((entry) => !entry.by_scope)
    const move = view() === 'list' ? ({ kind: 'list', index: place } as const) : planMove(lines, id, place)
    if (move.kind === 'impossible') return void warn(t('routes.move.impossible', { id }))
    if (move.kind === 'none') return
    if (move.kind === 'priority') await setPriority(rule, move.priority)
    else {
      const count = routes.document?.rules.length ?? 0
      if (move.index < 0 || move.index >= count || routes.document?.rules[move.index]?.id === id) return
      const text = t('routes.done.moved', { id, place: move.index + 1 })
      await routes.change({ what: text, build: (document) => (exists(document.rules, id) ? { method: 'POST', path: `${rulePath(id)}/move`, body: { index: Math.min(move.index, document.rules.length - 1) } } : null) }, text)
    }
    await nextTick()
    document.querySelector<HTMLElement>(`[data-handle="${CSS.escape(id)}"]`)?.focus()
  }

  /** Past the row above or below. */
  async function step(id: string, by: -1 | 1): Promise<void> {
    const ids = view() === 'list' ? (routes.document?.rules ?? []).map((rule) => rule.id) : routes.order.filter((entry) => !entry.by_scope).map((entry) => entry.id)
    const place = ids.indexOf(id) + by
    if (ids.includes(id) && place >= 0 && place < ids.length) await moveTo(id, place)
  }

  async function remove(rule: Rule): Promise<boolean> {
    if (!(await confirmed(t('routes.delete.title', { id: rule.id }), t('routes.delete.text'), t('action.delete')))) return false
    const text = t('routes.done.deleted', { id: rule.id })
    const result = await routes.change({ what: text, build: (document) => (exists(document.rules, rule.id) ? { method: 'DELETE', path: rulePath(rule.id) } : null) }, text)
    return result.kind === 'done'
  }

  async function setDefaultBackend(url: string): Promise<boolean> {
    const text = url === '' ? t('routes.done.noDefault') : t('routes.done.default', { url })
    const result = await routes.change({ what: text, build: () => ({ method: 'PUT', path: 'routes/default-backend', body: { default_backend: url === '' ? null : url } }) }, text)
    return result.kind === 'done'
  }

  return { toggle, setPriority, moveTo, step, remove, setDefaultBackend }
}

const exists = (rules: readonly Rule[], id: string) => rules.some((rule) => rule.id === id)

/** A priority as somebody writes it: a comma is a point, too; other texts are the server's to refuse. */
export const readPriority = (text: string): unknown => numberOrText(text.trim().replace(/^([+-]?\d+),(\d+)$/, '$1.$2'))
